// Replay: the decisions that the trail recorded in a period, asked again of a draft. Owns the choice of draft and period
// and the list of differences; whatever is not certain is said to be only possible.

import { Screen, attempt, define, html, nothing } from '../core/screen.js';
import { ApiError, ask } from '../core/api.js';
import { labelOf, t } from '../core/language.js';
import { table } from '../core/lists.js';
import { currentQuery, setQuery } from '../core/router.js';
import { count, dateTime, enumLabel, kindLabel } from '../core/values.js';
import { OPEN_STATES, isMine } from './draft.js';
import { levelText } from './grid.js';
import { RuleNames, VOCABULARY, joined } from './names.js';
import { People, PEOPLE } from './people.js';
import { subnav } from './subnav.js';

const HOUR = 3_600_000;
const PERIODS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };
const CUSTOM = 'custom';
const AROUND = `query ($open: RuleDraftFilter) { ${VOCABULARY} ${PEOPLE}
  ruleDrafts(first: 50, filter: $open) { nodes { id comment state authors { username displayName } } } }`;
const REPLAY = `query ($draft: ID!, $since: DateTime!, $until: DateTime!) { replayDraft(draft: $draft, since: $since, until: $until) {
  entries decisions complete differences { kind purpose action field before after gained certain times people first last } } }`;

class Replay extends Screen {
  state = { isLoading: true, failure: null, draft: currentQuery().get('draft') ?? '', period: 'day', only: '', result: null };

  async load(isLatest) {
    const { data, errors } = await ask(AROUND, { open: { state: { in: OPEN_STATES } } }, { signal: this.signal });
    if (!data.ruleDrafts || !data.policyVocabulary) throw new ApiError(errors[0]?.message ?? '', errors);
    if (!isLatest()) return;
    const drafts = [...data.ruleDrafts.nodes].sort((one, other) => isMine(other) - isMine(one));
    const draft = drafts.some(({ id }) => id === this.state.draft) ? this.state.draft : drafts[0]?.id ?? '';
    this.set({ drafts, draft, names: new RuleNames(data.policyVocabulary), people: new People(data.accountRoles) });
  }

  template() {
    return html`${subnav()}<h1>${t('replay.title')}</h1><p class="quiet">${t('replay.intro')}</p>
      ${this.frame(() => (this.state.drafts.length ? html`${this.#form()}${this.#result()}`
        : html`<p class="nothing">${t('replay.noDraft')}</p>`))}`;
  }

  #form() {
    const { drafts, draft, period, isBusy } = this.state;
    const option = (value, label, chosen) => html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
    return html`<form class="card toolbar" @submit=${this.#replay}>
      <label class="grows"><span>${t('policies.draft')}</span><select name="draft" @change=${(event) => this.#choose({ draft: event.target.value })}>
        ${drafts.map((each) => option(each.id, `${each.comment} · ${enumLabel('RuleDraftState', each.state)}`, draft))}</select></label>
      <label><span>${t('replay.period')}</span><select name="period" @change=${(event) => this.#choose({ period: event.target.value })}>
        ${[...Object.keys(PERIODS), CUSTOM].map((each) => option(each, t(`replay.period.${each}`), period))}</select></label>
      ${period === CUSTOM ? html`<label><span>${t('replay.since')}</span><input type="datetime-local" name="since" required></label>
        <label><span>${t('replay.until')}</span><input type="datetime-local" name="until" required></label>` : nothing}
      <button class="primary" ?disabled=${isBusy}>${t('replay.run')}</button>
      <a class="button" href=${`/console/policies/drafts/${draft}`}>${t('replay.toDraft')}</a></form>
      ${isBusy ? html`<p class="loading" role="status">${t('replay.running')}</p>` : nothing}`;
  }

  #choose(changes) {
    this.set({ ...changes, result: null });
    setQuery({ draft: this.state.draft });
  }

  #replay = (event) => {
    event.preventDefault();
    const { draft, period } = this.state;
    const instant = (name) => new Date(event.target.elements[name].value).toISOString();
    const until = period === CUSTOM ? instant('until') : new Date().toISOString();
    const since = period === CUSTOM ? instant('since') : new Date(new Date(until) - PERIODS[period]).toISOString();
    this.set({ isBusy: true, result: null, only: '' });
    return attempt(async () => {
      const { data, errors } = await ask(REPLAY, { draft, since, until }, { signal: this.signal });
      if (!data.replayDraft) throw new ApiError(errors[0]?.message ?? t('policies.noDraft'), errors);
      this.set({ result: { ...data.replayDraft, since, until } });
    }).finally(() => this.set({ isBusy: false }));
  };

  #result() {
    const { result, only } = this.state;
    if (!result) return nothing;
    const numbers = (of) => count(result.differences.filter(of).length);
    const choices = [['', t('action.all'), () => true], ['loss', t('replay.losses'), (each) => !each.gained], ['gain', t('replay.gains'), (each) => each.gained], ['certain', t('replay.certain'), (each) => each.certain]];
    const shown = result.differences.filter(choices.find(([key]) => key === only)[2]);
    return html`<section class="stack" aria-labelledby="replayed"><h2 id="replayed">${t('replay.result')}</h2>
      <p class="notice ${result.complete ? 'good' : 'warn'}" role="status">${t(result.complete ? 'replay.complete' : 'replay.incomplete', {
        entries: count(result.entries), decisions: count(result.decisions), since: dateTime(result.since), until: dateTime(result.until) })}
        ${result.differences.length ? t('replay.differences', { count: count(result.differences.length) }) : t('replay.none')}</p>
      ${result.differences.length ? html`<div class="row" role="group" aria-label=${t('replay.show')}>${choices.map(([key, label, of]) => html`
          <button type="button" aria-pressed=${only === key} @click=${() => this.set({ only: key })}>${label} <span class="quiet">${numbers(of)}</span></button>`)}</div>
        ${table(this.#columns(), shown, { caption: t('replay.result') })}
        <p class="quiet">${t('replay.possibleMeans')}</p>` : nothing}</section>`;
  }

  #columns() {
    const { names, people } = this.state;
    const field = (each) => labelOf(names.fields(each.kind).find((one) => one.field === each.field) ?? { labelEn: each.field, labelZh: each.field });
    const isSeeing = (each) => each.action === 'READ';
    return [
      { label: t('policies.field'), main: true, cell: (each) => html`${field(each)} <span class="quiet">${kindLabel(each.kind)}</span>` },
      { label: t('replay.what'), cell: (each) => html`<span class="tag ${each.gained ? 'good' : 'bad'}">${t(each.gained ? 'policies.effect.gain' : 'policies.effect.loss')}</span>
        <span class="tag ${each.certain ? '' : 'warn'}">${t(each.certain ? 'replay.isCertain' : 'replay.isPossible')}</span>` },
      { label: t('policies.actions'), cell: (each) => enumLabel('RuleAction', each.action) },
      { label: t('replay.change'), cell: (each) => html`${levelText(each.before, isSeeing(each))} → <b>${levelText(each.after, isSeeing(each))}</b>` },
      { label: t('policies.purpose'), cell: (each) => enumLabel('Purpose', each.purpose) },
      { label: t('replay.people'), cell: (each) => joined(each.people.map((username) => people.name(username))) },
      { label: t('replay.times'), numeric: true, cell: (each) => count(each.times) },
      { label: t('replay.when'), cell: (each) => (each.first === each.last ? dateTime(each.first) : `${dateTime(each.first)} – ${dateTime(each.last)}`) },
    ];
  }
}

define('policy-replay', Replay);
