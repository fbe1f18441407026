// The dossier of one customer: who it is, what is missing, and everything that is kept of it, section by section. Owns
// which section is shown and that it follows the changes of others; what stands in a section is that section's.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { labelOf, t } from '../core/language.js';
import { live } from '../core/live.js';
import { notice } from '../core/messages.js';
import { currentQuery, setQuery } from '../core/router.js';
import { tabs } from '../core/tabs.js';
import { count, dateTime, enumLabel, fieldValue, kindLabel, plainText } from '../core/values.js';
import { findCustomer } from './customer.js';
import { levelOf } from './fields.js';
import { readableSections, sectionCounts } from './sections.js';
import './history.js';
import './particulars.js';
import './section.js';

const STATE = `query ($id: ID!) { dossier(customer: $id) { state missing { section code labelEn labelZh } unknown { section code labelEn labelZh } } }`;
const CHANGED = 'subscription ($id: ID!) { customerChanged(customer: $id) { operation customer { version } } }';
const STATE_TONES = { COMPLETE: 'good', INCOMPLETE: 'warn', EXPIRED: 'bad' };
const STATUS_TONES = { ACTIVE: 'good', PROSPECT: 'accent', DORMANT: 'warn' };
const PARTICULARS = 'particulars';
const HISTORY = 'history';

class CustomerDossier extends Screen {
  #stopFollowing = () => {};
  state = { isLoading: true, failure: null, record: null, dossier: null, sections: [], counts: new Map(), tab: currentQuery().get('tab') ?? PARTICULARS, isGone: false };

  connectedCallback() {
    super.connectedCallback();
    this.#stopFollowing = live.subscribe(CHANGED, { id: this.parameters.id }, (data) => this.#changed(data.customerChanged));
    this.listen(this, 'recorded', () => this.reload());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stopFollowing();
  }

  async load(isLatest) {
    const { id } = this.parameters;
    const options = { signal: this.signal };
    const [record, sections] = await Promise.all([findCustomer(id, options), readableSections(options)]);
    if (!isLatest()) return;
    if (!record.customer) { this.set({ record, sections: [] }); return; }
    this.set({ record, sections });
    this.#loadRest(sections, isLatest);
    requestAnimationFrame(() => this.#showTab());
    this.querySelector('dossier-section, customer-history')?.reload();
  }

  /** What the page can do without for a moment: the state of the dossier, and how much each section holds. */
  async #loadRest(sections, isLatest) {
    const { id } = this.parameters;
    const options = { signal: this.signal };
    try {
      const [state, counts] = await Promise.all([ask(STATE, { id }, options), sectionCounts(id, sections, options)]);
      if (isLatest()) this.set({ dossier: state.data.dossier, counts });
    } catch (error) {
      if (error.name !== 'AbortError' && isLatest()) this.set({ dossier: null, counts: new Map() });
    }
  }

  #changed({ operation, customer }) {
    const { record } = this.state;
    if (operation === 'DELETED') {
      this.set({ isGone: true });
      return;
    }
    if (!record?.customer || this.state.isLoading) return;
    if (customer && customer.version !== record.customer.version) notice(t('customers.changed'));
    this.reload();
  }

  /** Where the tabs lie in a row, the chosen one is not to be beyond its edge. */
  #showTab() {
    const tab = this.querySelector('[role=tab][aria-selected=true]');
    if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - 60;
  }

  #choose = (tab) => {
    setQuery({ tab: tab === PARTICULARS ? '' : tab });
    this.set({ tab });
  };

  template() {
    return this.frame(() => {
      const { customer } = this.state.record;
      if (!customer) return html`<h1>${t('customers.notFound')}</h1><p><a href="/console/customers">← ${t('area.customers')}</a></p>`;
      return html`${this.#head()}
        <div class="dossier">
          ${tabs(t('customers.sections'), this.#tabs(), this.#tab(), this.#choose, 'panel', { vertical: true })}
          <div role="tabpanel" id="panel" tabindex="-1" class="stack" aria-label=${this.#tabs().find(([key]) => key === this.#tab())[1]}>${this.#panel()}</div>
        </div>`;
    });
  }

  #head() {
    const { record: { customer, specs }, isGone } = this.state;
    const value = (name) => fieldValue(customer[name], { type: specs.find((spec) => spec.field === name)?.type, ...this.#level(name) });
    const mayWrite = customer.access.some((each) => each.writable);
    return html`<p><a href="/console/customers">← ${t('area.customers')}</a></p>
      <div class="spread"><div class="stack tight"><h1>${value('name')}</h1>
          <p class="row"><span class="tag accent">${kindLabel(customer.kind)}</span>
            ${customer.status ? html`<span class="tag ${STATUS_TONES[customer.status] ?? ''}">${enumLabel('Status', customer.status)}</span>` : value('status')}
            ${customer.version ? html`<span class="quiet">${t('customers.version', { version: customer.version })}</span>` : nothing}
            ${customer.updatedAt ? html`<span class="quiet">${t('customers.updatedAt', { time: dateTime(customer.updatedAt) })}</span>` : nothing}</p></div>
        ${mayWrite ? html`<a class="button" href="/console/customers/${customer.id}/edit">${t('action.edit')}</a>` : nothing}</div>
      ${isGone ? html`<p class="notice bad" role="alert">${t('customers.gone')}</p>` : nothing}
      ${this.#completeness()}`;
  }

  #completeness() {
    const { dossier } = this.state;
    if (!dossier) return nothing;
    const parts = (list) => plainText(list.map((part) => labelOf(part)));
    return html`<div class="card completeness"><p><span class="quiet">${t('customers.dossier')}</span>
        <span class="tag ${STATE_TONES[dossier.state] ?? ''}">${enumLabel('DossierStatus', dossier.state)}</span></p>
      ${dossier.missing.length ? html`<p><b>${t('customers.missing')}</b> ${parts(dossier.missing)}</p>` : nothing}
      ${dossier.unknown.length ? html`<p class="quiet">${t('customers.unknown')} ${parts(dossier.unknown)}</p>` : nothing}</div>`;
  }

  #level(field) {
    const { customer, access } = this.state.record;
    return levelOf(customer, customer.kind, field, access);
  }

  #tabs() {
    const { sections, counts } = this.state;
    const labelled = sections.map(({ name, kind }) => {
      const total = counts.get(name);
      return [name, total === undefined ? kindLabel(kind) : `${kindLabel(kind)} (${count(total)})`];
    });
    return [[PARTICULARS, t('customers.particulars')], ...labelled, [HISTORY, t('customers.history')]];
  }

  /** A section that the caller has no more gives way to the first. */
  #tab() {
    const { tab } = this.state;
    return this.#tabs().some(([key]) => key === tab) ? tab : PARTICULARS;
  }

  #panel() {
    const { record } = this.state;
    const tab = this.#tab();
    if (tab === PARTICULARS) return html`<h2 class="unseen">${t('customers.particulars')}</h2><customer-particulars class="stack" .record=${record}></customer-particulars>`;
    if (tab === HISTORY) return html`<customer-history class="stack" .parameters=${{ id: record.customer.id, specs: record.specs }}></customer-history>`;
    return this.#sectionElement(this.state.sections.find((each) => each.name === tab));
  }

  /** One element per section: another section begins from nothing. */
  #sectionElement(section) {
    if (this.state.shown?.parameters.section.name !== section.name) {
      this.state.shown = Object.assign(document.createElement('dossier-section'), { className: 'stack', parameters: { customer: this.state.record.customer, section } });
    }
    return html`${this.state.shown}`;
  }
}

define('customer-dossier', CustomerDossier);
