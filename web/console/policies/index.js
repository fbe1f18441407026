// The area policies: which screen each of its addresses has.

import './words.js';
import './account.js';
import './accounts.js';
import './draft_page.js';
import './draft_text.js';
import './drafts.js';
import './history.js';
import './matrix.js';
import './replay.js';
import './view_as.js';

export const routes = [
  { pattern: 'policies', tag: 'policy-matrix' },
  { pattern: 'policies/drafts', tag: 'policy-drafts' },
  { pattern: 'policies/drafts/:id', tag: 'policy-draft' },
  { pattern: 'policies/drafts/:id/text', tag: 'policy-draft-text' },
  { pattern: 'policies/view-as', tag: 'policy-view-as' },
  { pattern: 'policies/replay', tag: 'policy-replay' },
  { pattern: 'policies/history', tag: 'policy-history' },
  { pattern: 'policies/accounts', tag: 'policy-accounts' },
  { pattern: 'policies/accounts/:username', tag: 'policy-account' },
];
