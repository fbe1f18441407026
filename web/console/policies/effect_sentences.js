// Changes of access as sentences: who gains or loses which fields, in which records, for what. Owns the wording and
// which changes one sentence tells together; knows no rule, and leaves nothing out.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { count, enumChoices, enumLabel, kindLabel } from '../core/values.js';
import { levelText } from './grid.js';
import { joined, scopesText, small } from './names.js';

const SHOWN = 6; // of a list; the rest unfolds
const MANY = 10;

/** What changes for `who`, behind a summary with how many gains and losses there are; unfolded where they are few. */
export function changesOf(who, summary, changes, names) {
  const told = together(changes, names);
  const number = (gained) => told.filter((each) => each.gained === gained).length;
  const tag = (gained) => (number(gained)
    ? html` <span class="tag ${gained ? 'good' : 'bad'}">${t(gained ? 'policies.effect.gains' : 'policies.effect.losses', { count: count(number(gained)) })}</span>` : nothing);
  return html`<details ?open=${told.length <= MANY}><summary>${summary}${tag(false)}${tag(true)}</summary>
    ${folded(told.map((each) => html`<li class=${each.gained ? 'gain' : 'loss'}>
      <span class="tag ${each.gained ? 'good' : 'bad'}">${t(each.gained ? 'policies.effect.gain' : 'policies.effect.loss')}</span>
      ${sentence(who, each)}</li>`))}</details>`;
}

/** A list of which the first are shown and the others unfold. `items` are `<li>`. */
export function folded(items) {
  const [first, others] = [items.slice(0, SHOWN), items.slice(SHOWN)];
  return html`<ul class="plain-list">${first}</ul>
    ${others.length ? html`<details class="more"><summary>${t('policies.more', { count: count(others.length) })}</summary><ul class="plain-list">${others}</ul></details>` : nothing}`;
}

/** Changes that differ in one of kind, action or purpose alone become one; losses first, then what is seen. */
function together(changes, names) {
  const single = changes.map(({ kind, purpose, action, before, after, gained, fields, scopeSets }) => ({
    kinds: [kind], actions: [action], purposes: [purpose], gained, isSeeing: action === 'READ',
    levels: [before, after], fields: names.fieldsOf(kind, fields), scopes: scopesText(scopeSets, kind),
  }));
  const merged = ['kinds', 'actions', 'purposes'].reduce(mergedBy, single);
  return merged.sort((one, other) => one.gained - other.gained || other.isSeeing - one.isSeeing);
}

function mergedBy(changes, by) {
  const found = new Map();
  for (const change of changes) {
    const key = JSON.stringify({ ...change, [by]: null });
    if (found.has(key)) found.get(key)[by].push(...change[by]);
    else found.set(key, { ...change, [by]: [...change[by]] });
  }
  return [...found.values()];
}

function sentence(who, { kinds, purposes, actions, levels, gained, fields, scopes, isSeeing }) {
  const values = {
    who,
    fields,
    scopes,
    kinds: joined(kinds.map((kind) => small(kindLabel(kind)))),
    purpose: purposes.length === enumChoices('Purpose').length ? t('policies.line.everyPurpose') : joined(purposes.map((purpose) => small(enumLabel('Purpose', purpose)))),
    action: joined(actions.map((action) => small(enumLabel('RuleAction', action)))),
    before: small(levelText(levels[0], true)),
    after: small(levelText(levels[1], true)),
  };
  return t(`policies.effect.${isSeeing ? 'see' : 'do'}.${gained ? 'gain' : 'loss'}`, values);
}
