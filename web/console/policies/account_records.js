// What was done to accounts and roles, as tables: grants and changes, with the steps that still apply. Owns their
// columns. A step is told to `decided(step, record)`.

import { html, nothing } from '../core/screen.js';
import { isChinese, t } from '../core/language.js';
import { table } from '../core/lists.js';
import { dateTime, enumLabel, fieldValue } from '../core/values.js';
import { TONES, changeSteps, grantSteps, termOf } from './account_steps.js';
import { nameOf } from './draft.js';
import { joined, roleLabel } from './names.js';

const GRANT_TONES = { WAITING: 'warn', GRANTED: 'good', ENDED: '' };
const CHANGE_TONES = { WAITING: 'warn', DONE: 'good', DISCARDED: '' };

/** Grants of roles. `withPerson` is false where all are of the same one. */
export function grantsTable(grants, { caption, empty, decided, withPerson = true }) {
  return table([
    ...(withPerson ? [{ label: t('accounts.person'), main: true, cell: (grant) => personLink(grant.staff) }] : []),
    { label: t('accounts.role'), main: !withPerson, cell: (grant) => valueIn(grant, 'role', grant.role && roleLabel(grant.role)) },
    { label: t('accounts.when'), cell: (grant) => valueIn(grant, 'since', termOf(grant)) },
    { label: t('form.reason'), cell: (grant) => valueIn(grant, 'reason', grant.reason) },
    { label: t('accounts.by'), cell: (grant) => who(grant) },
    { label: t('policies.state'), cell: (grant) => html`<span class="tag ${stateOfGrant(grant).tone}">${stateOfGrant(grant).text}</span>
      ${grant.endedAt ? html`<br><span class="quiet">${t('accounts.endedBy', { who: nameOf(grant.endedBy), when: dateTime(grant.endedAt) })}</span>` : nothing}` },
    ...stepsColumn(grants, grantSteps, decided),
  ], grants, { caption, empty });
}

/** Changes of accounts. */
export function changesTable(changes, { caption, empty, decided, withPerson = true }) {
  return table([
    ...(withPerson ? [{ label: t('accounts.person'), main: true, cell: (change) => personLink(change.staff) }] : []),
    { label: t('accounts.what'), main: !withPerson, cell: (change) => html`${enumLabel('AccountAct', change.act)}${differences(change)}` },
    { label: t('accounts.when'), cell: (change) => dateTime(change.createdAt) },
    { label: t('form.reason'), cell: (change) => valueIn(change, 'reason', change.reason) },
    { label: t('accounts.by'), cell: (change) => who(change) },
    { label: t('policies.state'), cell: (change) => html`<span class="tag ${CHANGE_TONES[change.state]}">${enumLabel('AccountChangeState', change.state)}</span>` },
    ...stepsColumn(changes, changeSteps, decided),
  ], changes, { caption, empty });
}

function stepsColumn(records, stepsOf, decided) {
  if (!decided || records.every((record) => !stepsOf(record).steps.length && !stepsOf(record).why)) return [];
  return [{ label: t('policies.nextSteps'), cell: (record) => {
    const { steps, why } = stepsOf(record);
    return html`<span class="row">${steps.map((step) => html`<button type="button" class=${TONES[step] ?? ''} @click=${() => decided(step, record)}>${t(`accounts.step.${step}`)}</button>`)}</span>
      ${why ? html`<small class="quiet">${why}</small>` : nothing}`;
  } }];
}

/** A grant that ran out by itself is over, whatever its record says. */
function stateOfGrant({ state, since, until }) {
  if (state !== 'ENDED' && until && new Date(until) <= Date.now()) return { text: t('accounts.ranOut'), tone: '' };
  if (state === 'GRANTED' && new Date(since) > Date.now()) return { text: t('accounts.later'), tone: 'accent' };
  return { text: enumLabel('RoleGrantState', state), tone: GRANT_TONES[state] };
}

export const personLink = (staff) => (staff ? html`<a class="person" href=${`/console/policies/accounts/${encodeURIComponent(staff.username)}`}>${nameOf(staff)}</a>` : '–');

/** A value, or that it may not be seen. */
function valueIn(record, field, text) {
  const access = record.access.find((each) => each.field === field);
  return access && access.level !== 'PLAIN' ? fieldValue(text, access) : text || '–';
}

const who = ({ createdBy, approvedBy }) => html`<span class="person">${nameOf(createdBy) || '–'}</span>${approvedBy ? html`<br><span class="quiet">${t('history.approvedBy', { who: nameOf(approvedBy) })}</span>` : nothing}`;

/** What a change of rights gave and took. */
function differences({ act, roles, rolesBefore, purposes, purposesBefore, department, departmentBefore }) {
  if (act !== 'RIGHTS_SET') return nothing;
  const parts = (after, before, label) => [
    ...(after ?? []).filter((each) => !(before ?? []).includes(each)).map((each) => ['good', `+ ${label(each)}`]),
    ...(before ?? []).filter((each) => !(after ?? []).includes(each)).map((each) => ['bad', `− ${label(each)}`]),
  ];
  const name = (one) => (one ? (isChinese() ? one.nameZh : one.nameEn) : t('accounts.noDepartment'));
  const moved = department?.code !== departmentBefore?.code ? [['', joined([`${name(departmentBefore)} → ${name(department)}`])]] : [];
  const found = [...parts(roles, rolesBefore, roleLabel), ...parts(purposes, purposesBefore, (each) => enumLabel('Purpose', each)), ...moved];
  return html`<span class="row">${found.map(([tone, text]) => html`<span class="tag ${tone}">${text}</span>`)}</span>`;
}
