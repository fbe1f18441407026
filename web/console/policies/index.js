// The area policies: which screen each of its addresses has.

import './words.js';
import './draft_page.js';
import './draft_text.js';
import './drafts.js';
import './matrix.js';

export const routes = [
  { pattern: 'policies', tag: 'policy-matrix' },
  { pattern: 'policies/drafts', tag: 'policy-drafts' },
  { pattern: 'policies/drafts/:id', tag: 'policy-draft' },
  { pattern: 'policies/drafts/:id/text', tag: 'policy-draft-text' },
];
