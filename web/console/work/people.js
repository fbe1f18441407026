// Who can be given work: the people of the caller's department whose figures it may see, and those who have work on the
// page. Owns the question.

import { ask } from '../core/api.js';
import { session } from '../core/session.js';
import { today } from './shown.js';

const PEOPLE = `query ($department: String!, $day: Date!) {
  departmentPerformance(department: $department, from: $day, to: $day) { person { username displayName } } }`;

/** `[username, name]`, by name; `known` are staff (`{username, displayName}`) who are to be among them. */
export async function peopleWith(known, options) {
  const found = new Map(known.filter(Boolean).map((person) => [person.username, person.displayName]));
  const { department } = session.viewer;
  if (department && session.mayRead('PERFORMANCE_REVIEW')) {
    const { data } = await ask(PEOPLE, { department, day: today() }, options);
    for (const { person } of data.departmentPerformance ?? []) found.set(person.username, person.displayName);
  }
  return [...found].sort(([, one], [, other]) => one.localeCompare(other));
}
