// The versions of the rules: who put each in force, when, why, on whose approval, what it did; the way back to one, and
// its files. Owns the timeline and these buttons. A version is asked for when somebody wants to see it, never before.

import { Screen, attempt, define, failureTemplate, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { operationDialog } from '../core/operations.js';
import { count, dateTime } from '../core/values.js';
import { RIGHTS } from './draft.js';
import { RuleNames, VOCABULARY } from './names.js';
import { People, PEOPLE } from './people.js';
import { subnav } from './subnav.js';
import { versionEffects } from './version_effects.js';

const PAGE = 20;
const VERSIONS = `ruleSets(first: ${PAGE}, before: $before) { version inForce activatedAt activatedBy approvedBy comment draft rules }`;
const QUERY = `query ($before: Int) { ${VERSIONS} ${RIGHTS} ${VOCABULARY} ${PEOPLE} }`;
const MORE = `query ($before: Int) { ${VERSIONS} }`;
const CONTENT = 'query ($version: Int!) { ruleSet(version: $version) { version csv model tests } }';
const EFFECTS = `query ($version: Int!) { ruleSetEffects(version: $version) { base added removed testsAdded testsRemoved
  roles { role changes { kind purpose action before after gained fields scopeSets { scopes } } } } }`;
const REVERT = `mutation ($input: RevertRulesInput!) { revertRules(input: $input) {
  ruleDraft { id state activatedVersion } userErrors { code message field rule } } }`;
const FILES = {
  rules: { name: (version) => `policy-${version}.csv`, type: 'text/csv', text: ({ csv }) => csv },
  model: { name: () => 'model.conf', type: 'text/plain', text: ({ model }) => model },
  tests: { name: (version) => `policy_tests-${version}.txt`, type: 'text/plain', text: ({ tests }) => tests.map((test) => `${test}\n`).join('') },
};

class History extends Screen {
  state = { isLoading: true, failure: null, open: new Map() };

  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'focus', () => this.reload()); // what others put in force meanwhile
  }

  async load(isLatest) {
    const { data, errors } = await ask(QUERY, { before: null }, { signal: this.signal });
    if (!data.ruleSets) throw new ApiError(errors[0]?.message ?? '', errors);
    if (!isLatest()) return;
    this.set({
      versions: data.ruleSets, hasMore: data.ruleSets.length === PAGE, rights: data.policyRights ?? {}, people: new People(data.accountRoles),
      names: data.policyVocabulary ? new RuleNames(data.policyVocabulary) : null,
    });
  }

  template() {
    return html`${subnav()}<h1>${t('policies.history')}</h1>
      ${this.frame(() => html`${this.#begun()}
        <ol class="timeline versions">${this.state.versions.map((version) => this.#version(version))}</ol>
        ${this.state.hasMore ? html`<p><button type="button" @click=${this.#more}>${t('action.more')}</button></p>` : nothing}`)}`;
  }

  /** What going back has begun, with the way to it. */
  #begun() {
    const { begun } = this.state;
    if (!begun) return nothing;
    return html`<p class="notice good" role="status">${begun.activatedVersion ? t('history.reverted', { version: begun.toVersion, as: begun.activatedVersion })
      : html`${t('history.submitted', { version: begun.toVersion })} <a href=${`/console/policies/drafts/${begun.id}`}>${t('history.toDraft')}</a>`}</p>`;
  }

  #version(each) {
    const { rights, people, open, names } = this.state;
    const isOpen = open.has(each.version);
    const id = `version-${each.version}`;
    const mayRevert = !each.inForce && rights.write && (rights.approvalRequired || rights.activate);
    return html`<li><section class="card stack" aria-labelledby=${id}>
      <div class="spread"><h2 id=${id}>${t('history.version', { version: each.version })} ${each.inForce ? html`<span class="tag good">${t('history.inForce')}</span>` : nothing}</h2>
        <span class="quiet">${dateTime(each.activatedAt)}</span></div>
      <p>${each.comment ?? html`<span class="quiet">${t('history.noReason')}</span>`}</p>
      <p class="quiet">${t('history.by', { who: people.name(each.activatedBy) })}${each.approvedBy ? ` · ${t('history.approvedBy', { who: people.name(each.approvedBy) })}` : ''}
        · ${t('history.rules', { count: count(each.rules) })}${each.draft ? html` · <a href=${`/console/policies/drafts/${each.draft}`}>${t('history.itsDraft', { version: each.version })}</a>` : nothing}</p>
      <div class="row">
        ${names ? html`<button type="button" aria-expanded=${isOpen} aria-describedby=${id} @click=${() => this.#toggle(each.version)}>${t('history.whatItDid')}</button>` : nothing}
        ${mayRevert ? html`<button type="button" aria-describedby=${id} @click=${() => this.#revert(each.version)}>${t('history.revert')}</button>` : nothing}
        <details class="files"><summary class="button">${t('history.files')}</summary><div class="row">${Object.keys(FILES).map((file) => html`
          <button type="button" class="quiet" aria-describedby=${id} @click=${() => this.#download(each.version, file)}>${t(`history.files.${file}`)}</button>`)}</div></details></div>
      ${isOpen ? this.#effects(each.version) : nothing}</section></li>`;
  }

  #effects(version) {
    const { effects, failure, isThere } = this.state.open.get(version);
    if (failure) return failureTemplate(failure, () => this.#ask(version));
    if (!isThere) return html`<p class="loading" role="status">${t('state.loading')}</p>`;
    return effects ? versionEffects(effects, this.state.names) : html`<p class="nothing">${t('history.nothingBefore')}</p>`;
  }

  #toggle(version) {
    if (this.state.open.delete(version)) this.update();
    else this.#ask(version);
  }

  async #ask(version) {
    const told = (what) => { this.state.open.set(version, what); this.update(); };
    told({});
    try {
      const { data, errors } = await ask(EFFECTS, { version }, { signal: this.signal });
      if (errors.length) throw new ApiError(errors[0].message, errors);
      told({ isThere: true, effects: data.ruleSetEffects });
    } catch (error) {
      if (error.name !== 'AbortError') told({ failure: error });
    }
  }

  #revert(version) {
    const { approvalRequired } = this.state.rights;
    return attempt(async () => {
      const fields = [{ name: 'comment', label: t('form.reason'), type: 'long', required: true, hint: t('policies.newDraft.hint') }];
      const payload = await operationDialog(t('history.revertTo', { version }), fields, REVERT, {
        fixed: { toVersion: version }, yes: t('history.revert'), intro: t(approvalRequired ? 'history.revertWaits' : 'history.revertCounts'),
      });
      if (!payload) return;
      this.set({ begun: { ...payload.ruleDraft, toVersion: version } });
      notice(t('state.saved'), 'good');
      await this.reload();
    });
  }

  #download(version, file) {
    return attempt(async () => {
      const { data, errors } = await ask(CONTENT, { version }, { signal: this.signal });
      if (!data.ruleSet) throw new ApiError(errors[0]?.message ?? '', errors);
      const { name, type, text } = FILES[file];
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text(data.ruleSet)], { type: `${type};charset=utf-8` }));
      link.download = name(version);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  }

  #more = () => attempt(async () => {
    const { data } = await ask(MORE, { before: this.state.versions.at(-1).version }, { signal: this.signal });
    this.set({ versions: [...this.state.versions, ...data.ruleSets], hasMore: data.ruleSets.length === PAGE });
  });
}

define('policy-history', History);
