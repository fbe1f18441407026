// Tables of records that go on by cursor. Owns their look and their "more"; a screen brings columns and rows.

import { html, nothing } from '../node_modules/lit-html/lit-html.js';
import { ask } from './api.js';
import { t } from './language.js';
import { count } from './values.js';

/**
 * A table that turns into cards on a phone. `columns`: `[{label, cell(row), numeric?, main?}]` (`main`: the heading of the row);
 * `rows`; `caption` is read out. `empty` is the text where there is nothing.
 */
export function table(columns, rows, { caption, empty = t('state.empty') } = {}) {
  if (!rows.length) return html`<p class="nothing">${empty}</p>`;
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${caption}><table>
    <caption class="unseen">${caption}</caption>
    <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.numeric ? 'numeric' : ''}>${column.label}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map((column) => (column.main
      ? html`<th scope="row" data-label=${column.label}>${column.cell(row)}</th>`
      : html`<td data-label=${column.label} class=${column.numeric ? 'numeric' : ''}>${column.cell(row)}</td>`))}</tr>`)}</tbody>
  </table></div>`;
}

/** The line under a list: how many are shown, and a button for more. `connection` is `{nodes, totalCount?, pageInfo}`. */
export function listEnd(connection, more) {
  if (!connection?.nodes.length) return nothing;
  const shown = count(connection.nodes.length);
  const text = connection.totalCount === null || connection.totalCount === undefined
    ? t('table.shownOnly', { count: shown }) : t('table.shown', { count: shown, total: count(connection.totalCount) });
  return html`<p class="list-end"><span>${text}</span>
    ${connection.pageInfo.hasNextPage ? html`<button type="button" @click=${more}>${t('action.more')}</button>` : nothing}</p>`;
}

/**
 * The next page of a connection, joined to what is there: `query` takes `$after`; `at(data)` finds the connection.
 * Gives `{connection, access}`.
 */
export async function nextPage(query, variables, connection, at, options) {
  const { data, access } = await ask(query, { ...variables, after: connection.pageInfo.endCursor }, options);
  const next = at(data);
  return { connection: { ...next, totalCount: next.totalCount ?? connection.totalCount, nodes: [...connection.nodes, ...next.nodes] }, access };
}
