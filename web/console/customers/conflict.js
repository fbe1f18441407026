// Two people changed the same customer: what was there, yours, theirs, and the choice for each field. Owns the
// comparison and its table; carries nothing out.

import { html, nothing } from '../core/screen.js';
import { labelOf, t } from '../core/language.js';
import { fieldValue } from '../core/values.js';
import { inputValue, isSame } from './customer.js';

/** The fields in which `current` differs from `base`, as far as both are shown. */
export const changedFields = (specs, base, current) => specs
  .filter((spec) => !['version', 'updatedAt'].includes(spec.field) && !isSame(base[spec.field], current[spec.field]))
  .map((spec) => spec.field);

/**
 * The comparison. `given`: what the caller wants to write, by field; `choices`: `mine` or `theirs` by field;
 * `people`: who changed it meanwhile, as text; `levels(field)`. `choose(field, side)`.
 */
export function conflictTemplate({ specs, base, current, given, choices, people, levels }, choose) {
  const theirs = changedFields(specs, base, current);
  const others = specs.filter((spec) => theirs.includes(spec.field) && !(spec.field in given));
  const shown = (spec, value) => fieldValue(value, { type: spec.type, ...levels(spec.field) });
  return html`<section class="card stack conflict" aria-labelledby="conflict-title">
    <h2 id="conflict-title" tabindex="-1">${t('customers.conflict.title')}</h2>
    <p>${people ? t('customers.conflict.by', { people }) : t('customers.conflict.text')}</p>
    <div class="table-box" tabindex="0" role="region" aria-label=${t('customers.conflict.fields')}><table>
      <caption class="unseen">${t('customers.conflict.fields')}</caption>
      <thead><tr><th scope="col">${t('customers.history.field')}</th><th scope="col">${t('customers.conflict.before')}</th>
        <th scope="col">${t('customers.conflict.mine')}</th><th scope="col">${t('customers.conflict.theirs')}</th></tr></thead>
      <tbody>${specs.filter((spec) => spec.field in given).map((spec) => html`<tr>
        <th scope="row" data-label=${t('customers.history.field')}>${labelOf(spec)}
          ${theirs.includes(spec.field) ? html` <span class="tag warn">${t('customers.conflict.both')}</span>` : nothing}</th>
        <td data-label=${t('customers.conflict.before')}>${shown(spec, base[spec.field])}</td>
        <td data-label=${t('customers.conflict.mine')}>${side(spec, 'mine', choices, choose, fieldValue(given[spec.field], { type: plainType(spec) }))}</td>
        <td data-label=${t('customers.conflict.theirs')}>${side(spec, 'theirs', choices, choose, shown(spec, current[spec.field]))}</td></tr>`)}</tbody>
    </table></div>
    ${others.length ? html`<p>${t('customers.conflict.others')}</p>
      <dl class="facts">${others.map((spec) => html`<div><dt>${labelOf(spec)}</dt>
        <dd>${shown(spec, base[spec.field])} → ${shown(spec, current[spec.field])}</dd></div>`)}</dl>` : nothing}
  </section>`;
}

const side = (spec, name, choices, choose, value) => html`<label class="check"><input type="radio" name=${`choice-${spec.field}`}
  .checked=${choices[spec.field] === name} @change=${() => choose(spec.field, name)}><span>${value}</span></label>`;

/** What is typed for a person or a department is a name, not the object that the API serves. */
const plainType = (spec) => (spec.values ? spec.type : ['Date', 'DateTime', 'Decimal'].includes(spec.type) ? spec.type : '');

/** What is left to write when the choices are made. */
export const chosen = (given, choices, current) => Object.fromEntries(Object.entries(given)
  .filter(([field, value]) => choices[field] !== 'theirs' && !isSame(value, inputValue(current[field]))));
