// Forms from what the server says of a kind's fields. Owns which control a field gets and where its error stands. A
// form knows beforehand what may be written: the rest is shown as text with the reason.

import { html, nothing } from '../node_modules/lit-html/lit-html.js';
import { labelOf, t } from './language.js';
import { fieldValue, plainText } from './values.js';

const KINDS_OF_INPUT = { Date: 'date', EmailAddress: 'email', PhoneNumber: 'tel', Int: 'number', Decimal: 'text', DateTime: 'datetime-local' };
const LINE = 200; // characters: what may be longer gets room for more than one line

/**
 * One labelled control. `spec` is a field of `viewer.access` (`field`, `labelEn`, `labelZh`, `type`, `values`,
 * `required`, `maxLength`); `access` its `{level, reason, writable}` on this record; `value` the present one; `errors` those of
 * `userErrors` for it (messages). The control's name is the field's.
 */
export function control(spec, { value = null, access = {}, errors = [], isNew = false, prefix = 'field' } = {}) {
  const id = `${prefix}-${spec.field}`;
  const mayWrite = isNew ? spec.creatable : access.writable ?? spec.writable;
  const label = labelOf(spec);
  if (!mayWrite) {
    return isNew ? nothing : html`<div class="field fixed"><span class="label">${label}</span>
      <div>${fieldValue(value, { type: spec.type, ...access })}</div><small>${t('form.notWritable')}</small></div>`;
  }
  const isHidden = !isNew && (access.level === 'MASKED' || access.level === 'DENIED');
  const shown = isHidden ? '' : value;
  const named = shown !== null && typeof shown === 'object' && !Array.isArray(shown) ? plainText(shown) : ''; // typed by user name or code
  const hint = isHidden ? t('form.maskedHint') : named;
  const described = [errors.length ? `${id}-error` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ');
  const is = { id, spec, shown, described, invalid: errors.length > 0, required: isNew && spec.required };
  return html`<div class="field">
    <label for=${id}>${label}${is.required ? html` <span class="mark">${t('form.required')}</span>` : nothing}</label>
    ${input(is, access.level === 'DENIED' && !isNew ? t('value.denied') : isHidden ? plainText(value, spec.type) : '')}
    ${hint ? html`<small id=${`${id}-hint`}>${hint}</small>` : nothing}
    ${errors.length ? html`<p class="error" id=${`${id}-error`}>${errors.join(' ')}</p>` : nothing}
  </div>`;
}

function input({ id, spec, shown, described, invalid, required }, placeholder) {
  const type = spec.type.replace(/[[\]!]/g, '');
  const describedBy = described || nothing;
  if (spec.values) {
    return html`<select id=${id} name=${spec.field} ?required=${required} aria-describedby=${describedBy} aria-invalid=${invalid}>
      <option value="" ?selected=${!shown}></option>
      ${spec.values.map((each) => html`<option value=${each.value} ?selected=${shown === each.value}>${labelOf(each)}</option>`)}
    </select>`;
  }
  if (type === 'Boolean') {
    return html`<select id=${id} name=${spec.field} aria-describedby=${describedBy} aria-invalid=${invalid}>
      <option value="" ?selected=${shown === null || shown === ''}></option>
      <option value="true" ?selected=${shown === true}>${t('value.yes')}</option>
      <option value="false" ?selected=${shown === false}>${t('value.no')}</option></select>`;
  }
  if (spec.list) {
    return html`<textarea id=${id} name=${spec.field} rows="3" .value=${(shown || []).join('\n')} placeholder=${placeholder}
      aria-describedby=${describedBy} aria-invalid=${invalid}></textarea>`;
  }
  if (spec.maxLength > LINE) {
    return html`<textarea id=${id} name=${spec.field} rows="3" .value=${shown ?? ''} placeholder=${placeholder} ?required=${required}
      aria-describedby=${describedBy} aria-invalid=${invalid}></textarea>`;
  }
  const text = shown !== null && typeof shown === 'object' ? shown.username ?? shown.code ?? shown.id : shown ?? '';
  return html`<input id=${id} name=${spec.field} type=${KINDS_OF_INPUT[type] ?? 'text'} .value=${String(text)} autocomplete="off"
    placeholder=${placeholder} ?required=${required} aria-describedby=${describedBy} aria-invalid=${invalid}>`;
}

/** What a form's control says, as the API takes it: null where it was emptied. */
export function valueOf(spec, form) {
  const element = form.elements[spec.field];
  if (!element) return undefined;
  const text = element.value.trim();
  const type = spec.type.replace(/[[\]!]/g, '');
  if (spec.list) return text ? text.split('\n').map((line) => line.trim()).filter(Boolean) : [];
  if (text === '') return null;
  if (type === 'Boolean') return text === 'true';
  if (type === 'Int') return Number(text);
  if (type === 'DateTime') return new Date(text).toISOString();
  return text;
}

/** The messages of `userErrors` that speak of a field (its path ends with it). */
export const errorsOf = (userErrors, field) => userErrors.filter((error) => error.field?.at(-1) === field || error.field?.includes(field))
  .map((error) => error.message);

/** The messages that speak of no field. */
export const generalErrors = (userErrors) => userErrors.filter((error) => !error.field?.length).map((error) => error.message);
