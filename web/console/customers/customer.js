// One customer as the API gives it: every field that its kind has, with what the caller may do with each. Owns the
// question; keeps nothing.

import { ApiError, ask } from '../core/api.js';
import { customerKinds, fieldsOf, selectionOf, typeOfKind } from './fields.js';

const CUSTOMER = (selections) => `id kind access { field level reason writable revealable } sources { field channel }
  ${selections}`;

/** The selection of a customer of any of the kinds. */
export async function customerSelection(byKind, options) {
  const parts = await Promise.all([...byKind].map(async ([kind, specs]) => `... on ${typeOfKind(kind)} { ${await selectionOf(specs, options)} }`));
  return CUSTOMER(parts.join(' '));
}

/**
 * `{customer, specs, access, selection}`: `specs` are its kind's fields, `access` the answer's extensions. `customer` is
 * null where there is none for the caller. Raises ApiError.
 */
export async function findCustomer(id, options) {
  const byKind = await fieldsOf(customerKinds(), options);
  const selection = await customerSelection(byKind, options);
  const { data, access, errors } = await ask(`query ($id: ID!) { customer(id: $id) { ${selection} } }`, { id }, options);
  if (!data.customer && errors.length) throw new ApiError(errors[0].message, errors);
  return { customer: data.customer, specs: byKind.get(data.customer?.kind) ?? [], access, selection };
}

/** A value as an input takes it: the name of a person, the code of a department, a list, or null for nothing. */
export function inputValue(value) {
  if (value === undefined || value === '') return null;
  if (Array.isArray(value)) return value.length ? value.map(inputValue) : null;
  if (value !== null && typeof value === 'object') return value.username ?? value.code ?? value.id ?? null;
  return value;
}

export const isSame = (one, other) => JSON.stringify(inputValue(one)) === JSON.stringify(inputValue(other));
