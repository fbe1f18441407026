// Which records hang on a customer's dossier: read from the schema, so that a new kind appears by itself. Owns that
// list and the counts; the records themselves are dossier-section's.

import { ask } from '../core/api.js';
import { session } from '../core/session.js';

const DOSSIER = '{ __type(name: "Dossier") { fields { name type { name ofType { name } } } } }';
let known = null; // the schema is public, and the same as long as the page is open

/** The sections that the caller may read something of: `[{name, kind}]`, named as the API names them. */
export async function readableSections(options) {
  known ??= (await ask(DOSSIER, {}, options)).data.__type.fields
    .map((field) => [field.name, field.type.name ?? field.type.ofType?.name ?? ''])
    .filter(([, type]) => type.endsWith('Connection'))
    .map(([name, type]) => ({ name, kind: kindOfType(type.slice(0, -'Connection'.length)) }));
  return known.filter((section) => session.mayRead(section.kind));
}

const kindOfType = (type) => type.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** How many records each section has of those that the caller may find: a Map; without those that are refused. */
export async function sectionCounts(id, sections, options) {
  if (!sections.length) return new Map();
  const parts = sections.map((section) => `${section.name}(first: 1) { totalCount }`).join(' ');
  const { data } = await ask(`query ($id: ID!) { dossier(customer: $id) { ${parts} } }`, { id }, options);
  return new Map(sections.map(({ name }) => [name, data.dossier?.[name]?.totalCount]).filter(([, total]) => total !== undefined));
}
