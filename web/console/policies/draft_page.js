// One draft of rules on its way from writing to being in force. Owns the page and which steps it offers; who may take
// them is the server's to say, and every refusal of it is shown in its words.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { dateTime, enumLabel } from '../core/values.js';
import { DRAFT_HEAD, DRAFT_STEPS, IN_FORCE, RIGHTS, isOpen, nameOf, stateTone, stepsOf, takeStep } from './draft.js';
import { joined } from './names.js';
import { subnav } from './subnav.js';
import './effects.js';

const QUERY = `query ($id: ID!) { ruleDraft(id: $id) { ${DRAFT_HEAD} ${DRAFT_STEPS} } draftConflicts(draft: $id) ${RIGHTS} ${IN_FORCE} }`;
const TONES = { submit: 'primary', approve: 'primary', activate: 'primary', rebase: '', discard: 'danger' };

class DraftPage extends Screen {
  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'focus', () => this.reload()); // another administrator may have approved it meanwhile
  }

  async load(isLatest) {
    const { data } = await ask(QUERY, { id: this.parameters.id }, { signal: this.signal });
    if (isLatest()) this.set({ draft: data.ruleDraft, conflicts: data.draftConflicts ?? [], rights: data.policyRights, version: data.ruleSets?.[0]?.version });
  }

  template() {
    return html`${subnav()}${this.frame(() => (this.state.draft ? this.#page() : html`<h1>${t('policies.draft')}</h1><p class="nothing">${t('policies.noDraft')}</p>`))}`;
  }

  #page() {
    const { draft } = this.state;
    return html`<div class="spread"><h1>${draft.comment}</h1><span class="tag ${stateTone(draft.state)}">${enumLabel('RuleDraftState', draft.state)}</span></div>
      ${this.#steps()}
      <div class="beside draft-page">
        <policy-effects .draft=${draft} .mayUndo=${false}></policy-effects>
        <div class="stack">${this.#facts()}${this.#timeline()}</div>
      </div>`;
  }

  #steps() {
    const { draft, rights, version, conflicts, errors } = this.state;
    const steps = stepsOf(draft, rights, version, conflicts);
    const refused = steps.filter(({ why }) => why);
    const isReplaced = draft.state === 'ACTIVATED' && draft.activatedVersion !== version;
    return html`<section class="card stack" aria-labelledby="steps-title"><h2 id="steps-title" class="unseen">${t('policies.nextSteps')}</h2>
      ${errors?.length ? html`<div class="notice bad" role="alert"><p><b>${t('policies.refused')}</b></p><ul>${errors.map((error) => html`<li>${error.message}</li>`)}</ul></div>` : nothing}
      <div class="row">${steps.filter(({ why }) => !why).map(({ step }) => html`
        <button type="button" class=${TONES[step]} @click=${() => this.#take(step)}>${t(`policies.step.${step}`)}</button>`)}
        ${isOpen(draft) && rights.write ? html`<a class="button" href=${`/console/policies?draft=${draft.id}`}>${t('policies.inMatrix')}</a>` : nothing}
        <a class="button" href=${`/console/policies/drafts/${draft.id}/text`}>${t('policies.asText')}</a>
        ${isOpen(draft) ? html`<a class="button" href=${`/console/policies/replay?draft=${draft.id}`}>${t('policies.changing.replay')}</a>` : nothing}</div>
      ${refused.map(({ step, why }) => html`<p class="quiet"><b>${t(`policies.step.${step}`)}:</b> ${why}</p>`)}
      ${isOpen(draft) ? nothing : html`<p class="quiet">${t(`policies.ended.${isReplaced ? 'REPLACED' : draft.state}`, { version: draft.activatedVersion })}</p>`}</section>`;
  }

  #facts() {
    const { draft, version } = this.state;
    const fact = (label, value) => (value ? html`<div><dt>${label}</dt><dd>${value}</dd></div>` : nothing);
    return html`<section class="card stack" aria-labelledby="facts-title"><h2 id="facts-title">${t('policies.about')}</h2><dl class="facts">
      ${fact(t('policies.authors'), joined((draft.authors ?? []).map(nameOf)))}
      ${fact(t('policies.approvedBy'), nameOf(draft.approvedBy))}
      ${fact(t('policies.base'), t('policies.baseOf', { base: draft.base, version }))}
      ${fact(t('policies.revertsTo'), draft.revertsTo)}
      ${fact(t('policies.created'), dateTime(draft.createdAt))}
      ${fact(t('policies.updated'), dateTime(draft.updatedAt))}</dl></section>`;
  }

  #timeline() {
    const { draft } = this.state;
    const names = new Map([...draft.authors ?? [], draft.approvedBy].filter(Boolean).map((staff) => [staff.username, nameOf(staff)]));
    return html`<section class="card stack" aria-labelledby="timeline-title"><h2 id="timeline-title">${t('policies.timeline')}</h2>
      <ol class="timeline">${together(draft.steps ?? []).reverse().map(({ state, at, by, note, times }) => html`<li>
        <p><b>${t(`policies.taken.${state}`)}</b>${times > 1 ? html` <span class="quiet">${t('policies.times', { count: times })}</span>` : nothing}</p>
        <p class="quiet">${names.get(by) ?? by} · ${dateTime(at)}</p>${note ? html`<p>${note}</p>` : nothing}</li>`)}</ol></section>`;
  }

  #take(step) {
    return attempt(async () => {
      const errors = await takeStep(this.state.draft, step);
      if (errors === null) return;
      this.set({ errors });
      await this.reload();
    });
  }
}

/** Steps without a note that the same person took one after the other, as one with `times`, at the last of them. */
function together(steps) {
  const found = [];
  for (const step of steps) {
    const last = found.at(-1);
    const isSame = last && last.state === step.state && last.by === step.by && !last.note && !step.note;
    if (isSame) found.splice(-1, 1, { ...step, times: last.times + 1 });
    else found.push({ ...step, times: 1 });
  }
  return found;
}

define('policy-draft', DraftPage);
