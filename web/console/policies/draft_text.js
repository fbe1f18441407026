// A draft as text, for people who write rules by hand: Casbin's policy.csv, and the policy tests. Owns the editor; what
// does not hold is told by the server, line by line.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { DRAFT_HEAD, DRAFT_RULES, RIGHTS, isOpen, stateTone, update } from './draft.js';
import { enumLabel } from '../core/values.js';
import { csvOf, linesOf } from './rule_lines.js';
import { subnav } from './subnav.js';

const QUERY = `query ($id: ID!) { ruleDraft(id: $id) { ${DRAFT_HEAD} ${DRAFT_RULES} } ${RIGHTS} }`;
const LINE = /^(?:Line|Test|第) ?(\d+)/; // as the server's messages in both languages begin

class DraftText extends Screen {
  async load(isLatest) {
    const { data } = await ask(QUERY, { id: this.parameters.id }, { signal: this.signal });
    if (!isLatest()) return;
    const draft = data.ruleDraft;
    const isAsRead = draft && draft.version === this.state.draft?.version;
    this.set({ draft, rights: data.policyRights });
    if (draft && !isAsRead) this.set({ csv: csvOf(linesOf(draft)), tests: (draft.tests ?? []).join('\n'), errors: [] });
  }

  template() {
    return html`${subnav()}${this.frame(() => (this.state.draft ? this.#page() : html`<h1>${t('policies.draft')}</h1><p class="nothing">${t('policies.noDraft')}</p>`))}`;
  }

  #page() {
    const { draft, rights, csv, tests, errors } = this.state;
    const mayEdit = rights.write && isOpen(draft);
    const area = (name, label, hint, text, rows) => html`<div class="field"><label for=${`text-${name}`}>${label}</label><small id=${`hint-${name}`}>${hint}</small>
      <textarea id=${`text-${name}`} name=${name} class="code" rows=${rows} spellcheck="false" wrap="off" ?readonly=${!mayEdit}
        aria-describedby=${`hint-${name}`} aria-invalid=${errors.some((error) => this.#isOf(error, name))} .value=${text}></textarea></div>`;
    return html`<div class="spread"><h1>${draft.comment}</h1><span class="tag ${stateTone(draft.state)}">${enumLabel('RuleDraftState', draft.state)}</span></div>
      <p class="row"><a class="button" href=${`/console/policies/drafts/${draft.id}`}>${t('policies.toDraft')}</a>
        <a class="button" href=${`/console/policies?draft=${draft.id}`}>${t('policies.inMatrix')}</a></p>
      ${errors.length ? this.#errors() : nothing}
      <form class="card stack" @submit=${this.#save} novalidate>
        ${area('csv', t('policies.text.rules'), t('policies.text.rulesHint'), csv, 24)}
        ${area('tests', t('policies.text.tests'), t('policies.text.testsHint'), tests, 12)}
        ${mayEdit ? html`<div class="row"><button class="primary">${t('action.save')}</button></div>` : html`<p class="quiet">${t('policies.text.readOnly')}</p>`}
      </form>`;
  }

  #isOf(error, name) {
    return (error.field?.includes('tests') ? 'tests' : 'csv') === name;
  }

  /** What does not hold, each with the line as it stands and a way to it. */
  #errors() {
    return html`<div class="notice bad" role="alert"><p><b>${t('policies.text.refused', { count: this.state.errors.length })}</b></p>
      <ul class="plain-list">${this.state.errors.map((error) => {
        const name = this.#isOf(error, 'tests') ? 'tests' : 'csv';
        const number = Number(LINE.exec(error.message)?.[1] ?? 0);
        const line = number ? this.state[name].split('\n')[number - 1] : null;
        return html`<li><p>${error.message}</p>${line ? html`<div class="row"><pre><code>${line}</code></pre>
          <button type="button" class="quiet" @click=${() => this.#goTo(name, number)}>${t('policies.text.goTo', { line: number })}</button></div>` : nothing}</li>`;
      })}</ul></div>`;
  }

  /** Selects a line in its text, in view. */
  #goTo(name, number) {
    const area = this.querySelector(`[name=${name}]`);
    const lines = area.value.split('\n');
    const start = lines.slice(0, number - 1).join('\n').length + (number > 1 ? 1 : 0);
    area.focus({ preventScroll: true });
    area.scrollIntoView({ block: 'center' });
    area.setSelectionRange(start, start + lines[number - 1].length);
    area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, number - 8);
    area.scrollLeft = 0;
  }

  #save = (event) => {
    event.preventDefault();
    const { csv, tests } = Object.fromEntries(new FormData(event.target));
    return attempt(async () => {
      const given = { csv, tests: tests.split('\n').map((line) => line.trim()).filter(Boolean) };
      this.set({ csv, tests: given.tests.join('\n') }); // what was typed stays, whatever is answered
      const { userErrors, isStale } = await update(this.state.draft, given);
      if (isStale) this.set({ draft: null });
      this.set({ errors: isStale ? [] : userErrors });
      if (!userErrors.length) notice(t('state.saved'), 'good');
      if (isStale || !userErrors.length) await this.reload();
      else window.scrollTo(0, 0);
    });
  };
}

define('policy-draft-text', DraftText);
