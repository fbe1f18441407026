// What the names in rules are called for people. Owns labels of fields, scopes and whole rules; the labels of roles,
// fields and values are the server's.

import { hasWord, isChinese, labelOf, t } from '../core/language.js';
import { session } from '../core/session.js';
import { enumLabel, kindLabel, readable } from '../core/values.js';
import { ROLES } from './role_words.js';
import { parseLine } from './rule_lines.js';

/** What a query asks to be able to name things; `RuleNames` takes the answer. */
export const VOCABULARY = `policyVocabulary { roles { role inherits }
  kinds { kind fields { field labelEn labelZh sensitivity maskable encrypted } } }`;
export const VOCABULARY_OF_DRAFT = VOCABULARY.replace('policyVocabulary', 'policyVocabulary(draft: $draft)');

export const SCOPES = ['ALL', 'DEPARTMENT', 'OWN', 'SELF', 'SHARED'];
export const ACTIONS = ['see', 'filter', 'write', 'create', 'delete', 'export', 'reveal'];

/** A label within a sentence: English then begins it small. */
export const small = (label) => (isChinese() || /^..?[A-Z]/.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1));

/** Words in a row, as the language joins them. */
export const joined = (words) => words.join(isChinese() ? '、' : ', ');

export const roleLabel = (role) => (hasWord(`role.${role}`) ? t(`role.${role}`) : readable(role));

export const classLabel = (sensitivity) => enumLabel('Sensitivity', sensitivity.toUpperCase());

const isCustomerKind = (kind) => session.viewer.kinds.some((each) => each.kind === kind && each.isCustomer);

/** Roles in the order in which people know them; others behind. */
export const inOrder = (roles) => [...roles].sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
const rank = (role) => (ROLES.indexOf(role) + 1 || ROLES.length + 1);

/** Where something holds, in kinds of which the first tells whether they are customers: "all customers". */
export const scopeText = (scope, kind) => t(`policies.in.${scope}.${isCustomerKind(kind) ? 'customers' : 'records'}`);

/** Where a change holds: the widest of its sets of scopes, for it holds in what lies within them too. */
export function scopesText(scopeSets, kind) {
  const sets = scopeSets.map(({ scopes }) => scopes.filter((scope) => scope !== 'ALL'));
  const widest = sets.filter((set) => !sets.some((other) => other.length < set.length && other.every((one) => set.includes(one))));
  return joined(widest.map((set) => (set.length ? set.map((scope) => scopeText(scope, kind)).join(t('policies.andAlso')) : scopeText('ALL', kind))));
}

export class RuleNames {
  #fields = new Map();

  /** `vocabulary`: the answer of VOCABULARY. */
  constructor(vocabulary) {
    this.roles = inOrder(vocabulary.roles.map(({ role }) => role));
    this.kinds = vocabulary.kinds.map(({ kind }) => kind);
    for (const { kind, fields } of vocabulary.kinds) this.#fields.set(kind, fields);
  }

  /** The fields of a kind, `{field, labelEn, labelZh, sensitivity, maskable}`. */
  fields(kind) {
    return this.#fields.get(kind) ?? [];
  }

  /** What a search looks at. */
  fieldText = (field) => `${labelOf(field)} ${field.field}`;
  roleText = (role) => `${roleLabel(role)} ${role}`;

  field(kind, name) {
    const found = this.fields(kind).find(({ field }) => field === name);
    return found ? labelOf(found) : readable(name);
  }

  /** Several fields of a kind: all of them, or of a class, in one word. */
  fieldsOf(kind, names) {
    const all = this.fields(kind);
    if (all.length > 1 && names.length === all.length) return t('policies.line.everyField');
    const classes = [...new Set(all.map(({ sensitivity }) => sensitivity))].map((each) => all.filter(({ sensitivity }) => sensitivity === each));
    const whole = classes.filter((fields) => fields.length > 2 && fields.every(({ field }) => names.includes(field)));
    const others = names.filter((name) => !whole.flat().some(({ field }) => field === name));
    return joined([...whole.map(([{ sensitivity }]) => t('policies.line.class', { class: classLabel(sensitivity) })), ...others.map((name) => this.field(kind, name))]);
  }

  /** A line of rules (`p, role, …` or `g, role, parent`) in words. */
  line(text) {
    const { mark, tokens } = parseLine(text);
    if (mark === 'g') return t('policies.line.inherits', { role: roleLabel(tokens[0]), parent: roleLabel(tokens[1]) });
    const [role, scope, kind, field, action, purpose, effect] = tokens;
    const values = {
      role: roleLabel(role),
      action: action === '*' ? t('policies.line.everyAction') : small(enumLabel('RuleAction', action.toUpperCase())),
      field: this.#pattern(kind, field),
      kind: kind === '*' ? t('policies.line.customers') : kind === 'records' ? t('policies.line.records') : small(kindLabel(kind.toUpperCase())),
      purpose: purpose === '*' ? t('policies.line.everyPurpose') : small(enumLabel('Purpose', purpose.toUpperCase())),
      scope: scopeText(scope.toUpperCase(), kind === '*' ? 'INDIVIDUAL' : kind.toUpperCase()),
    };
    return t(effect === 'deny' ? 'policies.line.deny' : 'policies.line.allow', values);
  }

  #pattern(kind, field) {
    if (field === '*') return t('policies.line.everyField');
    if (field.startsWith('@')) return t('policies.line.class', { class: classLabel(field.slice(1)) });
    const [owner, name] = field.includes('.') ? field.split('.') : [kind, field];
    const owners = owner === '*' || owner === 'records' ? this.kinds : [owner.toUpperCase()];
    const holder = owners.find((each) => this.fields(each).some((one) => one.field === name));
    return holder ? this.field(holder, name) : field;
  }
}
