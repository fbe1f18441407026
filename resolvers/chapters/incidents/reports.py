"""The report of an incident (I5): what, whose, by whom, what was done, who was told when. Computed from the record.

A report is a read: each part of it needs the fields that it is made of, and is null where the caller may not see one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from documents.chapters.incidents.deadlines import IncidentState
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from documents.reading.list_query import Selection
from documents.reading.typed_rows import row_fields, typed
from documents.registry import FULL_CATALOGUE
from resolvers.caller import Caller
from resolvers.chapters.incidents.steps import Standing, instant, is_late, open_points
from resolvers.reads import RecordReads

_MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("closing_report",),
    "affected_customers": ("affected",),
    "hindrances": tuple(row_fields(FULL_CATALOGUE, Kind.INCIDENT, Standing).names),
}
"""Parts of the report that are not the field of that name."""

_INSTANTS: Final = frozenset({"at", "since", "until", "done_at", "due_at", "sent_at", "waived_at"})


class IncidentReports:
    """Reports of incidents, while they are open and afterwards."""

    def __init__(self, records: RecordReads) -> None:
        self._records = records

    async def find(self, caller: Caller, incident_id: str, parts: Collection[str]) -> Record | None:
        """The `parts` of the report, by their declared names; None where there is no such incident for the caller."""
        if not incident_id.startswith(f"{Kind.INCIDENT.value}_"):
            return None
        needed = {field for part in parts for field in _MADE_OF.get(part, (part,))}
        selection = Selection({Kind.INCIDENT: frozenset({"id", *needed})})
        incident = await self._records.find(caller, incident_id, selection)
        return _report(incident, parts) if incident is not None else None


def _report(incident: Record, parts: Collection[str]) -> Record:
    report = Record({name: incident.get(name) for name in ("id", *(part for part in parts if part not in _MADE_OF))})
    for name in ("steps", "scopes", "measures"):
        if report.get(name) is not None:
            report[name] = Records(_timed(item) for item in report[name])
    if report.get("notifications") is not None:
        now = datetime.now(UTC)
        told = report["notifications"]
        report["notifications"] = Records(Record(_timed(item), late=is_late(item, now)) for item in told)
    report["text"] = incident.get("closing_report")
    report["affected_customers"] = incident.get("affected")
    if "hindrances" in parts:
        report["hindrances"] = _hindrances(incident)
    return report


def _hindrances(incident: Record) -> list[str] | None:
    try:
        (standing,) = typed(FULL_CATALOGUE, Kind.INCIDENT, Standing, [incident])
    except FieldAccessError:
        return None
    if standing["state"] == IncidentState.CLOSED.value:
        return []
    return [broken.rule for broken in open_points(standing)]


def _timed(item: Mapping[str, Any]) -> Record:
    return Record({name: instant(value) if name in _INSTANTS else value for name, value in item.items()})
