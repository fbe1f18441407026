// How a value looks: its language, its level of access, and empty told from denied. Owns nothing else; knows no field.

import { html, nothing } from '../node_modules/lit-html/lit-html.js';
import { isChinese, labelOf, t } from './language.js';
import { session } from './session.js';

const locale = () => (isChinese() ? 'zh-CN' : 'en-GB');

/** An instant (`2026-03-01T08:00:00Z`) in the browser's time zone. */
export const dateTime = (text) => (text
  ? new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text)) : '');

/** A day (`2026-03-01`), the same everywhere. */
export const day = (text) => (text
  ? new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${text}T00:00:00Z`)) : '');

/** How far away an instant is: "in 3 hours", "2 days ago". */
export function distance(text, from = Date.now()) {
  const seconds = (new Date(text) - from) / 1000;
  const [unit, size] = [['day', 86_400], ['hour', 3_600], ['minute', 60]].find(([, s]) => Math.abs(seconds) >= s) ?? ['minute', 60];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** A decimal as the server spells it (`1200.50`), grouped, with all its places; never through a binary float where it would lose digits. */
export const decimal = (text) => new Intl.NumberFormat(locale(), { minimumFractionDigits: (String(text).split('.')[1] ?? '').length, maximumFractionDigits: 20 }).format(text);

export function money(amount, currency) {
  if (amount === null || amount === undefined) return '';
  const options = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2 };
  return new Intl.NumberFormat(locale(), options).format(amount);
}

export const count = (number) => new Intl.NumberFormat(locale()).format(number);

/** The label of an enum's value (`enumLabel('TicketState', 'OPEN')`); the value, made readable, where there is none. */
export function enumLabel(enumName, value) {
  if (value === null || value === undefined) return '';
  const labelled = session.viewer?.vocabulary.find((each) => each.enum === enumName)?.values.find((each) => each.value === value);
  return labelled ? labelOf(labelled) : readable(value);
}

/** The values of an enum as `[value, label]`, for a choice. */
export const enumChoices = (enumName) => (session.viewer?.vocabulary.find((each) => each.enum === enumName)?.values ?? [])
  .map((each) => [each.value, labelOf(each)]);

export function kindLabel(kind) {
  const labelled = session.viewer?.kinds.find((each) => each.kind === kind);
  return labelled ? labelOf(labelled) : readable(kind);
}

/** `SOME_VALUE` and `some_value` as "Some value". */
export function readable(name) {
  const words = String(name).replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the server said about a field of a kind: `{level, reason}`, or undefined where it is plain. */
export const accessOf = (access, kind, field) => access.find((each) => each.kind === kind && each.field === field);

/**
 * A value as text, by the `type` of its field (`Date`, `DateTime`, `Decimal`, `Boolean`, an enum, `[String!]`, objects
 * with a name). '' for nothing.
 */
export function plainText(value, type = '') {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value)) return value.map((each) => plainText(each, type.replace(/[[\]!]/g, ''))).join(isChinese() ? '、' : ', ');
  const name = type.replace(/[[\]!]/g, '');
  if (name === 'DateTime') return dateTime(value);
  if (name === 'Date') return day(value);
  if (name === 'Decimal') return decimal(value);
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no');
  if (typeof value === 'object') return objectText(value);
  return session.viewer?.vocabulary.some((each) => each.enum === name) ? enumLabel(name, value) : String(value);
}

function objectText(value) {
  if ('nameEn' in value || 'nameZh' in value) return (isChinese() ? value.nameZh : value.nameEn) ?? '';
  return value.displayName ?? value.name ?? value.username ?? value.id
    ?? Object.values(value).filter((each) => typeof each !== 'object').join(' · ');
}

/**
 * A field's value as the policy allows it: plain; masked; denied as such; erased as such; empty as empty.
 * `level` is PLAIN where the server said nothing. `extra` (a reveal button) stands behind a masked value.
 */
export function fieldValue(value, { type = '', level = 'PLAIN', reason = null, extra = nothing } = {}) {
  const why = reason ? t(`value.reason.${reason}`) : '';
  if (level === 'DENIED') return html`<span class="value denied" title=${why}>${icon('lock')}${t('value.denied')}</span>`;
  if (level === 'ERASED') return html`<span class="value denied" title=${why}>${icon('erased')}${t('value.erased')}</span>`;
  const text = plainText(value, type);
  if (!text) return html`<span class="value empty">${t('value.empty')}</span>`;
  if (level === 'MASKED') return html`<span class="value masked" title=${why}>${text} <span class="tag">${t('value.masked')}</span></span>${extra}`;
  return html`<span class="value">${text}</span>`;
}

const SHAPES = {
  lock: 'M5 7V5a3 3 0 0 1 6 0v2h1v7H4V7zm1.5 0h3V5a1.5 1.5 0 0 0-3 0z',
  erased: 'M3 4h10M6 4V2.5h4V4m2 0-.7 9.5H4.7L4 4m2.5 2.5v5m3-5v5',
  eye: 'M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8zm7 2.2A2.2 2.2 0 1 0 8 5.8a2.2 2.2 0 0 0 0 4.4z',
};

/** A small picture that says nothing by itself: words stand beside it. */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${SHAPES[name]} /></svg>`;
