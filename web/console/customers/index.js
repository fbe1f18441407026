// The area customers: which screen each of its addresses has.

import './words.js';
import './list.js';
import './dossier.js';
import './edit.js';
import './new.js';

export const routes = [
  { pattern: 'customers', tag: 'customer-list' },
  { pattern: 'customers/new', tag: 'customer-new' },
  { pattern: 'customers/:id', tag: 'customer-dossier' },
  { pattern: 'customers/:id/edit', tag: 'customer-edit' },
];
