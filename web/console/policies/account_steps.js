// What is done with accounts and roles for a time: what is asked, which step applies, and the dialogs that carry it out.
// Owns the requests. Whether a step is allowed is the server's to say; its refusals are shown in its words.

import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { operationDialog } from '../core/operations.js';
import { session } from '../core/session.js';
import { dateTime, enumChoices } from '../core/values.js';
import { roleLabel } from './names.js';
import { isRunning } from './roles.js';

const STAFF = '{ username displayName }';
export const GRANT = `id version createdAt createdBy ${STAFF} staff ${STAFF} role since until reason state approvedBy ${STAFF}
  endedAt endedBy ${STAFF} access { field level reason operable }`;
export const CHANGE = `id version createdAt createdBy ${STAFF} staff ${STAFF} act reason roles purposes rolesBefore purposesBefore
  department { code nameEn nameZh } departmentBefore { code nameEn nameZh } state approvedBy ${STAFF} access { field level reason operable }`;
export const ACCOUNT_RIGHTS = `viewer { grants: access(kind: ROLE_GRANT) { field creatable } changes: access(kind: ACCOUNT_CHANGE) { field creatable } }`;

const mutation = (name, input, answer) => `mutation ($input: ${input}!) { ${name}(input: $input) { ${answer} userErrors { code message field rule } } }`;
const ofGrant = (name) => mutation(name, `${name[0].toUpperCase()}${name.slice(1)}Input`, 'roleGrant { id state }');
const ofChange = (name) => mutation(name, `${name[0].toUpperCase()}${name.slice(1)}Input`, 'accountChange { id state }');
const OF_ALL = ['everyone', 'employee']; // contained in every role: not worth saying
const UNGRANTABLE = ['everyone', 'system'];
const REASON = () => ({ name: 'reason', label: t('form.reason'), type: 'long', required: true });

const isMe = (username) => username === session.viewer.username;
const mayChange = (record, field) => record.access.some((each) => each.field === field && each.operable);
const mayCreate = (specs, ...fields) => fields.every((field) => specs?.some((spec) => spec.field === field && spec.creatable));

/** What can be begun with somebody: names of steps. `rights` is the answer of ACCOUNT_RIGHTS. */
export function stepsFor(person, rights) {
  const mayAct = mayCreate(rights.changes, 'staff', 'act', 'reason');
  const found = [];
  if (!isMe(person.username) && mayCreate(rights.grants, 'staff', 'role', 'since', 'reason')) found.push('grant');
  if (!isMe(person.username) && mayAct && mayCreate(rights.changes, 'roles', 'purposes', 'department')) found.push('setRights');
  if (mayAct && !person.disabled) found.push('endSessions');
  if (!isMe(person.username) && mayAct) found.push(person.disabled ? 'enable' : 'disable');
  return found;
}

/** `{steps, why}` of a grant; `why` says whom it waits for where the caller cannot approve it. */
export function grantSteps(grant) {
  const steps = [];
  let why = '';
  if (grant.state === 'WAITING' && isRunning(grant) && mayChange(grant, 'approvedBy')) {
    if (isMe(grant.createdBy?.username)) why = t('accounts.why.asked');
    else if (isMe(grant.staff?.username)) why = t('accounts.why.own');
    else steps.push('approveGrant');
  }
  if (isRunning(grant) && mayChange(grant, 'endedAt')) steps.push(grant.state === 'WAITING' ? 'withdrawGrant' : 'endGrant');
  return { steps, why };
}

/** `{steps, why}` of a change of an account. */
export function changeSteps(changed) {
  if (changed.state !== 'WAITING') return { steps: [], why: '' };
  const steps = [];
  let why = '';
  if (mayChange(changed, 'approvedBy')) {
    if (isMe(changed.createdBy?.username)) why = t('accounts.why.asked');
    else if (isMe(changed.staff?.username)) why = t('accounts.why.own');
    else steps.push('approveChange');
  }
  if (mayChange(changed, 'state')) steps.push('discardChange');
  return { steps, why };
}

export const TONES = { grant: 'primary', approveGrant: 'primary', approveChange: 'primary', disable: 'danger', endGrant: 'danger' };

const ON_RECORDS = {
  approveGrant: ['approveRoleGrant', ofGrant], withdrawGrant: ['endRoleGrant', ofGrant], endGrant: ['endRoleGrant', ofGrant],
  approveChange: ['approveAccountChange', ofChange], discardChange: ['discardAccountChange', ofChange],
};

/** Decides about a grant or a change. Gives whether it was done. */
export async function decide(step, record) {
  const [name, of] = ON_RECORDS[step];
  const values = { who: record.staff?.displayName ?? record.staff?.username ?? '', role: record.role ? roleLabel(record.role) : '' };
  const payload = await operationDialog(t(`accounts.step.${step}`), [], of(name), {
    fixed: { id: record.id, version: record.version }, intro: t(`accounts.step.${step}.text`, values), yes: t(`accounts.step.${step}`), danger: TONES[step] === 'danger',
  });
  return told(payload, `accounts.step.${step}.done`);
}

/** Asks for what is needed, and does it. Gives whether it was done. */
export async function begin(step, person, context) {
  const steps = { grant, setRights, disable: act, enable: act, endSessions: act };
  return steps[step](person, context, step);
}

async function grant(person, { roles, approvalRequired }) {
  const fields = [
    { name: 'role', label: t('accounts.role'), type: 'choice', required: true, choices: grantable(roles, []).filter((role) => !person.baseRoles.includes(role)).map((role) => [role, roleLabel(role)]) },
    { name: 'since', label: t('accounts.since'), type: 'datetime', hint: t('accounts.sinceHint') },
    { name: 'until', label: t('accounts.untilWhen'), type: 'datetime', hint: t('accounts.untilHint') },
    REASON(),
  ];
  const payload = await operationDialog(t('accounts.grantTo', { who: person.displayName }), fields, ofGrant('grantRole'), {
    fixed: { staff: person.username }, yes: t('accounts.step.grant'), intro: approvalRequired ? t('accounts.grantWaits') : '',
  });
  return told(payload, 'accounts.step.grant.done');
}

async function setRights(person, { roles, departments, approvalRequired }) {
  const fields = [
    { name: 'roles', label: t('accounts.lastingRoles'), type: 'several', value: person.baseRoles, choices: grantable(roles, person.baseRoles).map((role) => [role, roleLabel(role), roles.withinText(role, OF_ALL)]) },
    { name: 'purposes', label: t('accounts.purposes'), type: 'several', value: person.purposes, choices: enumChoices('Purpose') },
    { name: 'department', label: t('accounts.department'), type: 'choice', value: person.department ?? '', choices: departments, clearable: true },
    REASON(),
  ];
  const payload = await operationDialog(t('accounts.setRightsOf', { who: person.displayName }), fields, ofChange('setAccountRoles'), {
    fixed: { username: person.username }, yes: t('accounts.step.setRights'), intro: approvalRequired ? t('accounts.rightsWait') : '',
  });
  return told(payload, 'accounts.step.setRights.done');
}

async function act(person, { approvalRequired }, step) {
  const waits = step === 'enable' && approvalRequired ? ` ${t('accounts.enableWaits')}` : '';
  const payload = await operationDialog(t(`accounts.step.${step}.title`, { who: person.displayName }), [REASON()], ofChange(`${step}${step === 'endSessions' ? '' : 'Account'}`), {
    fixed: { username: person.username }, yes: t(`accounts.step.${step}`), intro: t(`accounts.step.${step}.text`) + waits, danger: step === 'disable',
  });
  return told(payload, `accounts.step.${step}.done`);
}

const grantable = (roles, held) => roles.all.filter((role) => held.includes(role) || !UNGRANTABLE.includes(role));

function told(payload, done) {
  if (!payload) return false;
  const { state } = payload.roleGrant ?? payload.accountChange ?? {};
  notice(t(state === 'WAITING' ? 'accounts.waitsNow' : done), 'good');
  return true;
}

/** When a grant counts, as a text. */
export const termOf = ({ since, until }) => t(until ? 'accounts.term' : 'accounts.termOpen', { since: dateTime(since), until: dateTime(until) });
