// How what is worked on looks in a line: its customer, its standing, its dates. Owns the look alone; what may be seen is
// the server's to say, record by record.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { dateTime, day, distance, enumLabel, fieldValue } from '../core/values.js';
import { levelOf } from '../customers/fields.js';

const STANDING_TONES = { WITHIN: 'good', NEAR: 'warn', BREACHED: 'bad' };
const PRIORITY_TONES = { HIGH: 'warn', URGENT: 'bad' };
const DAY_MS = 86_400_000;

/** A field of a record that was asked for with its `access { field level reason }`. */
export const shown = (record, field, type = '') => fieldValue(record[field], { type, ...levelOf(record, '', field) });

/** The customer of a record, as a link to its dossier. */
export function customerOf(record) {
  const { customer } = record;
  if (!customer) return shown(record, 'customer');
  return html`<a href="/console/customers/${customer.id}">${customer.name ?? t('value.denied')}</a>`;
}

/** A record's own page, under its subject. */
export const subjectOf = (record, path) => html`<a href="/console/work/${path}/${record.id}">${record.subject ?? t('work.noSubject')}</a>`;

export const standingTag = (record) => (record.standing
  ? html`<span class="tag ${STANDING_TONES[record.standing]}">${enumLabel('Standing', record.standing)}</span>` : shown(record, 'standing'));

export const priorityTag = (record) => (record.priority
  ? html`<span class="tag ${PRIORITY_TONES[record.priority] ?? ''}">${enumLabel('Priority', record.priority)}</span>` : shown(record, 'priority'));

export const stateTag = (enumName, state, tone = 'accent') => html`<span class="tag ${tone}">${enumLabel(enumName, state)}</span>`;

/** How far away an instant is, with the instant itself for those who want to know it. */
export function until(instant, { isOver = false } = {}) {
  if (!instant) return html`<span class="quiet">–</span>`;
  const isLate = !isOver && new Date(instant) < Date.now();
  return html`<time datetime=${instant} title=${dateTime(instant)} class=${isLate ? 'late' : ''}>${distance(instant)}${isLate ? html` · ${t('work.over')}` : nothing}</time>`;
}

/** The day of today where the page is looked at, as the API takes it. */
export const today = (shift = 0) => {
  const now = new Date(Date.now() + shift * DAY_MS);
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
};

/** Days from today to a day; negative when it is past. */
export const daysTo = (date) => Math.round((Date.parse(date) - Date.parse(today())) / DAY_MS);

/** A day on which something is due, and how far it is: overdue is bad, within a week is warned of. */
export function dueDay(date) {
  if (!date) return html`<span class="quiet">–</span>`;
  const days = daysTo(date);
  const tone = days < 0 ? 'bad' : days <= 7 ? 'warn' : '';
  const text = days === 0 ? t('work.today') : days < 0 ? t('work.daysOver', { count: -days }) : t('work.inDays', { count: days });
  return html`<span class="due"><time datetime=${date}>${day(date)}</time> <span class="tag ${tone}">${text}</span></span>`;
}

/** A choice in a toolbar: `choices` are `[value, label]`; the first is for all. */
export function choice(name, label, choices, chosen, take, all = t('action.all')) {
  return html`<label><span>${label}</span><select name=${name} @change=${(event) => take(event.target.value)}>
    ${all === null ? nothing : html`<option value="">${all}</option>`}
    ${choices.map(([value, word]) => html`<option value=${value} ?selected=${value === chosen}>${word}</option>`)}</select></label>`;
}
