// The matrix as an ARIA grid: fields in their classes × roles. Owns how it looks and how the keyboard goes through it;
// what a cell means, and what happens when it is opened, is the screen's. Tells `cell-opened` with `{role, field}`.

import { Part, define, html, nothing } from '../core/screen.js';
import { labelOf, t } from '../core/language.js';
import { classLabel, roleLabel } from './names.js';

const PAGE = 10;

class Grid extends Part {
  /** `{groups: [[class, fields]], roles, level(role, field), before(role, field) or null, open, label, isSeeing}`. */
  #model = null;
  #at = { row: '', column: '' }; // the cell that Tab reaches
  #closed = new Set();

  set model(model) {
    this.#model = model;
    this.update();
  }

  /** Puts the focus on the cell that had it last. */
  return() {
    this.querySelector('[data-row][tabindex="0"]')?.focus();
  }

  template() {
    if (!this.#model) return nothing;
    const { groups, roles, label } = this.#model;
    this.#settle();
    return html`<div class="matrix-box"><table role="grid" class="matrix" aria-label=${label} @keydown=${this.#key} @focusin=${this.#focused}>
      <thead><tr>
        <th scope="col" class="corner">${t('policies.field')}</th>
        ${roles.map((role) => html`<th scope="col" class="role"><span>${roleLabel(role)}</span></th>`)}
      </tr></thead>
      ${groups.map((group) => this.#group(group))}
    </table></div>`;
  }

  #group([sensitivity, fields]) {
    const isOpen = !this.#closed.has(sensitivity);
    const row = `@${sensitivity}`;
    return html`<tbody>
      <tr class="class"><th scope="rowgroup" colspan=${this.#model.roles.length + 1}>
        <button type="button" class="quiet" data-row=${row} tabindex=${this.#at.row === row ? 0 : -1} aria-expanded=${isOpen}
          @click=${() => this.#toggle(sensitivity)}><span aria-hidden="true">${isOpen ? '▾' : '▸'}</span>
          ${classLabel(sensitivity)} <span class="quiet-count">${fields.length}</span></button></th></tr>
      ${isOpen ? fields.map((field) => this.#row(field)) : nothing}
    </tbody>`;
  }

  #row(field) {
    return html`<tr><th scope="row" title=${field.field}>${labelOf(field)}</th>
      ${this.#model.roles.map((role) => this.#cell(role, field))}</tr>`;
  }

  #cell(role, field) {
    const { level, before, open, isSeeing } = this.#model;
    const [now, was] = [level(role, field.field), before?.(role, field.field) ?? null];
    const isChanged = was !== null && was !== now;
    const isOpen = open?.role === role && open.field === field.field;
    const isAt = this.#at.row === field.field && this.#at.column === role;
    return html`<td class="cell ${now.toLowerCase()} ${isChanged ? 'changed' : ''} ${isOpen ? 'open' : ''}" data-row=${field.field} data-column=${role}
      tabindex=${isAt ? 0 : -1} aria-selected=${isOpen} @click=${() => this.#open(role, field.field)}
      ><span aria-hidden="true">${letter(now, isSeeing)}</span><span class="unseen">${levelText(now, isSeeing)}${isChanged
        ? t('policies.cell.was', { level: levelText(was, isSeeing) }) : ''}</span></td>`;
  }

  #toggle(sensitivity) {
    if (!this.#closed.delete(sensitivity)) this.#closed.add(sensitivity);
    this.update();
  }

  #open(role, field) {
    this.dispatchEvent(new CustomEvent('cell-opened', { detail: { role, field } }));
  }

  #rows() {
    return this.#model.groups.flatMap(([sensitivity, fields]) => [
      `@${sensitivity}`, ...(this.#closed.has(sensitivity) ? [] : fields.map(({ field }) => field)),
    ]);
  }

  /** The cell that Tab reaches must be one that is there. */
  #settle() {
    const { roles } = this.#model;
    const rows = this.#rows();
    if (!roles.includes(this.#at.column)) this.#at.column = roles[0] ?? '';
    if (!rows.includes(this.#at.row)) this.#at.row = rows.find((row) => !row.startsWith('@')) ?? rows[0] ?? '';
  }

  #focused = (event) => {
    const { row, column } = event.target.closest('[data-row]')?.dataset ?? {};
    if (!row || (row === this.#at.row && (!column || column === this.#at.column))) return;
    this.#at = { row, column: column ?? this.#at.column };
    this.update();
  };

  #key = (event) => {
    const rows = this.#rows();
    const { roles } = this.#model;
    let [row, column] = [rows.indexOf(this.#at.row), roles.indexOf(this.#at.column)];
    const isCorner = event.ctrlKey || event.metaKey;
    switch (event.key) {
      case 'ArrowDown': row += 1; break;
      case 'ArrowUp': row -= 1; break;
      case 'ArrowRight': column += 1; break;
      case 'ArrowLeft': column -= 1; break;
      case 'PageDown': row += PAGE; break;
      case 'PageUp': row -= PAGE; break;
      case 'Home': column = 0; if (isCorner) row = 0; break;
      case 'End': column = roles.length - 1; if (isCorner) row = rows.length - 1; break;
      case 'Enter':
      case ' ':
        if (event.target.matches('td')) {
          event.preventDefault();
          this.#open(this.#at.column, this.#at.row);
        }
        return;
      default: return;
    }
    event.preventDefault();
    const within = (index, list) => Math.max(0, Math.min(index, list.length - 1));
    this.#move(rows[within(row, rows)], roles[within(column, roles)]);
  };

  #move(row, column) {
    const target = [...this.querySelectorAll(`[data-row="${CSS.escape(row)}"]`)].find(({ dataset }) => !dataset.column || dataset.column === column);
    this.#at = { row, column };
    target?.focus();
    this.update();
  }
}

/** What stands in a cell for people who see: letters where levels differ in kind, marks where something is allowed. */
export function letter(level, isSeeing) {
  if (!isSeeing) return level === 'PLAIN' ? '✓' : '–';
  return { PLAIN: t('policies.letter.plain'), MASKED: t('policies.letter.masked') }[level] ?? '–';
}

export const levelText = (level, isSeeing) => t(`policies.${isSeeing ? 'level' : 'may'}.${level}`);

define('policy-grid', Grid);
