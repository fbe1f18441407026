"""Rules to grants: asks Casbin once per question and rule set, and keeps the answers as frozen sets of field names.

A compiler belongs to one rule set for good; a new version gets a new compiler. It makes no decision of its own: scopes
that no relevant rule names cannot change an answer and are therefore not asked about; all else is Casbin's word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from types import MappingProxyType

from documents.access.plan import Action, FieldGrants, KindGrants, Purpose, Scope, ScopeSet
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from policies.judging.judge import Asking, Decision, Judge
from policies.rules.matching import ALLOW, FieldPatterns
from policies.rules.rule_set import RuleSet

Grants = Mapping[Kind, KindGrants]
Subject = tuple[frozenset[str], Purpose]
"""Who asks, as far as rules can tell: declared roles and the purpose."""

CUSTOMERS = "customers"
"""The kinds of customer, which are decided together; every other kind is a family of its own, under its name."""

_Cells = dict[tuple[Kind, ScopeSet], Decision]
_Job = asyncio.Task[dict[Action, _Cells]]

_GRANTED = {
    Action.FILTER: "filterable",
    Action.WRITE: "writable",
    Action.CREATE: "creatable",
    Action.DELETE: "deletable",
    Action.EXPORT: "exportable",
}


class Compiler:
    """The compiled decisions of one rule set. Safe for concurrent use on one event loop."""

    def __init__(self, catalogue: Catalogue, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.version = rule_set.version
        self.roles = rule_set.roles
        self._catalogue = catalogue
        self._patterns = FieldPatterns(catalogue)
        self._judge = Judge(rule_set, self._patterns)  # for looking rules up; each compile job has its own
        self._masks = {
            kind: frozenset(name for name, spec in fields.items() if spec.mask is not None)
            for kind, fields in catalogue.by_kind.items()
        }
        self._families = _families(catalogue)
        self._allowed: dict[tuple[Subject, str | None], bool] = {}
        self._scope_sets: dict[tuple[Subject, str], Mapping[Kind, tuple[ScopeSet, ...]]] = {}
        self._jobs: dict[tuple[Subject, Action, str], _Job] = {}
        self._grants: dict[tuple[Subject, frozenset[Action], frozenset[Scope], str], Grants] = {}

    def is_open(self, subject: Subject, family: str | None = None) -> bool:
        """True if some rule allows the subject anything, in `family` where one is named. Opens no field: tells a wrong
        purpose from an empty answer."""
        key = (subject, family)
        if key not in self._allowed:
            roles, purpose = subject
            kinds = self._catalogue.by_kind if family is None else self._families[family]
            self._allowed[key] = bool(roles) and any(
                rule.effect == ALLOW for kind in kinds for rule in self._judge.relevant(roles, kind, purpose)
            )
        return self._allowed[key]

    def ready(
        self, subject: Subject, actions: frozenset[Action], scopes: frozenset[Scope], family: str = CUSTOMERS
    ) -> Grants | None:
        """The grants, if they were compiled before."""
        return self._grants.get((subject, actions, scopes, family))

    async def grants(
        self, subject: Subject, actions: frozenset[Action], scopes: frozenset[Scope], family: str = CUSTOMERS
    ) -> Grants:
        """The grants of the subject for `actions` on the kinds of `family`, over the scopes that can exist for the
        caller.

        Concurrent requests for the same decisions share one job, which runs in a thread and outlives a cancelled
        request.
        """
        key = (subject, actions, scopes, family)
        if key not in self._grants:
            jobs = [asyncio.shield(job) for job in self._start(subject, actions, family)]
            cells: dict[Action, _Cells] = {}
            for compiled in await asyncio.gather(*jobs):
                cells.update(compiled)
            decided = {action: cells[action] for action in actions}
            self._grants[key] = self._assemble(subject, decided, scopes, family)
        return self._grants[key]

    async def warm(self, other: Compiler) -> None:
        """Compiles everything that is in use in `other`, so that a change of rules costs no request its time."""
        for subject, actions, scopes, family in list(other._grants):
            roles, purpose = subject
            if self.is_open(known := (roles & self.roles, purpose)):
                await self.grants(known, actions, scopes, family)

    def compile(self, subject: Subject, actions: Iterable[Action], family: str = CUSTOMERS) -> dict[Action, _Cells]:
        """Asks Casbin about every kind, scope set and field. Takes tens of milliseconds: call it off the event loop."""
        roles, purpose = subject
        judge = Judge(self.rule_set, self._patterns)
        cells: dict[Action, _Cells] = {action: {} for action in actions}
        for kind, scope_sets in self._scope_sets_of(subject, family).items():
            rules = judge.relevant(roles, kind, purpose)
            fields = self._catalogue.fields(kind)
            for action, decisions in cells.items():
                for scopes in scope_sets:
                    decisions[kind, scopes] = judge.decide(rules, Asking(roles, kind, purpose, scopes), action, fields)
        return cells

    def _start(self, subject: Subject, actions: frozenset[Action], family: str) -> set[_Job]:
        """The jobs that yield `actions`, running or done; one new job for those that were never asked."""
        missing = [action for action in sorted(actions) if (subject, action, family) not in self._jobs]
        if missing:
            # Looked up here, so that the thread has no look-up to share with the loop.
            self._scope_sets_of(subject, family)
            job = asyncio.create_task(asyncio.to_thread(self.compile, subject, missing, family))
            for action in missing:
                self._jobs[subject, action, family] = job
            job.add_done_callback(lambda done: self._forget_failed(done, subject, missing, family))
        return {self._jobs[subject, action, family] for action in actions}

    def _forget_failed(self, job: _Job, subject: Subject, actions: list[Action], family: str) -> None:
        if job.cancelled() or job.exception() is not None:
            for action in actions:
                self._jobs.pop((subject, action, family), None)

    def _scope_sets_of(self, subject: Subject, family: str) -> Mapping[Kind, tuple[ScopeSet, ...]]:
        """Per kind, the scope sets over the scopes that a relevant rule names; each contains ALL."""
        if (subject, family) not in self._scope_sets:
            roles, purpose = subject
            self._scope_sets[subject, family] = {
                kind: tuple(_scope_sets(rule.scope for rule in self._judge.relevant(roles, kind, purpose)))
                for kind in self._families[family]
            }
        return self._scope_sets[subject, family]

    def _assemble(self, subject: Subject, cells: dict[Action, _Cells], scopes: frozenset[Scope], family: str) -> Grants:
        grants: dict[Kind, KindGrants] = {}
        for kind, scope_sets in self._scope_sets_of(subject, family).items():
            by_scope_set = {
                scope_set: self._field_grants(kind, {action: cells[action][kind, scope_set] for action in cells})
                for scope_set in scope_sets
                if scope_set <= scopes
            }
            grants[kind] = KindGrants(frozenset().union(*by_scope_set), MappingProxyType(by_scope_set))
        return MappingProxyType(grants)

    def _field_grants(self, kind: Kind, decisions: Mapping[Action, Decision]) -> FieldGrants:
        nothing = Decision(frozenset(), frozenset())
        plain, forbidden = decisions.get(Action.READ, nothing)
        masked = decisions.get(Action.READ_MASKED, nothing).granted & self._masks[kind] - plain
        # Only what is shown masked can be opened, and only of customers.
        openable = masked if kind in CUSTOMER_KINDS else frozenset[str]()
        revealable = decisions.get(Action.REVEAL, nothing).granted & openable
        others = {name: decisions[action].granted for action, name in _GRANTED.items() if action in decisions}
        return FieldGrants(plain=plain, masked=masked, forbidden=forbidden, revealable=revealable, **others)


def _families(catalogue: Catalogue) -> Mapping[str, tuple[Kind, ...]]:
    others = {kind.value: (kind,) for kind in catalogue.by_kind if kind not in CUSTOMER_KINDS}
    return {CUSTOMERS: tuple(kind for kind in catalogue.by_kind if kind in CUSTOMER_KINDS), **others}


def _scope_sets(names: Iterable[str]) -> Iterator[ScopeSet]:
    others = sorted({Scope(name) for name in names} - {Scope.ALL})
    for size in range(len(others) + 1):
        for chosen in combinations(others, size):
            yield frozenset({Scope.ALL, *chosen})
