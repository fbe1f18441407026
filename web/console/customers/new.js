// The form of a customer that is not there yet: first the kind, then what may be written of it. Owns what is typed.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { change } from '../core/api.js';
import { confirmDialog } from '../core/dialog.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { currentQuery, go, guardLeaving, setQuery } from '../core/router.js';
import { kindLabel } from '../core/values.js';
import { customerKinds, fieldsOf } from './fields.js';
import { RetryKey, changesOf, channelChoice, errorsAbove, faultsOf, fieldGroups, focusFirstError, ownValue } from './writing.js';

const CREATE = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id } userErrors { code message field rule } } }`;

class CustomerNew extends Screen {
  #retry = new RetryKey();
  #stop = () => {};
  state = { isLoading: true, failure: null, byKind: new Map(), kind: currentQuery().get('kind'), userErrors: [], isBusy: false };

  connectedCallback() {
    super.connectedCallback();
    this.#stop = guardLeaving(() => !this.#isDirty() || confirmDialog(t('customers.leave.title'), t('customers.leave.text'), { yes: t('customers.leave.yes'), danger: true }));
    this.listen(window, 'beforeunload', (event) => { if (this.#isDirty()) event.preventDefault(); });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop();
  }

  async load(isLatest) {
    const byKind = await fieldsOf(customerKinds(), { signal: this.signal });
    for (const [kind, specs] of byKind) if (!specs.filter((spec) => spec.required).every((spec) => spec.creatable)) byKind.delete(kind);
    if (!isLatest()) return;
    const kind = byKind.has(this.state.kind) ? this.state.kind : byKind.size === 1 ? [...byKind.keys()][0] : null;
    this.set({ byKind, kind });
  }

  get #form() {
    return this.querySelector('form');
  }

  #given() {
    return this.#form ? changesOf(this.state.byKind.get(this.state.kind), null, () => ({}), this.#form) : {};
  }

  #isDirty() {
    const specs = this.state.byKind.get(this.state.kind) ?? [];
    const given = Object.entries(this.#given());
    return !this.state.isSaved && given.some(([field, value]) => value !== ownValue(specs.find((spec) => spec.field === field)));
  }

  #chooseKind = (kind) => {
    setQuery({ kind });
    this.set({ kind, userErrors: [] });
  };

  #submit = async (event) => {
    event.preventDefault();
    const given = this.#given();
    const faults = faultsOf(this.state.byKind.get(this.state.kind), given, this.#form);
    if (faults.length) { this.#refuse(faults); return; }
    const input = { [this.state.kind.toLowerCase()]: { sourceChannel: this.#form.elements.sourceChannel.value, ...given } };
    this.set({ isBusy: true, userErrors: [] });
    const payload = await attempt(() => change(CREATE, input, { key: this.#retry.for(input) }));
    if (!payload) { this.set({ isBusy: false }); return; }
    if (payload.userErrors.length) {
      this.#refuse(payload.userErrors);
      return;
    }
    this.set({ isSaved: true });
    notice(t('state.saved'), 'good');
    go(payload.customer ? `customers/${payload.customer.id}` : 'customers', { replace: true });
  };

  #refuse(userErrors) {
    this.set({ userErrors, isBusy: false });
    focusFirstError(this);
  }

  template() {
    return this.frame(() => {
      const { byKind, kind, userErrors, isBusy } = this.state;
      const above = errorsAbove(userErrors, this.#form);
      return html`
        <p><a href="/console/customers">← ${t('area.customers')}</a></p>
        <h1>${kind ? t('customers.new.titleOf', { kind: kindLabel(kind) }) : t('customers.new')}</h1>
        ${byKind.size ? nothing : html`<p>${t('customers.new.denied')}</p>`}
        ${byKind.size > 1 ? html`<div class="row" role="group" aria-label=${t('customers.kind')}>${[...byKind.keys()].map((each) => html`
          <button type="button" aria-pressed=${each === kind} class=${each === kind ? 'chosen' : ''} @click=${() => this.#chooseKind(each)}>${kindLabel(each)}</button>`)}</div>` : nothing}
        ${above.length ? html`<div class="notice bad" role="alert" tabindex="-1">${above.map((message) => html`<p>${message}</p>`)}</div>` : nothing}
        ${kind ? html`<form class="stack" novalidate @submit=${this.#submit}>
          ${fieldGroups(byKind.get(kind), null, null, userErrors)}
          <div class="card save-bar">${channelChoice(userErrors)}
            <div class="row"><button class="primary" ?disabled=${isBusy}>${t('action.save')}</button>
              <a class="button" href="/console/customers">${t('action.cancel')}</a></div></div>
        </form>` : nothing}`;
    });
  }
}

define('customer-new', CustomerNew);
