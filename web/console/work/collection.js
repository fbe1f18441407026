// Collection: the steps that are due, and what is overdue. Owns the page and the recording of a step.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { enumChoices, enumLabel, kindLabel, money } from '../core/values.js';
import { actWith, mutation } from './acting.js';
import { letterCell, lettersOpen } from './letter.js';
import { overdue, OVERDUE_FIELDS } from './overdue.js';
import { isOperable, rightsIn } from './rights.js';
import { choice, customerOf, dueDay, shown, today } from './shown.js';
import { subnav } from './subnav.js';

const STEPS = `query ($filter: CollectionStepFilter, $sort: CollectionStepSort, $after: String) {
  collectionSteps(first: 25, after: $after, filter: $filter, sort: $sort) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id version receivable stage state plannedOn doneOn doneBy { displayName } result letter customer { id name }
      access { field level reason operable } } } }`;
const OVERDUE = `query ($filter: ReceivableFilter, $sort: ReceivableSort, $after: String) {
  receivables(first: 25, after: $after, filter: $filter, sort: $sort) { totalCount pageInfo { hasNextPage endCursor }
    nodes { ${OVERDUE_FIELDS} } } }`;
const RECORD = mutation('recordCollectionStep');

class CollectionList extends Screen {
  async load(isLatest) {
    const options = { signal: this.signal };
    const rights = await rightsIn(['COLLECTION_STEP', 'RECEIVABLE'], options);
    const steps = session.mayRead('COLLECTION_STEP') ? await this.#ask(STEPS, stepsAsked(rights), 'collectionSteps', options) : null;
    const receivables = session.mayRead('RECEIVABLE') ? await this.#ask(OVERDUE, overdueAsked(rights), 'receivables', options) : null;
    const open = steps ? await lettersOpen(steps.connection.nodes, options) : new Set();
    if (isLatest()) this.set({ rights, steps, receivables, open });
  }

  async #ask(query, variables, name, options) {
    const { data, errors } = await ask(query, variables, options);
    if (!data[name]) throw new ApiError(errors[0]?.message ?? '', errors);
    return { query, variables, name, connection: data[name] };
  }

  template() {
    return html`<h1>${t('work.collection')}</h1>${subnav()}${this.frame(() => html`
      ${this.#steps()}${this.#receivables()}`)}`;
  }

  #steps() {
    const { steps, rights } = this.state;
    if (!steps) return denied(kindLabel('COLLECTION_STEP'));
    const query = currentQuery();
    const take = (name) => (value) => { setQuery({ [name]: value }); this.reload(); };
    const may = (field) => rights.may('filterable', 'COLLECTION_STEP', field);
    return html`<section class="stack"><div class="spread"><h2>${t('work.allSteps')}</h2><div class="toolbar">
        ${may('state') ? choice('state', rights.label('COLLECTION_STEP', 'state'), enumChoices('StepState'), query.get('state') ?? 'PLANNED', take('state'), null) : nothing}
        ${may('stage') ? choice('stage', rights.label('COLLECTION_STEP', 'stage'), enumChoices('CollectionStage'), query.get('stage'), take('stage')) : nothing}</div></div>
      <div>${table(this.#columns(), steps.connection.nodes, { caption: t('work.allSteps'), empty: t('work.noSteps') })}
        ${listEnd(steps.connection, () => this.#more('steps'))}</div></section>`;
  }

  #columns() {
    const label = (field) => this.state.rights.label('COLLECTION_STEP', field);
    const isPlanned = (step) => step.state === 'PLANNED';
    return [
      { label: label('customer'), main: true, cell: customerOf },
      { label: label('receivable'), cell: (step) => this.#receivableOf(step) },
      { label: label('stage'), cell: (step) => (step.stage ? enumLabel('CollectionStage', step.stage) : shown(step, 'stage')) },
      { label: label('plannedOn'), cell: (step) => (isPlanned(step) ? dueDay(step.plannedOn) : shown(step, 'plannedOn', 'Date')) },
      ...(this.state.steps.variables.filter.state?.eq === 'PLANNED' ? [] : [{ label: label('result'), cell: (step) => (isPlanned(step) ? html`<span class="quiet">–</span>` : html`${shown(step, 'doneOn', 'Date')} ${step.doneBy?.displayName ?? nothing}<br>${shown(step, 'result', 'String')}`) }]),
      { label: label('letter'), cell: (step) => letterCell(step, { isOpen: this.state.open.has(step.letter), reload: () => this.reload() }) },
      {
        label: t('work.actions'),
        cell: (step) => (isPlanned(step) && isOperable(step, 'doneOn') && isOperable(step, 'result')
          ? html`<button type="button" aria-label=${`${t('work.recordStep')}: ${step.customer?.name ?? ''}`} @click=${() => this.#record(step)}>${t('work.recordStep')}</button>` : html`<span class="quiet">–</span>`),
      },
    ];
  }

  /** The invoice of a step, where it is among those that are shown below. */
  #receivableOf(step) {
    const found = this.state.receivables?.connection.nodes.find((each) => each.id === step.receivable);
    return found ? html`${shown(found, 'number')} <span class="quiet">${found.balance === null ? nothing : money(found.balance, found.currency ?? undefined)}</span>` : html`<span class="quiet">–</span>`;
  }

  #record(step) {
    const present = () => this.state.steps.connection.nodes.find((each) => each.id === step.id) ?? step;
    const label = (field) => this.state.rights.label('COLLECTION_STEP', field);
    return actWith(`${enumLabel('CollectionStage', step.stage)}: ${step.customer?.name ?? ''}`, [
      { name: 'doneOn', label: label('doneOn'), type: 'date', required: true, value: today() },
      { name: 'result', label: label('result'), type: 'long', required: true, hint: t('work.resultHint') },
    ], RECORD, present, () => this.reload(), { yes: t('work.recordStep') });
  }

  #receivables() {
    const { receivables, rights } = this.state;
    if (!receivables) return denied(kindLabel('RECEIVABLE'));
    return html`<section class="stack"><h2>${t('work.overdue')}</h2>
      <div>${overdue(receivables.connection.nodes, rights)}${listEnd(receivables.connection, () => this.#more('receivables'))}</div></section>`;
  }

  #more = (which) => attempt(async () => {
    const { query, variables, name, connection } = this.state[which];
    const next = await nextPage(query, variables, connection, (data) => data[name], { signal: this.signal });
    const open = which === 'steps' ? await lettersOpen(next.connection.nodes, { signal: this.signal }) : this.state.open;
    this.set({ [which]: { ...this.state[which], connection: next.connection }, open });
  });
}

const denied = (label) => html`<section class="card stack"><h2>${label}</h2><p class="quiet">${t('work.notOpen')}</p></section>`;

function stepsAsked(rights) {
  const query = currentQuery();
  const filter = {};
  if (rights.may('filterable', 'COLLECTION_STEP', 'state')) filter.state = { eq: query.get('state') || 'PLANNED' };
  if (query.get('stage') && rights.may('filterable', 'COLLECTION_STEP', 'stage')) filter.stage = { eq: query.get('stage') };
  return { filter, sort: rights.may('sortable', 'COLLECTION_STEP', 'plannedOn') ? { field: 'PLANNED_ON' } : null };
}

function overdueAsked(rights) {
  const may = rights.may('filterable', 'RECEIVABLE', 'state', 'dueOn');
  return {
    filter: may ? { state: { eq: 'OPEN' }, dueOn: { lt: today() } } : null,
    sort: rights.may('sortable', 'RECEIVABLE', 'dueOn') ? { field: 'DUE_ON' } : null,
  };
}

define('collection-list', CollectionList);
