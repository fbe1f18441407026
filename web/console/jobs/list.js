// Background jobs as they run. Owns how they are shown; what runs when is the server's.

import { define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { live } from '../core/live.js';
import { currentQuery, setQuery } from '../core/router.js';
import { dateTime, enumChoices } from '../core/values.js';
import { jobName, progressBar, progressText, stateTag } from './progress.js';
import { subnav } from './subnav.js';

const FIELDS = 'id name state attempts done total dueAt startedAt finishedAt errorCode';
const BAD = ['FAILED', 'DEAD'];
const ALL = `query ($filter: JobFilter, $after: String) {
  jobs(first: 25, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } nodes { ${FIELDS} } } }`;
const BOTH = `query ($filter: JobFilter) {
  running: jobs(first: 20, filter: { state: { eq: RUNNING } }) { nodes { ${FIELDS} } }
  failures: jobs(first: 20, filter: { state: { in: [FAILED, DEAD] } }) { nodes { ${FIELDS} } }
  jobs(first: 25, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } nodes { ${FIELDS} } } }`;
const CHANGED = `subscription { jobChanged { operation job { ${FIELDS} } } }`;

class JobList extends Screen {
  state = { running: [], failures: [], jobs: null };

  connectedCallback() {
    super.connectedCallback();
    this.unfollow = live.subscribe(CHANGED, {}, ({ jobChanged }) => this.#take(jobChanged));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unfollow();
  }

  async load(isLatest) {
    const { data } = await ask(BOTH, this.#variables(), { signal: this.signal });
    if (isLatest()) this.set({ running: data.running.nodes, failures: data.failures.nodes, jobs: data.jobs });
  }

  #variables() {
    const state = currentQuery().get('state');
    return { filter: state ? { state: { eq: state } } : null };
  }

  /** A change goes into whichever lists it belongs to: no request for each step of a long job. */
  #take({ job }) {
    if (!job || !this.state.jobs) return;
    const others = (list) => list.filter((each) => each.id !== job.id);
    const wanted = currentQuery().get('state');
    const { nodes } = this.state.jobs;
    const isShown = nodes.some((each) => each.id === job.id);
    const replaced = isShown ? nodes.map((each) => (each.id === job.id ? job : each)) : [job, ...nodes];
    this.set({
      running: job.state === 'RUNNING' ? [job, ...others(this.state.running)] : others(this.state.running),
      failures: BAD.includes(job.state) ? [job, ...others(this.state.failures)] : others(this.state.failures),
      jobs: { ...this.state.jobs, nodes: wanted && wanted !== job.state ? others(nodes) : replaced },
    });
  }

  template() {
    return html`<h1>${t('jobs.title')}</h1>${subnav()}${this.frame(() => html`
      <div class="columns">
        <section class="card stack"><h2>${t('jobs.running')}</h2>
          ${this.state.running.length ? html`<ul class="plain-list">${this.state.running.map((job) => html`
            <li><div class="spread"><b>${jobName(job)}</b><span class="quiet">${dateTime(job.startedAt)}</span></div>${progressBar(job)}</li>`)}</ul>
            <p class="quiet">${t('jobs.live')}</p>` : html`<p class="nothing">${t('jobs.noneRunning')}</p>`}</section>
        <section class="card stack"><h2>${t('jobs.failures')}</h2>
          ${this.state.failures.length ? html`<ul class="plain-list">${this.state.failures.map((job) => html`
            <li class="spread"><span><b>${jobName(job)}</b> ${stateTag(job.state)}</span><code>${job.errorCode}</code></li>`)}</ul>
            <p class="quiet">${t('jobs.failuresHint')}</p>` : html`<p class="nothing">${t('jobs.noFailures')}</p>`}</section>
      </div>
      <section class="stack"><div class="spread"><h2>${t('jobs.all')}</h2>${this.#choice()}</div>
        ${table(this.#columns(), this.state.jobs.nodes, { caption: t('jobs.all') })}
        ${listEnd(this.state.jobs, () => this.#more())}</section>`)}`;
  }

  #choice() {
    const chosen = currentQuery().get('state');
    return html`<div class="toolbar"><label><span>${t('jobs.state')}</span>
      <select @change=${(event) => { setQuery({ state: event.target.value }); this.reload(); }}>
        <option value="">${t('action.all')}</option>
        ${enumChoices('JobState').map(([value, label]) => html`<option value=${value} ?selected=${value === chosen}>${label}</option>`)}
      </select></label></div>`;
  }

  #columns() {
    return [
      { label: t('jobs.name'), main: true, cell: jobName },
      { label: t('jobs.state'), cell: (job) => stateTag(job.state) },
      { label: t('jobs.progress'), numeric: true, cell: progressText },
      { label: t('jobs.attempts'), numeric: true, cell: (job) => job.attempts },
      { label: t('jobs.started'), cell: (job) => dateTime(job.startedAt) || '–' },
      { label: t('jobs.finished'), cell: (job) => dateTime(job.finishedAt) || (job.dueAt ? `${t('jobs.due')}: ${dateTime(job.dueAt)}` : '–') },
      { label: t('jobs.error'), cell: (job) => (job.errorCode ? html`<code>${job.errorCode}</code>` : nothing) },
    ];
  }

  async #more() {
    const { connection } = await nextPage(ALL, this.#variables(), this.state.jobs, (data) => data.jobs);
    this.set({ jobs: connection });
  }
}

define('job-list', JobList);
