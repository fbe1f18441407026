// How far a job has got: a bar with its figures. Owns the look alone.

import { html } from '../core/screen.js';
import { hasWord, t } from '../core/language.js';
import { count, enumLabel } from '../core/values.js';

const TONES = { QUEUED: '', RUNNING: 'accent', SUCCEEDED: 'good', FAILED: 'warn', DEAD: 'bad' };

/** What a job is called for people; its own name where nobody has named it. */
export const jobName = (job) => (hasWord(`job.${job.name}`) ? t(`job.${job.name}`) : job.name);

export const stateTag = (state) => html`<span class="tag ${TONES[state] ?? ''}">${enumLabel('JobState', state)}</span>`;

/** The bar of a job; an unmeasured one moves without a figure. */
export function progressBar(job) {
  if (!job.total) return html`<progress aria-label=${`${jobName(job)}: ${t('jobs.unmeasured')}`}></progress>`;
  const text = t('jobs.progressOf', { name: jobName(job), done: count(job.done ?? 0), total: count(job.total) });
  return html`<progress max=${job.total} value=${job.done ?? 0} aria-label=${text}></progress>
    <small class="quiet">${count(job.done ?? 0)} / ${count(job.total)}</small>`;
}

/** The figures of a job in a table's cell. */
export const progressText = (job) => (job.total ? `${count(job.done ?? 0)} / ${count(job.total)}` : '–');
