// One draft of rules: what is asked of it and how it is changed. Owns the requests, what the caller may do with it and
// why not, and what is said when another person was faster. Must never change a rule by itself.

import { change } from '../core/api.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { textDialog } from '../core/dialog.js';
import { session } from '../core/session.js';
import { go } from '../core/router.js';
import { csvOf } from './rule_lines.js';

/** What a list shows of a draft. */
export const DRAFT_HEAD = `id version createdAt updatedAt state base comment activatedVersion revertsTo
  createdBy { username displayName } authors { username displayName } approvedBy { username displayName }`;
export const DRAFT_RULES = 'rules { role scope kind field action purpose effect } inheritance { role parent } tests';
export const DRAFT_STEPS = 'steps { state at by note }';
export const RIGHTS = 'policyRights { write decide approve activate approvalRequired }';
export const IN_FORCE = 'ruleSets(first: 1) { version comment activatedAt activatedBy }';
export const OPEN_STATES = ['DRAFT', 'SUBMITTED', 'APPROVED'];

const PAYLOAD = 'ruleDraft { id version state } userErrors { code message field rule }';
const STALE = 'STALE_VERSION';
const mutation = (name) => `mutation ($input: ${name[0].toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { ${PAYLOAD} } }`;

export const isOpen = (draft) => OPEN_STATES.includes(draft.state);
export const isMine = (draft) => (draft.authors ?? []).some(({ username }) => username === session.viewer.username);

/** Changes a draft; `values` are `csv` or `tests`. Gives `{draft, userErrors, isStale}`; a draft that was changed by
 * somebody else is told, and has to be loaded again. */
export async function update(draft, values) {
  const payload = await change(mutation('updateDraft'), { id: draft.id, version: draft.version, ...values });
  const isStale = payload.userErrors.some(({ code }) => code === STALE);
  if (isStale) notice(t('policies.stale'), 'bad');
  return { draft: payload.ruleDraft, userErrors: payload.userErrors, isStale };
}

/** Changes the lines of a draft. Gives the draft then, or null where it was refused, which is told. */
export async function saveLines(draft, lines) {
  const { draft: saved, userErrors, isStale } = await update(draft, { csv: csvOf(lines) });
  if (!userErrors.length) return { ...draft, ...saved, ...lines };
  if (!isStale) notice(userErrors.map(({ message }) => message).join('\n'), 'bad');
  return null;
}

/** Asks why, and begins a draft of the rules in force. Gives its id; null where it was thought better of. */
export async function beginDraft() {
  const comment = await textDialog(t('policies.newDraft'), t('policies.newDraft.why'), { hint: t('policies.newDraft.hint'), yes: t('policies.newDraft.begin') });
  if (!comment) return null;
  const payload = await change(mutation('createDraft'), { comment });
  if (!payload.userErrors.length) return payload.ruleDraft.id;
  notice(payload.userErrors.map(({ message }) => message).join('\n'), 'bad');
  return null;
}

/** Takes a step with a draft after asking for a note. Gives the errors: `[]` when it is done, null when not wanted. */
export async function takeStep(draft, step) {
  const note = await textDialog(t(`policies.step.${step}`), t('policies.note'), { hint: t(`policies.step.${step}.hint`), yes: t(`policies.step.${step}`), required: false });
  if (note === null) return null;
  const given = { id: draft.id, version: draft.version, ...(note.trim() ? { note: note.trim() } : {}) };
  const { userErrors } = await change(mutation(`${step}Draft`), given);
  if (userErrors.some(({ code }) => code === STALE)) notice(t('policies.stale'), 'bad');
  else if (!userErrors.length) notice(t(`policies.step.${step}.done`), 'good');
  return userErrors;
}

/** The steps that `draft` offers now: `[{step, why}]`, `why` is empty where the caller can take it. */
export function stepsOf(draft, rights, versionInForce, conflicts) {
  if (!isOpen(draft)) return [];
  const isOld = draft.base !== versionInForce;
  const found = [];
  if (draft.state === 'DRAFT' && rights.approvalRequired) found.push({ step: 'submit', why: rights.decide ? '' : t('policies.why.right') });
  if (draft.state === 'SUBMITTED') {
    found.push({ step: 'approve', why: !rights.approve ? t('policies.why.right') : isMine(draft) ? t('policies.why.author') : '' });
  }
  if (draft.state === 'APPROVED' || !rights.approvalRequired) {
    found.push({ step: 'activate', why: !rights.activate ? t('policies.why.right') : isOld ? t('policies.why.outdated', { base: draft.base, version: versionInForce }) : '' });
  }
  if (isOld) found.push({ step: 'rebase', why: !rights.write ? t('policies.why.right') : conflicts?.length ? t('policies.why.conflict') : '' });
  found.push({ step: 'discard', why: rights.decide ? '' : t('policies.why.right') });
  return found;
}

export const nameOf = (staff) => staff?.displayName ?? staff?.username ?? '';
export const stateTone = (state) => ({ DRAFT: 'accent', SUBMITTED: 'warn', APPROVED: 'good', ACTIVATED: 'good' })[state] ?? '';

/** Opens a new draft in the matrix, from wherever one is begun. */
export async function beginAndOpen() {
  const id = await beginDraft();
  if (id) go(`policies?draft=${encodeURIComponent(id)}`);
}

