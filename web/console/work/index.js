// The area Work: which screen each of its addresses has.

import '../policies/words.js'; // what roles are called
import './words.js';
import './desk.js';
import './tickets.js';
import './ticket.js';
import './complaints.js';
import './complaint.js';
import './collection.js';
import './figures.js';

export const routes = [
  { pattern: 'work', tag: 'work-desk' },
  { pattern: 'work/tickets', tag: 'ticket-list' },
  { pattern: 'work/tickets/:id', tag: 'ticket-page' },
  { pattern: 'work/complaints', tag: 'complaint-list' },
  { pattern: 'work/complaints/:id', tag: 'complaint-page' },
  { pattern: 'work/collection', tag: 'collection-list' },
  { pattern: 'work/figures', tag: 'work-figures' },
];
