// One entry of the trail, as people read it. Owns its look; an entry holds ids and names of fields, never a value.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { enumLabel, kindLabel, readable } from '../core/values.js';

const CUSTOMERS = ['INDIVIDUAL', 'ENTERPRISE', 'INSTITUTION'];
const MOST = 8;
const TONES = { OK: 'good', REFUSED: 'warn', ERROR: 'bad' };

export const outcomeTag = (outcome) => html`<span class="tag ${TONES[outcome] ?? ''}">${enumLabel('AuditOutcome', outcome)}</span>`;

/** "Read · Individual, Ticket", from what was touched. */
export function summary(entry) {
  const acts = [...new Set((entry.touches ?? []).map((touch) => enumLabel('AuditAct', touch.act)))];
  const kinds = [...new Set((entry.touches ?? []).map((touch) => subjectLabel(touch)))];
  const name = entry.operation?.name ?? entry.operation?.type ?? '';
  return html`${acts.join(', ') || name} ${kinds.length ? html`<span class="quiet">${kinds.join(', ')}</span>` : nothing}`;
}

/** What the rows are: a kind of record, or what has no kind (an account, a department). */
const subjectLabel = (touch) => (touch.kind ? kindLabel(touch.kind) : t(`trail.subjects.${touch.subject}`));

/** The names of fields, the first few. */
export function fieldNames(names) {
  const short = [...new Set((names ?? []).map((name) => name.split('.').at(-1)))];
  const more = short.length - MOST;
  return html`${short.slice(0, MOST).map(readable).join(', ')}${more > 0 ? html` <span class="quiet">${t('trail.andMore', { count: short.length })}</span>` : nothing}`;
}

/** Everything that the entry says. */
export function entryDetails(entry) {
  const facts = [
    ['trail.roles', entry.roles?.join(', ')],
    ['trail.rules', entry.ruleSetVersions?.join(', ')],
    ['trail.codes', entry.codes?.join(', ')],
    ['trail.viewedAs', entry.viewedAs?.join(', ')],
    ['trail.session', entry.session],
    ['trail.document', entry.operation?.documentHash],
    ['trail.place', `${entry.chain} · ${entry.sequence}`],
  ].filter(([, value]) => value);
  return html`<div class="stack">
    ${(entry.touches ?? []).map(touchTemplate)}
    <dl class="facts">${facts.map(([word, value]) => html`<div><dt>${t(word)}</dt><dd><code>${value}</code></dd></div>`)}</dl></div>`;
}

function touchTemplate(touch) {
  const lists = [['plain', 'warn'], ['masked', 'accent'], ['denied', ''], ['written', 'warn'], ['refused', 'bad']]
    .filter(([name]) => touch[name]?.length);
  return html`<section class="stack touch"><h3>${enumLabel('AuditAct', touch.act)} · ${subjectLabel(touch)}</h3>
    ${touch.code ? html`<p>${t('trail.code')}: <code>${touch.code}</code></p>` : nothing}
    <dl class="facts">${lists.map(([name, tone]) => html`<div><dt>${t(`trail.${name}`)}</dt>
      <dd>${touch[name].map((field) => html`<span class="tag ${tone}">${readable(field)}</span> `)}</dd></div>`)}</dl>
    ${touch.names?.length ? html`<p class="ids">${touch.names.map((name) => html`<code>${name}</code> `)}</p>` : nothing}
    ${touch.customers?.length ? html`<p class="ids">${touch.customers.slice(0, 50).map((id) => customerLink(touch.kind, id))}
      ${touch.customers.length > 50 ? t('trail.andMore', { count: touch.customers.length }) : nothing}</p>` : nothing}</section>`;
}

const customerLink = (kind, id) => (CUSTOMERS.includes(kind)
  ? html`<a href="/console/customers/${kind.toLowerCase()}_${id}"><code>${id}</code></a> ` : html`<code>${id}</code> `);
