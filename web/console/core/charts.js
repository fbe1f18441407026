// Charts for those who look rather than read: SVG, from numbers that a table beside them tells too. Owns shapes and
// scales; knows nothing of what the numbers mean.

import { html, svg, nothing } from '../node_modules/lit-html/lit-html.js';

const WIDTH = 640;
const ROW = 34;
const LABEL = 150;
const FIGURE = 110;

/**
 * Horizontal bars. `bars`: `[{label, value, text, tone}]`, value ≥ 0, `tone` one of good, warn, bad, plain. `title` is
 * the picture's name for screen readers, who get the numbers as a list.
 */
export function barChart(title, bars) {
  const most = Math.max(...bars.map((bar) => bar.value), 1);
  const height = bars.length * ROW;
  const room = WIDTH - LABEL - FIGURE;
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label=${`${title}: ${bars.map((bar) => `${bar.label} ${bar.text}`).join('; ')}`}>
      ${bars.map((bar, i) => svg`
        <text x=${LABEL - 10} y=${i * ROW + 22} text-anchor="end">${bar.label}</text>
        <rect class=${`bar ${bar.tone ?? 'plain'}`} x=${LABEL} y=${i * ROW + 5} rx="3" height=${ROW - 12}
          width=${Math.max(bar.value > 0 ? 2 : 0, (bar.value / most) * room)} />
        <text class="figure" x=${LABEL + Math.max(2, (bar.value / most) * room) + 8} y=${i * ROW + 22}>${bar.text}</text>`)}
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
    ${total ? html`<svg viewBox="0 0 ${WIDTH} 26" preserveAspectRatio="none" role="img"
        aria-label=${`${title}: ${parts.map((part) => `${part.label} ${part.text}`).join('; ')}`}>
      ${placed.map((part) => svg`<rect class=${`bar ${part.tone ?? 'plain'}`} x=${part.x} y="0" height="26" width=${Math.max(part.width - 2, 1)} />`)}
    </svg>` : nothing}
    <ul class="legend">${parts.map((part) => html`<li><span class=${`dot ${part.tone ?? 'plain'}`}></span>${part.label} <b>${part.text}</b></li>`)}</ul>
    <figcaption>${title}</figcaption></figure>`;
}
