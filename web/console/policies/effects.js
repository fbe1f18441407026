// What a draft does, beside it: lines, policy tests, who gains and loses what. Owns the panel; what is in it is the
// server's answer, in sentences. Tells `line-undone` with `{line, wasAdded}`.

import { Screen, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { count, kindLabel } from '../core/values.js';
import { changesOf, folded } from './effect_sentences.js';
import { isOpen } from './draft.js';
import { RuleNames, VOCABULARY_OF_DRAFT, joined, roleLabel } from './names.js';

const CHANGES = 'changes { kind purpose action before after gained fields scopeSets { scopes } }';
const QUERY = `query ($draft: ID!) {
  draftEffects(draft: $draft) { base added removed testsAdded testsRemoved
    roles { role ${CHANGES} } people { username displayName roles customers ${CHANGES} } documents { document kind fields roles } }
  policyTests(draft: $draft) { test holds cell roles kind field purpose rule }
  draftConflicts(draft: $draft) ${VOCABULARY_OF_DRAFT} }`;

class Effects extends Screen {
  #draft = null;
  #mayUndo = false;

  /** `{id, version, state}` of the draft; it is asked anew when either changes. */
  set draft(draft) {
    const isOther = draft.id !== this.#draft?.id || draft.version !== this.#draft?.version;
    this.#draft = draft;
    if (!isOther || !this.isConnected) return;
    this.setAttribute('aria-busy', 'true');
    this.reload();
  }

  set mayUndo(mayUndo) {
    this.#mayUndo = mayUndo;
    this.update();
  }

  async load(isLatest) {
    const { data } = await ask(QUERY, { draft: this.#draft.id }, { signal: this.signal });
    if (!isLatest()) return;
    this.removeAttribute('aria-busy');
    this.set({ effects: data.draftEffects, tests: data.policyTests ?? [], conflicts: data.draftConflicts ?? [], names: new RuleNames(data.policyVocabulary) });
  }

  template() {
    return html`<div class="stack">${this.frame(() => (this.state.effects
      ? html`${this.#conflicts()}${this.#tests()}${this.#lines()}${this.#who()}${this.#people()}${this.#documents()}` : nothing))}</div>`;
  }

  #section(id, title, content) {
    return html`<section class="card stack" aria-labelledby=${id}><h2 id=${id}>${title}</h2>${content}</section>`;
  }

  #conflicts() {
    const { conflicts, names } = this.state;
    if (!conflicts.length || !isOpen(this.#draft)) return nothing;
    return this.#section('conflicts', t('policies.conflicts'), html`<p>${t('policies.conflicts.what')}</p>
      <ul class="plain-list">${conflicts.map((line) => html`<li><p>${names.line(line)}</p><pre><code>${line}</code></pre></li>`)}</ul>`);
  }

  #tests() {
    const { tests, names } = this.state;
    const failed = tests.filter(({ holds }) => !holds);
    const held = tests.filter(({ holds }) => holds);
    return this.#section('tests', t('policies.tests'), html`
      <p class="notice ${failed.length ? 'bad' : 'good'}" role="status">${failed.length
        ? t('policies.tests.fail', { failed: count(failed.length), all: count(tests.length) }) : t('policies.tests.hold', { all: count(tests.length) })}</p>
      ${failed.length ? html`<ul class="plain-list">${failed.map((test) => html`<li class="loss">
        <p><b>${test.test}</b></p>
        <p>${t('policies.tests.where', { roles: joined((test.roles ?? []).map(roleLabel)), field: test.kind ? names.field(test.kind, test.field) : '', kind: test.kind ? kindLabel(test.kind) : '' })}</p>
        ${test.rule ? html`<p class="quiet">${names.line(test.rule)}</p>` : nothing}<pre><code>${test.cell}</code></pre></li>`)}</ul>` : nothing}
      ${held.length ? html`<details><summary>${t('policies.tests.held', { count: count(held.length) })}</summary>
        <ul class="plain-list">${held.map((test) => html`<li class="quiet">✓ ${test.test}</li>`)}</ul></details>` : nothing}`);
  }

  #lines() {
    const { added, removed, testsAdded, testsRemoved } = this.state.effects;
    const line = (text, wasAdded, isRule) => html`<li class="line ${wasAdded ? 'added' : 'removed'}">
      <span class="tag ${wasAdded ? 'good' : 'bad'}">${t(wasAdded ? 'policies.lines.added' : 'policies.lines.removed')}</span>
      <div><p>${isRule ? this.state.names.line(text) : text}</p>${isRule ? html`<pre><code>${text}</code></pre>` : nothing}</div>
      ${isRule && this.#mayUndo ? html`<button type="button" class="quiet" aria-label=${t('policies.undoLine', { line: text })} @click=${() => this.#undo(text, wasAdded)}>${t('policies.undo')}</button>` : nothing}</li>`;
    const all = [
      ...removed.map((text) => line(text, false, true)), ...added.map((text) => line(text, true, true)),
      ...testsRemoved.map((text) => line(text, false, false)), ...testsAdded.map((text) => line(text, true, false)),
    ];
    return this.#section('lines', t('policies.lines'), all.length
      ? html`<div class="lines">${folded(all)}</div>` : html`<p class="nothing">${t('policies.lines.none')}</p>`);
  }

  #who() {
    const { roles } = this.state.effects;
    const { names } = this.state;
    return this.#section('roles', t('policies.changing.effects.roles'), roles.length
      ? roles.map(({ role, changes }) => changesOf(roleLabel(role), roleLabel(role), changes, names))
      : html`<p class="nothing">${t('policies.changing.effects.none')}</p>`);
  }

  #people() {
    const { people } = this.state.effects;
    if (!people.length) return nothing;
    return this.#section('people', t('policies.changing.effects.people'), folded(people.map((person) => html`<li>${changesOf(person.displayName,
      html`${person.displayName} <span class="quiet">(${person.username})</span> · ${t('policies.changing.effects.customers', { count: count(person.customers) })}`,
      person.changes, this.state.names)}</li>`)));
  }

  #documents() {
    const { documents } = this.state.effects;
    if (!documents.length) return nothing;
    return this.#section('documents', t('policies.changing.effects.documents'), html`<ul class="plain-list">${documents.map((each) => html`<li class="loss">
      ${t('policies.changing.effects.document', {
        document: each.document, fields: joined(each.fields.map((field) => this.state.names.field(each.kind, field))), kind: kindLabel(each.kind), roles: joined(each.roles.map(roleLabel)),
      })}</li>`)}</ul>`);
  }

  #undo(line, wasAdded) {
    this.dispatchEvent(new CustomEvent('line-undone', { detail: { line, wasAdded } }));
  }
}

define('policy-effects', Effects);
