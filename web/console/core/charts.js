// Charts for those who look rather than read: SVG, from numbers that a table beside them tells too. Owns shapes and
// scales; knows nothing of what the numbers mean.

import { html, svg, nothing } from '../node_modules/lit-html/lit-html.js';

const WIDTH = 400; // small, so that its text can be read on a phone
const ROW = 38; // a label, and its bar below
const FIGURE = 96;
const LABEL_AT = 13;
const BAR_AT = 19;
const BAR = 12;

/**
 * Horizontal bars. `bars`: `[{label, value, text, tone}]`, value ≥ 0, `tone` one of good, warn, bad, plain. `title` is
 * the picture's name for screen readers, who get the numbers as a list.
 */
export function barChart(title, bars) {
  const most = Math.max(...bars.map((bar) => bar.value), 1);
  const height = bars.length * ROW;
  const room = WIDTH - FIGURE;
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label=${`${title}: ${bars.map((bar) => `${bar.label} ${bar.text}`).join('; ')}`}>
      ${bars.map((bar, i) => svg`
        <text x="0" y=${i * ROW + LABEL_AT}>${bar.label}</text>
        <rect class=${`bar ${bar.tone ?? 'plain'}`} x="0" y=${i * ROW + BAR_AT} rx="3" height=${BAR}
          width=${Math.max(bar.value > 0 ? 2 : 0, (bar.value / most) * room)} />
        <text class="figure" x=${Math.max(2, (bar.value / most) * room) + 6} y=${i * ROW + BAR_AT + 10}>${bar.text}</text>`)}
    </svg><figcaption>${title}</figcaption></figure>`;
}

/** One bar cut into shares. `parts`: `[{label, value, text, tone}]`. */
export function shareChart(title, parts) {
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  let from = 0;
  const placed = parts.filter((part) => part.value > 0).map((part) => {
    const width = (part.value / total) * WIDTH;
    from += width;
    return { ...part, x: from - width, width };
  });
  return html`<figure class="chart">
    ${total ? html`<svg viewBox="0 0 ${WIDTH} 18" preserveAspectRatio="none" role="img"
        aria-label=${`${title}: ${parts.map((part) => `${part.label} ${part.text}`).join('; ')}`}>
      ${placed.map((part) => svg`<rect class=${`bar ${part.tone ?? 'plain'}`} x=${part.x} y="0" height="18" width=${Math.max(part.width - 2, 1)} />`)}
    </svg>` : nothing}
    <ul class="legend">${parts.map((part) => html`<li><span class=${`dot ${part.tone ?? 'plain'}`}></span>${part.label} <b>${part.text}</b></li>`)}</ul>
    <figcaption>${title}</figcaption></figure>`;
}

/**
 * One bar per row, as long as its sum, cut into parts. `rows`: `[{label, parts: [{value, tone}], text}]`, every row with
 * the parts of `series` (`[{label, tone}]`) in their order.
 */
export function stackChart(title, rows, series) {
  const sums = rows.map((row) => row.parts.reduce((sum, part) => sum + part.value, 0));
  const most = Math.max(...sums, 1);
  const room = WIDTH - FIGURE;
  const said = rows.map((row) => `${row.label}: ${row.parts.map((part, i) => `${series[i].label} ${part.value}`).join(', ')}`).join('; ');
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${rows.length * ROW}" role="img" aria-label=${`${title}: ${said}`}>
      ${rows.map((row, i) => svg`
        <text x="0" y=${i * ROW + LABEL_AT}>${row.label}</text>
        ${placed(row.parts, most / room).map(({ tone, x, width }) => svg`<rect class=${`bar ${tone}`} x=${x} y=${i * ROW + BAR_AT}
          height=${BAR} width=${Math.max(width - 1, 1)} />`)}
        <text class="figure" x=${(sums[i] / most) * room + 6} y=${i * ROW + BAR_AT + 10}>${row.text}</text>`)}
    </svg>
    <ul class="legend">${series.map((each) => html`<li><span class=${`dot ${each.tone}`}></span>${each.label}</li>`)}</ul>
    <figcaption>${title}</figcaption></figure>`;
}

function placed(parts, scale) {
  let from = 0;
  return parts.filter((part) => part.value > 0).map((part) => {
    const width = part.value / scale;
    from += width;
    return { ...part, x: from - width, width };
  });
}
