// Values that are lists of parts (steps, items, points) as a small table. Owns its look; a part's names come from the
// words where there are any.

import { html } from '../core/screen.js';
import { hasWord, t } from '../core/language.js';
import { fieldValue, readable } from '../core/values.js';

const INSTANT = /^\d{4}-\d\d-\d\dT/;

/** `values`: objects; `parts`: `[{name, type}]`. */
export function partsTable(caption, values, parts) {
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${caption}><table>
    <thead><tr>${parts.map((part) => html`<th scope="col">${nameOf(part.name)}</th>`)}</tr></thead>
    <tbody>${values.map((value) => html`<tr>${parts.map((part) => html`<td data-label=${nameOf(part.name)}>${partValue(value[part.name], part.type)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

const nameOf = (name) => (hasWord(`customers.part.${name}`) ? t(`customers.part.${name}`) : readable(name));

/** Parts that are instants are served as texts. */
const partValue = (value, type) => fieldValue(value, { type: type === 'String' && INSTANT.test(value) ? 'DateTime' : type });
