// The letter of a collection step: made, and had by those who may open the file. Owns the cell and its questions.

import { attempt, html } from '../core/screen.js';
import { ask } from '../core/api.js';
import { LANGUAGES, currentLanguage, t } from '../core/language.js';
import { icon } from '../core/values.js';
import { downloadFile } from '../customers/download.js';
import { actWith, mutation } from './acting.js';
import { isOperable } from './rights.js';

const PREPARE = mutation('prepareCollectionLetter');

/** The ids of those letters of the steps whose file the caller may open. */
export async function lettersOpen(steps, options) {
  const letters = steps.map((step) => step.letter).filter(Boolean);
  if (!letters.length) return new Set();
  const parts = letters.map((id, i) => `a${i}: attachment(id: ${JSON.stringify(id)}) { id access { field level } }`);
  const { data } = await ask(`{ ${parts.join(' ')} }`, {}, options);
  const isOpen = (attachment) => attachment?.access.some((each) => each.field === 'content' && each.level === 'PLAIN');
  return new Set(Object.values(data).filter(isOpen).map((attachment) => attachment.id));
}

/** What can be done about the letter of a step. */
export function letterCell(step, { isOpen, reload }) {
  const name = step.customer?.name ?? '';
  if (step.letter) {
    return isOpen
      ? html`<button type="button" aria-label=${`${t('work.downloadLetter')}: ${name}`} @click=${() => attempt(() => downloadFile(step.letter))}>${t('work.downloadLetter')}</button>`
      : html`<span class="quiet" title=${t('work.letterClosedHint')}>${icon('lock')}${t('work.letterClosed')}</span>`;
  }
  const isWanted = step.stage === 'LETTER' && step.state === 'PLANNED' && isOperable(step, 'letter');
  if (!isWanted) return html`<span class="quiet">–</span>`;
  return html`<button type="button" aria-label=${`${t('work.prepareLetter')}: ${name}`} @click=${() => prepare(step, reload)}>${t('work.prepareLetter')}</button>`;
}

function prepare(step, reload) {
  const fields = [{ name: 'language', label: t('app.language'), type: 'choice', choices: LANGUAGES, value: currentLanguage(), required: true }];
  return actWith(t('work.prepareLetter'), fields, PREPARE, () => step, reload, { intro: t('work.letterIntro'), yes: t('work.prepareLetter') });
}
