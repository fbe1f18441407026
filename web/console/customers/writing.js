// What the forms of customers share: the controls by sensitivity, what was changed, and the channel by which values came
// (I1). Owns which fields are sent: only those that were changed; a masked one only when something was typed into it.

import { repeat } from '../node_modules/lit-html/directives/repeat.js';
import { html, nothing } from '../core/screen.js';
import { randomKey } from '../core/api.js';
import { labelOf, t } from '../core/language.js';
import { control, errorsOf, valueOf } from '../core/forms.js';
import { session } from '../core/session.js';
import { enumChoices, enumLabel, fieldValue } from '../core/values.js';
import { inputValue, isSame } from './customer.js';
import { baseType } from './fields.js';

const CLASSES = ['BASIC', 'CONTACT', 'IDENTITY', 'PERSONAL', 'BUSINESS', 'FINANCIAL', 'INTERNAL'];
const KEPT_BY_THE_SYSTEM = new Set(['version', 'createdAt', 'updatedAt', 'nextReviewOn']);

const DECIMAL = /^-?\d{1,20}(\.\d+)?$/;

/** The channel that was last stated: the next form offers it. */
let lastChannel = '';

/**
 * The fields in groups; those of which nothing may be written stand together at the end, as text. `levels(field)`:
 * `{level, reason, writable}`; `record`: null for a new customer.
 */
export function fieldGroups(specs, record, levels, userErrors) {
  const isNew = record === null;
  const fields = specs.filter((spec) => (isNew ? spec.creatable : !KEPT_BY_THE_SYSTEM.has(spec.field)));
  const groups = CLASSES.map((name) => [name, fields.filter((spec) => spec.sensitivity === name)]);
  const isOpen = (group) => isNew || group.some((spec) => levels(spec.field).writable);
  const closed = groups.filter(([, group]) => !isOpen(group)).flatMap(([, group]) => group);
  // By name: when a field goes, what was typed in it goes too, and never becomes that of its neighbour.
  return html`${repeat(groups.filter(([, group]) => group.length && isOpen(group)), ([name]) => name, ([name, group]) => html`
    <fieldset class="card"><legend><h2>${enumLabel('Sensitivity', name)}</h2></legend>
      <div class="form">${repeat(group, (spec) => spec.field, (spec) => control(spec, {
        value: isNew ? ownValue(spec) : record[spec.field], access: isNew ? {} : levels(spec.field), errors: errorsOf(userErrors, spec.field), isNew,
      }))}</div></fieldset>`)}
    ${closed.length ? html`<details class="card fixed-fields"><summary>${t('customers.fixed')}</summary>
      <dl class="facts">${closed.map((spec) => html`<div><dt>${labelOf(spec)}</dt>
        <dd>${fieldValue(record[spec.field], { type: spec.type, ...levels(spec.field) })}</dd></div>`)}</dl></details>` : nothing}`;
}

/** A new customer is its maker's unless the form says otherwise. */
export function ownValue(spec) {
  if (!spec.required) return null;
  return { Staff: session.viewer.username, Department: session.viewer.department }[baseType(spec.type)] ?? null;
}

/** How the values came, which the API asks of every change. */
export function channelChoice(userErrors) {
  const errors = errorsOf(userErrors, 'sourceChannel');
  return html`<div class="field"><label for="source-channel">${t('customers.channel')}
      <span class="mark">${t('form.required')}</span></label>
    <select id="source-channel" name="sourceChannel" required aria-invalid=${errors.length > 0}
      aria-describedby=${errors.length ? 'source-channel-error' : nothing}
      @change=${(event) => { lastChannel = event.target.value; }}>
      <option value="" ?selected=${!lastChannel}></option>
      ${enumChoices('SourceChannel').map(([value, label]) => html`<option value=${value} ?selected=${value === lastChannel}>${label}</option>`)}
    </select>${errors.length ? html`<p class="error" id="source-channel-error">${errors.join(' ')}</p>` : nothing}</div>`;
}

/** What the form says otherwise than `record` (null: a new customer), by field. */
export function changesOf(specs, record, levels, form) {
  const changes = {};
  for (const spec of specs) {
    const isHidden = record !== null && ['MASKED', 'DENIED'].includes(levels(spec.field).level);
    const value = valueOf(spec, form);
    if (value === undefined) continue;
    const isNothing = inputValue(value) === null;
    if (isHidden || record === null ? !isNothing : !isSame(value, record[spec.field])) changes[spec.field] = isNothing ? null : value;
  }
  return changes;
}

/** What is wrong before anything is sent, as `userErrors`: what the API could not even read as a value. */
export function faultsOf(specs, changes, form) {
  const faults = specs.filter((spec) => baseType(spec.type) === 'Decimal' && changes[spec.field] && !DECIMAL.test(changes[spec.field]))
    .map((spec) => ({ field: [spec.field], message: t('customers.noNumber') }));
  const missing = [...form.elements].filter((element) => element.required && !element.value.trim())
    .map((element) => ({ field: [element.name], message: t('customers.needed') }));
  return [...faults, ...missing];
}

/** The errors that stand above the form: those of no field of it, and those of fields that have no control. */
export function errorsAbove(userErrors, form) {
  const hasPlace = (error) => error.field?.some((name) => form?.elements[name]);
  return userErrors.filter((error) => !hasPlace(error)).map((error) => error.message);
}

/** The first control that is marked gets the focus. */
export function focusFirstError(screen) {
  requestAnimationFrame(() => (screen.querySelector('[aria-invalid=true]') ?? screen.querySelector('[role=alert]'))?.focus());
}

/** One key for one content: the same content sent again is the same change. */
export class RetryKey {
  #content = null;
  #key = null;

  for(input) {
    const content = JSON.stringify(input);
    if (content !== this.#content) {
      this.#content = content;
      this.#key = randomKey();
    }
    return this.#key;
  }
}
