// The figures of service: standards kept and missed, people, satisfaction, channels, trainings. Each says of which kinds
// it is, loads its numbers and draws them.

import { html, nothing } from '../core/screen.js';
import { ask } from '../core/api.js';
import { barChart, shareChart, stackChart } from '../core/charts.js';
import { t } from '../core/language.js';
import { session } from '../core/session.js';
import { count, day, enumChoices, enumLabel, kindLabel } from '../core/values.js';
import { figureOf, orDash, percent, pictured } from './numbers.js';
import { choice } from './shown.js';

const PERFORMANCE = `query ($department: String!, $from: Date!, $to: Date!) { departmentPerformance(department: $department, from: $from, to: $to) {
  person { username displayName } tickets averageReplyMinutes averageResolutionMinutes shareWithinStandard averageSatisfaction } }`;
const SATISFACTION = `query ($by: SatisfactionGroup!, $from: Date!, $to: Date!) {
  satisfactionFigures(by: $by, from: $from, to: $to) { key answered average shareSatisfied } }`;
const CHANNELS = 'query ($of: ChannelCounted!, $from: Date!, $to: Date!) { channelCounts(of: $of, from: $from, to: $to) { month channel count } }';
const TRAINING = 'query ($department: String!) { trainingDue(department: $department) { person { username displayName } code title reason by } }';
const STANDINGS = ['WITHIN', 'NEAR', 'BREACHED'];
const TONES = { WITHIN: 'good', NEAR: 'warn', BREACHED: 'bad' };
const COUNTED = ['TICKET', 'SERVICE_CONTACT', 'COMPLAINT'];
const SERIES = ['s1', 's2', 's3', 's4'];
const KEPT = 0.9;

/** The instants at which the days of a period begin and end where the page is looked at. */
const instants = ({ from, to }) => ({
  gte: new Date(`${from}T00:00:00`).toISOString(),
  lt: new Date(new Date(`${to}T00:00:00`).getTime() + 86_400_000).toISOString(),
});

const shareTone = (share) => (share >= KEPT ? 'good' : share >= 0.6 ? 'warn' : 'bad');

export const SERVICE_FIGURES = [
  {
    name: 'standards',
    kinds: ['TICKET'],
    title: 'work.figure.standards',
    note: 'work.figure.standardsNote',
    async load(context, options) {
      const text = `query (${STANDINGS.map((name) => `$${name}: TicketFilter`).join(', ')}) { ${STANDINGS.map((name) => `${name}: tickets(filter: $${name}) { totalCount }`).join(' ')} }`;
      const filter = (standing) => ({ and: [{ createdAt: instants(context) }, { standing: { eq: standing } }] });
      const { data } = await ask(text, Object.fromEntries(STANDINGS.map((name) => [name, filter(name)])), options);
      return STANDINGS.map((name) => ({ name, number: data[name]?.totalCount ?? 0 }));
    },
    draw(rows) {
      const parts = rows.map(({ name, number }) => ({ label: enumLabel('Standing', name), value: number, text: count(number), tone: TONES[name] }));
      const columns = [{ label: t('work.standing'), main: true, cell: (row) => enumLabel('Standing', row.name) }, { label: t('work.tickets'), numeric: true, cell: (row) => count(row.number) }];
      return pictured(t('work.figure.standards'), columns, rows.some((row) => row.number) ? rows : [], shareChart(t('work.figure.standards'), parts));
    },
  },
  {
    name: 'performance',
    kinds: ['PERFORMANCE_REVIEW'],
    title: 'work.figure.performance',
    note: 'work.figure.performanceNote',
    load: ({ department, me, from, to }, options) => figureOf(PERFORMANCE, { department: department ?? me.department ?? '', from, to }, 'departmentPerformance', options),
    draw(rows) {
      const measured = rows.filter((row) => row.shareWithinStandard !== null);
      const bars = measured.map((row) => ({ label: row.person.displayName, parts: kept(Number(row.shareWithinStandard)), text: percent(row.shareWithinStandard) }));
      const series = [{ label: t('work.kept'), tone: 'good' }, { label: t('work.missed'), tone: 'bad' }];
      const columns = [
        { label: t('work.person'), main: true, cell: (row) => row.person.displayName },
        { label: t('work.tickets'), numeric: true, cell: (row) => orDash(row.tickets) },
        { label: t('work.figure.share'), numeric: true, cell: (row) => percent(row.shareWithinStandard) },
        { label: t('work.figure.reply'), numeric: true, cell: (row) => orDash(row.averageReplyMinutes) },
        { label: t('work.figure.resolution'), numeric: true, cell: (row) => orDash(row.averageResolutionMinutes) },
        { label: t('work.figure.score'), numeric: true, cell: (row) => orDash(row.averageSatisfaction) },
      ];
      return pictured(t('work.figure.performance'), columns, rows, measured.length ? stackChart(t('work.figure.performance'), bars, series) : nothing);
    },
  },
  {
    name: 'satisfaction',
    kinds: ['SATISFACTION'],
    title: 'work.figure.satisfaction',
    isCaptioned: true,
    controls: ({ by }, again) => choice('by', t('work.by'), enumChoices('SatisfactionGroup'), by, (value) => again({ by: value }), null),
    load: ({ by, from, to }, options) => figureOf(SATISFACTION, { by, from, to }, 'satisfactionFigures', options),
    draw(rows, { by }) {
      const name = (row) => (by === 'CHANNEL' ? enumLabel('Channel', row.key.toUpperCase()) : row.key);
      const bars = rows.map((row) => ({ label: name(row), value: Number(row.average ?? 0), text: orDash(row.average), tone: shareTone(Number(row.average ?? 0) / 5 + 0.1) }));
      const columns = [
        { label: enumLabel('SatisfactionGroup', by), main: true, cell: name },
        { label: t('work.figure.answered'), numeric: true, cell: (row) => count(row.answered) },
        { label: t('work.figure.average'), numeric: true, cell: (row) => orDash(row.average) },
        { label: t('work.figure.satisfied'), numeric: true, cell: (row) => percent(row.shareSatisfied) },
      ];
      return pictured(t('work.figure.satisfaction'), columns, rows, barChart(t('work.figure.average'), bars));
    },
  },
  {
    name: 'channels',
    kinds: COUNTED,
    title: 'work.figure.channels',
    controls: ({ of }, again) => {
      const kinds = countable();
      return choice('of', t('work.of'), kinds.map((kind) => [kind, kindLabel(kind)]), kinds.includes(of) ? of : kinds[0], (value) => again({ of: value }), null);
    },
    load: ({ of, from, to }, options) => figureOf(CHANNELS, { of: countable().includes(of) ? of : countable()[0], from, to }, 'channelCounts', options),
    draw(rows) {
      const channels = [...new Set(rows.map((row) => row.channel))].sort();
      const months = [...new Set(rows.map((row) => row.month))].sort();
      const number = (month, channel) => rows.find((row) => row.month === month && row.channel === channel)?.count ?? 0;
      const series = channels.map((channel, i) => ({ label: enumLabel('Channel', channel.toUpperCase()), tone: SERIES[i % SERIES.length] }));
      const byMonth = months.map((month) => ({ month, parts: channels.map((channel, i) => ({ value: number(month, channel), tone: series[i].tone })) }));
      const sum = (row) => row.parts.reduce((total, part) => total + part.value, 0);
      const columns = [
        { label: t('work.month'), main: true, cell: (row) => row.month },
        ...channels.map((channel, i) => ({ label: series[i].label, numeric: true, cell: (row) => count(row.parts[i].value) })),
        { label: t('work.sum'), numeric: true, cell: (row) => count(sum(row)) },
      ];
      const picture = stackChart(t('work.figure.channels'), byMonth.map((row) => ({ label: row.month, parts: row.parts, text: count(sum(row)) })), series);
      return pictured(t('work.figure.channels'), columns, byMonth, picture);
    },
  },
  {
    name: 'trainings',
    kinds: ['TRAINING_RESULT'],
    title: 'work.figure.trainings',
    load: ({ department, me }, options) => figureOf(TRAINING, { department: department ?? me.department ?? '' }, 'trainingDue', options),
    draw(rows) {
      const reasons = enumChoices('TrainingDueReason').map(([reason, label]) => ({ label, number: rows.filter((row) => row.reason === reason).length, tone: reason === 'EXPIRING' ? 'warn' : 'bad' }));
      const bars = reasons.map(({ label, number, tone }) => ({ label, value: number, text: count(number), tone }));
      const columns = [
        { label: t('work.person'), main: true, cell: (row) => row.person.displayName },
        { label: t('work.course'), cell: (row) => html`${row.title ?? ''} <span class="quiet">${row.code}</span>` },
        { label: t('work.reason'), cell: (row) => enumLabel('TrainingDueReason', row.reason) },
        { label: t('work.byDay'), cell: (row) => (row.by ? day(row.by) : '–') },
      ];
      return pictured(t('work.figure.trainings'), columns, rows, barChart(t('work.figure.trainings'), bars));
    },
  },
];

const countable = () => COUNTED.filter((kind) => session.mayRead(kind));

/** A share as what was kept of it and what was missed, in percent. */
const kept = (share) => [{ value: Math.round(share * 100), tone: 'good' }, { value: 100 - Math.round(share * 100), tone: 'bad' }];
