// What the server says of the fields of kinds, and the selections that are made of it: so a new field or kind appears
// by itself. Owns the question. Must never keep an answer about rights; shapes of types are public and kept.

import { ask } from '../core/api.js';
import { session } from '../core/session.js';

const SPEC = `field labelEn labelZh sensitivity encrypted required level reason creatable operable writable filterable sortable
  revealable type list maxLength values { value labelEn labelZh }`;
const SHAPE = `name kind fields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }`;
const SCALARS = new Set(['ID', 'String', 'Int', 'Float', 'Boolean', 'Date', 'DateTime', 'Decimal', 'PhoneNumber', 'EmailAddress']);

/** The parts of objects, `[{name, type}]`: of those that many records have; the others are asked for once. */
const shapes = new Map([
  ['Staff', parts('username', 'displayName', 'department')],
  ['Department', parts('code', 'nameEn', 'nameZh')],
  ['Customer', parts('id', 'name')],
]);

function parts(...names) {
  return names.map((name) => ({ name, type: 'String' }));
}

/** `[String!]` is a `String`. */
export const baseType = (type) => type.replace(/[[\]!]/g, '');

/** The name of a kind's type: `RISK_ASSESSMENT` is a `RiskAssessment`. */
export const typeOfKind = (kind) => kind.toLowerCase().replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase());

/** The kinds of customer of which the caller may read something. */
export const customerKinds = () => session.viewer.kinds.filter((each) => each.isCustomer && each.readable).map((each) => each.kind);

/** The fields of `kinds` with what the caller may do: a Map from kind to list. */
export async function fieldsOf(kinds, options) {
  if (!kinds.length) return new Map();
  const { data } = await ask(`{ viewer { ${kinds.map((kind) => `${kind}: access(kind: ${kind}) { ${SPEC} }`).join(' ')} } }`, {}, options);
  return new Map(kinds.map((kind) => [kind, data.viewer[kind]]));
}

/** The fields of all kinds, each once: what may be done on any kind may be done. */
export function merged(byKind) {
  const fields = new Map();
  for (const specs of byKind.values()) {
    for (const spec of specs) {
      const known = fields.get(spec.field);
      fields.set(spec.field, known ? {
        ...known,
        level: known.level === 'DENIED' ? spec.level : known.level,
        filterable: known.filterable || spec.filterable,
        sortable: known.sortable && spec.sortable,
      } : spec);
    }
  }
  return fields;
}

/** The fields as a selection of GraphQL, with the parts of those that are objects. */
export async function selectionOf(specs, options) {
  await learnShapes(specs.map((spec) => baseType(spec.type)), options);
  return specs.map((spec) => {
    const shape = shapes.get(baseType(spec.type));
    return shape ? `${spec.field} { ${shape.map((part) => part.name).join(' ')} }` : spec.field;
  }).join(' ');
}

/**
 * How a field of a customer or record is shown, `{level, reason, …}`: as its `access` says, or erased where the answer
 * (its `extensions.access`) says so and nothing is there.
 */
export function levelOf(row, kind, field, access = []) {
  const entry = row.access.find((each) => each.field === field) ?? { level: 'PLAIN', reason: null };
  const isErased = access.some((each) => each.kind === kind && each.field === field && each.level === 'ERASED');
  const isNothing = row[field] === null || row[field] === undefined;
  return isErased && isNothing && entry.level !== 'DENIED' ? { ...entry, level: 'ERASED', reason: 'ERASED' } : entry;
}

async function learnShapes(types, options) {
  const isValue = (type) => SCALARS.has(type) || session.viewer.vocabulary.some((each) => each.enum === type);
  const unknown = [...new Set(types)].filter((type) => !isValue(type) && !shapes.has(type));
  if (!unknown.length) return;
  const { data } = await ask(`{ ${unknown.map((type, i) => `t${i}: __type(name: "${type}") { ${SHAPE} }`).join(' ')} }`, {}, options);
  unknown.forEach((type, i) => {
    if (data[`t${i}`]?.kind !== 'OBJECT') return;
    shapes.set(type, data[`t${i}`].fields.map((part) => ({ name: part.name, ...innermost(part.type) }))
      .filter((part) => part.kind === 'SCALAR' || part.kind === 'ENUM'));
  });
}

function innermost(type) {
  let inner = type;
  while (inner.ofType) inner = inner.ofType;
  return { kind: inner.kind, type: inner.name };
}

/** The parts of the type of a field: `[{name, type}]`; undefined where it has none. */
export const partsOf = (spec) => shapes.get(baseType(spec.type));
