// View as: what somebody may do with each field, and by which rule, in force and in a draft. Owns the choices; what is
// shown are levels and rules, never a value. What is chosen stands in the address, what is typed does not.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { hasWord, t } from '../core/language.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { enumChoices, enumLabel, kindLabel } from '../core/values.js';
import { IN_FORCE, OPEN_STATES, isMine } from './draft.js';
import { RuleNames, VOCABULARY, roleLabel } from './names.js';
import { People, PEOPLE, departmentOf, personSearch } from './people.js';
import { subnav } from './subnav.js';
import { viewedFields } from './viewed_fields.js';

const CUSTOMER = 'CUSTOMER';
const ID = /^[a-z]+_[0-9a-f]{24}$/;
const VIEW = `username displayName roles department purpose kind customer ruleSet refusal
  parts { scopes fields { field labelEn labelZh sensitivity level reason rule decisions { action allowed rule } } }`;
const AROUND = `query ($open: RuleDraftFilter) { ${PEOPLE} ${VOCABULARY} ${IN_FORCE}
  ruleDrafts(first: 50, filter: $open) { nodes { id comment state authors { username displayName } } } }`;
const LOOK = `query ($username: String!, $customer: ID, $kind: RecordKind, $purpose: Purpose) {
  view: viewAs(username: $username, customer: $customer, kind: $kind, purpose: $purpose) { ${VIEW} } }`;
const LOOK_AT_BOTH = `query ($username: String!, $customer: ID, $kind: RecordKind, $purpose: Purpose, $draft: ID!) {
  view: viewAs(username: $username, customer: $customer, kind: $kind, purpose: $purpose) { ${VIEW} }
  after: viewAs(username: $username, customer: $customer, kind: $kind, purpose: $purpose, draft: $draft) { ${VIEW} } }`;
const FIND = 'query ($search: String!) { customers(first: 6, search: $search) { nodes { id kind name } } }';

class ViewAs extends Screen {
  #query = currentQuery();
  state = {
    isLoading: true, failure: null, typed: '', customerTyped: '', customers: [], open: new Set(), onlyChanged: false, search: '',
    chosen: {
      person: this.#query.get('person') ?? '', kind: this.#query.get('customer') ? CUSTOMER : this.#query.get('kind') ?? 'INDIVIDUAL',
      customer: this.#query.get('customer') ?? '', purpose: this.#query.get('purpose') ?? '', draft: this.#query.get('draft') ?? '',
    },
  };

  async load(isLatest) {
    const { data, errors } = await ask(AROUND, { open: { state: { in: OPEN_STATES } } }, { signal: this.signal });
    if (!data.accountRoles) throw new ApiError(errors[0]?.message ?? '', errors);
    if (!isLatest()) return;
    this.set({ people: new People(data.accountRoles), names: new RuleNames(data.policyVocabulary), version: data.ruleSets?.[0]?.version, drafts: data.ruleDrafts?.nodes ?? [] });
    await this.#look(isLatest);
  }

  /** Asks for the view, once everything that it needs is chosen. */
  async #look(isLatest) {
    const { person, kind, customer, draft } = this.state.chosen;
    const isWhole = this.state.people.find(person) && (kind !== CUSTOMER || customer);
    if (!isWhole) {
      this.set({ view: undefined });
      return;
    }
    const target = kind === CUSTOMER ? { customer } : { kind };
    const { data, errors } = await ask(draft ? LOOK_AT_BOTH : LOOK, { username: person, ...target, purpose: this.#purpose, draft: draft || null }, { signal: this.signal });
    if (errors.length) throw new ApiError(errors[0].message, errors);
    if (isLatest()) this.set({ view: data.view, after: draft ? data.after : undefined, isBusy: false });
  }

  /** The one that is chosen; else the first of the person's. */
  get #purpose() {
    const { person, purpose } = this.state.chosen;
    return purpose || this.state.people.find(person)?.purposes[0] || null;
  }

  #choose(changes) {
    const chosen = { ...this.state.chosen, ...changes };
    this.set({ chosen, isBusy: true });
    setQuery({ ...chosen, kind: chosen.kind === CUSTOMER ? '' : chosen.kind, customer: chosen.kind === CUSTOMER ? chosen.customer : '' });
    this.reload();
  }

  template() {
    return html`${subnav()}<h1>${t('viewAs.title')}</h1>
      <p class="quiet">${t('viewAs.notice')}</p>
      ${this.frame(() => html`${this.#choices()}${this.#answer()}`)}`;
  }

  #choices() {
    const { people, typed, chosen, drafts, version, names } = this.state;
    const person = people.find(chosen.person);
    const option = (value, label, current) => html`<option value=${value} .selected=${value === current}>${label}</option>`;
    const kinds = (isCustomer) => session.viewer.kinds.filter((each) => each.isCustomer === isCustomer && names.kinds.includes(each.kind))
      .map((each) => option(each.kind, kindLabel(each.kind), chosen.kind));
    const purposes = (own) => enumChoices('Purpose').filter(([value]) => Boolean(person?.purposes.includes(value)) === own)
      .map(([value, label]) => option(value, label, this.#purpose));
    const select = (label, name, options) => html`<label class="field"><span>${label}</span>
      <select name=${name} @change=${(event) => this.#choose({ [name]: event.target.value })}>${options}</select></label>`;
    return html`<div class="card stack view-as">
      ${personSearch(people, typed, (text) => this.set({ typed: text }), (username) => { this.set({ typed: '' }); this.#choose({ person: username, purpose: '' }); })}
      <div class="form">
        ${select(t('viewAs.what'), 'kind', html`${option(CUSTOMER, t('viewAs.oneCustomer'), chosen.kind)}
          <optgroup label=${t('policies.kinds.customers')}>${kinds(true)}</optgroup><optgroup label=${t('policies.kinds.records')}>${kinds(false)}</optgroup>`)}
        ${person ? select(t('policies.purpose'), 'purpose', html`<optgroup label=${t('viewAs.ownPurposes')}>${purposes(true)}</optgroup>
          <optgroup label=${t('viewAs.otherPurposes')}>${purposes(false)}</optgroup>`) : nothing}
        ${select(t('viewAs.compare'), 'draft', html`${option('', t('viewAs.onlyInForce', { version }), chosen.draft)}
          ${drafts.filter((draft) => isMine(draft) || draft.id === chosen.draft).map((draft) => option(draft.id, draft.comment, chosen.draft))}`)}
      </div>
      ${chosen.kind === CUSTOMER ? this.#customer() : nothing}</div>`;
  }

  /** One customer, by id; by name where the caller sees customers. */
  #customer() {
    const { customerTyped, customers, chosen } = this.state;
    const maySearch = session.mayRead('INDIVIDUAL', 'ENTERPRISE', 'INSTITUTION');
    const submit = async (event) => {
      event.preventDefault();
      const text = customerTyped.trim();
      if (ID.test(text)) this.#choose({ customer: text });
      else if (maySearch && text) this.set({ customers: (await ask(FIND, { search: text }, { signal: this.signal })).data.customers?.nodes ?? [], hasSearched: true });
      else this.set({ customers: [], hasSearched: true });
    };
    return html`<form role="search" class="row found-by" @submit=${(event) => submit(event).catch((error) => this.#refused(error))}>
      <div class="field"><label for="view-as-customer">${t('viewAs.customer')}</label>
        <input id="view-as-customer" type="search" autocomplete="off" spellcheck="false" .value=${customerTyped || chosen.customer} aria-describedby="customer-hint"
          @input=${(event) => this.set({ customerTyped: event.target.value, hasSearched: false })}>
        <small id="customer-hint">${t(maySearch ? 'viewAs.customerHint' : 'viewAs.customerId')}</small></div>
      <button>${t('action.search')}</button>
      ${customers.length ? html`<ul class="plain-list finds" aria-label=${t('viewAs.customer')}>${customers.map((one) => html`<li>
        <button type="button" class="quiet" @click=${() => { this.set({ customers: [], customerTyped: one.id }); this.#choose({ customer: one.id }); }}>${one.name ?? one.id} <span class="quiet">${kindLabel(one.kind)}</span></button></li>`)}</ul>`
        : this.state.hasSearched ? html`<p class="quiet" role="status">${t(maySearch ? 'viewAs.noCustomer' : 'viewAs.customerId')}</p>` : nothing}</form>`;
  }

  #refused(error) {
    if (error.name !== 'AbortError') this.set({ customers: [], failure: error });
  }

  #answer() {
    const { view, after, chosen, people, isBusy, drafts } = this.state;
    const person = people.find(chosen.person);
    if (!person) return html`<p class="nothing">${t('viewAs.choosePerson')}</p>`;
    if (view === undefined) return html`<p class="nothing">${t('viewAs.chooseCustomer')}</p>`;
    const draft = drafts.find(({ id }) => id === chosen.draft);
    return html`<section class="card stack" aria-labelledby="viewed" aria-busy=${Boolean(isBusy)}>
      <h2 id="viewed">${person.displayName} <span class="quiet">${person.username}</span></h2>
      <p class="row">${person.roles.map((role) => html`<span class="tag accent">${roleLabel(role)}</span>`)}
        <span class="quiet">${[departmentOf(person) || t('accounts.noDepartment'), view?.purpose && enumLabel('Purpose', view.purpose.toUpperCase()),
          view ? kindLabel(view.kind) : '', view?.customer].filter(Boolean).join(' · ')}</span></p>
      ${this.#refusal(view, after, draft)}
      ${view?.parts.length || after?.parts.length ? viewedFields(this.state, (changes) => this.set(changes)) : nothing}</section>`;
  }

  /** Why the person gets in not at all: in force, in the draft, or in both. */
  #refusal(view, after, draft) {
    const why = (one) => (one === null ? t('viewAs.noneSeen') : !one.refusal ? '' : hasWord(`viewAs.refusal.${one.refusal}`) ? t(`viewAs.refusal.${one.refusal}`) : one.refusal);
    const told = (one) => (why(one) ? html`<p class="notice bad" role="status"><b>${t('viewAs.refused')}</b> ${why(one)}</p>` : nothing);
    if (after === undefined || why(view) === why(after)) return told(view);
    return html`${why(view) ? html`<h3>${t('viewAs.inForce')}</h3>${told(view)}` : nothing}
      ${why(after) ? html`<h3>${draft?.comment ?? t('viewAs.draft')}</h3>${told(after)}` : nothing}`;
  }
}

define('policy-view-as', ViewAs);
