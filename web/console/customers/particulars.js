// What is known of a customer, grouped by how sensitive it is. Owns what is opened and for how long it stays open: an
// opened value is on the page for half a minute and nowhere else.

import { Part, attempt, define, html, nothing } from '../core/screen.js';
import { labelOf, t } from '../core/language.js';
import { enumLabel, fieldValue, icon } from '../core/values.js';
import { levelOf } from './fields.js';
import { reveal } from './reveal.js';

const OPEN_SECONDS = 30;
const CLASSES = ['BASIC', 'CONTACT', 'IDENTITY', 'PERSONAL', 'BUSINESS', 'FINANCIAL', 'INTERNAL'];
const IN_HEAD = new Set(['version', 'createdAt', 'updatedAt']);

class CustomerParticulars extends Part {
  #record = null; // {customer, specs, access}
  #clock = null;
  state = { opened: new Map() }; // field → {values, until}

  /** What to show. What was opened is closed when it comes anew: it may have changed, or may be shown no more. */
  set record(record) {
    if (record === this.#record) return;
    this.#record = record;
    this.state.opened.clear();
    this.update();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#clock);
    this.#clock = null;
    this.state.opened.clear();
  }

  async #open(spec) {
    const record = this.#record;
    const shown = await attempt(() => reveal(record.customer.id, spec.field, labelOf(spec)));
    if (!shown || !this.isConnected || record !== this.#record) return;
    this.state.opened.set(spec.field, { ...shown, until: Date.now() + OPEN_SECONDS * 1000 });
    this.#clock ??= setInterval(() => this.#tick(), 1000);
    this.update();
  }

  #tick() {
    for (const [field, { until }] of this.state.opened) if (Date.now() >= until) this.state.opened.delete(field);
    if (!this.state.opened.size) {
      clearInterval(this.#clock);
      this.#clock = null;
    }
    this.update();
  }

  #close(field) {
    this.state.opened.delete(field);
    this.update();
  }

  template() {
    if (!this.#record) return nothing;
    const { specs } = this.#record;
    const classes = [...CLASSES, ...new Set(specs.map((spec) => spec.sensitivity).filter((name) => !CLASSES.includes(name)))];
    return classes.map((name) => {
      const fields = specs.filter((spec) => spec.sensitivity === name && !IN_HEAD.has(spec.field));
      return fields.length ? this.#group(name, fields) : nothing;
    });
  }

  /** The source of most of the values of a group is said once; that of the others at each. */
  #group(name, fields) {
    const common = mostFrequent(fields.map((spec) => this.#channel(spec)).filter(Boolean));
    return html`<section class="card" aria-labelledby=${`class-${name}`}>
      <div class="spread"><h3 id=${`class-${name}`}>${enumLabel('Sensitivity', name)}</h3>${source(common)}</div>
      <dl class="facts">${fields.map((spec) => html`<div><dt>${labelOf(spec)}</dt>
        <dd>${this.#value(spec)}${this.#channel(spec) === common ? nothing : source(this.#channel(spec))}</dd></div>`)}</dl>
    </section>`;
  }

  #channel(spec) {
    return this.#record.customer.sources.find((each) => each.field === spec.field)?.channel ?? null;
  }

  #value(spec) {
    const { customer, access } = this.#record;
    const opened = this.state.opened.get(spec.field);
    if (opened) return this.#openedValue(spec, opened);
    const how = levelOf(customer, customer.kind, spec.field, access);
    const extra = how.revealable ? html`<button type="button" class="quiet" aria-label=${t('customers.reveal.of', { field: labelOf(spec) })}
      @click=${() => this.#open(spec)}>${icon('eye')}${t('customers.reveal.action')}</button>` : nothing;
    return fieldValue(customer[spec.field], { type: spec.type, ...how, extra });
  }

  #openedValue(spec, { values, level, until }) {
    const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    return html`<span class="opened" role="status">${level === 'ERASED' ? fieldValue(null, { level })
      : values.length ? values.map((value) => html`<span class="value">${value}</span>`) : fieldValue(null)}</span>
      <small class="source">${t('customers.reveal.seconds', { seconds })}
        <button type="button" class="quiet" @click=${() => this.#close(spec.field)}>${t('customers.reveal.hide')}</button></small>`;
  }
}

const mostFrequent = (list) => [...new Set(list)].sort((a, b) => list.filter((each) => each === b).length - list.filter((each) => each === a).length)[0] ?? null;

const source = (channel) => (channel ? html`<small class="source">${t('customers.source')} ${enumLabel('SourceChannel', channel)}</small>` : nothing);

define('customer-particulars', CustomerParticulars);
