// The audit trail with its filters. Owns how entries are found and listed; who may look is the server's to say.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { openDialog } from '../core/dialog.js';
import { labelOf, t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { count, dateTime, enumChoices, enumLabel } from '../core/values.js';
import { entryDetails, fieldNames, outcomeTag, summary } from './entry.js';
import { subnav } from './subnav.js';

const TRAIL = `query ($person: String, $customer: ID, $field: String, $kind: RecordKind, $purpose: Purpose,
    $outcome: AuditOutcome, $since: DateTime, $until: DateTime, $after: String) {
  auditTrail(person: $person, customer: $customer, field: $field, kind: $kind, purpose: $purpose, outcome: $outcome,
      since: $since, until: $until, first: 25, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { chain sequence time username roles session viewedAs purpose outcome codes ruleSetVersions customers fields
      operation { type name documentHash }
      touches { act kind subject names customers plain masked denied written refused code } } } }`;
const FIELDS = 'field labelEn labelZh';
const NAMES = `query ($kind: RecordKind!) { viewer { individual: access(kind: INDIVIDUAL) { ${FIELDS} }
  enterprise: access(kind: ENTERPRISE) { ${FIELDS} } institution: access(kind: INSTITUTION) { ${FIELDS} }
  chosen: access(kind: $kind) { ${FIELDS} } } }`;
const FILTERS = ['person', 'customer', 'field', 'kind', 'purpose', 'outcome', 'since', 'until'];
const INSTANTS = ['since', 'until'];

class Trail extends Screen {
  async load(isLatest) {
    const [{ data, errors }, names] = await Promise.all([
      ask(TRAIL, variables(), { signal: this.signal }),
      ask(NAMES, { kind: currentQuery().get('kind') || 'INDIVIDUAL' }, { signal: this.signal }),
    ]);
    if (isLatest()) this.set({ entries: data.auditTrail, problem: errors[0]?.message ?? '', fields: choices(names.data.viewer) });
  }

  template() {
    return html`<h1>${t('supervision.trail')}</h1>${subnav()}<p class="quiet">${t('trail.intro')}</p>${this.#filters()}
      ${this.frame(() => (this.state.entries
        ? html`${table(this.#columns(), this.state.entries.nodes, { caption: t('supervision.trail'), empty: t('trail.none') })}
          ${listEnd(this.state.entries, () => this.#more())}`
        : html`<p class="notice warn" role="alert">${this.state.problem}</p>`))}`;
  }

  #columns() {
    return [
      { label: t('trail.time'), main: true, cell: (entry) => dateTime(entry.time) },
      { label: t('trail.person'), cell: (entry) => entry.username },
      { label: t('app.purpose'), cell: (entry) => enumLabel('Purpose', entry.purpose) },
      { label: t('trail.what'), cell: summary },
      { label: t('trail.fields'), cell: (entry) => fieldNames(entry.fields) },
      { label: t('trail.count'), numeric: true, cell: (entry) => count(entry.customers?.length ?? 0) },
      { label: t('trail.outcome'), cell: (entry) => outcomeTag(entry.outcome) },
      {
        label: t('trail.details'),
        cell: (entry) => html`<button type="button" class="quiet" aria-label=${`${t('trail.details')}: ${dateTime(entry.time)}, ${entry.username}`}
          @click=${() => openDialog(`${dateTime(entry.time)} · ${entry.username}`, () => entryDetails(entry), { wide: true })}>${t('trail.details')}</button>`,
      },
    ];
  }

  #filters() {
    const query = currentQuery();
    const text = (name, hint = '') => html`<label><span>${t(`trail.${name}`)}</span>
      <input name=${name} .value=${query.get(name) ?? ''} placeholder=${hint} autocomplete="off"></label>`;
    const choice = (name, label, choices) => html`<label><span>${label}</span><select name=${name}>
      <option value="">${t('action.all')}</option>
      ${choices.map(([value, word]) => html`<option value=${value} ?selected=${value === query.get(name)}>${word}</option>`)}</select></label>`;
    const instant = (name) => html`<label><span>${t(`trail.${name}`)}</span>
      <input name=${name} type="datetime-local" .value=${query.get(name) ?? ''}></label>`;
    return html`<form class="card toolbar" role="search" aria-label=${t('supervision.trail')} @submit=${this.#search}>
      ${text('person')}${text('customer', t('trail.customerHint'))}
      ${choice('kind', t('trail.kind'), session.viewer.kinds.map((each) => [each.kind, labelOf(each)]))}
      ${choice('field', t('trail.field'), this.state.fields ?? [])}
      ${choice('purpose', t('app.purpose'), enumChoices('Purpose'))}
      ${choice('outcome', t('trail.outcome'), enumChoices('AuditOutcome'))}
      ${instant('since')}${instant('until')}
      <button class="primary">${t('action.search')}</button>
      ${FILTERS.some((name) => query.get(name)) ? html`<button type="button" @click=${this.#clear}>${t('action.clear')}</button>` : nothing}
    </form>`;
  }

  #search = (event) => {
    event.preventDefault();
    setQuery(Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()])));
    this.reload();
  };

  #clear = () => {
    setQuery(Object.fromEntries(FILTERS.map((name) => [name, ''])));
    this.querySelector('form').reset();
    this.reload();
  };

  #more = () => attempt(async () => {
    const { connection } = await nextPage(TRAIL, variables(), this.state.entries, (data) => data.auditTrail);
    this.set({ entries: connection });
  });
}

function variables() {
  const query = currentQuery();
  const given = FILTERS.filter((name) => query.get(name)).map((name) => [name, query.get(name)]);
  return Object.fromEntries(given.map(([name, value]) => [name, INSTANTS.includes(name) ? new Date(value).toISOString() : value]));
}

/** The fields of customers, or of the kind that was chosen, by the names of the trail. */
function choices({ individual, enterprise, institution, chosen }) {
  const all = currentQuery().get('kind') ? chosen : [...individual, ...enterprise, ...institution];
  const named = new Map(all.map((each) => [each.field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), labelOf(each)]));
  return [...named].sort(([, one], [, other]) => one.localeCompare(other));
}

define('audit-trail', Trail);
