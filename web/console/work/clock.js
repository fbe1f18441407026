// The clocks of a ticket or complaint: by when it is answered and resolved, and how much of that time is used. Owns the
// look. The server counts working time; the bar shows the way from the beginning to the due instant.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { count, dateTime, distance } from '../core/values.js';
import { shown } from './shown.js';

/** What `clocks` shows, to be asked for. */
export const CLOCK_FIELDS = `openedAt firstReplyAt resolvedAt replyBy resolveBy replyWithin resolveWithin
  replyMinutes replyInTime resolutionMinutes resolvedInTime`;

/** Both clocks of a record; `isWaiting`: the one of the resolution stands still. */
export const clocks = (record, { isWaiting = false } = {}) => html`<div class="clocks">
  ${clock(t('work.replyBy'), record, { due: 'replyBy', done: 'firstReplyAt', minutes: 'replyMinutes', inTime: 'replyInTime' })}
  ${clock(t('work.resolveBy'), record, { due: 'resolveBy', done: 'resolvedAt', minutes: 'resolutionMinutes', inTime: 'resolvedInTime' }, isWaiting)}
</div>`;

function clock(label, record, names, isWaiting = false) {
  const due = record[names.due];
  if (!due) return html`<div class="clock"><b>${label}</b><p>${isWaiting ? t('work.standsStill') : shown(record, names.due)}</p></div>`;
  const done = record[names.done];
  const share = used(record.openedAt, due, done ?? Date.now());
  const tone = toneOf(record, names, share);
  const percent = Math.round(share * 100);
  return html`<div class="clock ${tone}">
    <div class="spread"><b>${label}</b><time datetime=${due}>${dateTime(due)}</time></div>
    <progress max="100" value=${Math.min(percent, 100)} aria-label=${`${label}: ${t('work.used', { percent: count(percent) })}`}></progress>
    <p class="spread"><span>${done ? finished(record, names) : running(due, isWaiting)}</span>
      <span class="quiet">${t('work.used', { percent: count(percent) })}</span></p></div>`;
}

function used(begin, due, until) {
  const whole = new Date(due) - new Date(begin);
  return whole > 0 ? Math.max(0, new Date(until) - new Date(begin)) / whole : 1;
}

function toneOf(record, { done, inTime }, share) {
  if (record[done]) return record[inTime] === false ? 'bad' : 'good';
  if (share >= 1) return 'bad';
  return share >= 0.8 ? 'warn' : '';
}

function running(due, isWaiting) {
  if (new Date(due) < Date.now()) return html`<span class="late">${t('work.overSince', { distance: distance(due) })}</span>`;
  return html`${t('work.due', { distance: distance(due) })}${isWaiting ? html` · ${t('work.standsStill')}` : nothing}`;
}

function finished(record, { minutes, inTime }) {
  const text = t(record[inTime] === false ? 'work.doneLate' : 'work.doneInTime');
  return html`<span class=${record[inTime] === false ? 'late' : ''}>${text}</span>${record[minutes] === null || record[minutes] === undefined
    ? nothing : html` · ${t('work.workingMinutes', { count: count(record[minutes]) })}`}`;
}
