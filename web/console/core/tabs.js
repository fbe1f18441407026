// Tabs as WAI-ARIA describes them: arrows move, the chosen one is in the tab order. Owns the row of tabs alone.

import { html } from '../node_modules/lit-html/lit-html.js';

/**
 * `tabs`: `[[key, label]]`; `chosen` a key; `choose(key)`. The panel is the caller's: `<div role="tabpanel" id=…>`.
 * `vertical`: at the side of the panel where there is room.
 */
export function tabs(label, list, chosen, choose, panel = 'panel', { vertical = false } = {}) {
  const keys = list.map(([key]) => key);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ...(vertical ? { ArrowDown: 1, ArrowUp: -1 } : {}) }[event.key];
    const target = step ? keys[(keys.indexOf(chosen) + step + keys.length) % keys.length]
      : event.key === 'Home' ? keys[0] : event.key === 'End' ? keys.at(-1) : null;
    if (target === null) return;
    event.preventDefault();
    choose(target);
    const row = event.currentTarget;
    requestAnimationFrame(() => row.querySelector('[aria-selected=true]')?.focus());
  };
  return html`<div class=${vertical ? 'tabs vertical' : 'tabs'} role="tablist" aria-label=${label} @keydown=${move}>
    ${list.map(([key, text]) => html`<button type="button" role="tab" aria-selected=${key === chosen} aria-controls=${panel}
      tabindex=${key === chosen ? 0 : -1} @click=${() => choose(key)}>${text}</button>`)}</div>`;
}
