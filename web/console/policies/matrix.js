// The matrix of rules: who may do what with which field, and, in a draft, how that is changed. Owns what is chosen (it
// stands in the address), the cell that is open, and the order of changes. Whether a change did what was wanted is read
// from the server's matrix of the draft, never worked out here.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { confirmDialog } from '../core/dialog.js';
import { t } from '../core/language.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { tabs } from '../core/tabs.js';
import { enumChoices } from '../core/values.js';
import { DRAFT_HEAD, DRAFT_RULES, IN_FORCE, RIGHTS, beginDraft, isMine, isOpen, saveLines } from './draft.js';
import { draftBar, legend, toolbar } from './matrix_bars.js';
import { MATRIX_ROWS, byRole, levelIn } from './matrix_rows.js';
import { found, withAccess } from './matrix_search.js';
import { ACTIONS, RuleNames, VOCABULARY_OF_DRAFT } from './names.js';
import { changed, isEmpty, linesIn, linesOf, steps, undone } from './rule_lines.js';
import { subnav } from './subnav.js';
import './cell.js';
import './effects.js';
import './grid.js';

const ROWS = '(kind: $kind, purpose: $purpose';
const QUERY = `query ($kind: RecordKind!, $purpose: Purpose!, $draft: ID!, $hasDraft: Boolean!) {
  inForce: policyMatrix${ROWS}) ${MATRIX_ROWS}
  drafted: policyMatrix${ROWS}, draft: $draft) @include(if: $hasDraft) ${MATRIX_ROWS}
  ruleDraft(id: $draft) @include(if: $hasDraft) { ${DRAFT_HEAD} ${DRAFT_RULES} }
  ruleDrafts(first: 50, filter: { state: { in: [DRAFT, SUBMITTED, APPROVED] } }) { nodes { ${DRAFT_HEAD} } }
  ${VOCABULARY_OF_DRAFT} ${RIGHTS} ${IN_FORCE} }`;
const REDRAWN = `query ($kind: RecordKind!, $purpose: Purpose!, $draft: ID!) {
  policyMatrix${ROWS}, draft: $draft) ${MATRIX_ROWS} }`;
const BASE = 'query ($version: Int!) { ruleSet(version: $version) { csv } }';

const NARROW = 720; // pixels: the opened cell then covers the lower half of the page

class Matrix extends Screen {
  #agreed = ''; // the draft of which somebody said that it may be changed all the same

  connectedCallback() {
    const query = currentQuery();
    const known = (name, values, otherwise) => (values.includes(query.get(name)) ? query.get(name) : otherwise);
    const names = (enumName) => enumChoices(enumName).map(([value]) => value);
    Object.assign(this.state, {
      kind: known('kind', session.viewer.kinds.map(({ kind }) => kind), 'INDIVIDUAL'),
      purpose: known('purpose', names('Purpose'), 'CUSTOMER_SERVICE'),
      scope: known('scope', names('Scope'), 'ALL'),
      action: known('action', ACTIONS, 'see'),
      draftId: query.get('draft') ?? '',
      search: query.get('q') ?? '',
      onlyWithAccess: query.get('with') === 'access',
      open: null,
      isBusy: false,
      missed: null,
    });
    super.connectedCallback();
  }

  async load(isLatest) {
    const { kind, purpose, draftId } = this.state;
    const { data } = await ask(QUERY, { kind, purpose, draft: draftId, hasDraft: draftId !== '' }, { signal: this.signal });
    const draft = data.ruleDraft ?? null;
    if (draftId && !draft) {
      this.#leaveDraft();
      return this.load(isLatest);
    }
    const base = draft && (await ask(BASE, { version: draft.base }, { signal: this.signal })).data.ruleSet;
    if (!isLatest()) return undefined;
    this.set({
      names: new RuleNames(data.policyVocabulary),
      rights: data.policyRights,
      version: data.ruleSets?.[0]?.version,
      drafts: data.ruleDrafts.nodes,
      inForce: data.inForce ?? [],
      drafted: draft && data.drafted,
      draft,
      lines: draft && linesOf(draft),
      base: base && linesIn(base.csv),
    });
    return undefined;
  }

  /** There is no such draft, or none for the caller: the rules in force are shown instead. */
  #leaveDraft() {
    this.set({ draftId: '', isUnknown: true });
    setQuery({ draft: '' });
  }

  /** A choice: it stands in the address, and what needs other rows is asked for. */
  #choose(values) {
    this.set({ ...values, missed: null, isUnknown: false });
    const { kind, purpose, scope, action, draftId, search, onlyWithAccess } = this.state;
    setQuery({ kind, purpose, scope, action, draft: draftId, q: search, with: onlyWithAccess ? 'access' : '' });
    if ('kind' in values) this.set({ open: null });
    if ('kind' in values || 'purpose' in values || 'draftId' in values) this.reload();
  }

  template() {
    return html`${subnav()}<div><h1>${t('policies.title')}</h1><p class="quiet">${t('policies.intro')}</p></div>
      ${this.frame(() => html`${draftBar(this.state, (id) => this.#choose({ draftId: id }), this.#newDraft)}
        ${toolbar(this.state, (values) => this.#choose(values))}
        ${tabs(t('policies.actions'), ACTIONS.map((action) => [action, t(`policies.action.${action}`)]), this.state.action, (action) => this.#choose({ action }))}
        <div role="tabpanel" id="panel" aria-label=${t(`policies.action.${this.state.action}`)} class="stack">${this.#panel()}</div>`)}`;
  }

  #panel() {
    const { draft, open, action, search, names, kind, scope, inForce, drafted, onlyWithAccess } = this.state;
    const [before, now] = [byRole(inForce, scope), drafted ? byRole(drafted, scope) : null];
    const shown = found(search, names, kind);
    const entitled = withAccess(names.roles, names.fields(kind), [before, now ?? before], action);
    const model = {
      groups: shown.groups,
      roles: onlyWithAccess ? shown.roles.filter((role) => entitled.includes(role)) : shown.roles,
      level: (role, field) => levelIn(now ?? before, action, role, field),
      before: draft ? (role, field) => levelIn(before, action, role, field) : null,
      open,
      label: t('policies.title'),
      isSeeing: action === 'see',
    };
    const nothingWhy = shown.groups.length && shown.roles.length ? 'policies.noneWithAccess' : 'policies.nothingFound';
    const grid = model.groups.length && model.roles.length
      ? html`<policy-grid .model=${model} @cell-opened=${this.#opened}></policy-grid>` : html`<p class="nothing">${t(nothingWhy)}</p>`;
    const isSplit = draft || open;
    return html`${legend(action === 'see', Boolean(draft))}
      ${entitled.length ? nothing : html`<p class="notice">${t('policies.allDenied')}</p>`}
      <div class=${isSplit ? 'matrix-beside' : ''}>
        <div class="stack">${grid}</div>
        ${isSplit ? html`<div class="stack">${open ? this.#cell() : nothing}
          ${draft ? html`<policy-effects .draft=${draft} .mayUndo=${this.#mayEdit()} @line-undone=${this.#lineUndone}></policy-effects>` : nothing}</div>` : nothing}
      </div>`;
  }

  #cell() {
    const { open, kind, scope, action, purpose, draft, names, isBusy, missed, inForce, drafted } = this.state;
    const field = names.fields(kind).find((each) => each.field === open.field);
    if (!field) return nothing;
    const level = (rows) => levelIn(byRole(rows, scope), action, open.role, open.field);
    const cell = {
      ...open, kind, scope, action, purpose, draft, names, isBusy, missed,
      version: draft?.version ?? this.state.version,
      maskable: field.maskable,
      level: level(drafted ?? inForce),
      before: draft ? level(inForce) : null,
      mayEdit: this.#mayEdit(),
    };
    return html`<policy-cell .cell=${cell} @cell-set=${this.#cellSet} @cell-closed=${this.#closed}></policy-cell>`;
  }

  #mayEdit() {
    const { draft, rights } = this.state;
    return Boolean(draft && rights?.write && isOpen(draft));
  }

  #opened = (event) => {
    this.set({ open: event.detail, missed: null });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.querySelector('td.open')?.scrollIntoView({ block: window.innerWidth <= NARROW ? 'start' : 'nearest', inline: 'nearest' });
      this.querySelector('policy-cell')?.enter();
    }));
  };

  #closed = () => {
    this.set({ open: null, missed: null });
    requestAnimationFrame(() => this.querySelector('policy-grid')?.return());
  };

  #newDraft = () => attempt(async () => {
    const id = await beginDraft();
    if (id) this.#choose({ draftId: id });
  });

  /** One's own draft is changed without a question; one that is on its way, or another's, after saying what follows. */
  async #agree() {
    const { draft } = this.state;
    const [isOthers, isOnItsWay] = [!isMine(draft), draft.state !== 'DRAFT'];
    if (this.#agreed === draft.id || (!isOthers && !isOnItsWay)) return true;
    const text = [isOthers ? t('policies.agree.others') : '', isOnItsWay ? t('policies.agree.onItsWay') : ''].join(' ');
    if (!await confirmDialog(t('policies.agree.title'), text.trim())) return false;
    this.#agreed = draft.id;
    return true;
  }

  #cellSet = ({ detail: { level: target } }) => this.#alone(async () => {
    const { open, kind, scope, action, purpose } = this.state;
    const cell = { ...open, scope: scope.toLowerCase(), kind: kind.toLowerCase(), purpose: purpose.toLowerCase() };
    const level = (rows) => levelIn(byRole(rows, scope), action, open.role, open.field);
    let rows = this.state.drafted;
    const isReached = () => target !== 'BEFORE' && level(rows) === target;
    for (const step of steps(cell, action, target, this.state.base, level(this.state.inForce))) {
      if (isReached()) break;
      const change = step(this.state.lines, level(rows));
      if (isEmpty(change)) continue;
      rows = await this.#save(changed(this.state.lines, change));
      if (!rows) return;
    }
    this.set({ missed: target === 'BEFORE' || isReached() ? null : target });
  });

  #lineUndone = ({ detail: { line, wasAdded } }) => this.#alone(() => this.#save(undone(this.state.lines, line, wasAdded)));

  /** Saves the lines and gives the rows of then; null where it was refused or somebody else was faster. */
  async #save(lines) {
    const { draft, kind, purpose } = this.state;
    const saved = await saveLines(draft, lines);
    if (!saved) {
      await this.reload();
      return null;
    }
    this.set({ draft: saved, lines });
    const { data } = await ask(REDRAWN, { kind, purpose, draft: draft.id });
    this.set({ drafted: data.policyMatrix });
    return data.policyMatrix;
  }

  async #alone(work) {
    if (this.state.isBusy || !await this.#agree()) return;
    this.set({ isBusy: true, missed: null });
    await attempt(work);
    this.set({ isBusy: false });
  }
}

define('policy-matrix', Matrix);
