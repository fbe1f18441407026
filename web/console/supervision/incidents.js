// The incidents, newest first. Owns the list and the recording of a new one.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { operationDialog } from '../core/operations.js';
import { go } from '../core/router.js';
import { count, dateTime, distance, enumChoices, enumLabel } from '../core/values.js';
import { subnav } from './subnav.js';

const LIST = `query ($after: String) {
  incidents(first: 25, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id title severity state discoveredAt affected nextDueAt } }
  viewer { access(kind: INCIDENT) { field creatable } } }`;
const RECORD = 'mutation ($input: RecordIncidentInput!) { recordIncident(input: $input) { incident { id } userErrors { message field } } }';

/** The tone of a state: closed is good, anything open wants somebody. */
export const stateTag = (state) => html`<span class="tag ${state === 'CLOSED' ? 'good' : 'warn'}">${enumLabel('IncidentState', state)}</span>`;

class Incidents extends Screen {
  async load(isLatest) {
    const { data } = await ask(LIST, {}, { signal: this.signal });
    if (isLatest()) this.set({ incidents: data.incidents, mayRecord: data.viewer.access.some((each) => each.field === 'title' && each.creatable) });
  }

  template() {
    return html`<div class="spread"><h1>${t('supervision.incidents')}</h1>
        ${this.state.mayRecord ? html`<button type="button" class="primary" @click=${this.#record}>${t('incidents.new')}</button>` : nothing}</div>
      ${subnav()}
      ${this.frame(() => html`${table([
        { label: t('incidents.title'), main: true, cell: (each) => html`<a href="/console/supervision/incidents/${each.id}">${each.title ?? each.id}</a>` },
        { label: t('incidents.severity'), cell: (each) => enumLabel('IncidentSeverity', each.severity) },
        { label: t('incidents.state'), cell: (each) => stateTag(each.state) },
        { label: t('incidents.discovered'), cell: (each) => dateTime(each.discoveredAt) },
        { label: t('incidents.affected'), numeric: true, cell: (each) => (each.affected === null ? '–' : count(each.affected)) },
        { label: t('incidents.next'), cell: (each) => (each.nextDueAt ? html`<span title=${dateTime(each.nextDueAt)}>${distance(each.nextDueAt)}</span>` : '–') },
      ], this.state.incidents?.nodes ?? [], { caption: t('supervision.incidents'), empty: t('incidents.none') })}
      ${listEnd(this.state.incidents, () => this.#more())}`)}`;
  }

  #more = () => attempt(async () => {
    const { connection } = await nextPage(LIST, {}, this.state.incidents, (data) => data.incidents);
    this.set({ incidents: connection });
  });

  #record = async () => {
    const payload = await operationDialog(t('incidents.new'), [
      { name: 'title', label: t('incidents.title'), required: true },
      { name: 'whatHappened', label: t('incidents.what'), type: 'long', required: true },
      { name: 'severity', label: t('incidents.severity'), type: 'choice', choices: enumChoices('IncidentSeverity'), required: true },
      { name: 'discoveredAt', label: t('incidents.discovered'), type: 'datetime', required: true },
      { name: 'suspect', label: t('incidents.suspect') },
    ], RECORD);
    if (payload) go(`supervision/incidents/${payload.incident.id}`);
  };
}

define('incident-list', Incidents);
