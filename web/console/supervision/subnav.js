// The parts of the area that the caller may see something of.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { currentPath } from '../core/router.js';
import { session } from '../core/session.js';

const PARTS = [
  ['supervision', 'supervision.trail', 'AUDIT_ENTRY'],
  ['supervision/chains', 'supervision.chains', 'AUDIT_ENTRY'],
  ['supervision/incidents', 'supervision.incidents', 'INCIDENT'],
];

export const subnav = () => html`<nav class="subnav" aria-label=${t('supervision.title')}>
  ${PARTS.filter(([, , kind]) => session.mayRead(kind)).map(([path, word]) => html`
    <a href="/console/${path}" aria-current=${isHere(path) ? 'page' : nothing}>${t(word)}</a>`)}</nav>`;

const isHere = (path) => currentPath() === path || (path !== 'supervision' && currentPath().startsWith(`${path}/`));
