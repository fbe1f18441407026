// The form of a customer. Owns what is being typed against which version, and what happens when somebody else was
// faster. Only what was changed is sent; a masked value stays as it is unless something is typed over it.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ask, change } from '../core/api.js';
import { confirmDialog } from '../core/dialog.js';
import { t } from '../core/language.js';
import { live } from '../core/live.js';
import { notice } from '../core/messages.js';
import { go, guardLeaving } from '../core/router.js';
import { fieldValue, plainText } from '../core/values.js';
import { changedFields, chosen, conflictTemplate } from './conflict.js';
import { findCustomer } from './customer.js';
import { levelOf } from './fields.js';
import { RetryKey, changesOf, channelChoice, errorsAbove, faultsOf, fieldGroups, focusFirstError } from './writing.js';

const UPDATE = (selection) => `mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { ${selection} } userErrors { code message field rule } } }`;
const DELETE = 'mutation ($input: DeleteCustomerInput!) { deleteCustomer(input: $input) { deletedId userErrors { code message } } }';
const CHANGED = 'subscription ($id: ID!) { customerChanged(customer: $id) { operation customer { version } } }';
const DELETABLE = '{ viewer { kinds { kind deletable } } }';
const SINCE = `query ($id: ID!) { history(record: $id, first: 50) { nodes { version by { displayName } } } }`;

class CustomerEdit extends Screen {
  #retry = new RetryKey();
  #stop = [];
  state = { isLoading: true, failure: null, base: null, specs: [], access: [], userErrors: [], isBusy: false, conflict: null, isGone: false };

  connectedCallback() {
    super.connectedCallback();
    const { id } = this.parameters;
    const onChange = ({ customerChanged: { operation, customer } }) => this.#changedElsewhere(operation, customer);
    this.#stop = [
      live.subscribe(CHANGED, { id }, onChange),
      guardLeaving(() => !this.#isDirty() || confirmDialog(t('customers.leave.title'), t('customers.leave.text'), { yes: t('customers.leave.yes'), danger: true })),
    ];
    this.listen(window, 'beforeunload', (event) => { if (this.#isDirty()) event.preventDefault(); });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop.forEach((stop) => stop());
  }

  async load(isLatest) {
    const options = { signal: this.signal };
    const [found, rights] = await Promise.all([findCustomer(this.parameters.id, options), ask(DELETABLE, {}, options)]);
    if (!isLatest()) return;
    const { customer, specs, access, selection } = found;
    const mayDelete = rights.data.viewer.kinds.some((each) => each.kind === customer?.kind && each.deletable);
    const isFirst = this.state.base === null;
    this.set({ specs, access, selection, mayDelete, ...(isFirst ? { base: customer } : {}) });
    if (!isFirst && customer) this.#take(customer, access);
    else if (!isFirst) this.set({ base: null }); // out of the caller's sight
  }

  get #form() {
    return this.querySelector('form');
  }

  #levels = (field) => levelOf(this.state.base, this.state.base.kind, field, this.state.access);

  #given() {
    return this.#form ? changesOf(this.state.specs, this.state.base, this.#levels, this.#form) : {};
  }

  #isDirty() {
    return !this.state.isSaved && this.state.base !== null && Object.keys(this.#given()).length > 0;
  }

  async #changedElsewhere(operation, customer) {
    if (this.state.isSaved) return;
    if (operation === 'DELETED') this.set({ isGone: true });
    else if (this.state.base && customer && customer.version !== this.state.base.version) this.reload();
  }

  /** The customer as it is now: taken over where it touches nothing that is being typed; else the choice is offered. */
  #take(current, access) {
    const { base, specs } = this.state;
    if (current.version === base.version) {
      this.set({ base: current, access });
      return;
    }
    const given = this.#given();
    const touched = changedFields(specs, base, current).filter((field) => field in given);
    if (touched.length) this.#compare(current, given);
    else {
      this.set({ base: current, access });
      notice(t('customers.changedMeanwhile'));
    }
  }

  async #compare(current, given) {
    const { base, specs } = this.state;
    const theirs = changedFields(specs, base, current);
    const choices = Object.fromEntries(Object.keys(given).map((field) => [field, theirs.includes(field) ? null : 'mine']));
    this.set({ conflict: { current, given, choices, people: '' }, userErrors: [], isBusy: false });
    requestAnimationFrame(() => this.querySelector('#conflict-title')?.focus());
    const answer = await attempt(() => ask(SINCE, { id: base.id }, { signal: this.signal }));
    const nodes = (answer?.data.history?.nodes ?? []).filter((node) => node.version > base.version && node.by);
    const people = plainText([...new Set(nodes.map((node) => node.by.displayName))]);
    if (this.state.conflict) this.set({ conflict: { ...this.state.conflict, people } });
  }

  #submit = (event) => {
    event.preventDefault();
    if (this.state.conflict) this.#saveChoice();
    else this.#saveForm();
  };

  #saveForm() {
    const given = this.#given();
    const faults = faultsOf(this.state.specs, given, this.#form);
    if (!Object.keys(given).length) notice(t('customers.nothingChanged'));
    else if (faults.length) this.#refuse(faults);
    else this.#save(given, this.state.base.version);
  }

  async #save(given, version) {
    const { base, selection } = this.state;
    const content = { id: base.id, version, sourceChannel: this.#form.elements.sourceChannel.value, ...given };
    const input = { [base.kind.toLowerCase()]: content };
    this.set({ isBusy: true, userErrors: [] });
    const payload = await attempt(() => change(UPDATE(selection), input, { key: this.#retry.for(input) }));
    if (!payload) { this.set({ isBusy: false }); return; }
    if (payload.userErrors.some((error) => error.code === 'STALE_VERSION') && payload.customer) {
      this.#compare(payload.customer, given);
    } else if (payload.userErrors.length) {
      this.#refuse(payload.userErrors);
    } else this.#saved();
  }

  #refuse(userErrors) {
    this.set({ userErrors, isBusy: false, conflict: null });
    focusFirstError(this);
  }

  #saved() {
    this.set({ isSaved: true });
    notice(t('state.saved'), 'good');
    go(`customers/${this.state.base.id}`, { replace: true });
  }

  #choose = (field, side) => {
    const { conflict } = this.state;
    this.set({ conflict: { ...conflict, choices: { ...conflict.choices, [field]: side } } });
  };

  #saveChoice() {
    const { current, given, choices } = this.state.conflict;
    const faults = faultsOf([], {}, this.#form);
    const left = chosen(given, choices, current);
    if (Object.values(choices).includes(null)) notice(t('customers.conflict.chooseAll'), 'bad');
    else if (faults.length && Object.keys(left).length) {
      this.set({ userErrors: faults });
      focusFirstError(this);
    } else if (Object.keys(left).length) this.#save(left, current.version);
    else this.#saved();
  }

  /** Back to the form, against the version as it is now: what was typed stays typed. */
  #backToForm = () => {
    this.set({ base: this.state.conflict.current, conflict: null });
  };

  #delete = async () => {
    const { base } = this.state;
    const question = t('customers.delete.text', { name: base.name ?? base.id });
    if (!await confirmDialog(t('customers.delete.title'), question, { yes: t('customers.delete.action'), danger: true })) return;
    const input = { id: base.id, version: base.version };
    const payload = await attempt(() => change(DELETE, input, { key: this.#retry.for(input) }));
    if (!payload) return;
    if (payload.userErrors.length) this.set({ userErrors: payload.userErrors });
    else {
      this.set({ isSaved: true });
      notice(t('customers.deleted'), 'good');
      go('customers', { replace: true });
    }
  };

  template() {
    return this.frame(() => {
      const { base, conflict, isGone, specs, userErrors, isBusy, access } = this.state;
      if (!base) return html`<h1>${t('customers.notFound')}</h1><p><a href="/console/customers">← ${t('area.customers')}</a></p>`;
      const above = errorsAbove(userErrors, this.#form);
      return html`
        <p><a href="/console/customers/${base.id}">← ${t('customers.toDossier')}</a></p>
        <h1>${t('customers.edit.title')} ${fieldValue(base.name, this.#levels('name'))}</h1>
        ${isGone ? html`<p class="notice bad" role="alert">${t('customers.gone')}</p>` : nothing}
        ${above.length ? html`<div class="notice bad" role="alert" tabindex="-1">${above.map((message) => html`<p>${message}</p>`)}</div>` : nothing}
        <form class="stack" novalidate @submit=${this.#submit}>
          ${conflict ? conflictTemplate({ ...conflict, specs, base, levels: (field) => levelOf(conflict.current, base.kind, field, access) }, this.#choose) : nothing}
          <div class="stack" ?hidden=${Boolean(conflict)}>${fieldGroups(specs, base, this.#levels, userErrors)}</div>
          <div class="card save-bar">${channelChoice(userErrors)}
            <div class="row"><button class="primary" ?disabled=${isBusy || isGone}>${t(conflict ? 'customers.conflict.save' : 'action.save')}</button>
              ${conflict ? html`<button type="button" @click=${this.#backToForm}>${t('customers.conflict.back')}</button>` : html`<a class="button" href="/console/customers/${base.id}">${t('action.cancel')}</a>`}
              ${this.state.mayDelete && !conflict ? html`<button type="button" class="danger" @click=${this.#delete}>${t('customers.delete.action')}</button>` : nothing}</div></div>
        </form>`;
    });
  }
}

define('customer-edit', CustomerEdit);
