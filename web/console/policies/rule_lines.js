// Lines of rules as values, and which of them make a cell of the matrix what somebody wants. Owns the smallest change
// that does it; whether it did is the server's word. Must never ask, and never decide what a rule allows.

const COLUMNS = ['role', 'scope', 'kind', 'field', 'action', 'purpose', 'effect'];
const NOTHING = { added: [], removed: [] };

/** The rules of a draft as the API gives them, as lines: `{rules: [[role, …, effect]], inheritance: [[role, parent]]}`. */
export const linesOf = (draft) => ({
  rules: draft.rules.map((rule) => COLUMNS.map((name) => rule[name])),
  inheritance: draft.inheritance.map(({ role, parent }) => [role, parent]),
});

/** Casbin's policy.csv. */
export const csvOf = ({ rules, inheritance }) => [
  ...inheritance.map((link) => ['g', ...link]), ...rules.map((rule) => ['p', ...rule]),
].map((line) => `${line.join(', ')}\n`).join('');

/** The lines of a policy.csv that the server wrote. */
export function linesIn(csv) {
  const parsed = csv.split('\n').filter(Boolean).map(parseLine);
  const of = (wanted) => parsed.filter(({ mark }) => mark === wanted).map(({ tokens }) => tokens);
  return { rules: of('p'), inheritance: of('g') };
}

/** `p, a, b, …` as `{mark, tokens}`; a line without a mark is a rule. */
export function parseLine(text) {
  const tokens = text.split(',').map((token) => token.trim());
  return tokens[0] === 'p' || tokens[0] === 'g' ? { mark: tokens[0], tokens: tokens.slice(1) } : { mark: 'p', tokens };
}

const isSame = (one, other) => one.join() === other.join();
const has = (lines, line) => lines.some((each) => isSame(each, line));

/** `lines` after a change `{added, removed}` of rules; a new one stands behind the others of its role. */
export function changed(lines, { added, removed }) {
  const rules = lines.rules.filter((rule) => !has(removed, rule));
  for (const rule of added) {
    if (has(rules, rule)) continue;
    const last = rules.findLastIndex((each) => each[0] === rule[0]);
    rules.splice(last < 0 ? rules.length : last + 1, 0, rule);
  }
  return { ...lines, rules };
}

/** `lines` without what one changed line did: `text` as the effects tell it. */
export function undone(lines, text, wasAdded) {
  const { mark, tokens } = parseLine(text);
  if (mark === 'p') return changed(lines, wasAdded ? { added: [], removed: [tokens] } : { added: [tokens], removed: [] });
  const inheritance = wasAdded ? lines.inheritance.filter((link) => !isSame(link, tokens)) : [...lines.inheritance, tokens];
  return { ...lines, inheritance };
}

export const isEmpty = (change) => !change.added.length && !change.removed.length;

/**
 * What makes the cell `{role, scope, kind, field, purpose}` (as rules spell it) be `target`: changes to try one after
 * the other until the server's matrix says so. Each is a function of `(lines, level)`, the level of then. `action` is
 * `see`, or one of a rule; `target` PLAIN, MASKED, DENIED, or BEFORE. `base` are the lines that the draft was made from,
 * `before` the level in force. A deny outweighs what other roles of a person allow: so an
 * allowance is rather taken back, and denied only where another rule still gives it.
 */
export function steps(cell, action, target, base, before) {
  const line = (act, effect) => [cell.role, cell.scope, cell.kind, cell.field, act, cell.purpose, effect];
  const restore = restoring(base, action === 'see' ? [line('read'), line('read_masked')] : [line(action)]);
  if (target === 'BEFORE') return [restore];
  const first = target === before ? [restore] : [];
  if (action !== 'see') {
    const [given, opposite] = target === 'PLAIN' ? ['allow', 'deny'] : ['deny', 'allow'];
    return [...first, taking([line(action, opposite)]), adding(line(action, given))];
  }
  const [allow, deny] = [line('read', 'allow'), line('read', 'deny')];
  const [allowMasked, denyMasked] = [line('read_masked', 'allow'), line('read_masked', 'deny')];
  if (target === 'PLAIN') return [...first, taking([deny, denyMasked]), adding(allow)];
  if (target === 'DENIED') return [...first, taking([allow, allowMasked]), adding(denyMasked)];
  return [
    ...first,
    taking([denyMasked]),
    (lines) => (has(lines.rules, allow) ? { added: [allowMasked], removed: [allow] } : NOTHING),
    (lines, level) => ({ added: level === 'PLAIN' ? [deny] : [allowMasked], removed: [] }),
  ];
}

const taking = (unwanted) => (lines) => ({ added: [], removed: unwanted.filter((line) => has(lines.rules, line)) });

const adding = (line) => (lines) => ({ added: has(lines.rules, line) ? [] : [line], removed: [] });

/** What the draft did to the lines about exactly these cells, taken back. */
const restoring = (base, cells) => (lines) => {
  const of = (rules) => rules.filter((rule) => cells.some((cell) => isSame(cell.slice(0, 6), rule.slice(0, 6))));
  const [now, then] = [of(lines.rules), of(base.rules)];
  return { added: then.filter((rule) => !has(now, rule)), removed: now.filter((rule) => !has(then, rule)) };
};
