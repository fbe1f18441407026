// The filters of the list of customers: those by which the caller may filter, as controls, as the address and as the
// API's arguments. Must never put what identifies a person into the address: a browser keeps its history.

import { html, nothing } from '../core/screen.js';
import { labelOf, t } from '../core/language.js';
import { session } from '../core/session.js';
import { kindLabel, plainText } from '../core/values.js';
import { baseType, customerKinds } from './fields.js';

const FIRST = ['status', 'region', 'department', 'accountManager', 'nextReviewOn'];
const DUE_DAYS = { overdue: 0, '30': 30, '90': 90 };
const ME = 'me';

/** The fields by which the list can be filtered, the usual ones first. Encrypted ones are found by the search box. */
export function filterFields(fields) {
  const usable = [...fields.values()].filter((spec) => spec.filterable && !spec.encrypted && shapeOf(spec));
  return [...FIRST.map((name) => usable.find((spec) => spec.field === name)).filter(Boolean), ...usable.filter((spec) => !FIRST.includes(spec.field))];
}

function shapeOf(spec) {
  const type = baseType(spec.type);
  if (spec.field === 'name') return null;
  if (spec.values) return 'choice';
  if (spec.field === 'nextReviewOn') return 'due';
  return { Staff: 'staff', Department: 'department', String: 'text' }[type] ?? null;
}

/** What is chosen, from the address: `{kind, status, …, sort}`. */
export function readFilters(query) {
  return Object.fromEntries(query.entries());
}

/** The arguments `kinds`, `filter`, `sort` for what is chosen; what may not be filtered by any more is left out. */
export function listArguments(chosen, fields) {
  const filter = {};
  for (const spec of filterFields(fields)) {
    const value = chosen[spec.field];
    if (value) Object.assign(filter, condition(spec, value));
  }
  const [name, direction] = (chosen.sort ?? '').split(':');
  const isSortable = [...fields.values()].some((spec) => spec.sortable && constant(spec.field) === name);
  return {
    kinds: customerKinds().includes(chosen.kind) ? [chosen.kind] : null,
    filter: Object.keys(filter).length ? filter : null,
    sort: isSortable ? { field: name, direction: direction === 'DESC' ? 'DESC' : 'ASC' } : null,
  };
}

function condition(spec, value) {
  if (shapeOf(spec) === 'due') {
    const days = DUE_DAYS[value];
    return days === undefined ? {} : { [spec.field]: value === 'overdue' ? { lt: dayFromNow(0) } : { lte: dayFromNow(days) } };
  }
  return { [spec.field]: { eq: value === ME && shapeOf(spec) === 'staff' ? session.viewer.username : value } };
}

const dayFromNow = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** `nextReviewOn` as an order is named: `NEXT_REVIEW_ON`. */
const constant = (name) => name.replace(/([A-Z])/g, '_$1').toUpperCase();

/** The controls. `seen` are the rows on the page, of which the choices of people and places are made. */
export function filterBar(chosen, fields, seen, choose) {
  const filters = filterFields(fields);
  const common = filters.filter((spec) => FIRST.includes(spec.field));
  const others = filters.filter((spec) => !FIRST.includes(spec.field));
  const bar = (specs) => specs.map((spec) => filterControl(spec, chosen[spec.field] ?? '', seen, (value) => choose({ [spec.field]: value })));
  const isAnyChosen = filters.some((spec) => chosen[spec.field]) || chosen.kind;
  return html`
    ${customerKinds().length > 1 ? choice(t('customers.kind'), chosen.kind ?? '', customerKinds().map((kind) => [kind, kindLabel(kind)]), (value) => choose({ kind: value })) : nothing}
    ${bar(common)}
    ${orderChoice(chosen.sort ?? '', fields, (value) => choose({ sort: value }))}
    ${isAnyChosen ? html`<button type="button" class="quiet" @click=${() => choose(Object.fromEntries(['kind', ...filters.map((spec) => spec.field)].map((name) => [name, ''])))}>${t('customers.clearFilters')}</button>` : nothing}
    ${others.length ? html`<details class="more-filters" ?open=${others.some((spec) => chosen[spec.field])}><summary>${t('customers.moreFilters')}</summary>
      <div class="toolbar">${bar(others)}</div></details>` : nothing}`;
}

function filterControl(spec, value, seen, choose) {
  const label = labelOf(spec);
  const shape = shapeOf(spec);
  if (shape === 'choice') return choice(label, value, spec.values.map((each) => [each.value, labelOf(each)]), choose);
  if (shape === 'due') return choice(label, value, Object.keys(DUE_DAYS).map((key) => [key, t(`customers.due.${key}`)]), choose);
  if (shape === 'text') {
    const id = `filter-${spec.field}`;
    const known = [...new Set(seen.map((row) => row[spec.field]).filter(Boolean))].sort();
    return html`<label><span>${label}</span><input .value=${value} list=${id} @change=${(event) => choose(event.target.value.trim())}>
      <datalist id=${id}>${known.map((text) => html`<option value=${text}></option>`)}</datalist></label>`;
  }
  return choice(label, value, people(spec, shape, value, seen), choose);
}

/** The caller's own first, then whoever is seen on the page. */
function people(spec, shape, value, seen) {
  const keyOf = (each) => (shape === 'staff' ? each.username : each.code);
  const known = new Map(seen.map((row) => row[spec.field]).filter(Boolean).map((each) => [keyOf(each), plainText(each, spec.type)]));
  const own = shape === 'staff' ? [[ME, t('customers.mine')]] : session.viewer.department ? [[session.viewer.department, t('customers.myDepartment')]] : [];
  const isOwn = (key) => own.some(([name]) => name === key);
  if (value && !isOwn(value) && !known.has(value)) known.set(value, value);
  return [...own, ...[...known].filter(([key]) => !isOwn(key)).sort((a, b) => a[1].localeCompare(b[1]))];
}

function orderChoice(value, fields, choose) {
  const orders = [...fields.values()].filter((spec) => spec.sortable)
    .flatMap((spec) => ['ASC', 'DESC'].map((direction) => [`${constant(spec.field)}:${direction}`, `${labelOf(spec)} ${direction === 'ASC' ? '↑' : '↓'}`]));
  return orders.length ? choice(t('customers.order'), value, orders, choose, t('customers.orderUsual')) : nothing;
}

function choice(label, value, options, choose, none = t('action.all')) {
  return html`<label><span>${label}</span><select @change=${(event) => choose(event.target.value)}>
    <option value="" ?selected=${!value}>${none}</option>
    ${options.map(([key, text]) => html`<option value=${key} ?selected=${key === value}>${text}</option>`)}</select></label>`;
}
