// What a version did to the one before it: lines and tests, and who gained or lost what. Owns the list alone.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { changesOf, folded } from './effect_sentences.js';
import { roleLabel } from './names.js';

/** `effects` as ruleSetEffects gives them. */
export function versionEffects({ added, removed, testsAdded, testsRemoved, roles }, names) {
  const line = (text, wasAdded, isRule) => html`<li class="line ${wasAdded ? 'added' : 'removed'}">
    <span class="tag ${wasAdded ? 'good' : 'bad'}">${t(wasAdded ? 'policies.lines.added' : 'policies.lines.removed')}</span>
    <div><p>${isRule ? names.line(text) : text}</p>${isRule ? html`<pre><code>${text}</code></pre>` : nothing}</div></li>`;
  const lines = [
    ...removed.map((text) => line(text, false, true)), ...added.map((text) => line(text, true, true)),
    ...testsRemoved.map((text) => line(text, false, false)), ...testsAdded.map((text) => line(text, true, false)),
  ];
  return html`<div class="stack"><h3>${t('history.lines')}</h3>
    ${lines.length ? html`<div class="lines">${folded(lines)}</div>` : html`<p class="nothing">${t('history.noLines')}</p>`}
    <h3>${t('policies.changing.effects.roles')}</h3>
    ${roles.length ? roles.map(({ role, changes }) => changesOf(roleLabel(role), roleLabel(role), changes, names)) : html`<p class="nothing">${t('policies.changing.effects.none')}</p>`}</div>`;
}
