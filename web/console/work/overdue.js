// What is overdue, as a table. Owns the columns alone.

import { html } from '../core/screen.js';
import { t } from '../core/language.js';
import { table } from '../core/lists.js';
import { enumLabel, money } from '../core/values.js';
import { customerOf, dueDay, shown } from './shown.js';

export const OVERDUE_FIELDS = `id number amount balance currency dueOn collectionStage customer { id name }
  access { field level reason }`;

export function overdue(receivables, rights) {
  const label = (field) => rights.label('RECEIVABLE', field);
  const sum = (field) => (row) => (row[field] === null ? shown(row, field) : money(row[field], row.currency ?? undefined));
  return table([
    { label: label('number'), main: true, cell: (row) => shown(row, 'number') },
    { label: label('customer'), cell: customerOf },
    { label: label('dueOn'), cell: (row) => (row.dueOn ? dueDay(row.dueOn) : shown(row, 'dueOn')) },
    { label: label('amount'), numeric: true, cell: sum('amount') },
    { label: label('balance'), numeric: true, cell: sum('balance') },
    { label: label('collectionStage'), cell: (row) => (row.collectionStage ? html`<span class="tag">${enumLabel('CollectionStage', row.collectionStage)}</span>` : shown(row, 'collectionStage')) },
  ], receivables, { caption: t('work.overdue'), empty: t('work.noneOverdue') });
}
