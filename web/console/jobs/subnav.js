// The two halves of the area.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { currentPath } from '../core/router.js';

const PARTS = [['jobs', 'jobs.tab.jobs'], ['jobs/keys', 'jobs.tab.keys']];

export const subnav = () => html`<nav class="subnav" aria-label=${t('jobs.title')}>${PARTS.map(([path, word]) => html`
  <a href="/console/${path}" aria-current=${currentPath() === path ? 'page' : nothing}>${t(word)}</a>`)}</nav>`;
