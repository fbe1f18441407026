// What stands above the matrix: the draft that is open, the choices, and what the cells mean. Owns these templates alone.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { session } from '../core/session.js';
import { distance, enumChoices, enumLabel, kindLabel } from '../core/values.js';
import { isMine, isOpen, stateTone } from './draft.js';
import { letter, levelText } from './grid.js';
import { SCOPES, scopeText } from './names.js';

/** Which rules are shown, and a draft to change them in. */
export function draftBar({ draft, drafts, draftId, rights, version, isUnknown }, choose, begin) {
  const listed = draft && !drafts.some(({ id }) => id === draft.id) ? [draft, ...drafts] : drafts;
  const [mine, others] = [listed.filter(isMine), listed.filter((each) => !isMine(each))];
  const options = (list) => list.map((each) => html`<option value=${each.id} .selected=${each.id === draftId}>${each.comment} · ${enumLabel('RuleDraftState', each.state)}</option>`);
  return html`<div class="card draft-bar">
    <label class="field"><span>${t('policies.shown')}</span><select @change=${(event) => choose(event.target.value)}>
      <option value="" .selected=${!draftId}>${t('policies.inForce', { version })}</option>
      ${mine.length ? html`<optgroup label=${t('policies.myDrafts')}>${options(mine)}</optgroup>` : nothing}
      ${others.length ? html`<optgroup label=${t('policies.othersDrafts')}>${options(others)}</optgroup>` : nothing}</select></label>
    ${rights?.write ? html`<button type="button" class=${draft ? '' : 'primary'} @click=${begin}>${t('policies.newDraft')}</button>` : nothing}
    ${draft ? html`<span class="row"><span class="tag ${stateTone(draft.state)}">${enumLabel('RuleDraftState', draft.state)}</span>
        <span class="quiet">${t('policies.changedWhen', { when: distance(draft.updatedAt) })}</span></span>
      <a class="button" href=${`/console/policies/drafts/${draft.id}`}>${t('policies.toDraft')}</a>
      <a class="button" href=${`/console/policies/drafts/${draft.id}/text`}>${t('policies.asText')}</a>` : nothing}
    ${isUnknown ? html`<p class="error" role="alert">${t('policies.noDraft')}</p>` : nothing}
    ${draft && isOpen(draft) && draft.base !== version ? html`<p class="notice warn">${t('policies.outdated', { base: draft.base, version })}</p>` : nothing}
  </div>`;
}

/** Kind, purpose, scope, search. */
export function toolbar({ kind, purpose, scope, search, onlyWithAccess, names }, choose) {
  const kinds = session.viewer.kinds.filter((each) => names.kinds.includes(each.kind));
  const option = (value, label, chosen) => html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
  const ofKinds = (isCustomer) => kinds.filter((each) => each.isCustomer === isCustomer).map((each) => option(each.kind, kindLabel(each.kind), kind));
  const select = (label, name, options) => html`<label><span>${label}</span><select name=${name} @change=${(event) => choose({ [name]: event.target.value })}>${options}</select></label>`;
  return html`<div class="toolbar">
    ${select(t('policies.kind'), 'kind', html`<optgroup label=${t('policies.kinds.customers')}>${ofKinds(true)}</optgroup><optgroup label=${t('policies.kinds.records')}>${ofKinds(false)}</optgroup>`)}
    ${select(t('policies.purpose'), 'purpose', enumChoices('Purpose').map(([value, label]) => option(value, label, purpose)))}
    ${select(t('policies.scope'), 'scope', SCOPES.map((each) => option(each, scopeText(each, kind), scope)))}
    <label class="search"><span>${t('policies.search')}</span><input type="search" .value=${search} @input=${(event) => choose({ search: event.target.value })}></label>
    <label class="check"><input type="checkbox" .checked=${onlyWithAccess} @change=${(event) => choose({ onlyWithAccess: event.target.checked })}>
      <span>${t('policies.onlyWithAccess')}</span></label></div>`;
}

/** What the letters mean. */
export function legend(isSeeing, hasDraft) {
  const levels = isSeeing ? ['PLAIN', 'MASKED', 'DENIED'] : ['PLAIN', 'DENIED'];
  return html`<ul class="legend">${levels.map((level) => html`<li><span class="sample ${level.toLowerCase()}" aria-hidden="true">${letter(level, isSeeing)}</span> ${levelText(level, isSeeing)}</li>`)}
    ${hasDraft ? html`<li><span class="sample changed" aria-hidden="true"></span> ${t('policies.legend.changed')}</li>` : nothing}
    <li class="quiet">${t('policies.legend.keys')}</li></ul>`;
}
