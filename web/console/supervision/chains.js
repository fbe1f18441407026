// Where the chains of the trail stand. Owns the look; the proof is `dossier audit verify`, which trusts no server.

import { define, html, Screen } from '../core/screen.js';
import { ask } from '../core/api.js';
import { t } from '../core/language.js';
import { table } from '../core/lists.js';
import { count, dateTime } from '../core/values.js';
import { subnav } from './subnav.js';

const CHAINS = '{ auditChains { chain begunAt entries blocks lastAt lastHash key } }';

class Chains extends Screen {
  async load(isLatest) {
    const { data } = await ask(CHAINS, {}, { signal: this.signal });
    if (isLatest()) this.set({ chains: data.auditChains ?? [] });
  }

  template() {
    return html`<h1>${t('supervision.chains')}</h1>${subnav()}<p class="quiet">${t('chains.intro')}</p>
      ${this.frame(() => table([
        { label: t('chains.chain'), main: true, cell: (chain) => html`<code>${chain.chain}</code>` },
        { label: t('chains.begun'), cell: (chain) => dateTime(chain.begunAt) },
        { label: t('chains.last'), cell: (chain) => dateTime(chain.lastAt) },
        { label: t('chains.entries'), numeric: true, cell: (chain) => count(chain.entries) },
        { label: t('chains.blocks'), numeric: true, cell: (chain) => count(chain.blocks) },
        { label: t('chains.hash'), cell: (chain) => html`<code title=${chain.lastHash}>${chain.lastHash.slice(0, 16)}…</code>` },
        { label: t('chains.key'), cell: (chain) => html`<code>${chain.key}</code>` },
      ], this.state.chains, { caption: t('supervision.chains'), empty: t('chains.none') }))}`;
  }
}

define('audit-chains', Chains);
