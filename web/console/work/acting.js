// Carrying out what a record's state offers. Owns that a change is meant for the version that is on the page, and that
// whoever comes too late is told so and shown the present state. Which change is allowed is the server's to say.

import { attempt } from '../core/screen.js';
import { change } from '../core/api.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { carryOut } from '../core/operations.js';

/** The text of a mutation with one input, for `act` and `actWith`. */
export const mutation = (name, selection = '') => `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
  ${name}(input: $input) { ${selection} userErrors { code message field rule } } }`;

const isStale = (errors) => errors.some((error) => error.code === 'STALE_VERSION');

/**
 * Does it at once, for what needs no words. `record()` gives the record as it is on the page now, `reload()` brings it
 * up to date. Resolves true when it was done.
 */
export async function act(text, record, reload, given = {}) {
  const isDone = await attempt(async () => {
    const { id, version } = record();
    const { userErrors } = await change(text, { id, version, ...given });
    if (!userErrors.length) notice(t('state.saved'), 'good');
    else notice(userErrors.map((error) => error.message).join(' ') + (isStale(userErrors) ? ` ${t('work.lookAgain')}` : ''), 'bad');
    return !userErrors.length;
  });
  await reload();
  return isDone === true;
}

/**
 * Asks for `fields` first (see core/operations.js). It is meant for the version that was there when it was asked: whoever
 * was too late is told so in the form, which stays as it was typed while the page behind it is brought up to date.
 * Confirmed again, it is meant for what is there now.
 */
export async function actWith(title, fields, text, record, reload, options = {}) {
  const { id, version } = record();
  let isTold = false;
  const fixed = { id, get version() { return isTold ? record().version : version; } };
  const refused = async (errors) => {
    if (!isStale(errors)) return;
    await reload();
    isTold = true;
  };
  const isDone = await carryOut(title, fields, text, { ...options, fixed, refused });
  if (isDone) await reload();
  return isDone;
}
