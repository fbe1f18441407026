// The login. Owns the form; the password goes into one request and is kept nowhere.

import { Part, define, html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { languageChoice } from '../core/language_choice.js';
import { session } from '../core/session.js';

class Login extends Part {
  state = { message: '', isBusy: false };

  template() {
    const message = this.state.message || (session.ending ? t('login.ended') : '');
    return html`<main class="login"><form class="card" @submit=${this.#submit} aria-labelledby="login-title">
      <h1 id="login-title"><img src="/console/icon.svg" alt="" width="32" height="32"> ${t('app.name')}</h1>
      ${message ? html`<p class="notice bad" role="alert">${message}</p>` : nothing}
      <label class="field"><span>${t('login.username')}</span>
        <input name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
      <label class="field"><span>${t('login.password')}</span>
        <input name="password" type="password" autocomplete="current-password" required></label>
      <button class="primary" ?disabled=${this.state.isBusy}>${t('login.submit')}</button>
      <div class="settings">${languageChoice()}</div>
    </form></main>`;
  }

  #submit = async (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    this.set({ isBusy: true, message: '' });
    try {
      const message = await session.login(given.get('username').trim(), given.get('password'));
      this.set({ message });
    } catch (error) {
      this.set({ message: error.status === 0 ? t('login.unreachable') : error.message || t('app.failed') });
    } finally {
      this.set({ isBusy: false });
    }
    if (this.state.message) this.querySelector('[name=password]')?.select();
  };
}

define('console-login', Login);
