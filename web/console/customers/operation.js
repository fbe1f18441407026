// What can be recorded about a customer from the dossier, as a form that is drawn from the operation's input in the
// schema. Owns the form's dialog and that a retry is the same change. Which values are right is the server's to say.

import { html, nothing } from '../core/screen.js';
import { ApiError, ask, change } from '../core/api.js';
import { openDialog } from '../core/dialog.js';
import { control, errorsOf, valueOf } from '../core/forms.js';
import { t } from '../core/language.js';
import { notice } from '../core/messages.js';
import { session } from '../core/session.js';
import { RetryKey, errorsAbove } from './writing.js';

/** By kind of record, as the API names them; each input has `customer`. */
const OPERATIONS = {
  TICKET: ['openTicket'],
  SERVICE_CONTACT: ['recordContact'],
  COMPLAINT: ['fileComplaint'],
  REVIEW: ['recordReview'],
};
const INPUT = `query ($name: String!) { __type(name: $name) { inputFields { name description type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }`;
const LABELS = /^(.*?) \((.*)\)\.?$/s;

/** The operations of a kind that the caller can begin: whoever may create something of it. */
export const operationsOf = (kind, specs) => (OPERATIONS[kind] ?? [])
  .filter(() => specs.some((spec) => spec.creatable));

/** Opens the form; `kindSpecs` are the fields of the kind. Resolves true when something was recorded. */
export async function runOperation(operation, customer, kindSpecs) {
  const inputName = `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Input`;
  const { data } = await ask(INPUT, { name: inputName });
  const kept = (name) => kindSpecs.find((each) => each.field === name);
  const specs = data.__type.inputFields.filter(({ name }) => name !== 'customer' && (kept(name)?.creatable ?? true))
    .map((field) => ({ ...specOf(field), maxLength: kept(field.name)?.maxLength }))
    .filter((spec) => spec.type !== 'ID' || spec.required); // nobody knows ids by heart: what refers to another record is done there
  const mutation = `mutation ($input: ${inputName}!) { ${operation}(input: $input) { userErrors { code message field rule } } }`;
  const retry = new RetryKey();
  let state = { userErrors: [], message: '', isBusy: false };
  const done = await openDialog(t(`customers.operation.${operation}`), (close, redraw) => {
    const set = (changes) => { state = { ...state, ...changes }; redraw(); };
    const submit = async (event) => {
      event.preventDefault();
      if (state.isBusy) return;
      const input = { customer, ...given(specs, event.target) };
      set({ isBusy: true, message: '', userErrors: [] });
      try {
        const { userErrors } = await change(mutation, input, { key: retry.for(input) });
        if (!userErrors.length) { close(true); return; }
        set({ isBusy: false, userErrors, message: errorsAbove(userErrors, event.target).join(' ') });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        set({ isBusy: false, message: error.message || t('login.unreachable') });
      }
    };
    return html`<form @submit=${submit}>
      ${state.message ? html`<p class="error" role="alert">${state.message}</p>` : nothing}
      <div class="form">${specs.map((spec) => control(spec, { isNew: true, errors: errorsOf(state.userErrors, spec.field), prefix: 'operation' }))}</div>
      <footer><button type="button" @click=${() => close()}>${t('action.cancel')}</button>
        <button class="primary" ?disabled=${state.isBusy}>${t('action.save')}</button></footer>
    </form>`;
  }, { wide: true });
  if (done) notice(t('state.saved'), 'good');
  return done === true;
}

function given(specs, form) {
  const values = specs.map((spec) => [spec.field, valueOf(spec, form)])
    .filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && !value.length));
  return Object.fromEntries(values);
}

/** A field of an input as core/forms takes it. The schema describes each as `Label (名称).` */
function specOf({ name, description, type }) {
  const [, labelEn, labelZh] = LABELS.exec(description ?? '') ?? [null, name, name];
  let inner = type;
  let isList = false;
  while (inner.ofType) {
    isList ||= inner.kind === 'LIST';
    inner = inner.ofType;
  }
  const values = session.viewer.vocabulary.find((each) => each.enum === inner.name)?.values ?? null;
  return { field: name, labelEn, labelZh, type: inner.name, list: isList, values: isList ? null : values, required: type.kind === 'NON_NULL', creatable: true };
}
