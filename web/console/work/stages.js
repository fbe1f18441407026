// The steps of a complaint in their one order: filed, accepted, investigated, resolved, answered. Owns how they are
// drawn; the server keeps that none is skipped.

import { html, nothing } from '../core/screen.js';
import { svg } from '../node_modules/lit-html/lit-html.js';
import { t } from '../core/language.js';
import { dateTime, distance, enumLabel } from '../core/values.js';
import { shown } from './shown.js';

export const STAGES = ['ACCEPTED', 'INVESTIGATED', 'RESOLVED', 'ANSWERED'];
const STATES = ['FILED', ...STAGES];

/** How many of the steps are done in a state, and its name: in a table's cell. */
export function strip(state) {
  const done = STATES.indexOf(state);
  const text = t('work.stepsDone', { done, total: STAGES.length });
  return html`<span class="strip"><svg viewBox="0 0 ${STAGES.length * 14} 8" role="img" aria-label=${text}>
    ${STAGES.map((stage, i) => dot(i, i < done))}</svg> ${enumLabel('ComplaintState', state)}</span>`;
}

/** The step that is due in a state; undefined when the complaint is answered. */
export const nextStage = (state) => STAGES[STATES.indexOf(state)];

/** The way of a complaint, each step with by whom and when, and its note; `form` is what the next one offers. */
export function way(complaint, form) {
  const due = nextStage(complaint.state);
  return html`<ol class="way">
    <li class="done"><h3>${enumLabel('ComplaintState', 'FILED')}</h3>${byWhom(complaint.createdBy?.displayName, complaint.openedAt)}</li>
    ${STAGES.map((stage) => {
      const step = complaint.steps?.find((each) => each.stage === stage);
      const isDue = stage === due;
      return html`<li class=${step ? 'done' : isDue ? 'next' : 'later'} aria-current=${isDue ? 'step' : nothing}>
        <h3>${enumLabel('ComplaintStage', stage)}${step ? nothing : html` <span class="tag ${isDue ? 'accent' : ''}">${t(isDue ? 'work.next' : 'work.later')}</span>`}</h3>
        ${step ? html`${byWhom(nameOf(step.by, complaint), step.at)}${note(complaint, stage)}` : nothing}${isDue ? form : nothing}</li>`;
    })}</ol>`;
}

/** Steps name accounts; of whoever works on the complaint the name is known. */
const nameOf = (username, { assignee }) => (assignee?.username === username ? assignee.displayName : username);

const byWhom = (who, at) => html`<p class="quiet">${who ? html`${who} · ` : nothing}<time datetime=${at} title=${distance(at)}>${dateTime(at)}</time></p>`;

function note(complaint, stage) {
  if (!complaint.notes) return html`<p>${shown(complaint, 'notes')}</p>`;
  return html`<p class="prose">${complaint.notes.find((each) => each.stage === stage)?.note}</p>`;
}

const dot = (i, isDone) => svg`<rect class=${isDone ? 'bar good' : 'bar none'} x=${i * 14} y="0" width="11" height="8" rx="2" />`;
