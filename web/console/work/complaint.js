// One complaint on its way from step to step. Owns the page; only the step that is due is offered, to those who may
// take it.

import { define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { enumLabel } from '../core/values.js';
import { actWith, mutation } from './acting.js';
import { CLOCK_FIELDS, clocks } from './clock.js';
import { isOperable, rightsIn } from './rights.js';
import { customerOf, priorityTag, shown, standingTag } from './shown.js';
import { nextStage, way } from './stages.js';
import { subnav } from './subnav.js';

const COMPLAINT = `query ($id: ID!) {
  complaint(id: $id) { id version subject description callbackTelephone channel priority state standing ${CLOCK_FIELDS}
    createdBy { displayName } assignee { username displayName } customer { id name } ticket satisfactionScore answer
    steps { stage by at } notes { stage note } access { field level reason operable } } }`;
const OPERATIONS = {
  ACCEPTED: mutation('acceptComplaint'),
  INVESTIGATED: mutation('investigateComplaint'),
  RESOLVED: mutation('resolveComplaint'),
  ANSWERED: mutation('answerComplaint'),
};

class ComplaintPage extends Screen {
  async load(isLatest) {
    const options = { signal: this.signal };
    const rights = await rightsIn(['COMPLAINT'], options);
    const { data } = await ask(COMPLAINT, { id: this.parameters.id }, options);
    if (isLatest()) this.set({ rights, complaint: data.complaint });
  }

  template() {
    return html`<p><a href="/console/work/complaints">← ${t('work.complaints')}</a></p>
      <h1>${this.state.complaint?.subject ?? t('work.complaint')}</h1>${subnav()}
      ${this.frame(() => (this.state.complaint ? this.#content() : html`<p class="nothing">${t('work.noSuchComplaint')}</p>`))}`;
  }

  #content() {
    const { complaint, rights } = this.state;
    const label = (field) => rights.label('COMPLAINT', field);
    return html`<div class="beside"><div class="stack">
        <section class="card stack"><h2>${t('work.way')}</h2>
          ${complaint.state ? way(complaint, this.#next()) : html`<p>${shown(complaint, 'state')}</p>`}</section>
        <section class="card stack"><h2>${label('answer')}</h2><p class="prose">${shown(complaint, 'answer', 'String')}</p></section>
      </div><div class="stack">
        <section class="card stack"><h2>${t('work.clocks')}</h2>${clocks(complaint)}</section>
        <section class="card stack"><h2>${t('work.facts')}</h2><dl class="facts">
          ${fact(label('customer'), customerOf(complaint))}
          ${fact(label('callbackTelephone'), shown(complaint, 'callbackTelephone', 'PhoneNumber'))}
          ${fact(label('standing'), standingTag(complaint))}${fact(label('priority'), priorityTag(complaint))}
          ${fact(label('channel'), shown(complaint, 'channel', 'Channel'))}
          ${fact(label('assignee'), shown(complaint, 'assignee', 'Staff'))}
          ${complaint.ticket ? fact(label('ticket'), html`<a href="/console/work/tickets/${complaint.ticket}">${t('work.toTicket')}</a>`) : nothing}
          ${fact(label('satisfactionScore'), shown(complaint, 'satisfactionScore', 'Int'))}</dl>
          <h3>${label('description')}</h3><p class="prose">${shown(complaint, 'description', 'String')}</p></section>
      </div></div>`;
  }

  #next() {
    const { complaint } = this.state;
    const stage = nextStage(complaint.state);
    const may = isOperable(complaint, 'state') && (stage !== 'ANSWERED' || isOperable(complaint, 'answer'));
    if (!may) return html`<p class="quiet">${t('work.onlyRead')}</p>`;
    return html`<p><button type="button" class="primary" @click=${() => this.#take(stage)}>${enumLabel('ComplaintStage', stage)} …</button></p>`;
  }

  #take(stage) {
    const fields = [{ name: 'note', label: t(`work.note.${stage}`), type: 'long', required: true }];
    if (stage === 'ANSWERED') fields.push({ name: 'answer', label: this.state.rights.label('COMPLAINT', 'answer'), type: 'long', required: true, hint: t('work.answerHint') });
    const name = enumLabel('ComplaintStage', stage);
    return actWith(name, fields, OPERATIONS[stage], () => this.state.complaint, () => this.reload(), { yes: name });
  }
}

const fact = (label, value) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`;

define('complaint-page', ComplaintPage);
