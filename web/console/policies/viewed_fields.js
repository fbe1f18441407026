// The fields that somebody is viewed with: by class, in each scope, in force and in a draft, and for every action the
// rule that decides. Owns the table alone. Must never show a value.

import { html, nothing } from '../core/screen.js';
import { labelOf, t } from '../core/language.js';
import { enumLabel } from '../core/values.js';
import { letter, levelText } from './grid.js';
import { classLabel, joined, roleLabel, scopesText } from './names.js';
import { parseLine } from './rule_lines.js';

/** `state`: `{view, after, names, open, onlyChanged, search}` of the screen; `set` changes it. */
export function viewedFields(state, set) {
  const { view, after, open, onlyChanged, search } = state;
  const isCompared = after !== undefined;
  const columns = columnsOf(view, after);
  const all = fieldsOf(view?.parts.length ? view : after);
  const isChanged = (field) => isCompared && columns.some((column) => cellChanged(column, field.field));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = (field) => words.every((word) => `${labelOf(field)} ${field.field}`.toLowerCase().includes(word));
  const fields = all.filter((field) => (!onlyChanged || isChanged(field)) && isFound(field));
  const classes = [...new Set(fields.map(({ sensitivity }) => sensitivity))];
  const width = 1 + columns.length * (isCompared ? 2 : 1);
  const toggle = (name) => { const next = new Set(open); if (!next.delete(name)) next.add(name); set({ open: next }); };
  const unfolds = fields.some(({ field }) => !open.has(field));
  return html`<div class="toolbar">
      <label class="search"><span>${t('viewAs.search')}</span><input type="search" .value=${search} @input=${(event) => set({ search: event.target.value })}></label>
      <button type="button" @click=${() => set({ open: new Set(unfolds ? fields.map(({ field }) => field) : []) })}>${t(unfolds ? 'viewAs.allRules' : 'viewAs.noRules')}</button>
      ${isCompared ? html`<label class="check"><input type="checkbox" .checked=${onlyChanged} @change=${(event) => set({ onlyChanged: event.target.checked })}>
        <span>${t('viewAs.onlyChanged', { count: all.filter(isChanged).length })}</span></label>` : nothing}</div>
    ${fields.length ? html`<div class="table-box" tabindex="0" role="region" aria-label=${t('viewAs.fields')}><table class="viewed">
      <caption class="unseen">${t('viewAs.fields')}</caption>
      <thead><tr><th scope="col">${t('policies.field')}</th>${columns.flatMap((column) => headings(column, isCompared))}</tr></thead>
      ${classes.map((sensitivity) => html`<tbody>
        <tr class="class"><th scope="rowgroup" colspan=${width}>${classLabel(sensitivity)}</th></tr>
        ${fields.filter((field) => field.sensitivity === sensitivity).map((field) => row(field, columns, { state, toggle, isCompared, width, isChanged: isChanged(field) }))}</tbody>`)}
    </table></div>` : html`<p class="nothing">${t(onlyChanged ? 'viewAs.noChange' : 'policies.nothingFound')}</p>`}`;
}

/** The sets of scopes that either view tells apart: `[{label, now, then}]`, each a Map from field to what is viewed. */
function columnsOf(view, after) {
  const parts = [...view?.parts ?? [], ...after?.parts ?? []];
  const sets = new Map(parts.map((part) => [part.scopes.join(), part.scopes]));
  const { kind, customer } = view ?? after;
  return [...sets.values()].sort((one, other) => one.length - other.length).map((scopes) => ({
    label: customer && sets.size === 1 ? t('viewAs.thisCustomer', { scopes: scopesText([{ scopes }], kind) }) : scopesText([{ scopes }], kind),
    now: byField(within(view, scopes)),
    then: byField(within(after, scopes)),
  }));
}

/** What holds in these scopes: a view tells only those apart that its rules do. */
function within(view, scopes) {
  const holding = (view?.parts ?? []).filter((part) => part.scopes.every((scope) => scopes.includes(scope)));
  return holding.sort((one, other) => other.scopes.length - one.scopes.length)[0];
}

const byField = (part) => new Map((part?.fields ?? []).map((field) => [field.field, field]));
const fieldsOf = (view) => view.parts[0].fields;
const levelOf = (fields, name) => fields.get(name)?.level ?? 'DENIED';
const decisionsOf = (fields, name) => fields.get(name)?.decisions ?? [];

/** Whether the draft changes the level, or whether any action is allowed. */
function cellChanged({ now, then }, name) {
  const allowed = (fields) => decisionsOf(fields, name).filter((each) => each.allowed).map(({ action }) => action).join();
  return levelOf(now, name) !== levelOf(then, name) || allowed(now) !== allowed(then);
}

function headings({ label }, isCompared) {
  if (!isCompared) return [html`<th scope="col">${label}</th>`];
  return [html`<th scope="col">${label}<br>${t('viewAs.inForce')}</th>`, html`<th scope="col">${label}<br>${t('viewAs.draft')}</th>`];
}

function row(field, columns, { state, toggle, isCompared, width, isChanged }) {
  const isOpen = state.open.has(field.field);
  const cell = (fields, label, other) => html`<td data-label=${label} class=${other && levelOf(other, field.field) !== levelOf(fields, field.field) ? 'differs' : ''}>
    ${levelTag(fields.get(field.field))}</td>`;
  return html`<tr class=${isChanged ? 'differs' : ''}>
      <th scope="row"><button type="button" class="quiet" aria-expanded=${isOpen} @click=${() => toggle(field.field)}>
        <span aria-hidden="true">${isOpen ? '▾' : '▸'}</span> ${labelOf(field)}</button>${isChanged ? html` <span class="tag accent">${t('viewAs.changed')}</span>` : nothing}</th>
      ${columns.map((column) => (isCompared
        ? html`${cell(column.now, `${column.label}, ${t('viewAs.inForce')}`)}${cell(column.then, `${column.label}, ${t('viewAs.draft')}`, column.now)}`
        : cell(column.now, column.label)))}</tr>
    ${isOpen ? html`<tr class="decisions-of"><td colspan=${width}>${rulesOf(field.field, columns, isCompared, state)}</td></tr>` : nothing}`;
}

function levelTag(field) {
  const level = field?.level ?? 'DENIED';
  const why = field?.reason ? t(`value.reason.${field.reason}`) : '';
  return html`<span class="level ${level.toLowerCase()}" title=${why}><span aria-hidden="true">${letter(level, true)}</span> ${levelText(level, true)}</span>`;
}

/** For every action: whether it is allowed and by which line; where scopes or rules differ, told apart. */
function rulesOf(name, columns, isCompared, { view, after, names }) {
  const sides = columns.flatMap((column) => [
    ...(view?.parts.length ? [{ label: isCompared ? `${column.label} – ${t('viewAs.inForce')}` : column.label, decisions: decisionsOf(column.now, name) }] : []),
    ...(isCompared && after?.parts.length ? [{ label: `${column.label} – ${t('viewAs.draft')}`, decisions: decisionsOf(column.then, name) }] : []),
  ]);
  const actions = (sides[0]?.decisions ?? []).map(({ action }) => action);
  return html`<dl class="rules-of">${actions.map((action) => {
    const answers = new Map();
    for (const { label, decisions } of sides) {
      const { allowed, rule } = decisions.find((each) => each.action === action);
      const key = `${allowed} ${rule}`;
      answers.set(key, { allowed, rule, labels: [...answers.get(key)?.labels ?? [], label] });
    }
    return html`<div><dt>${enumLabel('RuleAction', action)}</dt>${[...answers.values()].map((answer) => decision(answer, answers.size > 1, names, view ?? after))}</div>`;
  })}</dl>`;
}

function decision({ allowed, rule, labels }, isApart, names, { roles }) {
  const [owner] = rule ? parseLine(rule).tokens : [];
  return html`<dd><p class="row"><span class="tag ${allowed ? 'good' : ''}"><span aria-hidden="true">${allowed ? '✓' : '–'}</span> ${levelText(allowed ? 'PLAIN' : 'DENIED', false)}</span>
    ${isApart ? html`<b>${joined(labels)}</b>` : nothing}</p>
    ${rule ? html`<p>${names.line(rule)}${roles.includes(owner) ? nothing : html` <span class="quiet">${t('viewAs.inherited', { role: roleLabel(owner) })}</span>`}</p><pre><code>${rule}</code></pre>`
      : html`<p class="quiet">${t('value.reason.NO_RULE')}</p>`}</dd>`;
}
