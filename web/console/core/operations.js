// A form in a dialog that carries out one mutation: it stays open until the server takes it, and shows at each field
// what the server says of it. Owns the asking; a screen names the fields and the mutation.

import { html, nothing } from '../node_modules/lit-html/lit-html.js';
import { ApiError, change } from './api.js';
import { openDialog } from './dialog.js';
import { errorsOf } from './forms.js';
import { t } from './language.js';
import { notice } from './messages.js';

/**
 * Opens `title` with `fields`: `[{name, label, type, required, choices, value, hint}]`, `type` one of text (default),
 * long, choice, several, check, date, datetime, number, lines; `choices` are `[value, label, hint]`, and the value of
 * `several` is a list; an emptied choice is sent as null where the field is `clearable`. Sends `mutation` with
 * `{input: {...fixed, ...values}}`; empty values are left out. One idempotency key for as long as the dialog is open, so
 * that a retry after a lost answer does nothing twice. `refused(userErrors)` hears what the server said no to, and
 * is waited for. Resolves with the payload, or null when it was dismissed.
 */
export function operationDialog(title, fields, mutation, { fixed = {}, yes = t('action.confirm'), intro = '', danger = false, purpose, refused } = {}) {
  let errors = [];
  let key = newKey();
  let isBusy = false;
  return openDialog(title, (close, redraw) => {
    const submit = async (event) => {
      event.preventDefault();
      if (isBusy) return;
      isBusy = true;
      redraw();
      try {
        const payload = await change(mutation, { ...fixed, ...valuesOf(event.target, fields) }, { key, purpose });
        errors = payload.userErrors ?? [];
        if (!errors.length) close(payload);
        else {
          key = newKey(); // this one has been answered
          await refused?.(errors);
        }
      } catch (error) {
        if (!(error instanceof ApiError)) console.error(error);
        errors = [{ message: error.status === 0 ? t('login.unreachable') : error.message || t('app.failed') }];
      } finally {
        isBusy = false;
        redraw();
      }
    };
    const named = new Set(fields.flatMap((field) => errorsOf(errors, field.name)));
    const general = errors.map((error) => error.message).filter((message) => !named.has(message));
    return html`<form @submit=${submit}>
      ${intro ? html`<p>${intro}</p>` : nothing}
      ${general.length ? html`<div class="notice bad" role="alert">${general.map((message) => html`<p>${message}</p>`)}</div>` : nothing}
      ${fields.map((field) => fieldTemplate(field, errorsOf(errors, field.name)))}
      <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
        <button class=${danger ? 'danger' : 'primary'} ?disabled=${isBusy}>${yes}</button></footer>
    </form>`;
  });
}

/** `operationDialog`, and a word about it when it was done. Resolves true then. */
export async function carryOut(title, fields, mutation, options = {}) {
  const payload = await operationDialog(title, fields, mutation, options);
  if (payload) notice(t('state.saved'), 'good');
  return payload !== null;
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function fieldTemplate(field, errors) {
  const id = `operation-${field.name}`;
  const invalid = errors.length > 0;
  if (field.type === 'check') {
    return html`<label class="check"><input id=${id} name=${field.name} type="checkbox" ?checked=${field.value}>${field.label}</label>`;
  }
  if (field.type === 'several') return severalTemplate(field, id, errors);
  const described = [invalid ? `${id}-error` : '', field.hint ? `${id}-hint` : ''].filter(Boolean).join(' ') || nothing;
  return html`<div class="field"><label for=${id}>${field.label}${field.required ? html` <span class="mark">${t('form.required')}</span>` : nothing}</label>
    ${controlOf(field, { id, described, invalid })}
    ${field.hint ? html`<small id=${`${id}-hint`}>${field.hint}</small>` : nothing}
    ${invalid ? html`<p class="error" id=${`${id}-error`}>${errors.join(' ')}</p>` : nothing}</div>`;
}

function severalTemplate({ name, label, choices, value = [], hint }, id, errors) {
  return html`<fieldset class="several"><legend>${label}</legend>
    ${hint ? html`<small>${hint}</small>` : nothing}
    <div>${choices.map(([key, text, more]) => html`<label class="check"><input name=${name} type="checkbox" value=${key} ?checked=${value.includes(key)}>
      <span>${text}${more ? html` <small>${more}</small>` : nothing}</span></label>`)}</div>
    ${errors.length ? html`<p class="error" id=${`${id}-error`}>${errors.join(' ')}</p>` : nothing}</fieldset>`;
}

function controlOf({ name, type = 'text', required = false, choices, value = '' }, { id, described, invalid }) {
  if (type === 'choice') {
    return html`<select id=${id} name=${name} ?required=${required} aria-describedby=${described} aria-invalid=${invalid}>
      ${required && value ? nothing : html`<option value=""></option>`}
      ${choices.map(([key, label]) => html`<option value=${key} ?selected=${key === value}>${label}</option>`)}</select>`;
  }
  if (type === 'long' || type === 'lines') {
    return html`<textarea id=${id} name=${name} rows="4" ?required=${required} aria-describedby=${described} aria-invalid=${invalid}>${value}</textarea>`;
  }
  const kind = { date: 'date', datetime: 'datetime-local', number: 'number' }[type] ?? 'text';
  return html`<input id=${id} name=${name} type=${kind} value=${value} ?required=${required} autocomplete="off"
    aria-describedby=${described} aria-invalid=${invalid}>`;
}

function valuesOf(form, fields) {
  const values = {};
  for (const { name, type, clearable } of fields) {
    if (type === 'several') {
      values[name] = [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value);
      continue;
    }
    const control = form.elements[name];
    const text = control.value.trim();
    if (type === 'check') values[name] = control.checked;
    else if (text === '') {
      if (clearable) values[name] = null;
    }
    else if (type === 'number') values[name] = Number(text);
    else if (type === 'datetime') values[name] = new Date(text).toISOString();
    else if (type === 'lines') values[name] = text.split('\n').map((line) => line.trim()).filter(Boolean);
    else values[name] = text;
  }
  return values;
}
