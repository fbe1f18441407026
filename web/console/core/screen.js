// What every screen is: a custom element that draws a template from its state. Owns when it draws and when it loads
// again. A screen extends it with `template()` and, where it shows records, `load()`.

import { html, nothing, render } from '../node_modules/lit-html/lit-html.js';
import { ApiError } from './api.js';
import { t } from './language.js';
import { notice } from './messages.js';

export { html, nothing };

/**
 * A part of a page. `state` is what it draws; `set({...})` changes it and draws again (once per turn of the event loop).
 * `template()` returns what to draw. Draws again when the language changes.
 */
export class Part extends HTMLElement {
  state = {};
  #isDue = false;
  #gone = new AbortController();

  connectedCallback() {
    this.#gone = new AbortController();
    this.listen(window, 'language-changed', () => this.update());
    this.update();
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  /** Aborted when the part leaves the page: give it to `ask` and to listeners. */
  get signal() {
    return this.#gone.signal;
  }

  listen(target, type, listener) {
    target.addEventListener(type, listener, { signal: this.signal });
  }

  set(changes) {
    Object.assign(this.state, changes);
    this.update();
  }

  update() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.isConnected) render(this.template(), this);
    });
  }

  template() {
    return nothing;
  }
}

/**
 * A part that shows what the server gives: `load()` asks and calls `set`. It is loaded when it appears, when rights,
 * purpose or language change, and by `reload()`. Until the first answer and after a failure `frame()` shows that.
 * `parameters` are those of its path.
 */
export class Screen extends Part {
  parameters = {};
  #loads = 0;
  state = { isLoading: true, failure: null };

  connectedCallback() {
    super.connectedCallback();
    this.listen(window, 'access-changed', () => this.reload());
    this.listen(window, 'language-changed', () => this.reload());
    this.reload();
  }

  /** Loads again. An earlier load that is still under way must not overwrite it: see `isLatest` in `load(isLatest)`. */
  async reload() {
    const number = ++this.#loads;
    try {
      await this.load(() => number === this.#loads);
      if (number === this.#loads) this.set({ isLoading: false, failure: null });
    } catch (error) {
      if (error.name === 'AbortError' || number !== this.#loads) return;
      if (!(error instanceof ApiError)) console.error(error);
      this.set({ isLoading: false, failure: error });
    }
  }

  async load() {}

  /** The template where there is something to show; the state of loading otherwise. `content` is a function. */
  frame(content) {
    if (this.state.failure) return failureTemplate(this.state.failure, () => { this.set({ isLoading: true, failure: null }); this.reload(); });
    if (this.state.isLoading !== false) return html`<p class="loading" role="status">${t('state.loading')}</p>`;
    return content();
  }
}

/** What went wrong, in the server's words, and a button to try again. */
export function failureTemplate(error, retry) {
  const message = error.status === 0 ? t('login.unreachable') : error.message || t('app.failed');
  return html`<div class="notice bad" role="alert"><p>${message}</p>
    ${error.code ? html`<p class="quiet">${error.code}</p>` : nothing}
    <button type="button" @click=${retry}>${t('action.retry')}</button></div>`;
}

/** Defines a custom element once. */
export function define(tag, element) {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

/** Runs what a button does, and shows what the server refuses. Gives what `work` gives, undefined after a refusal. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === 'AbortError') return undefined;
    if (!(error instanceof ApiError)) console.error(error);
    notice(error.status === 0 ? t('login.unreachable') : error.message || t('app.failed'), 'bad');
    return undefined;
  }
}
