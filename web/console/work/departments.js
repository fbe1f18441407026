// The departments that figures can be asked of: the caller's own, and those that the caller sees of customers and in
// figures. Owns the question.

import { ask } from '../core/api.js';
import { isChinese, t } from '../core/language.js';
import { session } from '../core/session.js';

const OF_CUSTOMERS = '{ receivables(first: 50) { nodes { customer { department { code nameEn nameZh } } } } }';
const OF_FIGURES = 'query ($from: Date!, $to: Date!) { satisfactionFigures(by: DEPARTMENT, from: $from, to: $to) { key } }';

/** `[code, name]`, one's own first. */
export async function departmentsIn({ from, to, department, me }, options) {
  const found = new Map();
  if (me.department) found.set(me.department, t('work.ownDepartment', { code: me.department }));
  if (department && !found.has(department)) found.set(department, department);
  if (session.mayRead('SATISFACTION')) {
    const { data } = await ask(OF_FIGURES, { from, to }, options);
    for (const { key } of data.satisfactionFigures ?? []) if (!found.has(key)) found.set(key, key);
  }
  if (session.mayRead('RECEIVABLE')) {
    const { data } = await ask(OF_CUSTOMERS, {}, options);
    for (const { customer } of data.receivables?.nodes ?? []) {
      const one = customer?.department;
      if (one && one.code !== me.department) found.set(one.code, (isChinese() ? one.nameZh : one.nameEn) ?? one.code);
    }
  }
  return [...found];
}
