// Changes of access as sentences: who gains or loses which fields, in which records, for what. Owns the wording and
// which changes one sentence tells together; knows no rule.

import { html } from '../core/screen.js';
import { t } from '../core/language.js';
import { enumLabel, kindLabel } from '../core/values.js';
import { levelText } from './grid.js';
import { joined, scopesText, small } from './names.js';

/** A list of sentences about `who`, gains and losses told apart in tone and word. `changes` as the API gives them. */
export function changesList(who, changes, names) {
  return html`<ul class="plain-list">${alike(changes).map((change) => html`<li class=${change.gained ? 'gain' : 'loss'}>
    <span class="tag ${change.gained ? 'good' : 'bad'}">${t(change.gained ? 'policies.effect.gain' : 'policies.effect.loss')}</span>
    ${sentence(who, change, names)}</li>`)}</ul>`;
}

/** Changes that differ in kind alone, as one with `kinds`; losses first. */
function alike(changes) {
  const found = new Map();
  for (const change of changes) {
    const { kind, purpose, action, before, after, fields, scopeSets } = change;
    const key = JSON.stringify([purpose, action, before, after, fields, scopeSets]);
    if (found.has(key)) found.get(key).kinds.push(kind);
    else found.set(key, { ...change, kinds: [kind] });
  }
  return [...found.values()].sort((one, other) => one.gained - other.gained);
}

function sentence(who, { kinds, purpose, action, before, after, gained, fields, scopeSets }, names) {
  const values = {
    who,
    fields: joined(fields.map((field) => names.field(kinds.find((kind) => names.fields(kind).some((each) => each.field === field)), field))),
    kinds: joined(kinds.map((kind) => small(kindLabel(kind)))),
    purpose: small(enumLabel('Purpose', purpose)),
    scopes: scopesText(scopeSets, kinds[0]),
    before: small(levelText(before, true)),
    after: small(levelText(after, true)),
    action: small(enumLabel('RuleAction', action)),
  };
  const what = action === 'READ' ? 'see' : 'do';
  return t(`policies.effect.${what}.${gained ? 'gain' : 'loss'}`, values);
}
