// The rows of the server's matrix, looked up by cell. Owns which row speaks of a scope; decides nothing.

export const MATRIX_ROWS = '{ role scopes plain masked filterable writable creatable deletable exportable revealable }';

const LISTS = { filter: 'filterable', write: 'writable', create: 'creatable', delete: 'deletable', export: 'exportable', reveal: 'revealable' };

/** Per role the row of a record that is in `scope`, and otherwise in none. A role of which no rule names the scope has
 * the same rights there as in all. */
export function byRole(rows, scope) {
  const found = new Map();
  for (const row of rows) {
    const isWithin = row.scopes.every((each) => each === 'ALL' || each === scope);
    if (isWithin && row.scopes.length > (found.get(row.role)?.scopes.length ?? 0)) found.set(row.role, row);
  }
  return found;
}

/** PLAIN, MASKED or DENIED; of what is not `see` PLAIN means allowed. `rows` as `byRole` gives them. */
export function levelIn(rows, action, role, field) {
  const row = rows.get(role);
  if (!row) return 'DENIED';
  if (action !== 'see') return row[LISTS[action]].includes(field) ? 'PLAIN' : 'DENIED';
  if (row.plain.includes(field)) return 'PLAIN';
  return row.masked.includes(field) ? 'MASKED' : 'DENIED';
}
