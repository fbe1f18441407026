// The people of accounts: what they are called, how one is found, and what is asked of them. Owns the question and the
// box in which one is searched. Must never keep an answer.

import { html, nothing } from '../core/screen.js';
import { isChinese, t } from '../core/language.js';
import { joined, roleLabel } from './names.js';

const SHOWN = 8;

export const PEOPLE = `accountRoles { username displayName roles lastingRoles baseRoles purposes department
  departmentNamed { nameEn nameZh } disabled clearedUntil }`;

export class People {
  #byName;

  /** `accounts`: the answer of PEOPLE; nothing where the caller may not know them. */
  constructor(accounts) {
    this.all = [...accounts ?? []].sort((one, other) => !one.roles.length - !other.roles.length || one.displayName.localeCompare(other.displayName, 'zh'));
    this.#byName = new Map(this.all.map((person) => [person.username, person]));
  }

  find(username) {
    return this.#byName.get(username);
  }

  /** What somebody is called; the username where that is all that is known. */
  name(username) {
    return this.find(username)?.displayName ?? username ?? '';
  }

  /** Those of whom every word of `text` is said. */
  matching(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return this.all.filter((person) => words.every((word) => textOf(person).includes(word)));
  }

  /** `[code, label]` of every department in which somebody is. */
  departments() {
    const found = new Map(this.all.filter(({ department }) => department).map((person) => [person.department, departmentOf(person)]));
    return [...found].sort(([, one], [, other]) => one.localeCompare(other));
  }
}

const textOf = ({ username, displayName, roles }) => [username, displayName, ...roles, ...roles.map(roleLabel)].join(' ').toLowerCase();

/** The name of somebody's department; its code where it has none. */
export function departmentOf({ department, departmentNamed }) {
  return departmentNamed ? (isChinese() ? departmentNamed.nameZh : departmentNamed.nameEn) : department ?? '';
}

/** A search with what it finds as buttons; the first is taken by Enter. `typed` is what stands in the box. */
export function personSearch(people, typed, type, choose) {
  const found = typed.trim() ? people.matching(typed) : [];
  const submit = (event) => { event.preventDefault(); if (found.length) choose(found[0].username); };
  return html`<form role="search" class="found-by" @submit=${submit}>
    <label class="field"><span>${t('viewAs.person')}</span>
      <input type="search" autocomplete="off" spellcheck="false" placeholder=${t('viewAs.personHint')} .value=${typed} @input=${(event) => type(event.target.value)}></label>
    ${typed.trim() ? html`<ul class="plain-list finds" aria-label=${t('viewAs.person')}>${found.slice(0, SHOWN).map((person) => html`<li>
      <button type="button" class="quiet" @click=${() => choose(person.username)}>${person.displayName} <span class="quiet">${person.username} · ${joined(person.roles.map(roleLabel)) || t('accounts.noRole')}</span></button></li>`)}</ul>
      <p class="quiet" role="status">${found.length ? nothing : t('viewAs.nobody')}</p>` : nothing}</form>`;
}
