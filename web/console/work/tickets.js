// The tickets, by what is due next. Owns the list and its filters, which stay in the address; only those are offered by
// which the caller may find.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { live } from '../core/live.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { enumChoices } from '../core/values.js';
import { peopleWith } from './people.js';
import { rightsIn } from './rights.js';
import { choice, customerOf, priorityTag, shown, standingTag, stateTag, subjectOf, until } from './shown.js';
import { subnav } from './subnav.js';

const OPEN_STATES = ['OPEN', 'IN_PROGRESS', 'WAITING_FOR_CUSTOMER'];
const OVER = ['RESOLVED', 'CLOSED'];
const ENUMS = { state: 'TicketState', standing: 'Standing', priority: 'Priority' };
const LIST = `query ($filter: TicketFilter, $sort: TicketSort, $after: String) {
  tickets(first: 25, after: $after, filter: $filter, sort: $sort) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id subject state standing priority resolveBy nextDueAt assignee { username displayName } customer { id name }
      access { field level reason } } } }`;
const CHANGED = 'subscription { ticketChanged { id } }';
const PAUSE_MS = 400;

class TicketList extends Screen {
  #timer = null;

  connectedCallback() {
    super.connectedCallback();
    this.unfollow = live.subscribe(CHANGED, {}, () => this.#soon());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.unfollow();
  }

  /** Many changes at once are one question. */
  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reload(), PAUSE_MS);
  }

  async load(isLatest) {
    const options = { signal: this.signal };
    const rights = await rightsIn(['TICKET'], options);
    const variables = variablesOf(rights);
    const { data, errors } = await ask(LIST, variables, options);
    if (!data.tickets) throw new ApiError(errors[0]?.message ?? '', errors);
    const people = rights.may('filterable', 'TICKET', 'assignee') ? await peopleWith(data.tickets.nodes.map((each) => each.assignee), options) : [];
    if (isLatest()) this.set({ rights, variables, tickets: data.tickets, people });
  }

  template() {
    return html`<h1>${t('work.tickets')}</h1>${subnav()}${this.frame(() => html`
      ${this.#filters()}
      <div>${table(this.#columns(), runningFirst(this.state.tickets.nodes), { caption: t('work.tickets'), empty: t('work.noTickets') })}
        ${listEnd(this.state.tickets, this.#more)}</div>`)}`;
  }

  #filters() {
    const { rights, people } = this.state;
    const query = currentQuery();
    const take = (name) => (value) => { setQuery({ [name]: value }); this.reload(); };
    const enums = Object.entries(ENUMS).filter(([field]) => rights.may('filterable', 'TICKET', field));
    const { username } = session.viewer;
    const others = people.filter(([person]) => person !== username);
    return html`<div class="card toolbar" role="search" aria-label=${t('work.tickets')}>
      ${enums.map(([field, name]) => (field === 'state'
        ? choice(field, rights.label('TICKET', field), [...enumChoices(name), ['ANY', t('action.all')]], query.get(field), take(field), t('work.notOver'))
        : choice(field, rights.label('TICKET', field), enumChoices(name), query.get(field), take(field))))}
      ${rights.may('filterable', 'TICKET', 'assignee')
        ? choice('assignee', rights.label('TICKET', 'assignee'), [[username, t('work.me')], ...others], query.get('assignee'), take('assignee')) : nothing}
      ${query.size ? html`<button type="button" @click=${this.#clear}>${t('action.clear')}</button>` : nothing}
    </div>`;
  }

  #clear = () => {
    setQuery(Object.fromEntries([...currentQuery().keys()].map((name) => [name, ''])));
    for (const select of this.querySelectorAll('.toolbar select')) select.value = '';
    this.reload();
  };

  #columns() {
    const label = (field) => this.state.rights.label('TICKET', field);
    return [
      { label: label('subject'), main: true, cell: (ticket) => subjectOf(ticket, 'tickets') },
      { label: label('customer'), cell: customerOf },
      { label: label('state'), cell: (ticket) => (ticket.state ? stateTag('TicketState', ticket.state, OVER.includes(ticket.state) ? '' : 'accent') : shown(ticket, 'state')) },
      { label: label('standing'), cell: standingTag },
      { label: label('priority'), cell: priorityTag },
      { label: label('assignee'), cell: (ticket) => (ticket.assignee ? ticket.assignee.displayName : shown(ticket, 'assignee')) },
      { label: label('resolveBy'), cell: resolveCell },
    ];
  }

  #more = () => attempt(async () => {
    const { connection } = await nextPage(LIST, this.state.variables, this.state.tickets, (data) => data.tickets, { signal: this.signal });
    this.set({ tickets: connection });
  });
}

function resolveCell(ticket) {
  if (ticket.state === 'WAITING_FOR_CUSTOMER' && !ticket.resolveBy) return html`<span class="quiet">${t('work.stopped')}</span>`;
  return until(ticket.resolveBy, { isOver: OVER.includes(ticket.state) });
}

/** The server puts those first whose clock is stopped; here they come last. */
const runningFirst = (tickets) => [...tickets.filter((ticket) => ticket.resolveBy), ...tickets.filter((ticket) => !ticket.resolveBy)];

/** The conditions of the address, as far as the caller may find by them: without one, what is not over yet. */
function variablesOf(rights) {
  const query = currentQuery();
  const filter = {};
  for (const field of [...Object.keys(ENUMS), 'assignee']) {
    const value = query.get(field);
    if (value && value !== 'ANY' && rights.may('filterable', 'TICKET', field)) filter[field] = { eq: value };
  }
  if (!query.get('state') && rights.may('filterable', 'TICKET', 'state')) filter.state = { in: OPEN_STATES };
  const sort = rights.may('sortable', 'TICKET', 'resolveBy') ? { field: 'RESOLVE_BY' } : null;
  return { filter, sort };
}

define('ticket-list', TicketList);
