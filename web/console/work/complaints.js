// The complaints, by step. Owns the list and its choice of steps, which stays in the address.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { enumChoices } from '../core/values.js';
import { rightsIn } from './rights.js';
import { choice, customerOf, priorityTag, shown, standingTag, subjectOf, until } from './shown.js';
import { strip } from './stages.js';
import { subnav } from './subnav.js';

export const UNANSWERED = ['FILED', 'ACCEPTED', 'INVESTIGATED', 'RESOLVED'];
const LIST = `query ($filter: ComplaintFilter, $sort: ComplaintSort, $after: String) {
  complaints(first: 25, after: $after, filter: $filter, sort: $sort) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id subject state standing priority resolveBy resolvedAt assignee { username displayName } customer { id name }
      access { field level reason } } } }`;

class ComplaintList extends Screen {
  async load(isLatest) {
    const options = { signal: this.signal };
    const rights = await rightsIn(['COMPLAINT'], options);
    const variables = variablesOf(rights);
    const { data, errors } = await ask(LIST, variables, options);
    if (!data.complaints) throw new ApiError(errors[0]?.message ?? '', errors);
    if (isLatest()) this.set({ rights, variables, complaints: data.complaints });
  }

  template() {
    return html`<h1>${t('work.complaints')}</h1>${subnav()}${this.frame(() => html`${this.#filters()}
      <div>${table(this.#columns(), this.state.complaints.nodes, { caption: t('work.complaints'), empty: t('work.noComplaints') })}
        ${listEnd(this.state.complaints, this.#more)}</div>`)}`;
  }

  #filters() {
    const { rights } = this.state;
    const query = currentQuery();
    const take = (name) => (value) => { setQuery({ [name]: value }); this.reload(); };
    const may = (field) => rights.may('filterable', 'COMPLAINT', field);
    return html`<div class="card toolbar" role="search" aria-label=${t('work.complaints')}>
      ${may('state') ? choice('state', rights.label('COMPLAINT', 'state'), [...enumChoices('ComplaintState'), ['ANY', t('action.all')]], query.get('state'), take('state'), t('work.unanswered')) : nothing}
      ${may('standing') ? choice('standing', rights.label('COMPLAINT', 'standing'), enumChoices('Standing'), query.get('standing'), take('standing')) : nothing}
      ${may('assignee') ? choice('assignee', rights.label('COMPLAINT', 'assignee'), [[session.viewer.username, t('work.me')]], query.get('assignee'), take('assignee')) : nothing}
    </div>`;
  }

  #columns() {
    const label = (field) => this.state.rights.label('COMPLAINT', field);
    return [
      { label: label('subject'), main: true, cell: (complaint) => subjectOf(complaint, 'complaints') },
      { label: label('customer'), cell: customerOf },
      { label: label('state'), cell: (complaint) => (complaint.state ? strip(complaint.state) : shown(complaint, 'state')) },
      { label: label('standing'), cell: standingTag },
      { label: label('priority'), cell: priorityTag },
      { label: label('assignee'), cell: (complaint) => (complaint.assignee ? complaint.assignee.displayName : shown(complaint, 'assignee')) },
      { label: label('resolveBy'), cell: (complaint) => until(complaint.resolveBy, { isOver: complaint.resolvedAt !== null }) },
    ];
  }

  #more = () => attempt(async () => {
    const { connection } = await nextPage(LIST, this.state.variables, this.state.complaints, (data) => data.complaints, { signal: this.signal });
    this.set({ complaints: connection });
  });
}

function variablesOf(rights) {
  const query = currentQuery();
  const filter = {};
  for (const field of ['state', 'standing', 'assignee']) {
    const value = query.get(field);
    if (value && value !== 'ANY' && rights.may('filterable', 'COMPLAINT', field)) filter[field] = { eq: value };
  }
  if (!query.get('state') && rights.may('filterable', 'COMPLAINT', 'state')) filter.state = { in: UNANSWERED };
  return { filter, sort: rights.may('sortable', 'COMPLAINT', 'resolveBy') ? { field: 'RESOLVE_BY' } : null };
}

define('complaint-list', ComplaintList);
