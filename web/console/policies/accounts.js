// The people who can log in, their roles, and what waits for a second person. Owns the list, its filters and its tabs.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { tabs } from '../core/tabs.js';
import { count, day, enumLabel, fieldValue } from '../core/values.js';
import { CHANGE, GRANT, decide } from './account_steps.js';
import { changesTable, grantsTable, personLink } from './account_records.js';
import { inOrder, joined, roleLabel } from './names.js';
import { PEOPLE, People, departmentOf } from './people.js';
import { Roles, rolesOf } from './roles.js';
import { subnav } from './subnav.js';

const ALL = 100;
const GRANTS = `roleGrants(first: $first, after: $after, filter: $grants) { nodes { ${GRANT} } totalCount pageInfo { hasNextPage endCursor } }`;
const CHANGES = `accountChanges(first: $first, after: $after, filter: $changes) { nodes { ${CHANGE} } totalCount pageInfo { hasNextPage endCursor } }`;
const GRANTS_OF = `query ($first: Int!, $after: String, $grants: RoleGrantFilter) { ${GRANTS} }`;
const CHANGES_OF = `query ($first: Int!, $after: String, $changes: AccountChangeFilter) { ${CHANGES} }`;
const BOTH = `query ($first: Int!, $after: String, $grants: RoleGrantFilter, $changes: AccountChangeFilter) { ${GRANTS} ${CHANGES} }`;
const QUERY = `query ($first: Int!, $after: String, $grants: RoleGrantFilter, $changes: AccountChangeFilter) {
  ${PEOPLE} policyVocabulary { roles { role inherits } } ${GRANTS} ${CHANGES} }`;
const PARTNERS = `{ partners(first: ${ALL}) { nodes { id name contactPerson contactTelephone sharedFor access { field level reason } } } }`;
const RUNNING = { first: ALL, after: null, grants: { state: { in: ['GRANTED', 'WAITING'] } } };
const WAITING = { changes: { state: { eq: 'WAITING' } } };
const LOG = { first: 20, after: null, grants: null, changes: null };
const SOON_DAYS = 30;

class Accounts extends Screen {
  state = { isLoading: true, failure: null, search: '', role: '', only: '', tab: currentQuery().get('tab') ?? 'people' };

  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'focus', () => this.reload()); // what others did meanwhile
  }

  async load(isLatest) {
    const options = { signal: this.signal };
    const { data, errors } = await ask(QUERY, { ...RUNNING, ...WAITING }, options);
    if (!data.accountRoles) throw new ApiError(errors[0]?.message ?? '', errors);
    let grants = data.roleGrants;
    while (grants?.pageInfo.hasNextPage) grants = (await nextPage(GRANTS_OF, RUNNING, grants, (each) => each.roleGrants, options)).connection;
    const { tab } = this.state;
    const log = tab === 'done' ? (await ask(BOTH, LOG, options)).data : null;
    const partners = tab === 'partners' ? (await ask(PARTNERS, {}, options)).data.partners?.nodes ?? [] : null;
    if (!isLatest()) return;
    this.set({
      people: new People(data.accountRoles), roles: new Roles(data.policyVocabulary), grants: grants?.nodes ?? [],
      changes: data.accountChanges?.nodes ?? [], doneGrants: log?.roleGrants, doneChanges: log?.accountChanges, partners,
    });
  }

  template() {
    return html`${subnav()}<h1>${t('policies.accounts')}</h1>
      ${this.frame(() => {
        const waiting = this.state.grants.filter((grant) => grant.state === 'WAITING').length + this.state.changes.length;
        const list = [
          ['people', t('accounts.people')], ['waiting', t('accounts.waiting', { count: count(waiting) })], ['roles', t('accounts.roles')],
          ['departments', t('accounts.departments')], ...(session.mayRead('PARTNER') ? [['partners', t('accounts.partners')]] : []), ['done', t('accounts.done')],
        ];
        const tab = list.some(([key]) => key === this.state.tab) ? this.state.tab : 'people';
        const panels = { people: this.#people, waiting: this.#waiting, roles: this.#roles, departments: this.#departments, partners: this.#partners, done: this.#done };
        return html`${tabs(t('policies.accounts'), list, tab, this.#show, 'accounts-panel')}
          <div role="tabpanel" id="accounts-panel" class="stack" aria-label=${list.find(([key]) => key === tab)[1]}>${panels[tab].call(this)}</div>`;
      })}`;
  }

  #show = (tab) => {
    setQuery({ tab: tab === 'people' ? '' : tab });
    this.set({ tab });
    if (tab === 'done' || tab === 'partners') this.reload();
  };

  #people() {
    const { people, roles, search, role, only, grants } = this.state;
    const isOf = { '': () => true, temporary: (person) => grants.some((grant) => grant.staff?.username === person.username), disabled: ({ disabled }) => disabled };
    const found = people.matching(search).filter((person) => (!role || roles.contain(person.roles, role)) && isOf[only](person));
    const option = (value, label, chosen) => html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
    return html`<div class="toolbar">
        <label class="search"><span>${t('action.search')}</span><input type="search" .value=${search} placeholder=${t('viewAs.personHint')} @input=${(event) => this.set({ search: event.target.value })}></label>
        <label><span>${t('accounts.role')}</span><select name="role" @change=${(event) => this.set({ role: event.target.value })}>
          ${option('', t('action.all'), role)}${roles.all.map((each) => option(each, roleLabel(each), role))}</select></label>
        <label><span>${t('accounts.show')}</span><select name="only" @change=${(event) => this.set({ only: event.target.value })}>
          ${['', 'temporary', 'disabled'].map((each) => option(each, t(each ? `accounts.show.${each}` : 'action.all'), only))}</select></label></div>
      ${table([
        { label: t('accounts.person'), main: true, cell: (person) => html`${personLink(person)} <span class="quiet username">${person.username}</span>
          ${person.disabled ? html`<span class="tag bad">${t('accounts.disabled')}</span>` : nothing}` },
        { label: t('accounts.roles'), cell: (person) => html`${rolesOf(person, this.#grantsOf(person), roles)}${role && !person.roles.includes(role)
          ? html` <small class="quiet">${t('accounts.through', { role: roleLabel(role) })}</small>` : nothing}` },
        { label: t('accounts.purposes'), cell: (person) => joined(person.purposes.map((purpose) => enumLabel('Purpose', purpose))) || '–' },
        { label: t('accounts.department'), cell: (person) => departmentOf(person) || '–' },
        { label: t('accounts.undertaking'), cell: (person) => undertakingOf(person) },
      ], found, { caption: t('accounts.people'), empty: t('viewAs.nobody') })}
      <p class="quiet" role="status">${t('accounts.found', { count: count(found.length) })}</p>`;
  }

  #grantsOf(person) {
    return this.state.grants.filter((grant) => grant.staff?.username === person.username);
  }

  #waiting() {
    const grants = this.state.grants.filter((grant) => grant.state === 'WAITING');
    const { changes } = this.state;
    if (!grants.length && !changes.length) return html`<p class="nothing">${t('accounts.nothingWaits')}</p>`;
    return html`${grants.length ? html`<h2>${t('accounts.grants')}</h2>${grantsTable(grants, { caption: t('accounts.grants'), decided: this.#decide })}` : nothing}
      ${changes.length ? html`<h2>${t('accounts.changes')}</h2>${changesTable(changes, { caption: t('accounts.changes'), decided: this.#decide })}` : nothing}`;
  }

  #roles() {
    const { people, roles } = this.state;
    const have = (role) => people.all.filter((person) => person.roles.includes(role));
    return html`<p class="quiet">${t('accounts.rolesIntro')}</p>${table([
      { label: t('accounts.role'), main: true, cell: (role) => html`${roleLabel(role)} <code class="quiet">${role}</code>` },
      { label: t('accounts.inherits'), cell: (role) => joined(roles.parents(role).map(roleLabel)) || '–' },
      { label: t('accounts.containsAll'), cell: (role) => joined(inOrder(roles.within(role)).map(roleLabel)) || '–' },
      { label: t('accounts.people'), cell: (role) => html`<span class="row">${have(role).map((person) => personLink(person))}</span>` },
    ], roles.all, { caption: t('accounts.roles') })}`;
  }

  #departments() {
    const { people } = this.state;
    return table([
      { label: t('accounts.department'), main: true, cell: ([code, label]) => html`${label} <code class="quiet">${code}</code>` },
      { label: t('accounts.people'), cell: ([code]) => html`<span class="row">${people.all.filter(({ department }) => department === code).map(personLink)}</span>` },
    ], people.departments(), { caption: t('accounts.departments') });
  }

  #partners() {
    const cell = (field, type = '') => (partner) => fieldValue(partner[field], { type, ...partner.access.find((each) => each.field === field) });
    return table([
      { label: t('accounts.partner'), main: true, cell: cell('name') },
      { label: t('accounts.sharedFor'), cell: cell('sharedFor') },
      { label: t('accounts.contactPerson'), cell: cell('contactPerson') },
      { label: t('accounts.telephone'), cell: cell('contactTelephone', 'PhoneNumber') },
    ], this.state.partners ?? [], { caption: t('accounts.partners') });
  }

  #done() {
    const { doneGrants, doneChanges } = this.state;
    const more = (query, name, state) => () => attempt(async () => {
      const { connection } = await nextPage(query, LOG, this.state[state], (data) => data[name], { signal: this.signal });
      this.set({ [state]: connection });
    });
    return html`<h2>${t('accounts.changes')}</h2>
      ${changesTable(doneChanges?.nodes ?? [], { caption: t('accounts.changes'), decided: this.#decide })}${listEnd(doneChanges, more(CHANGES_OF, 'accountChanges', 'doneChanges'))}
      <h2>${t('accounts.grants')}</h2>
      ${grantsTable(doneGrants?.nodes ?? [], { caption: t('accounts.grants'), decided: this.#decide })}${listEnd(doneGrants, more(GRANTS_OF, 'roleGrants', 'doneGrants'))}`;
  }

  #decide = (step, record) => attempt(async () => {
    if (await decide(step, record)) await this.reload();
  });
}

/** Until when an undertaking holds: a warning where it soon runs out. */
export function undertakingOf({ clearedUntil }) {
  if (!clearedUntil) return '–';
  const days = (new Date(clearedUntil) - Date.now()) / 86_400_000;
  const text = day(clearedUntil.slice(0, 10));
  if (days < 0) return html`${text} <span class="tag bad">${t('accounts.ranOut')}</span>`;
  return days < SOON_DAYS ? html`${text} <span class="tag warn">${t('accounts.soon')}</span>` : text;
}

define('policy-accounts', Accounts);
