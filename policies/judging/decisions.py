"""Casbin's answers about any question that can be asked of one rule set, each cause of an answer asked about once.

What is compared, tested, replayed and explained is decided here. Rules that cannot match a question are left out of it,
as in the compiler; fields that the same rules name get one answer, because nothing else of a rule speaks of fields.
Belongs to one rule set and one thread at a time. It serves no request and makes no plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations

from documents.access.plan import Action, FieldGrants, Level, Purpose, Scope, ScopeSet
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from policies.judging.judge import Asking, Judge
from policies.rules.matching import DENY, EVERYONE, FieldPatterns, covers_action, covers_kind, covers_purpose
from policies.rules.rule_set import Rule, RuleSet

EVERYWHERE: ScopeSet = frozenset({Scope.ALL})
_SHARED: ScopeSet = frozenset({Scope.ALL, Scope.SHARED})
"""What a partner is asked about: consented customers, and no scope beside."""

Rules = tuple[Rule, ...]
Question = tuple[frozenset[str], Kind, Purpose, Action]
_NO_FIELDS: frozenset[str] = frozenset()


class Decisions:
    """The decisions of one rule set, for any roles. Takes tens of milliseconds: use it off the event loop."""

    def __init__(self, catalogue: Catalogue, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.catalogue = catalogue
        self.patterns = FieldPatterns(catalogue)
        self._judge = Judge(rule_set, self.patterns)
        self._of_roles: dict[frozenset[str], Rules] = {}
        self._relevant: dict[tuple[frozenset[str], Kind, Purpose], Rules] = {}
        self._numbers = {rule: number for number, rule in enumerate(rule_set.rules)}
        self._of_action: dict[Question, list[tuple[str, int, frozenset[str]]]] = {}
        self._answers: dict[tuple[int, ...], bool] = {}  # by the numbers of the rules that match
        self._explained: dict[tuple[int, ...], Rule | None] = {}

    def of_roles(self, roles: frozenset[str]) -> Rules:
        """The rules that speak of `roles` or of what they inherit from. Roles that are not declared are nothing."""
        declared = roles & self.rule_set.roles
        if declared not in self._of_roles:
            self._of_roles[declared] = self._judge.of_roles(declared) if declared else ()
        return self._of_roles[declared]

    def relevant(self, roles: frozenset[str], kind: Kind, purpose: Purpose) -> Rules:
        """Those of them that can match some question about `kind` under `purpose`."""
        key = (roles, kind, purpose)
        if key not in self._relevant:
            self._relevant[key] = tuple(
                rule
                for rule in self.of_roles(roles)
                if covers_kind(kind.value, rule.kind) and covers_purpose(purpose.value, rule.purpose)
            )
        return self._relevant[key]

    def granted(self, asking: Asking, action: Action, fields: Collection[str]) -> frozenset[str]:
        """Those of `fields` for which Casbin allows `action`.

        Only what is shown masked can be revealed, and only of customers."""
        if action is Action.REVEAL:
            if asking.kind not in CUSTOMER_KINDS:
                return _NO_FIELDS
            levels = self.levels(asking, fields)
            fields = [name for name in fields if levels[name] is Level.MASKED]
        matching: dict[str, list[int]] = {field: [] for field in fields}
        for number, names in self._applicable(asking, action):
            for field in matching.keys() & names:
                matching[field].append(number)
        granted = set()
        for field, numbers in matching.items():
            key = tuple(numbers)
            if key not in self._answers:
                # INVARIANT: each of these rules matches the question in every column, so that whatever else is asked
                # over the same rules is answered by the same effects.
                answer = self._judge.decide(self._numbered(key), self._known(asking), action, (field,))
                self._answers[key] = field in answer.granted
            if self._answers[key]:
                granted.add(field)
        return frozenset(granted)

    def levels(self, asking: Asking, fields: Collection[str]) -> Mapping[str, Level]:
        """How much of each of `fields` may be read. A field without a mask is never shown masked."""
        plain = self.granted(asking, Action.READ, fields)
        specs = self.catalogue.fields(asking.kind)
        maskable = [name for name in fields if name not in plain and specs[name].mask is not None]
        masked = self.granted(asking, Action.READ_MASKED, maskable) if maskable else _NO_FIELDS
        grants = FieldGrants(plain=plain, masked=masked)
        return {name: grants.level(name) for name in fields}

    def deciding_rule(self, asking: Asking, action: Action, field: str) -> Rule | None:
        """The rule by which Casbin allows or refuses `action` on `field`; None where it refuses for want of one, and
        where a field that is not masked may not be revealed."""
        allowed = action is not Action.REVEAL or self.granted(asking, action, (field,))
        applicable = self._applicable(asking, action)
        key = tuple(number for number, names in applicable if field in names)
        if key not in self._explained:
            self._explained[key] = self._judge.explain(self._numbered(key), self._known(asking), action, field)
        rule = self._explained[key]
        return rule if allowed or rule is None or rule.effect == DENY else None

    def allows(self, rules: Iterable[Rule], kind: Kind, field: str) -> bool:
        """What Casbin answers over `rules` alone, about writing `field` of `kind` as somebody without a role of their
        own: how its model joins effects."""
        asking = Asking(frozenset({EVERYONE}), kind, next(iter(Purpose)), EVERYWHERE)
        return field in self._judge.decide(rules, asking, Action.WRITE, (field,)).granted

    def _known(self, asking: Asking) -> Asking:
        """The same with the roles that are declared: the others are nothing."""
        return asking._replace(roles=asking.roles & self.rule_set.roles)

    def _applicable(self, asking: Asking, action: Action) -> list[tuple[int, frozenset[str]]]:
        """The rules that match but for the field, by number, with the fields that each names."""
        roles, kind, purpose, scopes = asking
        key = (roles, kind, purpose, action)
        if key not in self._of_action:
            self._of_action[key] = [
                (rule.scope, self._numbers[rule], self.patterns.named(kind.value, rule.kind, rule.field))
                for rule in self.relevant(roles, kind, purpose)
                if covers_action(action.value, rule.action, rule.effect)
            ]
        return [(number, names) for scope, number, names in self._of_action[key] if scope in scopes]

    def _numbered(self, numbers: Iterable[int]) -> list[Rule]:
        return [self.rule_set.rules[number] for number in numbers]


def scope_sets(rules: Iterable[Rule]) -> list[ScopeSet]:
    """The scope sets over which decisions by `rules` can differ. What is shared is asked about by itself."""
    return scope_sets_of({Scope(rule.scope) for rule in rules})


def scope_sets_of(named: Collection[Scope]) -> list[ScopeSet]:
    """The same by the scopes that rules name."""
    others = sorted(set(named) - {Scope.ALL, Scope.SHARED})
    found = [EVERYWHERE.union(chosen) for size in range(len(others) + 1) for chosen in combinations(others, size)]
    return [*found, _SHARED] if Scope.SHARED in named else found
