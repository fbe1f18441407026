// Questions in front of the page, by the browser's own <dialog>: it keeps the focus and closes with Escape.
// Owns how they open and what they give back. Must never carry out what was asked about.

import { html, nothing, render } from '../node_modules/lit-html/lit-html.js';
import { t } from './language.js';

/**
 * Opens a dialog with `title` and `content(close)` (a template); resolves with what `close(result)` is given, or null
 * when it was dismissed. `redraw` is passed to `content` too: call it after a change of the content's own state.
 */
export function openDialog(title, content, { wide = false } = {}) {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    dialog.className = wide ? 'dialog wide' : 'dialog';
    dialog.setAttribute('aria-labelledby', 'dialog-title');
    let result = null;
    const close = (given = null) => { result = given; dialog.close(); };
    const redraw = () => render(html`
      <header><h2 id="dialog-title">${title}</h2>
        <button type="button" class="icon" aria-label=${t('action.close')} @click=${() => close()}>×</button></header>
      ${content(close, redraw)}`, dialog);
    dialog.addEventListener('close', () => { dialog.remove(); resolve(result); });
    redraw();
    document.querySelector('console-frame').append(dialog);
    dialog.showModal();
  });
}

/** Asks yes or no. Resolves true for yes. */
export async function confirmDialog(title, text, { yes = t('action.confirm'), danger = false } = {}) {
  return await openDialog(title, (close) => html`
    <p>${text}</p>
    <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
      <button type="button" class=${danger ? 'danger' : 'primary'} @click=${() => close(true)}>${yes}</button></footer>`) === true;
}

/** Asks for a text, with a label and a hint. Resolves with it, or null. */
export function textDialog(title, label, { value = '', hint = '', yes = t('action.confirm'), required = true, password = false, maximum = 500 } = {}) {
  return openDialog(title, (close) => html`
    <form @submit=${(event) => { event.preventDefault(); close(new FormData(event.target).get('text')); }}>
      <label class="field"><span>${label}</span>
        ${password
          ? html`<input name="text" type="password" autocomplete="current-password" ?required=${required} autofocus>`
          : html`<textarea name="text" rows="3" maxlength=${maximum} ?required=${required} autofocus .value=${value}></textarea>`}
        ${hint ? html`<small>${hint}</small>` : nothing}</label>
      <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
        <button class="primary">${yes}</button></footer>
    </form>`);
}
