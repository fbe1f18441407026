// The areas of the console and who has them. An area's module is loaded when somebody first goes there; it exports
// `routes`, and defines the elements that they name. What an area shows is decided by the server, not here: an area is
// offered where the caller may read something of what it is about.

import { session } from './core/session.js';

const CUSTOMERS = ['INDIVIDUAL', 'ENTERPRISE', 'INSTITUTION'];

/** In the order of the menu. `path` is the area's first screen, under /console/. */
export const AREAS = [
  { path: 'customers', load: () => import('./customers/index.js'), isOpen: () => session.mayRead(...CUSTOMERS) },
  { path: 'policies', load: () => import('./policies/index.js'), isOpen: () => session.mayRead('RULE_DRAFT', 'RULE_SET') },
  {
    path: 'work',
    load: () => import('./work/index.js'),
    isOpen: () => session.mayRead('TICKET', 'COMPLAINT', 'REMINDER', 'COLLECTION_STEP', 'RECEIVABLE', 'TRAINING_SESSION'),
  },
  { path: 'supervision', load: () => import('./supervision/index.js'), isOpen: () => session.mayRead('AUDIT_ENTRY', 'INCIDENT') },
  { path: 'jobs', load: () => import('./jobs/index.js'), isOpen: () => session.mayRead('JOB') },
];

/** Those that the caller has, for the purpose of now. */
export const openAreas = () => (session.viewer ? AREAS.filter((area) => area.isOpen()) : []);
