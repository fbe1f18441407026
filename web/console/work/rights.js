// What the caller may do with the fields of kinds, asked before a list is: so that no condition or order is sent that
// would be refused. Owns the question. Must never keep an answer.

import { ask } from '../core/api.js';
import { labelOf } from '../core/language.js';
import { session } from '../core/session.js';

/** The rights in `kinds`; those of which the caller may read nothing are left out. */
export async function rightsIn(kinds, options) {
  const open = kinds.filter((kind) => session.mayRead(kind));
  if (!open.length) return new Rights({});
  const wanted = 'field labelEn labelZh type level filterable sortable creatable writable operable';
  const { data } = await ask(`{ viewer { ${open.map((kind) => `${kind}: access(kind: ${kind}) { ${wanted} }`).join(' ')} } }`, {}, options);
  return new Rights(data.viewer);
}

class Rights {
  #byKind;

  constructor(byKind) {
    this.#byKind = byKind;
  }

  /** Whether `right` (`filterable`, `sortable`, `creatable`, `writable`, `operable`) holds for every one of the fields. */
  may(right, kind, ...fields) {
    return fields.every((field) => this.spec(kind, field)?.[right] === true);
  }

  spec(kind, field) {
    return this.#byKind[kind]?.find((each) => each.field === field);
  }

  label(kind, field) {
    const spec = this.spec(kind, field);
    return spec ? labelOf(spec) : field;
  }
}

/** Whether operations may change the field of this record for the caller; `record.access` has `operable`. */
export const isOperable = (record, field) => record.access.some((each) => each.field === field && each.operable);
