"""The `extensions` of a response: what was served below plain, and where a condition left customers out.

So that a client can tell empty from denied. Made from the plan alone, never from values.
"""

from __future__ import annotations

from typing import Any

from documents.access_plan import Level
from documents.fields import Kind
from schema.context import RequestContext


def access_extensions(context: RequestContext) -> dict[str, Any]:
    """`access`: one entry per kind and field; `narrowed`: the fields by which some of a kind cannot be found.

    Sorted, because fields of one request are answered in the order in which the database comes back."""
    catalogue, report = context.use_cases.catalogue, context.caller.report
    extensions: dict[str, Any] = {}
    if report.fields:
        extensions["access"] = [
            {
                "kind": kind.name,
                "field": catalogue.fields(kind)[name].public_name,
                "level": access.level.name,
                "reason": access.reason.value,
            }
            for (kind, name), access in sorted(report.fields.items(), key=_place)
        ]
    if report.narrowed:
        extensions["narrowed"] = [
            {
                "kind": kind.name,
                "field": catalogue.fields(kind)[name].public_name,
                "found": "NONE" if level is Level.DENIED else "SOME",
            }
            for (kind, name), level in sorted(report.narrowed.items(), key=_place)
        ]
    return extensions


def _place(entry: tuple[tuple[Kind, str], object]) -> tuple[Kind, str]:
    return entry[0]
