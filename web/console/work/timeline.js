// What happened to a ticket, in its order: drawn from what the record and its contacts say. Owns the order and the look.

import { html, nothing } from '../core/screen.js';
import { hasWord, t } from '../core/language.js';
import { dateTime, distance, enumLabel } from '../core/values.js';
import { shown } from './shown.js';

/** `contacts` are the service contacts of the ticket; null where the caller may not know them. */
export function timeline(ticket, contacts) {
  const told = new Set((contacts ?? []).map((contact) => contact.occurredAt)); // the first reply is one of them
  const events = [...ownEvents(ticket), ...(contacts ?? []).map(contactEvent)]
    .filter((event) => event.at && !(event.isContact && told.has(event.at)))
    .sort((one, other) => new Date(one.at) - new Date(other.at));
  return html`<ol class="timeline">${events.map(({ at, what, who, more = nothing, tone = '' }) => html`<li class=${tone}>
    <p class="row"><b>${what}</b> ${who ? html`<span>${who}</span>` : nothing}
      <time class="quiet" datetime=${at} title=${dateTime(at)}>${dateTime(at)} · ${distance(at)}</time></p>${more}</li>`)}</ol>`;
}

function ownEvents(ticket) {
  return [
    { at: ticket.openedAt, what: t('work.opened'), who: ticket.createdBy?.displayName },
    { at: ticket.firstReplyAt, what: t('work.firstReply'), isContact: true },
    ...(ticket.waits ?? []).flatMap((wait) => [
      { at: wait.begins, what: t('work.waitBegan') },
      { at: wait.ends, what: t('work.waitEnded') },
    ]),
    ...(ticket.escalations ?? []).map((escalation) => ({
      at: escalation.at,
      what: t('work.escalated', { measure: enumLabel('Measure', escalation.measure), level: escalation.level }),
      who: escalation.person ?? roleName(escalation.role),
      tone: 'bad',
    })),
    { at: ticket.resolvedAt, what: t('work.resolved') },
  ];
}

function contactEvent(contact) {
  return {
    at: contact.occurredAt,
    what: [enumLabel('Direction', contact.direction), enumLabel('Channel', contact.channel)].filter(Boolean).join(' · ') || t('work.contact'),
    who: contact.handledBy?.displayName,
    more: html`<p class="prose">${shown(contact, 'summary', 'String')}</p>`,
  };
}

const roleName = (role) => (hasWord(`role.${role}`) ? t(`role.${role}`) : role);
