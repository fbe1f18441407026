// The screens of the area policies, as a row of links above each of them.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { currentPath } from '../core/router.js';

const SCREENS = [
  ['policies', 'policies.matrix'],
  ['policies/drafts', 'policies.changing.changes'],
  ['policies/view-as', 'policies.viewAs'],
  ['policies/replay', 'policies.changing.replay'],
  ['policies/history', 'policies.history'],
  ['policies/accounts', 'policies.accounts'],
];

/** The row; what lies under an entry (`policies/drafts/x`) marks it too. */
export function subnav() {
  const path = currentPath();
  const isHere = (screen) => path === screen || (screen !== 'policies' && path.startsWith(`${screen}/`));
  return html`<nav class="subnav" aria-label=${t('area.policies')}>${SCREENS.map(([screen, key]) => html`
    <a href=${`/console/${screen}`} aria-current=${isHere(screen) ? 'page' : nothing}>${t(key)}</a>`)}</nav>`;
}
