// The file of an attachment, fetched with the caller's token and handed to the browser as a download. Must never show
// it in the page: it is somebody else's file.

import { attempt, html } from '../core/screen.js';
import { ApiError, purposeHeader } from '../core/api.js';
import { t } from '../core/language.js';
import { session } from '../core/session.js';

/** The button. */
export const downloadAttachment = (row) => html`<footer>
  <button type="button" class="primary" @click=${() => attempt(() => downloadFile(row.id))}>${t('customers.download')}</button></footer>`;

/** Fetches the file of an attachment and hands it to the browser. Raises ApiError where the caller may not have it. */
export async function downloadFile(id) {
  const response = await fetch(`/attachments/${id}`, {
    credentials: 'omit',
    headers: { authorization: `Bearer ${await session.accessToken()}`, ...purposeHeader(session.purpose) },
  });
  if (!response.ok) throw await refusal(response);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = fileName(response.headers.get('content-disposition') ?? '');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function refusal(response) {
  const answer = await response.json().catch(() => ({}));
  return new ApiError(answer.errors?.[0]?.message ?? '', answer.errors ?? [], response.status);
}

/** RFC 6266: the extended form of the name where there is one. */
function fileName(disposition) {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  return extended ? decodeURIComponent(extended[1]) : /filename="?([^";]+)/i.exec(disposition)?.[1] ?? 'attachment';
}
