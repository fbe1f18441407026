"""Replay: the decisions that the trail recorded in a period, asked again of a draft.

Reading the trail is under its own policy and an entry of it. Nothing of what was read then is read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from documents.access.plan import Action, Scope
from documents.access.trace import Served
from documents.audit.entries import rule_set_versions
from documents.chapters.audit.queries import AuditQueries, TrailEntry, TrailQuery
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from policies.changing.replay import Difference, Occurrence, Replay
from policies.judging.decisions import Decisions
from resolvers.caller import Caller
from resolvers.chapters.policies.draft_reads import PolicyDrafts

LARGEST_REPLAY: Final = 50_000
"""Entries; a longer period is replayed from its end, and the answer says that it is not complete."""

_BATCH: Final = 1_000
_READ: Final = ("fields", "outcome", "purpose", "roles", "rule_set_versions", "time", "username")
_FILTERED: Final = frozenset({"time"})


class PolicyReplay:
    """Replays of drafts."""

    def __init__(self, drafts: PolicyDrafts, queries: AuditQueries) -> None:
        self._drafts = drafts
        self._queries = queries

    async def replay(self, caller: Caller, draft_id: str, since: datetime, until: datetime) -> Record | None:
        """What would have been answered differently in [since, until); None where there is no such draft.

        Raises FieldAccessError for who may not read these drafts, or what the trail says of decisions."""
        draft = await self._drafts.find(caller, draft_id)
        await self._authorize(caller)
        if draft is None:
            return None
        replay = Replay(Decisions(self._drafts.catalogue, draft.rules))
        known: dict[int, Decisions | None] = {}
        query, cursor, entries = TrailQuery(since=since, until=until), None, 0
        while entries < LARGEST_REPLAY:
            batch = await self._queries.find(query, limit=_BATCH, after=cursor)
            for version in {
                version for entry in batch for version in rule_set_versions(entry.entry)[:1]
            } - known.keys():
                rules = await self._drafts.store.version(version)
                known[version] = Decisions(self._drafts.catalogue, rules) if rules is not None else None
            await asyncio.to_thread(_add, replay, batch, known)
            entries += len(batch)
            if len(batch) < _BATCH:
                return _outcome(replay, entries, is_complete=True)
            cursor = batch[-1].cursor
        return _outcome(replay, entries, is_complete=False)

    async def _authorize(self, caller: Caller) -> None:
        plan = await self._drafts.operations.plan(caller, Kind.AUDIT_ENTRY)
        caller.report.trace.add_conditions(filtered=_FILTERED)
        grants = plan.grants(Kind.AUDIT_ENTRY, frozenset({Scope.ALL}))
        if hidden := set(_READ) - grants.plain:
            raise FieldAccessError(Action.READ, hidden)
        if refused := _FILTERED - grants.filterable:
            raise FieldAccessError(Action.FILTER, refused)
        caller.report.add_row(Served(Kind.AUDIT_ENTRY, _READ, ()), None)


def _add(replay: Replay, batch: Sequence[TrailEntry], known: dict[int, Decisions | None]) -> None:
    for found in batch:
        decided_by = rule_set_versions(found.entry)  # none where no rule was asked: a login, a command
        then = known[decided_by[0]] if decided_by else None
        if then is not None:
            replay.add(found.entry, found.at, then)


def _outcome(replay: Replay, entries: int, *, is_complete: bool) -> Record:
    order = sorted(replay.differences.items(), key=lambda item: (-item[1].times, item[0].kind, item[0].field))
    return Record(
        entries=entries,
        decisions=replay.decisions,
        complete=is_complete,
        differences=Records(_difference(difference, seen) for difference, seen in order),
    )


def _difference(difference: Difference, seen: Occurrence) -> Record:
    return Record(
        kind=difference.kind.value,
        purpose=difference.purpose.value,
        action=difference.action.value,
        field=difference.field,
        before=difference.before.name,
        after=difference.after.name,
        gained=difference.after > difference.before,
        certain=difference.certain,
        times=seen.times,
        people=sorted(seen.people),
        first=seen.first,
        last=seen.last,
    )
