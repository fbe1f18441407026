// The choice of language, on every screen and before the login. Owns how it is drawn; what is chosen is language.js's.

import { currentLanguage, LANGUAGES, setLanguage, t } from './language.js';
import { html } from './screen.js';

export function languageChoice() {
  return html`<label><span>${t('app.language')}</span><select name="language" @change=${(event) => setLanguage(event.target.value)}>
    ${LANGUAGES.map(([code, name]) => html`<option value=${code} lang=${code} ?selected=${code === currentLanguage()}>${name}</option>`)}</select></label>`;
}
