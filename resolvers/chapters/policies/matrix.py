"""The matrix of a kind: what each role may do with each field, under one purpose, in every set of scopes.

Computed off the event loop from the rules in force or from those of a draft; nothing of any customer is in it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from documents.access.plan import Action, Level, Purpose, Scope
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.plain_records import Record, Records
from policies.changing.changes import csv_line
from policies.judging.decisions import Decisions, scope_sets
from policies.judging.judge import Asking
from policies.rules.rule_set import Rule, RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.draft_reads import PolicyDrafts

_OTHERS: Final = {
    Action.FILTER: "filterable",
    Action.WRITE: "writable",
    Action.CREATE: "creatable",
    Action.DELETE: "deletable",
    Action.EXPORT: "exportable",
    Action.REVEAL: "revealable",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one kind, for one role under one purpose, where a record satisfies `scope` and no other."""

    role: str
    scope: Scope
    kind: Kind
    field: str
    purpose: Purpose


class PolicyMatrix:
    """Matrices, and the names that rules are made of."""

    def __init__(self, drafts: PolicyDrafts) -> None:
        self._drafts = drafts

    async def of_kind(self, caller: Caller, kind: Kind, purpose: Purpose, draft_id: str | None) -> Records | None:
        """A record for each role and set of scopes; None where there is no such draft for the caller."""
        rules = await self._rules(caller, draft_id)
        if rules is None:
            return None
        return await asyncio.to_thread(_matrix, self._drafts.catalogue, rules, kind, purpose)

    async def of_cell(self, caller: Caller, cell: Cell, draft_id: str | None) -> Records | None:
        """A decision for each action, with the rule that makes it; None where there is no such draft for the caller,
        role or field."""
        rules = await self._rules(caller, draft_id)
        if rules is None or cell.role not in rules.roles:
            return None
        if cell.field not in self._drafts.catalogue.fields(cell.kind):
            return None
        return await asyncio.to_thread(_cell, Decisions(self._drafts.catalogue, rules), cell)

    async def vocabulary(self, caller: Caller, draft_id: str | None) -> Record | None:
        """Every kind with its fields, and the roles with what they inherit."""
        rules = await self._rules(caller, draft_id)
        if rules is None:
            return None
        parents: dict[str, list[str]] = {role: [] for role in sorted(rules.roles)}
        for link in rules.inheritance:
            parents[link.role].append(link.parent)
        return Record(
            roles=Records(Record(role=role, inherits=names) for role, names in parents.items()),
            kinds=Records(_kind(self._drafts.catalogue, kind) for kind in self._drafts.catalogue.by_kind),
        )

    async def _rules(self, caller: Caller, draft_id: str | None) -> RuleSet | None:
        if draft_id is None:
            await self._drafts.authorize(caller)
            return self._drafts.store.compiler.rule_set
        draft = await self._drafts.find(caller, draft_id)
        return draft.rules if draft is not None else None


def _matrix(catalogue: Catalogue, rules: RuleSet, kind: Kind, purpose: Purpose) -> Records:
    decisions, fields = Decisions(catalogue, rules), catalogue.fields(kind)
    rows = Records()
    for role in sorted(rules.roles):
        roles = frozenset({role})
        for scopes in scope_sets(decisions.relevant(roles, kind, purpose)):
            levels = decisions.levels(Asking(roles, kind, purpose, scopes), fields)
            row = Record(
                role=role,
                scopes=sorted(scope.value for scope in scopes),
                plain=[name for name in fields if levels[name] is Level.PLAIN],
                masked=[name for name in fields if levels[name] is Level.MASKED],
            )
            for action, key in _OTHERS.items():
                granted = decisions.granted(Asking(roles, kind, purpose, scopes), action, fields)
                row[key] = [name for name in fields if name in granted]
            rows.append(row)
    return rows


def _cell(decisions: Decisions, cell: Cell) -> Records:
    asking = Asking(frozenset({cell.role}), cell.kind, cell.purpose, frozenset({Scope.ALL, cell.scope}))
    found = Records()
    for action in Action:
        rule = decisions.deciding_rule(asking, action, cell.field)
        allowed = bool(decisions.granted(asking, action, (cell.field,)))
        found.append(decision_record(action, rule, allowed=allowed))
    return found


def decision_record(action: Action, rule: Rule | None, *, allowed: bool) -> Record:
    """A decision and the line of the rule that makes it."""
    return Record(action=action.value, allowed=allowed, rule=csv_line(rule) if rule is not None else None)


def _kind(catalogue: Catalogue, kind: Kind) -> Record:
    fields = Records(
        Record(
            field=spec.name,
            label_en=spec.label.en,
            label_zh=spec.label.zh,
            sensitivity=spec.sensitivity.value,
            maskable=spec.mask is not None,
            encrypted=spec.encrypted,
        )
        for spec in catalogue.fields(kind).values()
    )
    return Record(kind=kind.value, fields=fields)
