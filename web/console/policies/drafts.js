// The drafts of rules, newest first. Owns the list and its filter.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { listEnd, nextPage, table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { accessOf, dateTime, enumChoices, enumLabel, fieldValue } from '../core/values.js';
import { DRAFT_HEAD, IN_FORCE, OPEN_STATES, RIGHTS, beginAndOpen, nameOf, stateTone } from './draft.js';
import { joined } from './names.js';
import { subnav } from './subnav.js';

const LIST = `ruleDrafts(first: 20, after: $after, filter: $filter) { nodes { ${DRAFT_HEAD} } totalCount pageInfo { hasNextPage endCursor } }`;
const QUERY = `query ($after: String, $filter: RuleDraftFilter) { ${LIST} ${RIGHTS} ${IN_FORCE} }`;
const MORE = `query ($after: String, $filter: RuleDraftFilter) { ${LIST} }`;

class Drafts extends Screen {
  connectedCallback() {
    this.state.chosen = currentQuery().get('state') ?? '';
    super.connectedCallback();
    this.listen(window, 'focus', () => this.reload()); // what others did meanwhile
  }

  get #filter() {
    const { chosen } = this.state;
    return { filter: chosen ? { state: { in: chosen === 'open' ? OPEN_STATES : [chosen] } } : null };
  }

  async load(isLatest) {
    const { data, access } = await ask(QUERY, this.#filter, { signal: this.signal });
    if (isLatest()) this.set({ list: data.ruleDrafts, access, rights: data.policyRights, version: data.ruleSets?.[0]?.version });
  }

  template() {
    return html`${subnav()}<div class="spread"><h1>${t('policies.changing.changes')}</h1>
      ${this.state.rights?.write ? html`<button type="button" class="primary" @click=${() => attempt(beginAndOpen)}>${t('policies.newDraft')}</button>` : nothing}</div>
      ${this.frame(() => html`<div class="toolbar"><label><span>${t('policies.state')}</span><select @change=${this.#choose}>
        ${[['', t('action.all')], ['open', t('policies.openDrafts')], ...enumChoices('RuleDraftState')].map(([value, label]) => html`
          <option value=${value} .selected=${value === this.state.chosen}>${label}</option>`)}</select></label></div>
        ${table(this.#columns(), this.state.list.nodes, { caption: t('policies.changing.changes'), empty: t('policies.noDrafts') })}
        ${listEnd(this.state.list, this.#more)}`)}`;
  }

  #columns() {
    const { version, access } = this.state;
    const shown = (field, value, type) => fieldValue(value, { type, ...accessOf(access, 'RULE_DRAFT', field) });
    return [
      { label: t('policies.why'), main: true, cell: (draft) => html`<a href=${`/console/policies/drafts/${draft.id}`}>${draft.comment ?? draft.id}</a>` },
      { label: t('policies.state'), cell: (draft) => html`<span class="tag ${stateTone(draft.state)}">${enumLabel('RuleDraftState', draft.state)}</span>
        ${draft.activatedVersion ? html` <span class="quiet">${t('policies.asVersion', { version: draft.activatedVersion })}</span>` : nothing}` },
      { label: t('policies.authors'), cell: (draft) => shown('authors', draft.authors && joined(draft.authors.map(nameOf))) },
      { label: t('policies.approvedBy'), cell: (draft) => (draft.approvedBy || accessOf(access, 'RULE_DRAFT', 'approvedBy') ? shown('approvedBy', nameOf(draft.approvedBy)) : '–') },
      { label: t('policies.base'), numeric: true, cell: (draft) => html`${draft.base}${OPEN_STATES.includes(draft.state) && draft.base !== version
        ? html` <span class="tag warn">${t('policies.outdatedShort')}</span>` : nothing}` },
      { label: t('policies.created'), cell: (draft) => dateTime(draft.createdAt) },
      { label: t('policies.updated'), cell: (draft) => dateTime(draft.updatedAt) },
    ];
  }

  #choose = (event) => {
    this.set({ chosen: event.target.value });
    setQuery({ state: event.target.value });
    this.reload();
  };

  #more = () => attempt(async () => {
    const { connection } = await nextPage(MORE, this.#filter, this.state.list, (data) => data.ruleDrafts, { signal: this.signal });
    this.set({ list: connection });
  });
}

define('policy-drafts', Drafts);
