// The panels of service: tickets and complaints. See panels.js.

import { html } from '../core/screen.js';
import { enumLabel } from '../core/values.js';
import { UNANSWERED } from './complaints.js';
import { customerOf, standingTag, subjectOf, until } from './shown.js';
import { strip } from './stages.js';

const CASE = `id subject state standing resolveBy nextDueAt resolvedAt assignee { displayName } customer { id name }
  access { field level reason }`;

const RUNNING = ['OPEN', 'IN_PROGRESS']; // while a customer is waited for, the clock stands still

export const SERVICE_PANELS = [
  {
    name: 'tickets',
    kinds: ['TICKET'],
    path: 'tickets',
    title: 'work.tickets',
    empty: 'work.noTickets',
    asks: (context) => {
      const asked = cases('TICKET', 'tickets', 'TicketFilter', { state: { in: RUNNING } }, context);
      if (context.rights.may('filterable', 'TICKET', 'state')) {
        const [, ...whose] = asked.filter.and;
        asked.counts.push({ word: 'work.count.waiting', tone: '', filter: { and: [{ state: { eq: 'WAITING_FOR_CUSTOMER' } }, ...whose] } });
      }
      return asked;
    },
    row: (ticket) => html`<div class="spread"><b>${subjectOf(ticket, 'tickets')}</b>${standingTag(ticket)}</div>
      <div class="meta">${customerOf(ticket)} · ${enumLabel('TicketState', ticket.state)} · ${until(ticket.resolveBy)}${person(ticket)}</div>`,
  },
  {
    name: 'complaints',
    kinds: ['COMPLAINT'],
    path: 'complaints',
    title: 'work.complaints',
    empty: 'work.noComplaints',
    asks: (context) => {
      const asked = cases('COMPLAINT', 'complaints', 'ComplaintFilter', { state: { in: UNANSWERED } }, context, waitsForAnybody(context));
      if (context.rights.may('filterable', 'COMPLAINT', 'state')) {
        asked.counts.push(...UNANSWERED.map((state) => ({ word: `work.count.${state}`, tone: '', filter: { and: [asked.filter, { state: { eq: state } }] } })));
      }
      return asked;
    },
    row: (complaint) => html`<div class="spread"><b>${subjectOf(complaint, 'complaints')}</b>${standingTag(complaint)}</div>
      <div class="meta">${strip(complaint.state)} · ${customerOf(complaint)} · ${until(complaint.resolveBy, { isOver: complaint.resolvedAt !== null })}${person(complaint)}</div>`,
  },
];

const person = (record) => (record.assignee ? html` · ${record.assignee.displayName}` : '');

/** What is filed and not yet anybody's waits for everyone who may accept it. */
const waitsForAnybody = ({ rights }) => (rights.may('operable', 'COMPLAINT', 'state') ? [{ state: { eq: 'FILED' } }] : []);

function cases(kind, root, filterType, isOpen, { rights, scope, me }, also = []) {
  const may = (...fields) => rights.may('filterable', kind, ...fields);
  const isNarrowed = scope === 'mine' && may('assignee');
  const mine = { assignee: { eq: me.username } };
  const filter = { and: [may('state') ? isOpen : {}, isNarrowed ? { or: [mine, ...also] } : {}].filter((each) => Object.keys(each).length) };
  const standing = (value) => ({ and: [...filter.and, { standing: { eq: value } }] });
  return {
    root,
    filterType,
    filter,
    sort: rights.may('sortable', kind, 'nextDueAt') ? { field: 'RESOLVE_BY' } : null,
    order: 'resolveBy',
    selection: CASE,
    isNarrowed,
    counts: may('standing') ? [
      { word: 'work.count.near', tone: 'warn', filter: standing('NEAR') },
      { word: 'work.count.breached', tone: 'bad', filter: standing('BREACHED') },
    ] : [],
  };
}

