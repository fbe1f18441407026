// The panels of keeping what is known of customers and people up to date: reviews, reminders, trainings. See panels.js.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { enumChoices, enumLabel } from '../core/values.js';
import { carryOut } from '../core/operations.js';
import { act, mutation } from './acting.js';
import { isOperable } from './rights.js';
import { dueDay, shown, today } from './shown.js';

const CUSTOMERS = ['INDIVIDUAL', 'ENTERPRISE', 'INSTITUTION'];
const AHEAD_DAYS = 30;
const REVIEW = mutation('recordReview');
const COMPLETE = mutation('completeReminder');
const IS_CUSTOMER = /^(individual|enterprise|institution)_/;

export const RELATION_PANELS = [
  {
    name: 'reviews',
    kinds: CUSTOMERS,
    title: 'work.reviews',
    empty: 'work.noReviews',
    asks: ({ rights, scope, me }) => {
      const may = (right, ...fields) => CUSTOMERS.some((kind) => rights.may(right, kind, ...fields));
      const narrow = narrowed(scope, me, { mine: 'accountManager', department: 'department' }, (field) => may('filterable', field));
      const due = (day) => ({ nextReviewOn: { lte: day } });
      const filter = { and: [due(today(AHEAD_DAYS)), ...narrow] };
      return {
        root: 'customers',
        filterType: 'CustomerFilter',
        filter,
        sort: may('sortable', 'nextReviewOn') ? { field: 'NEXT_REVIEW_ON' } : null,
        order: 'nextReviewOn',
        selection: 'id name nextReviewOn accountManager { displayName } access { field level reason }',
        isNarrowed: narrow.length > 0,
        counts: [{ word: 'work.count.overdue', tone: 'bad', filter: { and: [...filter.and, due(today(-1))] } }],
      };
    },
    row: (customer, { rights, reload }) => html`<div class="spread"><b><a href="/console/customers/${customer.id}">${customer.name ?? t('value.denied')}</a></b>
        ${rights.may('creatable', 'REVIEW', 'result') ? html`<button type="button" class="quiet" aria-label=${`${t('work.recordReview')}: ${customer.name ?? ''}`} @click=${() => review(customer, rights, reload)}>${t('work.recordReview')}</button>` : nothing}</div>
      <div class="meta">${customer.nextReviewOn ? dueDay(customer.nextReviewOn) : shown(customer, 'nextReviewOn')}${customer.accountManager ? html` · ${customer.accountManager.displayName}` : nothing}</div>`,
  },
  {
    name: 'reminders',
    kinds: ['REMINDER'],
    title: 'work.reminders',
    empty: 'work.noReminders',
    asks: ({ rights, scope, me }) => {
      const may = (field) => rights.may('filterable', 'REMINDER', field);
      const narrow = narrowed(scope, me, { mine: 'forPerson', department: 'department' }, may);
      const open = may('state') ? [{ state: { eq: 'OPEN' } }] : [];
      const filter = { and: [...open, ...narrow] };
      return {
        root: 'reminders',
        filterType: 'ReminderFilter',
        filter,
        sort: rights.may('sortable', 'REMINDER', 'dueOn') ? { field: 'DUE_ON' } : null,
        order: 'dueOn',
        selection: 'id version what about dueOn state forPerson { displayName } access { field level reason operable }',
        isNarrowed: narrow.length > 0,
        counts: may('dueOn') ? [{ word: 'work.count.overdue', tone: 'bad', filter: { and: [...filter.and, { dueOn: { lt: today() } }] } }] : [],
      };
    },
    row: (reminder, { reload }) => html`<div class="spread"><b>${IS_CUSTOMER.test(reminder.about ?? '')
        ? html`<a href="/console/customers/${reminder.about}">${enumLabel('ReminderSubject', reminder.what)}</a>` : enumLabel('ReminderSubject', reminder.what)}</b>
        ${isOperable(reminder, 'state') ? html`<button type="button" class="quiet" aria-label=${`${t('work.complete')}: ${enumLabel('ReminderSubject', reminder.what)}`} @click=${() => act(COMPLETE, () => reminder, reload)}>${t('work.complete')}</button>` : nothing}</div>
      <div class="meta">${reminder.dueOn ? dueDay(reminder.dueOn) : shown(reminder, 'dueOn')}${reminder.forPerson ? html` · ${reminder.forPerson.displayName}` : nothing}</div>`,
  },
  {
    name: 'trainings',
    kinds: ['TRAINING_RESULT'],
    path: 'figures',
    title: 'work.trainings',
    empty: 'work.noTrainings',
    asks: ({ scope, me }) => ({
      isNarrowed: true,
      plain: {
        text: 'trainingDue(department: $trainingsOf) { person { username displayName } code title reason by }',
        declared: ['$trainingsOf: String!'],
        variables: { trainingsOf: me.department ?? '' },
        nodes: (found) => (scope === 'mine' && found.some((each) => each.person.username === me.username)
          ? found.filter((each) => each.person.username === me.username) : found),
      },
    }),
    row: (due) => html`<div class="spread"><b>${due.title ?? due.code}</b><span class="tag ${due.reason === 'EXPIRING' ? 'warn' : 'bad'}">${enumLabel('TrainingDueReason', due.reason)}</span></div>
      <div class="meta">${due.person.displayName}${due.by ? html` · ${dueDay(due.by)}` : nothing}</div>`,
  },
];

/** The condition of the scope, as far as the caller may find by it. */
function narrowed(scope, me, fields, may) {
  const field = fields[scope];
  const value = scope === 'mine' ? me.username : me.department;
  return field && value && may(field) ? [{ [field]: { eq: value } }] : [];
}

async function review(customer, rights, reload) {
  const label = (field) => rights.label('REVIEW', field);
  const isDone = await carryOut(`${t('work.recordReview')}: ${customer.name ?? ''}`, [
    { name: 'result', label: label('result'), type: 'choice', choices: enumChoices('ReviewResult'), required: true },
    { name: 'note', label: label('note'), type: 'long' },
  ], REVIEW, { fixed: { customer: customer.id } });
  if (isDone) await reload();
}
