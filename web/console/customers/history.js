// The history of a customer: every change, field by field, under the policy of its field. Owns its pages.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { isChinese, labelOf, t } from '../core/language.js';
import { dateTime, distance, enumLabel, fieldValue, plainText } from '../core/values.js';
import { baseType } from './fields.js';

const PAGE = 50;
const QUERY = `query ($id: ID!, $field: String, $first: Int!, $after: String) {
  history(record: $id, field: $field, first: $first, after: $after) {
    hasNextPage endCursor
    nodes { field labelEn labelZh level version at by { username displayName } channel important before after } } }`;

class CustomerHistory extends Screen {
  /** `{id, specs}` */
  parameters = {};
  state = { isLoading: true, failure: null, nodes: [], hasNextPage: false, endCursor: null, field: '' };

  async load(isLatest) {
    const page = await this.#page(null);
    if (isLatest()) this.set(page);
  }

  async #page(after) {
    const variables = { id: this.parameters.id, field: this.state.field || null, first: PAGE, after };
    const { data, errors } = await ask(QUERY, variables, { signal: this.signal });
    if (!data.history) throw new ApiError(errors[0]?.message ?? '', errors);
    return data.history;
  }

  #more = async () => {
    try {
      const page = await this.#page(this.state.endCursor);
      this.set({ ...page, nodes: [...this.state.nodes, ...page.nodes] });
    } catch (error) {
      if (error.name !== 'AbortError') this.set({ failure: error });
    }
  };

  template() {
    return html`<div class="spread"><h2>${t('customers.history')}</h2>
      <label class="toolbar"><span class="quiet">${t('customers.history.field')}</span>
        <select @change=${(event) => { this.set({ field: event.target.value }); this.reload(); }}>
          <option value="">${t('action.all')}</option>
          ${this.parameters.specs.map((spec) => html`<option value=${spec.field}>${labelOf(spec)}</option>`)}</select></label></div>
      ${this.frame(() => this.#timeline())}`;
  }

  #timeline() {
    if (!this.state.nodes.length) return html`<p class="nothing">${t('customers.history.none')}</p>`;
    return html`<ol class="timeline">${byVersion(this.state.nodes).map((changes) => this.#entry(changes))}</ol>
      ${this.state.hasNextPage ? html`<button type="button" @click=${this.#more}>${t('action.more')}</button>` : nothing}`;
  }

  #entry(changes) {
    const [{ at, by, channel, version }] = changes;
    return html`<li><p class="row"><b>${by ? plainText(by) : t('customers.history.nobody')}</b>
        <time datetime=${at} title=${distance(at)}>${dateTime(at)}</time>
        <span class="quiet">${t('customers.version', { version })}${channel ? ` · ${enumLabel('SourceChannel', channel)}` : ''}</span></p>
      <ul class="changes">${changes.map((each) => html`<li><span class="changed">${labelOf(each)}
          ${each.important ? html`<span class="tag accent">${t('customers.history.important')}</span>` : nothing}</span>
        ${this.#side(each, each.before)} <span aria-hidden="true">→</span><span class="unseen">${t('customers.history.to')}</span> ${this.#side(each, each.after)}</li>`)}</ul></li>`;
  }

  #side({ field, level }, texts) {
    const spec = this.parameters.specs.find((each) => each.field === field);
    const type = spec && level === 'PLAIN' && isSpelt(spec) ? baseType(spec.type) : '';
    const value = texts?.map((text) => plainText(text, type)).join(isChinese() ? '、' : ', ') ?? null;
    return fieldValue(value, { level, reason: null });
  }
}

/** What people read otherwise than the API spells it; a person or a department stands by its name in the system. */
const isSpelt = (spec) => spec.values || ['Date', 'DateTime', 'Decimal'].includes(baseType(spec.type));

/** The changes of one save stand together. */
function byVersion(nodes) {
  const groups = [];
  for (const node of nodes) {
    if (groups.at(-1)?.[0].version === node.version) groups.at(-1).push(node);
    else groups.push([node]);
  }
  return groups;
}

define('customer-history', CustomerHistory);
