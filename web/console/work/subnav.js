// The parts of the area that the caller may see something of.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { currentPath } from '../core/router.js';
import { session } from '../core/session.js';

const PARTS = [
  ['work', 'work.desk', []],
  ['work/tickets', 'work.tickets', ['TICKET']],
  ['work/complaints', 'work.complaints', ['COMPLAINT']],
  ['work/collection', 'work.collection', ['COLLECTION_STEP', 'RECEIVABLE']],
  ['work/figures', 'work.figures', ['TICKET', 'SATISFACTION', 'SERVICE_CONTACT', 'COMPLAINT', 'RECEIVABLE', 'CREDIT_ASSESSMENT', 'TRAINING_RESULT', 'PERFORMANCE_REVIEW']],
];

export const subnav = () => html`<nav class="subnav" aria-label=${t('work.title')}>
  ${PARTS.filter(([, , kinds]) => !kinds.length || session.mayRead(...kinds)).map(([path, word]) => html`
    <a href="/console/${path}" aria-current=${isHere(path) ? 'page' : nothing}>${t(word)}</a>`)}</nav>`;

const isHere = (path) => currentPath() === path || (path !== 'work' && currentPath().startsWith(`${path}/`));
