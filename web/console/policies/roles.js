// What the roles of a rule set contain, and how a person's roles are written. Owns these templates alone.

import { html, nothing } from '../core/screen.js';
import { t } from '../core/language.js';
import { dateTime } from '../core/values.js';
import { inOrder, joined, roleLabel } from './names.js';

export class Roles {
  #inherits;

  /** `vocabulary`: `policyVocabulary { roles { role inherits } }`. */
  constructor(vocabulary) {
    this.#inherits = new Map((vocabulary?.roles ?? []).map(({ role, inherits }) => [role, inherits]));
    this.all = inOrder(this.#inherits.keys());
  }

  /** The roles whose rules `role` has too, its parents first. */
  within(role) {
    const found = [];
    const queue = [...this.#inherits.get(role) ?? []];
    while (queue.length) {
      const next = queue.shift();
      if (found.includes(next)) continue;
      found.push(next);
      queue.push(...this.#inherits.get(next) ?? []);
    }
    return found;
  }

  parents(role) {
    return this.#inherits.get(role) ?? [];
  }

  /** Whether somebody with `roles` has what `wanted` has: the role itself, or one that contains it. */
  contain(roles, wanted) {
    return roles.some((role) => role === wanted || this.within(role).includes(wanted));
  }

  /** What a role contains, without those of `but`, in words; nothing where it contains no other. */
  withinText(role, but = []) {
    const within = this.within(role).filter((each) => !but.includes(each));
    return within.length ? t('accounts.contains', { roles: joined(within.map(roleLabel)) }) : '';
  }
}

/** Whether a grant counts now, will count, or waits to be approved: what is over is left out. */
export const isRunning = (grant, now = Date.now()) => grant.state !== 'ENDED' && (!grant.until || new Date(grant.until) > now);

/** Somebody's roles: lasting ones, those for a time with their end, and what waits or begins later. `grants` are theirs. */
export function rolesOf(person, grants, roles) {
  const running = grants.filter((grant) => isRunning(grant));
  const hasBegun = (grant) => grant.state === 'GRANTED' && new Date(grant.since) <= Date.now();
  const until = (role) => running.filter((grant) => grant.role === role && grant.until && hasBegun(grant)).map((grant) => grant.until).sort().at(-1);
  const later = running.filter((grant) => !hasBegun(grant));
  if (!person.roles.length && !later.length) return html`<span class="quiet">${t('accounts.noRole')}</span>`;
  return html`<span class="row roles-of">${inOrder(person.roles).map((role) => {
    const end = person.lastingRoles.includes(role) ? null : until(role);
    return html`<span class="tag ${end ? 'warn' : 'accent'}" title=${roles.withinText(role)}>${roleLabel(role)}${end ? ` · ${t('accounts.until', { when: dateTime(end) })}` : nothing}</span>`;
  })}${later.map((grant) => html`<span class="tag">${roleLabel(grant.role)} · ${grant.state === 'WAITING' ? t('accounts.waits') : t('accounts.from', { when: dateTime(grant.since) })}</span>`)}</span>`;
}
