// The panels of credit: collection steps, assessments that wait for approval, changes of handling. See panels.js.

import { html, nothing } from '../core/screen.js';
import { hasWord, labelOf, t } from '../core/language.js';
import { dateTime, distance, enumLabel, money, readable } from '../core/values.js';
import { act, mutation } from './acting.js';
import { isOperable } from './rights.js';
import { customerOf, dueDay, shown, today } from './shown.js';

const LATELY_DAYS = -30;
const APPROVE = mutation('approveCreditAssessment');
const WHOSE = 'customer { id name } access { field level reason operable }';

export const CREDIT_PANELS = [
  {
    name: 'steps',
    kinds: ['COLLECTION_STEP'],
    path: 'collection',
    title: 'work.steps',
    empty: 'work.noSteps',
    asks: ({ rights }) => {
      const may = (...fields) => rights.may('filterable', 'COLLECTION_STEP', ...fields);
      const planned = may('state') ? [{ state: { eq: 'PLANNED' } }] : [];
      return {
        root: 'collectionSteps',
        filterType: 'CollectionStepFilter',
        filter: { and: planned },
        sort: rights.may('sortable', 'COLLECTION_STEP', 'plannedOn') ? { field: 'PLANNED_ON' } : null,
        order: 'plannedOn',
        selection: `id stage plannedOn ${WHOSE}`,
        isNarrowed: false,
        counts: may('plannedOn') ? [{ word: 'work.count.overdue', tone: 'bad', filter: { and: [...planned, { plannedOn: { lt: today() } }] } }] : [],
      };
    },
    row: (step) => html`<div class="spread"><b>${customerOf(step)}</b><span class="tag">${step.stage ? enumLabel('CollectionStage', step.stage) : shown(step, 'stage')}</span></div>
      <div class="meta">${dueDay(step.plannedOn)}</div>`,
  },
  {
    name: 'approvals',
    kinds: ['CREDIT_ASSESSMENT'],
    title: 'work.approvals',
    empty: 'work.noApprovals',
    asks: ({ rights }) => ({
      root: 'creditAssessments',
      filterType: 'CreditAssessmentFilter',
      filter: rights.may('filterable', 'CREDIT_ASSESSMENT', 'state') ? { state: { eq: 'AWAITING_APPROVAL' } } : null,
      sort: null,
      order: 'createdAt',
      selection: `id version createdAt createdBy { displayName } grade creditLimit currency ${WHOSE}`,
      isNarrowed: false,
    }),
    row: (assessment, { reload }) => html`<div class="spread"><b>${customerOf(assessment)}</b>
        ${isOperable(assessment, 'approvedBy') ? html`<button type="button" class="quiet" aria-label=${`${t('work.approve')}: ${assessment.customer?.name ?? ''}`} @click=${() => act(APPROVE, () => assessment, reload)}>${t('work.approve')}</button>` : nothing}</div>
      <div class="meta">${assessment.grade ? gradeName(assessment.grade) : shown(assessment, 'grade')}
        · ${assessment.creditLimit === null ? shown(assessment, 'creditLimit') : money(assessment.creditLimit, assessment.currency ?? undefined)}
        ${assessment.createdBy ? html` · ${assessment.createdBy.displayName}` : nothing} · ${distance(assessment.createdAt)}</div>`,
  },
  {
    name: 'handling',
    kinds: ['HANDLING_CHANGE'],
    title: 'work.handling',
    empty: 'work.noHandling',
    asks: ({ rights }) => ({
      root: 'handlingChanges',
      filterType: 'HandlingChangeFilter',
      filter: rights.may('filterable', 'HANDLING_CHANGE', 'createdAt') ? { createdAt: { gte: new Date(`${today(LATELY_DAYS)}T00:00:00`).toISOString() } } : null,
      sort: rights.may('sortable', 'HANDLING_CHANGE', 'createdAt') ? { field: 'CREATED_AT', direction: 'DESC' } : null,
      selection: `id cause createdAt changes { what before after } ${WHOSE}`,
      isNarrowed: false,
    }),
    row: (change, { rights }) => html`<div class="spread"><b>${customerOf(change)}</b><span class="tag">${enumLabel('HandlingCause', change.cause)}</span></div>
      ${change.changes === null ? html`<div class="meta">${shown(change, 'changes')}</div>` : html`<ul class="meta changes">${change.changes.map((each) => html`<li>${whatOf(each.what, rights)}:
        ${wordOf(each.before)} <span aria-hidden="true">→</span><span class="unseen">${t('work.becomes')}</span> ${wordOf(each.after)}</li>`)}</ul>`}
      <div class="meta"><time datetime=${change.createdAt} title=${dateTime(change.createdAt)}>${distance(change.createdAt)}</time></div>`,
  },
];

/** The name of a grade: a text of the tables of indicators. */
export const gradeName = (grade) => (hasWord(`work.grade.${grade}`) ? t(`work.grade.${grade}`) : readable(grade));

/** What of the handling changed is named as its field is. */
function whatOf(what, rights) {
  const field = what.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  const spec = rights.spec('HANDLING_CHANGE', field) ?? rights.spec('HANDLING_CHANGE', { limit: 'creditLimit' }[field]);
  return spec ? labelOf(spec) : readable(what);
}

const WORDS = { true: 'value.yes', false: 'value.no', '': 'value.empty' };

function wordOf(text) {
  if (text in WORDS) return t(WORDS[text]);
  const [, amount, currency] = /^(-?[\d.]+) ([A-Z]{3})$/.exec(text) ?? [];
  if (currency) return money(amount, currency);
  if (/^[a-z]+$/.test(text)) return enumLabel('Priority', text.toUpperCase());
  return text;
}
