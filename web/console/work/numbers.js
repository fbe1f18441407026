// The numbers behind a picture, as a table for those who read. Owns that every figure has one.

import { html } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { t } from '../core/language.js';
import { table } from '../core/lists.js';

/** The picture, and the table under it; a word where there is nothing in the period. */
export function pictured(title, columns, rows, picture) {
  if (!rows.length) return html`<p class="nothing">${t('work.noFigures')}</p>`;
  return html`${picture}<details class="numbers"><summary>${t('work.numbers')}</summary>${table(columns, rows, { caption: title })}</details>`;
}

/** The root field `name` of an answer. Raises ApiError where the server refused it. */
export async function figureOf(query, variables, name, options) {
  const { data, errors } = await ask(query, variables, options);
  if (data[name] === null) throw new ApiError(errors.find((error) => error.path?.[0] === name)?.message ?? '', errors);
  return data[name];
}

/** `0.5556` as "56 %". */
export const percent = (share) => (share === null ? '–' : `${Math.round(Number(share) * 100)} %`);

export const orDash = (value) => value ?? '–';
