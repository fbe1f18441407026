// One cell of the matrix, opened: what holds, by which rule, and in a draft what else it can be. Owns the panel alone;
// a choice is told as `cell-set` with the level, and carried out by the screen.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { enumLabel, kindLabel } from '../core/values.js';
import { levelText } from './grid.js';
import { parseLine } from './rule_lines.js';
import { roleLabel, scopeText } from './names.js';

const QUERY = `query ($role: String!, $scope: Scope!, $kind: RecordKind!, $field: String!, $purpose: Purpose!, $draft: ID) {
  ruleDecisions(role: $role, scope: $scope, kind: $kind, field: $field, purpose: $purpose, draft: $draft) { action allowed rule } }`;

class Cell extends Screen {
  #cell = null;
  #key = '';

  /** `{role, scope, kind, field, action, purpose, draft, version, level, before, maskable, names, mayEdit, isBusy, missed}`;
   * `before` is the level in force where a draft is open; `missed` the level that was wanted and is not what came. */
  set cell(cell) {
    this.#cell = cell;
    const key = [cell.role, cell.scope, cell.kind, cell.field, cell.purpose, cell.draft?.id, cell.version].join();
    if (key !== this.#key && this.isConnected) this.reload();
    this.#key = key;
    this.update();
  }

  async load(isLatest) {
    const { role, scope, kind, field, purpose, draft } = this.#cell;
    const { data } = await ask(QUERY, { role, scope, kind, field, purpose, draft: draft?.id ?? null }, { signal: this.signal });
    if (isLatest()) this.set({ decisions: data.ruleDecisions ?? [] });
  }

  /** Puts the focus on what there is to choose. */
  enter() {
    (this.querySelector('.choices button') ?? this.querySelector('.cell-close'))?.focus();
  }

  template() {
    const { role, scope, kind, field, action, purpose, level, before, names } = this.#cell;
    const isSeeing = action === 'see';
    return html`<section class="card stack cell-panel" aria-labelledby="cell-title" @keydown=${this.#escape}>
      <header class="spread"><h2 id="cell-title">${names.field(kind, field)} · ${roleLabel(role)}</h2>
        <button type="button" class="icon cell-close" aria-label=${t('action.close')} @click=${this.#close}>×</button></header>
      <p class="quiet">${kindLabel(kind)} · ${t(`policies.action.${action}`)} · ${enumLabel('Purpose', purpose)} · ${scopeText(scope, kind)}</p>
      <p role="status"><span class="level ${level.toLowerCase()}">${levelText(level, isSeeing)}</span>
        ${before && before !== level ? html` <span class="quiet">${t('policies.inForceIs', { level: levelText(before, isSeeing) })}</span>` : nothing}</p>
      ${this.#choices(isSeeing)}
      ${this.frame(() => html`${this.#why()}${this.#others()}`)}
    </section>`;
  }

  #choices(isSeeing) {
    const { level, maskable, mayEdit, isBusy, missed, draft } = this.#cell;
    if (!mayEdit) return draft ? nothing : html`<p class="quiet">${t('policies.openDraftToEdit')}</p>`;
    const targets = isSeeing ? ['PLAIN', ...(maskable ? ['MASKED'] : []), 'DENIED'] : ['PLAIN', 'DENIED'];
    return html`<div class="choices row" role="group" aria-busy=${Boolean(isBusy)} aria-label=${t('policies.becomes')}>
      ${targets.map((target) => html`<button type="button" class="choice ${target.toLowerCase()}" aria-pressed=${target === level}
        @click=${() => this.#set(target)}>${levelText(target, isSeeing)}</button>`)}
      <button type="button" class="quiet" @click=${() => this.#set('BEFORE')}>${t('policies.asBefore')}</button></div>
      ${missed ? html`<p class="notice warn" role="alert">${t('policies.missed', { level: levelText(missed, isSeeing), is: levelText(level, isSeeing) })}</p>` : nothing}`;
  }

  /** The rule that decides, in words and as it stands. */
  #why() {
    const { action, level, maskable } = this.#cell;
    const of = (name) => this.state.decisions.find((one) => one.action === name);
    if (action !== 'see') {
      const isUnmasked = action === 'reveal' && !of('READ_MASKED')?.allowed;
      return html`${this.#rule(t('policies.decidedBy'), of(action.toUpperCase()))}${isUnmasked ? html`<p class="quiet">${t('policies.revealNeedsMask')}</p>` : nothing}`;
    }
    const read = of('READ');
    if (level === 'PLAIN' || !maskable) return html`${this.#rule(t('policies.decidedBy'), read)}${maskable ? nothing : html`<p class="quiet">${t('policies.noMask')}</p>`}`;
    return html`${this.#rule(t('policies.decidedBy'), of('READ_MASKED'))}
      ${level === 'MASKED' ? this.#rule(t('policies.whyNotPlain'), read) : nothing}`;
  }

  #rule(label, decision) {
    const line = decision?.rule;
    return html`<div class="why"><h3>${label}</h3>
      ${line ? html`<p>${this.#cell.names.line(line)}</p>${this.#inherited(line)}<pre><code>${line}</code></pre>` : html`<p>${t('value.reason.NO_RULE')}</p>`}</div>`;
  }

  #inherited(line) {
    const [owner] = parseLine(line).tokens;
    return owner === this.#cell.role ? nothing : html`<p class="quiet">${t('policies.inherited', { role: roleLabel(this.#cell.role), parent: roleLabel(owner) })}</p>`;
  }

  #others() {
    const { names } = this.#cell;
    return html`<details><summary>${t('policies.everyAction')}</summary><ul class="plain-list decisions">
      ${this.state.decisions.map(({ action, allowed, rule }) => html`<li><b>${enumLabel('RuleAction', action)}</b>
        <span class="tag ${allowed ? 'good' : ''}">${levelText(allowed ? 'PLAIN' : 'DENIED', false)}</span>
        <p class="quiet">${rule ? names.line(rule) : t('value.reason.NO_RULE')}</p></li>`)}</ul></details>`;
  }

  #set(level) {
    this.dispatchEvent(new CustomEvent('cell-set', { detail: { level } }));
  }

  #close = () => this.dispatchEvent(new CustomEvent('cell-closed'));

  #escape = (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.#close();
  };
}

define('policy-cell', Cell);
