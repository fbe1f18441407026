// The figures of credit: receivables by age, and grades. Each says of which kinds it is, loads its numbers and draws them.

import { html } from '../core/screen.js';
import { ask } from '../core/api.js';
import { barChart } from '../core/charts.js';
import { t } from '../core/language.js';
import { count, enumChoices, enumLabel, money } from '../core/values.js';
import { gradeName } from './credit_panels.js';
import { figureOf, pictured } from './numbers.js';

const AGEING = 'query ($department: String) { ageing(department: $department) { bucket currency amount count } }';
const ASSESSED = `query ($filter: CreditAssessmentFilter) { creditAssessments(first: 100, filter: $filter) { totalCount nodes { grade } } }`;
const IN_FORCE = { state: { eq: 'IN_FORCE' } };
const AGE_TONES = ['good', 'plain', 'warn', 'warn', 'bad', 'bad'];
const GRADE_TONES = { excellent: 'good', good: 'plain', fair: 'warn', poor: 'bad' };
const GRADE_ORDER = Object.keys(GRADE_TONES);

export const CREDIT_FIGURES = [
  {
    name: 'ageing',
    kinds: ['RECEIVABLE'],
    title: 'work.figure.ageing',
    isCaptioned: true,
    note: 'work.figure.ageingNote',
    load: ({ department }, options) => figureOf(AGEING, { department }, 'ageing', options),
    draw(rows) {
      const buckets = enumChoices('AgeBucket');
      const currencies = [...new Set(rows.map((row) => row.currency))].sort();
      const all = currencies.flatMap((currency) => buckets.map(([bucket]) => rows.find((row) => row.currency === currency && row.bucket === bucket)
        ?? { bucket, currency, amount: '0.00', count: 0 }).map((row, i) => ({ ...row, tone: AGE_TONES[i] })));
      const chart = (currency) => barChart(`${t('work.figure.ageing')}, ${currency}`, all.filter((row) => row.currency === currency).map((row) => ({
        label: enumLabel('AgeBucket', row.bucket), value: Number(row.amount), text: money(row.amount, currency), tone: row.tone })));
      const columns = [
        { label: t('work.age'), main: true, cell: (row) => enumLabel('AgeBucket', row.bucket) },
        { label: t('work.currency'), cell: (row) => row.currency },
        { label: t('work.number'), numeric: true, cell: (row) => count(row.count) },
        { label: t('work.amount'), numeric: true, cell: (row) => money(row.amount, row.currency) },
      ];
      return pictured(t('work.figure.ageing'), columns, all, html`${currencies.map(chart)}`);
    },
  },
  {
    name: 'grades',
    kinds: ['CREDIT_ASSESSMENT'],
    title: 'work.figure.grades',
    note: 'work.figure.gradesNote',
    load: ({ rights }, options) => gradesIn(rights, options),
    draw(rows) {
      const bars = rows.map(({ grade, number }) => ({ label: gradeName(grade), value: number, text: count(number), tone: GRADE_TONES[grade] ?? 'plain' }));
      const columns = [{ label: t('work.grade'), main: true, cell: (row) => gradeName(row.grade) }, { label: t('work.number'), numeric: true, cell: (row) => count(row.number) }];
      return pictured(t('work.figure.grades'), columns, rows, barChart(t('work.figure.grades'), bars));
    },
  },
];

/** How many assessments in force have each grade: the server counts those that it can find by, the rest is counted here. */
async function gradesIn(rights, options) {
  const filter = rights.may('filterable', 'CREDIT_ASSESSMENT', 'state') ? IN_FORCE : null;
  const first = await figureOf(ASSESSED, { filter }, 'creditAssessments', options);
  const tally = new Map();
  for (const { grade } of first.nodes) if (grade) tally.set(grade, (tally.get(grade) ?? 0) + 1);
  const known = [...tally.keys()];
  if (known.length && first.totalCount > first.nodes.length && rights.may('filterable', 'CREDIT_ASSESSMENT', 'grade')) {
    const text = `query (${known.map((_, i) => `$f${i}: CreditAssessmentFilter`).join(', ')}) { ${known.map((_, i) => `g${i}: creditAssessments(filter: $f${i}) { totalCount }`).join(' ')} }`;
    const { data } = await ask(text, Object.fromEntries(known.map((grade, i) => [`f${i}`, { and: [filter ?? {}, { grade: { eq: grade } }].filter((each) => Object.keys(each).length) }])), options);
    known.forEach((grade, i) => tally.set(grade, data[`g${i}`].totalCount));
  }
  return [...tally].map(([grade, number]) => ({ grade, number })).sort((one, other) => GRADE_ORDER.indexOf(one.grade) - GRADE_ORDER.indexOf(other.grade));
}
