// What waits for the caller, on one page: a panel for each kind of work of which something may be read. Owns the page and
// its one question; what a panel asks and shows is its own (see panels.js).

import { define, html, nothing, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { live } from '../core/live.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { count } from '../core/values.js';
import { PANELS } from './panels.js';
import { rightsIn } from './rights.js';
import { choice } from './shown.js';
import { subnav } from './subnav.js';

const CHANGED = 'subscription { ticketChanged { id } }';
const PAUSE_MS = 400;
const SHOWN = 6;
const ASKED = 40; // of a list that cannot come in the order in which things are due: it is put in order here

class Desk extends Screen {
  #timer = null;

  connectedCallback() {
    super.connectedCallback();
    this.unfollow = live.subscribe(CHANGED, {}, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.reload(), PAUSE_MS);
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.unfollow();
  }

  async load(isLatest) {
    const options = { signal: this.signal };
    const panels = PANELS.filter((panel) => session.mayRead(...panel.kinds));
    const rights = await rightsIn([...new Set([...panels.flatMap((panel) => panel.kinds), 'REVIEW'])], options);
    const scope = scopeOf(rights);
    const asked = panels.map((panel) => ({ panel, ...panel.asks({ rights, scope, me: session.viewer }) }));
    const { query, variables } = together(asked);
    const { data, errors } = await ask(query, variables, options);
    if (!isLatest()) return;
    const found = asked.map((one) => ({ ...one, ...foundOf(one, data, errors) }));
    const hasWork = (one) => one.nodes.length > 0 || one.problem;
    this.set({ rights, scope, found: [...found.filter(hasWork), ...found.filter((one) => !hasWork(one))] });
  }

  template() {
    return html`<div class="spread"><h1>${t('work.desk')}</h1>${this.state.scope ? this.#scope() : nothing}</div>${subnav()}
      ${this.frame(() => html`<div class="columns">${this.state.found.map((one) => this.#panel(one))}</div>${this.#closed()}`)}`;
  }

  #scope() {
    const choices = [['mine', t('work.scope.mine')], ...(session.viewer.department ? [['department', t('work.scope.department')]] : [])];
    return html`<div class="toolbar">${choice('scope', t('work.scope'), choices, this.state.scope === 'all' ? '' : this.state.scope,
      (value) => { setQuery({ scope: value || 'all' }); this.reload(); }, t('work.scope.all'))}</div>`;
  }

  #panel({ panel, isNarrowed, nodes, total, counts, problem }) {
    const { rights, scope } = this.state;
    const context = { rights, reload: () => this.reload() };
    return html`<section class="card stack panel" data-panel=${panel.name}>
      <div class="spread"><h2>${panel.path ? html`<a href="/console/work/${panel.path}">${t(panel.title)}</a>` : t(panel.title)}
          ${total === null ? nothing : html`<span class="quiet">(${count(total)})</span>`}</h2>
        <div class="row">${counts.filter(([, , number]) => number > 0).map(([word, tone, number]) => html`<span class="tag ${tone}">${t(word, { count: count(number) })}</span>`)}</div></div>
      ${problem ? html`<p class="notice warn">${problem}</p>` : nodes.length
        ? html`<ul class="plain-list work-list">${nodes.slice(0, SHOWN).map((node) => html`<li>${panel.row(node, context)}</li>`)}</ul>
          ${nodes.length > SHOWN || total > nodes.length ? html`<p class="quiet">${t('work.andMore', { count: count((total ?? nodes.length) - Math.min(nodes.length, SHOWN)) })}</p>` : nothing}`
        : html`<p class="nothing">${t(panel.empty)}</p>`}
      ${scope !== 'all' && !isNarrowed && nodes.length ? html`<p class="quiet small">${t('work.notNarrowed')}</p>` : nothing}</section>`;
  }

  /** What is not open is named: an empty page would say that there is nothing to do. */
  #closed() {
    const closed = PANELS.filter((panel) => !session.mayRead(...panel.kinds)).map((panel) => t(panel.title));
    return closed.length ? html`<p class="quiet">${t('work.closed', { kinds: closed.join(t('work.comma')) })}</p>` : nothing;
  }
}

/** The scope of the address; otherwise one's own work, and for those who give work to others, all of it. */
function scopeOf(rights) {
  const chosen = currentQuery().get('scope');
  if (['mine', 'department', 'all'].includes(chosen)) return chosen;
  return rights.may('writable', 'TICKET', 'assignee') ? 'all' : 'mine';
}

/** One question of all panels: each brings the arguments of its list and the conditions that it counts by. */
function together(asked) {
  const declared = [];
  const fields = [];
  const variables = {};
  for (const { panel, root, filterType, filter, sort, selection, counts = [], plain } of asked) {
    if (plain) { // no list, but a question of its own
      fields.push(`${panel.name}: ${plain.text}`);
      declared.push(...plain.declared);
      Object.assign(variables, plain.variables);
      continue;
    }
    const order = sort ? `, sort: { field: ${sort.field}, direction: ${sort.direction ?? 'ASC'} }` : '';
    declared.push(`$${panel.name}: ${filterType}`);
    variables[panel.name] = filter;
    fields.push(`${panel.name}: ${root}(first: ${sort ? SHOWN : ASKED}, filter: $${panel.name}${order}) { totalCount nodes { ${selection} } }`);
    counts.forEach(({ filter: condition }, i) => {
      declared.push(`$${panel.name}${i}: ${filterType}`);
      variables[`${panel.name}${i}`] = condition;
      fields.push(`${panel.name}${i}: ${root}(filter: $${panel.name}${i}) { totalCount }`);
    });
  }
  return { query: `${declared.length ? `query (${declared.join(', ')})` : 'query'} { viewer { username } ${fields.join('\n')} }`, variables };
}

function foundOf({ panel, counts = [], plain, order }, data, errors) {
  const answer = data[panel.name];
  const problem = answer === null ? errors.find((error) => error.path?.[0] === panel.name)?.message ?? t('app.failed') : '';
  if (plain) {
    const nodes = plain.nodes(answer ?? []);
    return { nodes, total: problem ? null : nodes.length, counts: [], problem };
  }
  const nodes = [...(answer?.nodes ?? [])];
  if (order) nodes.sort((one, other) => String(one[order] ?? '9').localeCompare(String(other[order] ?? '9')));
  return {
    nodes,
    total: answer?.totalCount ?? null,
    counts: counts.map(({ word, tone }, i) => [word, tone, data[`${panel.name}${i}`]?.totalCount ?? 0]),
    problem,
  };
}

define('work-desk', Desk);
