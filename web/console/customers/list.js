// The list of customers: one search box, filters, and what they find. Owns what is typed and asked. Must never put what
// is typed into the address: telephones and identity numbers would stay in the browser's history.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { labelOf, t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, go, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { count, enumLabel, fieldValue, kindLabel } from '../core/values.js';
import { customerKinds, fieldsOf, levelOf, merged, selectionOf } from './fields.js';
import { filterBar, listArguments, readFilters } from './filters.js';

const PAUSE_MS = 250;
const PAGE = 30;
const COLUMNS = ['name', 'telephone', 'region', 'accountManager', 'status', 'nextReviewOn'];
const STATUS_TONES = { ACTIVE: 'good', PROSPECT: 'accent', DORMANT: 'warn' };
const QUERY = (selection) => `query ($first: Int!, $after: String, $kinds: [CustomerKind!], $filter: CustomerFilter, $search: String, $sort: CustomerSort) {
  customers(first: $first, after: $after, kinds: $kinds, filter: $filter, search: $search, sort: $sort) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id kind access { field level reason } ${selection} } } }`;

/** What was last typed, for the way back from a dossier; gone with the session. */
let typed = '';
window.addEventListener('session-changed', () => { typed = ''; });

class CustomerList extends Screen {
  #showsFilters = matchMedia('(min-width: 721px)').matches || currentQuery().size > 0;
  #asking = new AbortController();
  #timer = null;
  #found = Promise.resolve();
  state = { isLoading: true, failure: null, chosen: readFilters(currentQuery()), fields: new Map(), connection: null, narrowed: [], refusal: null };

  connectedCallback() {
    super.connectedCallback();
    this.listen(document, 'keydown', (event) => this.#shortcut(event));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#asking.abort();
  }

  async load(isLatest) {
    const byKind = await fieldsOf(customerKinds(), { signal: this.signal });
    if (!isLatest()) return;
    const canCreate = [...byKind.values()].some((specs) => specs.filter((spec) => spec.required).every((spec) => spec.creatable));
    this.set({ fields: merged(byKind), canCreate });
    await this.#find();
  }

  /** Asks for what is typed and chosen; an older question that is still under way is dropped. */
  #find() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#found = this.#askFor(this.#asking.signal);
    return this.#found;
  }

  async #askFor(signal) {
    this.set({ isAsking: true });
    try {
      const query = QUERY(await selectionOf(this.#columns(), { signal }));
      const variables = { first: PAGE, search: typed.trim() || null, ...listArguments(this.state.chosen, this.state.fields) };
      const { data, access, errors, extensions } = await ask(query, variables, { signal });
      if (!data.customers) throw new ApiError(errors[0]?.message ?? '', errors);
      this.set({ query, variables, connection: data.customers, access, narrowed: extensions.narrowed ?? [], refusal: null, isAsking: false });
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof ApiError)) throw error;
      this.set({ connection: null, narrowed: [], refusal: error, isAsking: false });
    }
  }

  #columns() {
    return COLUMNS.map((name) => this.state.fields.get(name)).filter(Boolean);
  }

  #type = (event) => {
    typed = event.target.value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), PAUSE_MS);
  };

  #choose = (changes) => {
    setQuery(changes);
    this.set({ chosen: readFilters(currentQuery()) });
    this.#find();
  };

  /** Enter opens the first that is found by what is typed. */
  #open = async (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    if (this.#timer) this.#find();
    await this.#found;
    const first = this.state.connection?.nodes[0];
    if (first && this.isConnected) go(`customers/${first.id}`);
  };

  #shortcut(event) {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.('input, textarea, select, dialog')) return;
    event.preventDefault();
    this.querySelector('input[type=search]')?.select();
  }

  #more = async () => {
    const { query, variables, connection } = this.state;
    try {
      const next = await nextPage(query, variables, connection, (data) => data.customers, { signal: this.#asking.signal });
      this.set({ connection: next.connection });
    } catch (error) {
      if (error.name !== 'AbortError') this.set({ refusal: error });
    }
  };

  template() {
    return this.frame(() => html`
      <div class="spread"><h1>${t('area.customers')}</h1>
        ${this.state.canCreate ? html`<a class="button" href="/console/customers/new">${t('customers.new')}</a>` : nothing}</div>
      <form role="search" class="card stack" @submit=${(event) => event.preventDefault()}>
        <label class="field"><span>${t('action.search')} <kbd aria-hidden="true">/</kbd></span>
          <input type="search" autocomplete="off" spellcheck="false" .value=${typed} placeholder=${t('customers.searchHint')} @input=${this.#type} @keydown=${this.#open}></label>
        <details class="filters" ?open=${this.#showsFilters}><summary>${t('customers.filters')}</summary>
          <div class="toolbar">${filterBar(this.state.chosen, this.state.fields, this.state.connection?.nodes ?? [], this.#choose)}</div></details>
      </form>
      ${this.#narrowed()}
      ${this.state.refusal ? html`<p class="notice warn" role="alert">${this.state.refusal.message || t('app.failed')}</p>` : nothing}
      <p class="quiet" role="status">${this.state.connection ? t('customers.found', { count: count(this.state.connection.totalCount) }) : this.state.isAsking ? t('state.loading') : ''}</p>
      ${this.state.connection ? this.#table() : nothing}`);
  }

  /** A column that is denied for every customer says so once, below; the telephone says it in each row. */
  #table() {
    const all = this.#columns();
    const denied = all.filter((spec) => spec.level === 'DENIED' && !['name', 'telephone'].includes(spec.field));
    const columns = all.filter((spec) => !denied.includes(spec)).map((spec) => ({ label: labelOf(spec), main: spec.field === 'name', cell: (row) => this.#cell(row, spec) }));
    columns.splice(1, 0, { label: t('customers.kind'), cell: (row) => kindLabel(row.kind) });
    return html`<div>${table(columns, this.state.connection.nodes, { caption: t('area.customers'), empty: t('customers.none') })}
      ${denied.length ? html`<p class="quiet">${t('value.denied')}${t('customers.colon')}${listed(denied.map((spec) => labelOf(spec)))}</p>` : nothing}
      ${listEnd(this.state.connection, this.#more)}</div>`;
  }

  #cell(row, spec) {
    const value = row[spec.field];
    const shown = fieldValue(value, { type: spec.type, ...levelOf(row, row.kind, spec.field, this.state.access) });
    if (spec.field === 'name') return html`<a href="/console/customers/${row.id}">${shown}</a>`;
    if (spec.field === 'status' && value) return html`<span class="tag ${STATUS_TONES[value] ?? ''}">${enumLabel('Status', value)}</span>`;
    if (spec.field === 'nextReviewOn' && value && value < new Date().toISOString().slice(0, 10)) {
      return html`${shown} <span class="tag warn">${t('customers.overdue')}</span>`;
    }
    return shown;
  }

  /** By which fields the search could not look everywhere. */
  #narrowed() {
    const names = (found) => [...new Set(this.state.narrowed.filter((each) => each.found === found)
      .map((each) => `${labelOf(this.state.fields.get(each.field) ?? { labelEn: each.field, labelZh: each.field })}`))];
    const [none, some] = [names('NONE'), names('SOME')];
    if (!none.length && !some.length) return nothing;
    return html`<p class="notice">${some.length ? t('customers.narrowedSome', { fields: listed(some) }) : nothing}
      ${none.length ? t('customers.narrowedNone', { fields: listed(none) }) : nothing}</p>`;
  }
}

const listed = (names) => names.join(t('customers.comma'));

define('customer-list', CustomerList);
