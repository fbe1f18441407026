// One person: roles and where they come from, what can be done, and what was done. Owns the page; the steps and their
// dialogs are in account_steps.js.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage } from '../core/lists.js';
import { enumLabel } from '../core/values.js';
import { session } from '../core/session.js';
import { ACCOUNT_RIGHTS, CHANGE, GRANT, TONES, begin, decide, stepsFor } from './account_steps.js';
import { changesTable, grantsTable } from './account_records.js';
import { undertakingOf } from './accounts.js';
import { RIGHTS } from './draft.js';
import { inOrder, joined, roleLabel } from './names.js';
import { PEOPLE, People, departmentOf } from './people.js';
import { Roles, rolesOf } from './roles.js';
import { subnav } from './subnav.js';

const PAGE = 20;
const GRANTS = `roleGrants(first: ${PAGE}, after: $after, filter: $grants) { nodes { ${GRANT} } totalCount pageInfo { hasNextPage endCursor } }`;
const CHANGES = `accountChanges(first: ${PAGE}, after: $after, filter: $changes) { nodes { ${CHANGE} } totalCount pageInfo { hasNextPage endCursor } }`;
const GRANTS_OF = `query ($after: String, $grants: RoleGrantFilter) { ${GRANTS} }`;
const CHANGES_OF = `query ($after: String, $changes: AccountChangeFilter) { ${CHANGES} }`;
const QUERY = `query ($after: String, $grants: RoleGrantFilter, $changes: AccountChangeFilter) {
  ${PEOPLE} policyVocabulary { roles { role inherits } } ${GRANTS} ${CHANGES} ${ACCOUNT_RIGHTS} ${RIGHTS} }`;

class Account extends Screen {
  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'focus', () => this.reload()); // what others did meanwhile
  }

  get #filters() {
    const staff = { staff: { eq: this.parameters.username } };
    return { after: null, grants: staff, changes: staff };
  }

  async load(isLatest) {
    const { data, errors } = await ask(QUERY, this.#filters, { signal: this.signal });
    if (!data.accountRoles) throw new ApiError(errors[0]?.message ?? '', errors);
    if (!isLatest()) return;
    this.set({
      people: new People(data.accountRoles), roles: new Roles(data.policyVocabulary), grants: data.roleGrants, changes: data.accountChanges,
      rights: data.viewer, approvalRequired: data.policyRights?.approvalRequired ?? false,
    });
  }

  template() {
    return html`${subnav()}${this.frame(() => {
      const person = this.state.people.find(this.parameters.username);
      return person ? this.#page(person) : html`<h1>${t('policies.accounts')}</h1><p class="nothing">${t('viewAs.nobody')}</p>`;
    })}`;
  }

  #page(person) {
    const { grants, changes } = this.state;
    return html`<div class="spread"><h1>${person.displayName} <span class="quiet username">${person.username}</span></h1>
        <a href="/console/policies/accounts">${t('accounts.toList')}</a></div>
      ${person.disabled ? html`<p class="notice bad">${t('accounts.isDisabled')}</p>` : nothing}
      ${this.#steps(person)}
      ${this.#facts(person)}
      <section class="stack" aria-labelledby="grants"><h2 id="grants">${t('accounts.grants')}</h2>
        ${grantsTable(grants?.nodes ?? [], { caption: t('accounts.grants'), empty: t('accounts.noGrants'), decided: this.#decide, withPerson: false })}
        ${listEnd(grants, this.#more(GRANTS_OF, 'roleGrants', 'grants'))}</section>
      <section class="stack" aria-labelledby="changes"><h2 id="changes">${t('accounts.changes')}</h2>
        ${changesTable(changes?.nodes ?? [], { caption: t('accounts.changes'), empty: t('accounts.noChanges'), decided: this.#decide, withPerson: false })}
        ${listEnd(changes, this.#more(CHANGES_OF, 'accountChanges', 'changes'))}</section>`;
  }

  #steps(person) {
    const { rights } = this.state;
    const steps = stepsFor(person, rights);
    const isOwn = person.username === session.viewer.username;
    return html`<div class="row">${steps.map((step) => html`<button type="button" class=${TONES[step] ?? ''} @click=${() => this.#begin(step, person)}>${t(`accounts.step.${step}`)}</button>`)}
        <a class="button" href=${`/console/policies/view-as?person=${encodeURIComponent(person.username)}`}>${t('policies.viewAs')}</a></div>
      ${isOwn ? html`<p class="quiet">${t('accounts.why.yourself')}</p>` : nothing}`;
  }

  #facts(person) {
    const { roles, grants } = this.state;
    const fact = (label, value) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`;
    const withOthers = person.roles.filter((role) => roles.within(role).length);
    return html`<dl class="card facts">
      ${fact(t('accounts.rolesNow'), rolesOf(person, grants?.nodes ?? [], roles))}
      ${fact(t('accounts.lastingRoles'), joined(inOrder(person.baseRoles).map(roleLabel)) || '–')}
      ${fact(t('accounts.containedRoles'), withOthers.length ? html`<ul class="plain-list">${withOthers.map((role) => html`<li>${roleLabel(role)} ⊃ ${joined(roles.within(role).map(roleLabel))}</li>`)}</ul>` : '–')}
      ${fact(t('accounts.purposes'), joined(person.purposes.map((purpose) => enumLabel('Purpose', purpose))) || '–')}
      ${fact(t('accounts.department'), departmentOf(person) || '–')}
      ${fact(t('accounts.undertaking'), undertakingOf(person))}</dl>`;
  }

  #begin(step, person) {
    const { roles, people, approvalRequired } = this.state;
    return attempt(async () => {
      if (await begin(step, person, { roles, departments: people.departments(), approvalRequired })) await this.reload();
    });
  }

  #decide = (step, record) => attempt(async () => {
    if (await decide(step, record)) await this.reload();
  });

  #more(query, name, state) {
    return () => attempt(async () => {
      const { connection } = await nextPage(query, this.#filters, this.state[state], (data) => data[name], { signal: this.signal });
      this.set({ [state]: connection });
    });
  }
}

define('policy-account', Account);
