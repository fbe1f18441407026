// One incident: what happened, whom it concerns, what is done and until when. Owns the page and its operations' forms.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ask, change } from '../core/api.js';
import { labelOf, t } from '../core/language.js';
import { table } from '../core/lists.js';
import { notice } from '../core/messages.js';
import { carryOut } from '../core/operations.js';
import { session } from '../core/session.js';
import { count, dateTime, enumLabel, fieldValue, readable } from '../core/values.js';
import { stateTag } from './incidents.js';

const INCIDENT = `query ($id: ID!) {
  incident(id: $id) { id version state access { field operable } }
  incidentReport(id: $id) { title whatHappened severity state discoveredAt closedAt suspect { displayName username }
    reportedBy { displayName } affectedCustomers hindrances text
    steps { state at by } scopes { number person field kind since until entries listed deleted at by }
    measures { number what at by doneAt doneBy }
    notifications { recipient dueAt sentAt waivedAt waivedReason by late } }
  affectedCustomers(first: 50, filter: { incident: { eq: $id } }) { totalCount
    nodes { id customer { id name } field inFull times firstSeenAt lastSeenAt } } }`;

const mutation = (name, input) => `mutation ($input: ${input}!) { ${name}(input: $input) { userErrors { message field } } }`;
const SCOPE = mutation('scopeIncident', 'ScopeIncidentInput');
const MEASURE = mutation('addIncidentMeasure', 'AddIncidentMeasureInput');
const COMPLETE = mutation('completeIncidentMeasure', 'CompleteIncidentMeasureInput');
const NOTIFY = mutation('recordIncidentNotification', 'RecordIncidentNotificationInput');
const WAIVE = mutation('waiveIncidentNotification', 'WaiveIncidentNotificationInput');
const CLOSE = mutation('closeIncident', 'CloseIncidentInput');

class Incident extends Screen {
  async load(isLatest) {
    const { data } = await ask(INCIDENT, { id: this.parameters.id }, { signal: this.signal });
    if (isLatest()) this.set({ incident: data.incident, report: data.incidentReport, affected: data.affectedCustomers });
  }

  template() {
    const { report } = this.state;
    return html`<p><a href="/console/supervision/incidents">← ${t('supervision.incidents')}</a></p>
      <h1>${report?.title ?? t('supervision.incidents')}</h1>
      ${this.frame(() => (report ? this.#content() : html`<p class="nothing">${t('app.notFound')}</p>`))}`;
  }

  #content() {
    const { incident, report } = this.state;
    // Each operation gives a field of its own; whoever may give that may carry it out.
    const may = (field) => report.state !== 'CLOSED' && incident.access.some((each) => each.field === field && each.operable);
    return html`<div class="beside"><div class="stack">
        <section class="card stack"><dl class="facts">
          ${fact('incidents.state', stateTag(report.state))}${fact('incidents.severity', enumLabel('IncidentSeverity', report.severity))}
          ${fact('incidents.discovered', dateTime(report.discoveredAt))}${fact('incidents.suspect', fieldValue(report.suspect))}
          ${fact('incidents.affected', report.affectedCustomers === null ? '–' : count(report.affectedCustomers))}</dl>
          <h2>${t('incidents.what')}</h2><p class="prose">${report.whatHappened}</p></section>
        ${this.#searches(may('scopes'))}${this.#customers()}
        ${report.text ? html`<section class="card stack"><h2>${t('incidents.report')}</h2><p class="prose">${report.text}</p></section>` : nothing}
      </div><div class="stack">${this.#notifications(may('notifications'))}${this.#measures(may('measures'))}${this.#closing(may('closingReport'))}${this.#steps()}</div></div>`;
  }

  #fixed() {
    return { id: this.state.incident.id, version: this.state.incident.version };
  }

  #do = async (title, fields, document, more = {}) => {
    if (await carryOut(title, fields, document, { fixed: { ...this.#fixed(), ...more } })) await this.reload();
  };

  #searches(may) {
    const fields = [
      { name: 'person', label: t('trail.person'), value: this.state.report.suspect?.username ?? '' },
      { name: 'field', label: t('trail.field'), hint: 'id_number' },
      { name: 'kind', label: t('trail.kind'), type: 'choice', choices: session.viewer.kinds.map((each) => [each.kind, labelOf(each)]) },
      { name: 'since', label: t('trail.since'), type: 'datetime', required: true },
      { name: 'until', label: t('trail.until'), type: 'datetime', required: true },
    ];
    return html`<section class="stack"><div class="spread"><h2>${t('incidents.searches')}</h2>
      ${may ? html`<button type="button" @click=${() => attempt(() => this.#do(t('incidents.search'), fields, SCOPE))}>${t('incidents.search')}</button>` : nothing}</div>
      ${table([
        { label: '№', main: true, cell: (scope) => scope.number },
        { label: t('trail.person'), cell: (scope) => scope.person ?? t('action.all') },
        { label: t('trail.field'), cell: (scope) => (scope.field ? readable(scope.field) : t('action.all')) },
        { label: t('trail.since'), cell: (scope) => dateTime(scope.since) },
        { label: t('trail.until'), cell: (scope) => dateTime(scope.until) },
        { label: t('incidents.affected'), cell: (scope) => t('incidents.searchFound', { entries: count(scope.entries), listed: count(scope.listed) }) },
      ], this.state.report.scopes ?? [], { caption: t('incidents.searches') })}</section>`;
  }

  #customers() {
    if (!this.state.affected?.nodes.length) return nothing;
    return html`<section class="stack"><h2>${t('incidents.affected')}</h2>${table([
      { label: t('trail.customer'), main: true, cell: (each) => (each.customer ? html`<a href="/console/customers/${each.customer.id}">${each.customer.name ?? each.customer.id}</a>` : '–') },
      { label: t('trail.field'), cell: (each) => readable(each.field ?? '') },
      { label: t('trail.plain'), cell: (each) => (each.inFull ? t('value.yes') : t('value.masked')) },
      { label: t('trail.time'), cell: (each) => dateTime(each.lastSeenAt) },
    ], this.state.affected.nodes, { caption: t('incidents.affected') })}</section>`;
  }

  #notifications(may) {
    return html`<section class="card stack"><h2>${t('incidents.notifications')}</h2>
      ${(this.state.report.notifications ?? []).map((each) => html`<div class="stack">
        <div class="spread"><b>${enumLabel('Recipient', each.recipient)}</b>${each.late ? html`<span class="tag bad">${t('incidents.late')}</span>` : nothing}</div>
        <p>${each.sentAt ? t('incidents.sent', { time: dateTime(each.sentAt) })
          : each.waivedAt ? t('incidents.waived', { reason: each.waivedReason }) : t('incidents.due', { time: dateTime(each.dueAt) })}</p>
        ${may && !each.sentAt && !each.waivedAt ? html`<div class="row">
          <button type="button" @click=${() => attempt(() => this.#do(t('incidents.notify'), [{ name: 'sentAt', label: t('trail.time'), type: 'datetime' }], NOTIFY, { recipient: each.recipient }))}>${t('incidents.notify')}</button>
          <button type="button" class="quiet" @click=${() => attempt(() => this.#do(t('incidents.waive'), [{ name: 'reason', label: t('form.reason'), type: 'long', required: true }], WAIVE, { recipient: each.recipient }))}>${t('incidents.waive')}</button></div>` : nothing}
      </div>`)}</section>`;
  }

  #measures(may) {
    const { measures } = this.state.report;
    return html`<section class="card stack"><h2>${t('incidents.measures')}</h2>
      ${measures?.length ? html`<ul class="plain-list">${measures.map((each) => html`<li class="stack"><div>${each.what}</div>
        ${each.doneAt ? html`<small class="quiet">${t('incidents.doneAt', { time: dateTime(each.doneAt), by: each.doneBy })}</small>`
          : html`<div class="spread"><span class="tag warn">${t('incidents.open')}</span>
            ${may ? html`<button type="button" class="quiet" aria-label=${`${t('incidents.complete')}: ${each.what}`} @click=${() => this.#complete(each.number)}>${t('incidents.complete')}</button>` : nothing}</div>`}</li>`)}</ul>`
        : html`<p class="nothing">${t('state.empty')}</p>`}
      ${may ? html`<button type="button" @click=${() => attempt(() => this.#do(t('incidents.addMeasure'), [{ name: 'what', label: t('incidents.measures'), type: 'long', required: true }], MEASURE))}>${t('incidents.addMeasure')}</button>` : nothing}</section>`;
  }

  #complete = (number) => attempt(async () => {
    const { userErrors } = await change(COMPLETE, { ...this.#fixed(), number });
    if (userErrors.length) notice(userErrors[0].message, 'bad');
    await this.reload();
  });

  #closing(may) {
    const { hindrances } = this.state.report;
    if (!may) return nothing;
    return html`<section class="card stack"><h2>${t('incidents.close')}</h2>
      ${hindrances?.length ? html`<p class="quiet">${t('incidents.hindrances')}: ${hindrances.join(', ')}</p>` : nothing}
      <button type="button" ?disabled=${Boolean(hindrances?.length)}
        @click=${() => attempt(() => this.#do(t('incidents.close'), [{ name: 'closingReport', label: t('incidents.report'), type: 'long', required: true }], CLOSE))}>${t('incidents.close')}</button></section>`;
  }

  #steps() {
    return html`<section class="card stack"><h2>${t('incidents.steps')}</h2><ol class="timeline">
      ${(this.state.report.steps ?? []).map((step) => html`<li><b>${enumLabel('IncidentState', step.state)}</b><br><span class="quiet">${dateTime(step.at)} · ${step.by}</span></li>`)}</ol></section>`;
  }
}

const fact = (word, value) => html`<div><dt>${t(word)}</dt><dd>${value}</dd></div>`;

define('incident-page', Incident);
