// Which rows and columns of the matrix are shown. Owns the search over fields and roles; asks nothing.

import { levelIn } from './matrix_rows.js';

/**
 * What `search` leaves of a kind: `{groups: [[class, fields]], roles}`. Each of its words is looked for in fields and in
 * roles ("telephone agent"); a word that fits neither leaves nothing.
 */
export function found(search, names, kind) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const sides = [[names.fields(kind), names.fieldText], [names.roles, names.roleText]];
  const fits = (word, [things, textOf]) => things.filter((thing) => textOf(thing).toLowerCase().includes(word));
  if (words.some((word) => sides.every((side) => !fits(word, side).length))) return { groups: [], roles: [] };
  const [fields, roles] = sides.map((side) => words.reduce((left, word) => {
    const fitting = fits(word, side);
    return fitting.length ? left.filter((thing) => fitting.includes(thing)) : left;
  }, side[0]));
  return { groups: byClass(fields), roles };
}

function byClass(fields) {
  const groups = new Map();
  for (const field of fields) groups.set(field.sensitivity, [...(groups.get(field.sensitivity) ?? []), field]);
  return [...groups];
}

/** Those of `roles` that have some right in one of the matrices `tables`, as `byRole` gives them. */
export const withAccess = (roles, fields, tables, action) => roles.filter((role) => (
  fields.some(({ field }) => tables.some((rows) => levelIn(rows, action, role, field) !== 'DENIED'))));
