// Opening one masked field: the reason that is kept, the password where it must be given again. Owns the questions, not
// the value: that goes to whoever asked, and is kept nowhere.

import { html, nothing } from '../core/screen.js';
import { ApiError, ask, change, randomKey } from '../core/api.js';
import { openDialog } from '../core/dialog.js';
import { t } from '../core/language.js';

const REVEAL = `mutation ($input: RevealInput!) {
  reveal(input: $input) { value values level userErrors { code message field } } }`;
const STEP_UP = 'mutation ($input: StepUpInput!) { stepUp(input: $input) { until userErrors { code message } } }';
const NEEDS_PASSWORD = 'STEP_UP_REQUIRED';

/** Asks and opens. Resolves with the values, one text each, or null where nothing was opened. */
export function reveal(customer, field, label) {
  const key = randomKey();
  let state = { needsPassword: false, message: '', isBusy: false };
  return openDialog(t('customers.reveal.title', { field: label }), (close, redraw) => {
    const set = (changes) => { state = { ...state, ...changes }; redraw(); };
    const submit = async (event) => {
      event.preventDefault();
      if (state.isBusy) return;
      const form = event.target;
      set({ isBusy: true, message: '' });
      try {
        const message = state.needsPassword ? await stepUp(form.elements.password.value) : '';
        if (message) { set({ isBusy: false, message }); return; }
        const input = { customer, field, reason: form.elements.reason.value.trim() };
        const payload = await change(REVEAL, input, { key });
        if (!payload.userErrors.length) { close({ values: payload.values ?? (payload.value === null ? [] : [payload.value]), level: payload.level }); return; }
        if (payload.userErrors[0].code === NEEDS_PASSWORD) {
          set({ isBusy: false, needsPassword: true });
          requestAnimationFrame(() => form.elements.password?.focus());
        } else set({ isBusy: false, message: payload.userErrors.map((each) => each.message).join(' ') });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        set({ isBusy: false, message: error.message || t('login.unreachable') });
      }
    };
    return html`<form @submit=${submit}>
      <p>${t('customers.reveal.kept')}</p>
      <label class="field"><span>${t('form.reason')}</span>
        <textarea name="reason" rows="2" minlength="3" maxlength="500" required autofocus></textarea></label>
      ${state.needsPassword ? html`<label class="field"><span>${t('login.password')}</span>
        <input name="password" type="password" autocomplete="current-password" required>
        <small>${t('customers.reveal.password')}</small></label>` : nothing}
      ${state.message ? html`<p class="error" role="alert">${state.message}</p>` : nothing}
      <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
        <button class="primary" ?disabled=${state.isBusy}>${t('customers.reveal.action')}</button></footer>
    </form>`;
  });
}

/** The message to show, or an empty text where the password was right. */
async function stepUp(password) {
  const { data, errors } = await ask(STEP_UP, { input: { password } });
  if (!data.stepUp) throw new ApiError(errors[0]?.message ?? '', errors);
  return data.stepUp.userErrors.map((each) => each.message).join(' ');
}
