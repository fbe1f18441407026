// One section of a dossier: the records of one kind as a table, drawn from what the server says of their fields. Owns
// the choice of columns, and the dialog with all of a record. Knows no kind, save that an attachment has a file.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { openDialog } from '../core/dialog.js';
import { labelOf, t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { fieldValue, kindLabel } from '../core/values.js';
import { downloadAttachment } from './download.js';
import { baseType, fieldsOf, levelOf, partsOf, selectionOf } from './fields.js';
import { partsTable } from './parts_table.js';
import { operationsOf, runOperation } from './operation.js';
import { mayUpload, uploadFile } from './upload.js';

const PAGE = 20;
const COLUMNS = 6;
const KEPT_BY_THE_SYSTEM = new Set(['customer', 'version', 'updatedAt', 'createdBy', 'createdAt']);
const TELLING = new Set(['state', 'result', 'stage', 'level', 'grade', 'standing']); // how it stands, wherever it is declared
const NUMBERS = new Set(['Int', 'Decimal', 'Float']);

class DossierSection extends Screen {
  /** `{customer, section: {name, kind}}`: before it is put in the page. */
  parameters = {};
  state = { isLoading: true, failure: null, specs: [], connection: null, access: [] };

  async load(isLatest) {
    const { customer, section } = this.parameters;
    const options = { signal: this.signal };
    const specs = (await fieldsOf([section.kind], options)).get(section.kind).filter((spec) => spec.field !== 'customer');
    const query = QUERY(section.name, await selectionOf(specs, options));
    const variables = { id: customer.id, first: PAGE };
    const { data, access, errors } = await ask(query, variables, options);
    const connection = data.dossier?.[section.name];
    if (!connection) throw new ApiError(errors[0]?.message ?? '', errors);
    if (isLatest()) this.set({ specs, query, variables, connection, access });
  }

  #more = async () => {
    const { query, variables, connection } = this.state;
    try {
      const next = await nextPage(query, variables, connection, (data) => data.dossier[this.parameters.section.name], { signal: this.signal });
      this.set({ connection: next.connection });
    } catch (error) {
      if (error.name !== 'AbortError') this.set({ failure: error });
    }
  };

  template() {
    const { section } = this.parameters;
    const label = kindLabel(section.kind);
    return html`<div class="spread"><h2>${label}</h2>${this.#operations()}</div>
      ${this.frame(() => html`<div>${table(this.#columns(), this.state.connection.nodes, { caption: label })}
        ${listEnd(this.state.connection, this.#more)}</div>`)}`;
  }

  #operations() {
    if (this.state.isLoading) return nothing;
    const { customer, section } = this.parameters;
    const { specs } = this.state;
    const button = (text, work) => html`<button type="button" @click=${() => this.#run(work)}>${text}</button>`;
    return html`<div class="row">
      ${operationsOf(section.kind, specs).map((operation) => button(t(`customers.operation.${operation}`), () => runOperation(operation, customer.id, specs)))}
      ${section.kind === 'ATTACHMENT' && mayUpload(specs) ? button(t('customers.upload'), () => uploadFile(customer.id, specs)) : nothing}</div>`;
  }

  async #run(work) {
    if (await attempt(work)) this.dispatchEvent(new Event('recorded', { bubbles: true }));
  }

  /** When it was made, and then the first few fields that say something in one line. */
  #columns() {
    const specs = this.state.specs.filter((spec) => !isFile(this.parameters.section.kind, spec));
    const created = specs.find((spec) => spec.field === 'createdAt');
    const short = specs.filter((spec) => !KEPT_BY_THE_SYSTEM.has(spec.field) && isShort(spec));
    const telling = short.filter((spec) => TELLING.has(spec.field));
    const rest = short.filter((spec) => !TELLING.has(spec.field)).slice(0, Math.max(0, COLUMNS - telling.length));
    return [created, ...short.filter((spec) => telling.includes(spec) || rest.includes(spec))].filter(Boolean).map((spec, i) => ({
      label: labelOf(spec),
      main: i === 0,
      numeric: NUMBERS.has(baseType(spec.type)),
      cell: (row) => (i === 0
        ? html`<button type="button" class="quiet as-link" @click=${() => this.#show(row)}>${this.#value(row, spec)}</button>`
        : this.#value(row, spec)),
    }));
  }

  #value(row, spec) {
    return fieldValue(row[spec.field], { type: spec.type, ...levelOf(row, this.parameters.section.kind, spec.field, this.state.access) });
  }

  #show(row) {
    const { kind } = this.parameters.section;
    return openDialog(kindLabel(kind), () => html`
      <dl class="facts">${this.state.specs.filter((spec) => !isFile(kind, spec)).map((spec) => html`<div class=${isTable(row, spec) ? 'whole' : ''}><dt>${labelOf(spec)}</dt>
        <dd>${isTable(row, spec) ? partsTable(labelOf(spec), row[spec.field], partsOf(spec)) : this.#value(row, spec)}</dd></div>`)}</dl>
      ${this.state.specs.filter((spec) => isFile(kind, spec)).map((spec) => (row[spec.field] ? downloadAttachment(row) : this.#value(row, spec)))}`, { wide: true });
  }
}

const QUERY = (name, selection) => `query ($id: ID!, $first: Int!, $after: String) { dossier(customer: $id) {
  ${name}(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id access { field level reason } ${selection} } } } }`;

const LINE = 200; // characters

/** Long texts, sealed remarks and lists are for the record's own dialog; so are references, which say nothing to people. */
const isShort = (spec) => !spec.list && !['ID', 'PhoneNumber'].includes(baseType(spec.type)) && !(spec.maxLength > LINE)
  && !(spec.encrypted && spec.sensitivity === 'INTERNAL');

/** The content of an attachment is a file, had by a button. */
const isFile = (kind, spec) => kind === 'ATTACHMENT' && spec.field === 'content';

const isTable = (row, spec) => spec.list && partsOf(spec) !== undefined && row[spec.field]?.length > 0;

define('dossier-section', DossierSection);
