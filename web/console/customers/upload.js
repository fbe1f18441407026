// Adding a file to a customer: its category and the file itself, streamed to the route that takes files. Owns the dialog;
// which files are taken is the server's to say.

import { html, nothing } from '../core/screen.js';
import { ApiError, purposeHeader } from '../core/api.js';
import { openDialog } from '../core/dialog.js';
import { currentLanguage, labelOf, t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { session } from '../core/session.js';
import { RetryKey } from './writing.js';

/** Whether the caller may add a file: `specs` are the fields of attachments. */
export const mayUpload = (specs) => ['category', 'fileName', 'content'].every((name) => specs.some((spec) => spec.field === name && spec.operable));

/** Asks for the file and sends it. Resolves true when it was added. */
export async function uploadFile(customer, specs) {
  const category = specs.find((spec) => spec.field === 'category');
  const retry = new RetryKey();
  let state = { message: '', isBusy: false };
  const done = await openDialog(t('customers.upload'), (close, redraw) => {
    const set = (changes) => { state = { ...state, ...changes }; redraw(); };
    const submit = async (event) => {
      event.preventDefault();
      if (state.isBusy) return;
      const { file, category: chosen } = event.target.elements;
      const [{ name, size, lastModified }] = file.files;
      set({ isBusy: true, message: '' });
      try {
        await send(customer, chosen.value, file.files[0], retry.for([customer, chosen.value, name, size, lastModified]));
        close(true);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        set({ isBusy: false, message: error.message || t(error.status === 0 ? 'login.unreachable' : 'app.failed') });
      }
    };
    return html`<form @submit=${submit}>
      <label class="field"><span>${labelOf(category)}</span><select name="category" required>
        <option value=""></option>${category.values.map((each) => html`<option value=${each.value}>${labelOf(each)}</option>`)}</select></label>
      <label class="field"><span>${t('customers.upload.file')}</span><input name="file" type="file" required></label>
      ${state.message ? html`<p class="error" role="alert">${state.message}</p>` : nothing}
      <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
        <button class="primary" ?disabled=${state.isBusy}>${t('customers.upload')}</button></footer>
    </form>`;
  });
  if (done) notice(t('state.saved'), 'good');
  return done === true;
}

async function send(customer, category, file, key) {
  const query = new URLSearchParams({ customer, category: category.toLowerCase() });
  const headers = {
    authorization: `Bearer ${await session.accessToken()}`,
    ...purposeHeader(session.purpose),
    'accept-language': currentLanguage(),
    'content-type': file.type || 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    'idempotency-key': key,
  };
  let response;
  try {
    response = await fetch(`/attachments?${query}`, { method: 'POST', credentials: 'omit', headers, body: file });
  } catch {
    throw new ApiError('', [], 0);
  }
  if (response.ok) return;
  const { errors = [] } = await response.json().catch(() => ({}));
  throw new ApiError(errors[0]?.message ?? '', errors, response.status);
}
