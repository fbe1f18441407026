// Who is logged in. Owns the tokens and what the caller may do; the access token is in memory only, the refresh token
// in the browser's storage, so that a reload or a second tab needs no password. Tells `session-changed` on window when
// somebody is in or no longer, and `access-changed` when what they may do has changed.

import { ApiError, ask, askAs, askNobody } from './api.js';

const STORED = 'dossier.session';
const STORED_PURPOSE = 'dossier.purpose';
const EARLY_SECONDS = 20; // a token is renewed before it runs out on its way

const LOGIN = `mutation ($input: LoginInput!) {
  login(input: $input) { accessToken refreshToken expiresIn retryAfter userErrors { code message } } }`;
const REFRESH = `mutation ($input: RefreshSessionInput!) {
  refreshSession(input: $input) { accessToken refreshToken expiresIn userErrors { code message } } }`;
const LOGOUT = 'mutation { logout { userErrors { code } } }';
const VIEWER = `{ viewer { username displayName roles department purposes ruleSet
  kinds { kind labelEn labelZh isCustomer readable }
  vocabulary { enum values { value labelEn labelZh } } } }`;
const PURPOSES = '{ viewer { username purposes } }';

class Session {
  #access = null; // {token, until}
  #renewing = null;

  /** `{username, displayName, roles, purposes, ruleSet, kinds, vocabulary}`; null: nobody is logged in. */
  viewer = null;

  /** The purpose that requests state; one of the viewer's. */
  purpose = null;

  /** Why the login screen is shown again: `ended` or nothing. */
  ending = '';

  /** Takes up the session of this browser, if there is one. */
  async resume() {
    if (!localStorage.getItem(STORED)) return;
    try {
      await this.renew();
      await this.#enter();
    } catch (error) {
      if (error.status === 0) throw error;
    }
  }

  /** Logs in. Gives the message to show, or an empty text where it went well. */
  async login(username, password) {
    const answer = await askNobody(LOGIN, { input: { username, password } });
    const payload = answer.data?.login;
    if (!payload?.accessToken) return payload?.userErrors?.[0]?.message ?? answer.errors?.[0]?.message ?? '';
    this.#keep(payload);
    this.ending = '';
    await this.#enter();
    return '';
  }

  /** Forgets the session first: no request of a screen may come after its end. */
  async logout() {
    const authorization = `Bearer ${await this.accessToken()}`;
    this.#forget();
    await askNobody(LOGOUT, {}, { authorization });
  }

  /** The session is over, and not by its owner. */
  end() {
    if (this.viewer || localStorage.getItem(STORED)) this.ending = 'ended';
    this.#forget();
  }

  /** A token that is good for the next seconds. */
  async accessToken() {
    if (!this.#access || Date.now() > this.#access.until) await this.renew();
    return this.#access.token;
  }

  /** Exchanges the refresh token, once for all who ask and in one tab at a time: a token used twice ends the session. */
  renew() {
    this.#renewing ??= this.#exchange().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  /** Asks anew what the caller may do, and tells every screen. */
  async reload() {
    await this.#load();
    window.dispatchEvent(new Event('access-changed'));
  }

  async choosePurpose(purpose) {
    this.purpose = purpose;
    localStorage.setItem(STORED_PURPOSE, purpose);
    await this.reload();
  }

  /** The kinds of which the caller may read something. */
  mayRead(...kinds) {
    return this.viewer.kinds.some((each) => each.readable && kinds.includes(each.kind));
  }

  hasPurpose(purpose) {
    return this.viewer.purposes.includes(purpose);
  }

  async #exchange() {
    const locked = navigator.locks ? (work) => navigator.locks.request(STORED, work) : (work) => work();
    await locked(async () => {
      const refreshToken = localStorage.getItem(STORED);
      if (!refreshToken) throw this.#over();
      const answer = await askNobody(REFRESH, { input: { refreshToken } });
      const payload = answer.data?.refreshSession;
      if (answer.status >= 500) throw new ApiError('', answer.errors, answer.status);
      if (!payload?.accessToken) throw this.#over();
      this.#keep(payload);
    });
  }

  #over() {
    this.end();
    return new ApiError('', [{ extensions: { code: 'UNAUTHENTICATED' } }], 401);
  }

  #keep(payload) {
    this.#access = { token: payload.accessToken, until: Date.now() + (payload.expiresIn - EARLY_SECONDS) * 1000 };
    localStorage.setItem(STORED, payload.refreshToken);
  }

  #forget() {
    this.#access = null;
    this.viewer = null;
    localStorage.removeItem(STORED);
    window.dispatchEvent(new Event('session-changed'));
  }

  async #enter() {
    await this.#load();
    window.dispatchEvent(new Event('session-changed'));
  }

  async #load() {
    const first = await ask(PURPOSES, {}, { purpose: null });
    const { purposes } = first.data.viewer;
    const wanted = this.purpose ?? localStorage.getItem(STORED_PURPOSE);
    this.purpose = purposes.includes(wanted) ? wanted : purposes[0] ?? null;
    this.viewer = (await ask(VIEWER)).data.viewer;
  }
}

export const session = new Session();
askAs(session);

window.addEventListener('storage', (event) => { // logged out in another tab
  if (event.key === STORED && event.newValue === null && session.viewer) session.end();
});
