// The area Jobs and keys: which screen each of its addresses has.

import './words.js';
import './keys.js';
import './list.js';

export const routes = [{ pattern: 'jobs', tag: 'job-list' }, { pattern: 'jobs/keys', tag: 'key-state' }];
