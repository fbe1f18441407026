// Where the keys stand, and the replacement of the vault key. Owns no key and sees none.

import { attempt, define, html, nothing, Screen } from '../core/screen.js';
import { ask, change } from '../core/api.js';
import { confirmDialog } from '../core/dialog.js';
import { hasWord, t } from '../core/language.js';
import { table } from '../core/lists.js';
import { live } from '../core/live.js';
import { notice } from '../core/messages.js';
import { count, dateTime, enumLabel } from '../core/values.js';
import { jobName, progressBar } from './progress.js';
import { subnav } from './subnav.js';

const REWRAP = 'keys.rewrap';
const STATE = `{ keys { rootKeyProvider dataKeys oldestDataKeyAt trailKey
    vaultKeys { fingerprint state madeAt dataKeys secrets } }
  viewer { access(kind: VAULT_KEY) { operable } }
  jobs(first: 5, filter: { name: { eq: "${REWRAP}" } }) { nodes { id name state done total } } }`;
const ROTATE = 'mutation ($input: RotateVaultKeyInput!) { rotateVaultKey(input: $input) { userErrors { message } } }';
const CHANGED = 'subscription { jobChanged { job { id name state done total } } }';
const TONES = { ACTIVE: 'good', RETIRING: 'warn', RETIRED: '' };

class Keys extends Screen {
  connectedCallback() {
    super.connectedCallback();
    this.unfollow = live.subscribe(CHANGED, {}, ({ jobChanged: { job } }) => {
      if (job?.name !== REWRAP) return;
      if (job.state === 'RUNNING') this.set({ job });
      else this.reload();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unfollow();
  }

  async load(isLatest) {
    const { data } = await ask(STATE, {}, { signal: this.signal });
    const job = data.jobs?.nodes.find((each) => each.state !== 'SUCCEEDED') ?? null;
    if (isLatest()) this.set({ keys: data.keys, job, mayRotate: data.viewer.access.some((each) => each.operable) });
  }

  template() {
    return html`<h1>${t('keys.title')}</h1>${subnav()}${this.frame(() => (this.state.keys ? this.#content() : html`<p class="nothing">${t('value.denied')}</p>`))}`;
  }

  #content() {
    const { keys, job, mayRotate } = this.state;
    const provider = `keys.root.${keys.rootKeyProvider}`;
    const facts = [
      ['keys.root', hasWord(provider) ? t(provider) : keys.rootKeyProvider],
      ['keys.dataKeys', count(keys.dataKeys)],
      ['keys.oldest', dateTime(keys.oldestDataKeyAt) || '–'],
      ['keys.trail', html`<code>${keys.trailKey}</code>`],
    ];
    return html`<p class="quiet">${t('keys.intro')}</p>
      <dl class="card facts">${facts.map(([word, value]) => html`<div><dt>${t(word)}</dt><dd>${value}</dd></div>`)}</dl>
      ${job ? html`<section class="card stack"><h2>${jobName(job)}</h2>${progressBar(job)}</section>` : nothing}
      <section class="stack"><div class="spread"><h2>${t('keys.vault')}</h2>
          ${mayRotate ? html`<button type="button" ?disabled=${job !== null} @click=${this.#rotate}>${t('keys.rotate')}</button>` : nothing}</div>
        ${table([
          { label: t('keys.fingerprint'), main: true, cell: (key) => html`<code>${key.fingerprint}</code>` },
          { label: t('jobs.state'), cell: (key) => html`<span class="tag ${TONES[key.state]}">${enumLabel('VaultKeyState', key.state)}</span>` },
          { label: t('keys.made'), cell: (key) => dateTime(key.madeAt) },
          { label: t('keys.wraps'), numeric: true, cell: (key) => count(key.dataKeys) },
          { label: t('keys.secrets'), numeric: true, cell: (key) => count(key.secrets) },
        ], keys.vaultKeys, { caption: t('keys.vault') })}</section>`;
  }

  #rotate = () => attempt(async () => {
    const { keys } = this.state;
    const isSure = await confirmDialog(t('keys.rotate'), t('keys.rotateQuestion', { count: count(keys.dataKeys) }), { yes: t('keys.rotate') });
    if (!isSure) return;
    const replaces = keys.vaultKeys.find((key) => key.state === 'ACTIVE').fingerprint;
    const { userErrors } = await change(ROTATE, { replaces });
    if (userErrors.length) notice(userErrors[0].message, 'bad');
    else notice(t('keys.rotated'), 'good');
    await this.reload();
  });
}

define('key-state', Keys);
