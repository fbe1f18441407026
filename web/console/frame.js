// The frame around every screen: areas, purpose, language, colours, who is logged in. Owns which screen is shown, where
// the focus goes, and the page's title. Must never load a record.

import { AREAS, openAreas } from './areas.js';
import { Part, define, html, nothing } from './core/screen.js';
import { t } from './core/language.js';
import { languageChoice } from './core/language_choice.js';
import { live } from './core/live.js';
import { notice } from './core/messages.js';
import { addRoutes, currentPath, currentRoute, go } from './core/router.js';
import { session } from './core/session.js';
import { currentTheme, setTheme, THEMES } from './core/theme.js';
import { enumLabel } from './core/values.js';
import './login/login.js';

class Frame extends Part {
  #shows = 0;
  #mustPlace = false;
  state = { isStarting: true, isOffline: false, isMenuOpen: false, route: null };

  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'session-changed', () => this.#sessionChanged());
    this.listen(window, 'access-changed', () => this.#accessChanged());
    this.listen(window, 'language-changed', () => live.restart());
    this.listen(window, 'navigated', () => this.#show());
    this.listen(this, 'keydown', (event) => { if (event.key === 'Escape' && this.state.isMenuOpen) this.set({ isMenuOpen: false }); });
    this.#start();
  }

  async #start() {
    try {
      await session.resume();
      this.set({ isStarting: false, isOffline: false });
      if (!session.viewer) this.#show();
    } catch {
      this.set({ isOffline: true });
      setTimeout(() => this.#start(), 2_000);
    }
  }

  #sessionChanged() {
    if (session.viewer) live.start();
    else live.stop();
    this.set({ isStarting: false, isMenuOpen: false });
    this.#show();
  }

  #accessChanged() {
    live.restart();
    this.#show(false);
  }

  async #show(moves = true) {
    const number = ++this.#shows;
    this.#mustPlace ||= moves;
    if (!session.viewer) {
      document.title = `${t('login.title')} · ${t('app.name')}`;
      this.set({ route: null });
      return;
    }
    const areas = openAreas();
    const name = currentPath().split('/')[0];
    if (!name) {
      if (areas.length) go(areas[0].path, { replace: true });
      else this.set({ route: null });
      return;
    }
    const area = AREAS.find((each) => each.path === name);
    try {
      if (area) addRoutes((await area.load()).routes);
    } catch (error) { // the server is away, or newer than the page
      console.error(error);
      notice(t('app.failed'), 'bad');
      return;
    }
    if (number !== this.#shows) return; // somebody has gone on meanwhile, or out
    const route = areas.includes(area) ? currentRoute() : null;
    document.title = `${area ? t(`area.${name}`) : t('app.notFound')} · ${t('app.name')}`;
    this.set({ route, isMenuOpen: false });
    if (this.#mustPlace || !route || route.tag !== this.state.shown?.localName) this.#place(route);
  }

  /** A new element for each address: a screen begins from nothing. */
  #place(route) {
    this.#mustPlace = false;
    queueMicrotask(() => {
      const main = this.querySelector('main');
      if (!main) return;
      const screen = document.createElement(route ? route.tag : 'console-nothing');
      if (route) screen.parameters = route.parameters;
      this.state.shown = screen;
      main.replaceChildren(screen);
      main.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    });
  }

  template() {
    if (this.state.isOffline) return html`<main class="alone" role="status">${t('app.offline')}</main>`;
    if (this.state.isStarting) return html`<main class="alone" aria-busy="true"></main>`;
    if (!session.viewer) return html`<console-login></console-login>${this.#notices()}`;
    return html`
      <a class="skip" href="#content" @click=${this.#skip}>${t('app.skip')}</a>
      <header class="top">
        <button type="button" class="menu" aria-expanded=${this.state.isMenuOpen} aria-controls="menu"
          @click=${() => this.set({ isMenuOpen: !this.state.isMenuOpen })}>${t('app.menu')}</button>
        <a class="brand" href="/console/">${t('app.name')}</a>
        ${this.#purposes()}
        <span class="who">${session.viewer.displayName ?? session.viewer.username}</span>
      </header>
      <div class="side ${this.state.isMenuOpen ? 'open' : ''}" id="menu">
        <nav aria-label=${t('app.areas')}>${openAreas().map((area) => html`
          <a href="/console/${area.path}" aria-current=${currentPath().split('/')[0] === area.path ? 'page' : nothing}>${t(`area.${area.path}`)}</a>`)}</nav>
        ${this.#settings()}
      </div>
      <main id="content" tabindex="-1"></main>
      ${this.#notices()}`;
  }

  #notices() {
    return html`<div class="notices" role="status" aria-live="polite"></div>`;
  }

  #skip = (event) => {
    event.preventDefault();
    this.querySelector('main').focus();
  };

  #purposes() {
    const { purposes } = session.viewer;
    if (!purposes.length) return nothing;
    const label = (purpose) => enumLabel('Purpose', purpose);
    if (purposes.length === 1) return html`<span class="purpose" title=${t('app.purposeHint')}>${t('app.purpose')}: <b>${label(purposes[0])}</b></span>`;
    return html`<label class="purpose" title=${t('app.purposeHint')}><span>${t('app.purpose')}</span>
      <select @change=${this.#choosePurpose}>${purposes.map((purpose) => html`
        <option value=${purpose} ?selected=${purpose === session.purpose}>${label(purpose)}</option>`)}</select></label>`;
  }

  #choosePurpose = async (event) => {
    try {
      await session.choosePurpose(event.target.value);
    } catch (error) {
      notice(error.message || t('login.unreachable'), 'bad');
    }
  };

  #settings() {
    return html`<div class="settings" role="region" aria-label=${t('app.settings')}>
      ${languageChoice()}
      <label><span>${t('app.theme')}</span><select @change=${(event) => setTheme(event.target.value)}>
        ${THEMES.map((theme) => html`<option value=${theme} ?selected=${theme === currentTheme()}>${t(`theme.${theme}`)}</option>`)}</select></label>
      <button type="button" @click=${() => session.logout()}>${t('app.logout')}</button>
    </div>`;
  }
}

/** Where no screen is. */
class Nothing extends Part {
  template() {
    const isLost = openAreas().length > 0;
    return html`<h1>${t(isLost ? 'app.notFound' : 'app.noArea')}</h1>
      ${isLost ? html`<p><a href="/console/">${t('app.home')}</a></p>` : nothing}`;
  }
}

define('console-nothing', Nothing);
define('console-frame', Frame);
