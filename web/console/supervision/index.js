// The area Supervision: which screen each of its addresses has.

import './words.js';
import './chains.js';
import './incident.js';
import './incidents.js';
import './trail.js';

export const routes = [
  { pattern: 'supervision', tag: 'audit-trail' },
  { pattern: 'supervision/chains', tag: 'audit-chains' },
  { pattern: 'supervision/incidents', tag: 'incident-list' },
  { pattern: 'supervision/incidents/:id', tag: 'incident-page' },
];
