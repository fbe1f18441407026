// One ticket: what it is about, its clocks, what happened, and what its state offers to those who may. Owns the page.

import { define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { live } from '../core/live.js';
import { session } from '../core/session.js';
import { enumChoices, enumLabel } from '../core/values.js';
import { act, actWith, mutation } from './acting.js';
import { CLOCK_FIELDS, clocks } from './clock.js';
import { peopleWith } from './people.js';
import { isOperable, rightsIn } from './rights.js';
import { customerOf, priorityTag, shown, standingTag, stateTag } from './shown.js';
import { subnav } from './subnav.js';
import { timeline } from './timeline.js';

const TICKET = (contacts) => `query ($id: ID!) {
  ticket(id: $id) { id version subject description callbackTelephone channel category priority state standing ${CLOCK_FIELDS}
    createdBy { displayName } assignee { username displayName } customer { id name } satisfactionScore
    waits { begins ends } escalations { measure level role person at } access { field level reason operable } }
  ${contacts ? `serviceContacts(first: 50, filter: { ticket: { eq: $id } }) { nodes { occurredAt direction channel summary
    handledBy { displayName } access { field level reason } } }` : ''} }`;
const CHANGED = 'subscription ($id: ID!) { ticketChanged(ticket: $id) { ticket { version } } }';

/** What may be done, by state; the first is what mostly comes next. */
const ACTIONS = {
  OPEN: ['START'],
  IN_PROGRESS: ['RESOLVE', 'WAIT'],
  WAITING_FOR_CUSTOMER: ['CONTINUE', 'RESOLVE'],
  RESOLVED: ['CLOSE', 'REOPEN'],
  CLOSED: ['REOPEN'],
};
const ANSWERABLE = ['OPEN', 'IN_PROGRESS', 'WAITING_FOR_CUSTOMER'];
const ASSIGN = mutation('assignTicket');
const REPLY = mutation('replyToTicket');
const CHANGE = mutation('changeTicketState');
const FACTS = [['callbackTelephone', 'PhoneNumber'], ['channel', 'Channel'], ['category', 'TicketCategory'], ['createdBy', 'Staff'], ['satisfactionScore', 'Int']];

class TicketPage extends Screen {
  connectedCallback() {
    super.connectedCallback();
    this.unfollow = live.subscribe(CHANGED, { id: this.parameters.id }, ({ ticketChanged: { ticket } }) => {
      if (ticket?.version !== this.state.ticket?.version) this.reload();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unfollow();
  }

  async load(isLatest) {
    const options = { signal: this.signal };
    const rights = await rightsIn(['TICKET', 'SERVICE_CONTACT'], options);
    const { data } = await ask(TICKET(rights.may('filterable', 'SERVICE_CONTACT', 'ticket')), { id: this.parameters.id }, options);
    if (isLatest()) this.set({ rights, ticket: data.ticket, contacts: data.serviceContacts?.nodes ?? null });
  }

  template() {
    return html`<p><a href="/console/work/tickets">← ${t('work.tickets')}</a></p>
      <h1>${this.state.ticket?.subject ?? t('work.ticket')}</h1>${subnav()}
      ${this.frame(() => (this.state.ticket ? this.#content() : html`<p class="nothing">${t('work.noSuchTicket')}</p>`))}`;
  }

  #content() {
    const { ticket, rights, contacts } = this.state;
    const label = (field) => rights.label('TICKET', field);
    return html`<div class="beside"><div class="stack">
        <section class="card stack"><h2 class="unseen">${t('work.facts')}</h2>
          <dl class="facts">
            ${fact(label('customer'), customerOf(ticket))}
            ${fact(label('state'), ticket.state ? stateTag('TicketState', ticket.state) : shown(ticket, 'state'))}
            ${fact(label('standing'), standingTag(ticket))}${fact(label('priority'), priorityTag(ticket))}
            ${fact(label('assignee'), shown(ticket, 'assignee', 'Staff'))}
            ${FACTS.map(([field, type]) => fact(label(field), shown(ticket, field, type)))}
          </dl>
          <h3>${label('description')}</h3><p class="prose">${shown(ticket, 'description', 'String')}</p></section>
        <section class="card stack"><h2>${t('work.happened')}</h2>${timeline(ticket, contacts)}
          ${contacts === null ? html`<p class="quiet">${t('work.contactsDenied')}</p>` : nothing}</section>
      </div><div class="stack">
        <section class="card stack"><h2>${t('work.clocks')}</h2>${clocks(ticket, { isWaiting: ticket.state === 'WAITING_FOR_CUSTOMER' })}</section>
        ${this.#actions()}
      </div></div>`;
  }

  #actions() {
    const { ticket } = this.state;
    const actions = isOperable(ticket, 'state') ? ACTIONS[ticket.state] ?? [] : [];
    const mayReply = ANSWERABLE.includes(ticket.state) && isOperable(ticket, 'firstReplyAt');
    const mayAssign = isOperable(ticket, 'assignee');
    const isNothing = !actions.length && !mayReply && !mayAssign;
    return html`<section class="card stack"><h2>${t('work.actions')}</h2>
      ${isNothing ? html`<p class="quiet">${t('work.onlyRead')}</p>` : html`<div class="row">
        ${actions.map((action, i) => html`<button type="button" class=${i === 0 ? 'primary' : ''} @click=${() => this.#act(action)}>${enumLabel('TicketAction', action)}</button>`)}
        ${mayReply ? html`<button type="button" @click=${this.#reply}>${t('work.reply')}</button>` : nothing}
        ${mayAssign ? html`<button type="button" @click=${this.#assign}>${t('work.assign')}</button>` : nothing}</div>`}</section>`;
  }

  #record = () => this.state.ticket;

  #again = () => this.reload();

  #act(action) {
    return act(CHANGE, this.#record, this.#again, { action });
  }

  #reply = () => actWith(t('work.reply'), [
    { name: 'summary', label: t('work.replySummary'), type: 'long', required: true },
    { name: 'channel', label: this.state.rights.label('TICKET', 'channel'), type: 'choice', choices: enumChoices('Channel'), value: this.state.ticket.channel ?? '' },
  ], REPLY, this.#record, this.#again, { intro: t('work.replyIntro'), yes: t('work.reply') });

  #assign = async () => {
    const { ticket, rights } = this.state;
    const people = await peopleWith([ticket.assignee, session.viewer], { signal: this.signal });
    const field = { name: 'assignee', label: rights.label('TICKET', 'assignee'), required: true };
    await actWith(t('work.assign'), [{ ...field, type: 'choice', choices: people, value: ticket.assignee?.username ?? '' }], ASSIGN, this.#record, this.#again, { yes: t('work.assign') });
  };
}

const fact = (label, value) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`;

define('ticket-page', TicketPage);
