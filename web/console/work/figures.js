// The figures of a period, drawn for those who look and told as a table to those who read. Owns the page, its period and
// its department; what a figure asks and shows is its own (see service_figures.js and credit_figures.js).

import { define, html, nothing, Screen } from '../core/screen.js';
import { ApiError } from '../core/api.js';
import { t } from '../core/language.js';
import { currentQuery, setQuery } from '../core/router.js';
import { session } from '../core/session.js';
import { CREDIT_FIGURES } from './credit_figures.js';
import { departmentsIn } from './departments.js';
import { rightsIn } from './rights.js';
import { SERVICE_FIGURES } from './service_figures.js';
import { choice, today } from './shown.js';
import { subnav } from './subnav.js';

const FIGURES = [...SERVICE_FIGURES, ...CREDIT_FIGURES];
const PERIODS = [30, 90, 180, 365];
const USUAL_DAYS = 90;

class Figures extends Screen {
  async load(isLatest) {
    const options = { signal: this.signal };
    const open = FIGURES.filter((figure) => session.mayRead(...figure.kinds));
    const rights = await rightsIn([...new Set(open.flatMap((figure) => figure.kinds))], options);
    const context = { ...chosen(), rights, me: session.viewer };
    const [departments, ...answers] = await Promise.all([departmentsIn(context, options), ...open.map((figure) => answerOf(figure, context, options))]);
    if (isLatest()) this.set({ context, departments, found: open.map((figure, i) => ({ figure, ...answers[i] })) });
  }

  template() {
    return html`<h1>${t('work.figures')}</h1>${subnav()}${this.frame(() => html`${this.#period()}
      <div class="columns figures">${this.state.found.map((one) => this.#card(one))}</div>${this.#closed()}`)}`;
  }

  #period() {
    const { from, to, department } = this.state.context;
    const days = PERIODS.find((each) => from === today(1 - each) && to === today());
    const take = (values) => { setQuery(values); this.reload(); };
    const date = (name, label, value) => html`<label><span>${label}</span>
      <input type="date" name=${name} .value=${value} required @change=${(event) => { if (event.target.value) take({ [name]: event.target.value }); }}></label>`;
    return html`<div class="card toolbar" role="search" aria-label=${t('work.period')}>
      ${choice('days', t('work.period'), PERIODS.map((each) => [String(each), t('work.lastDays', { count: each })]), String(days ?? ''),
        (value) => { if (value) take({ from: today(1 - Number(value)), to: today() }); }, t('work.fromTo'))}
      ${date('from', t('work.from'), from)}${date('to', t('work.to'), to)}
      ${choice('department', t('work.department'), this.state.departments, department ?? '', (value) => take({ department: value }), t('work.allDepartments'))}
    </div>`;
  }

  #card({ figure, answer, problem }) {
    const { context } = this.state;
    const again = (values) => { setQuery(values); this.reload(); };
    return html`<section class="card stack figure-card ${figure.isCaptioned ? 'captioned' : ''}" data-figure=${figure.name}>
      <div class="spread"><h2>${t(figure.title)}</h2>${figure.controls ? html`<div class="toolbar">${figure.controls(context, again)}</div>` : nothing}</div>
      ${problem ? html`<p class="notice warn">${problem}</p>` : figure.draw(answer, context)}
      ${figure.note ? html`<p class="quiet small">${t(figure.note)}</p>` : nothing}</section>`;
  }

  #closed() {
    const closed = FIGURES.filter((figure) => !session.mayRead(...figure.kinds)).map((figure) => t(figure.title));
    return closed.length ? html`<p class="quiet">${t('work.closed', { kinds: closed.join(t('work.comma')) })}</p>` : nothing;
  }
}

/** What the address says, or the last three months of all departments. */
function chosen() {
  const query = currentQuery();
  return {
    from: query.get('from') ?? today(1 - USUAL_DAYS),
    to: query.get('to') ?? today(),
    department: query.get('department'),
    by: query.get('by') ?? 'MONTH',
    of: query.get('of'),
  };
}

async function answerOf(figure, context, options) {
  try {
    return { answer: await figure.load(context, options), problem: '' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { answer: null, problem: error.message || t('app.failed') };
  }
}

define('work-figures', Figures);
