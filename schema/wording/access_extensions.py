"""The `extensions` of a response: what was served below plain, and where a condition left customers out.

So that a client can tell empty from denied. Made from the plan alone, never from values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from documents.access.plan import Level
from documents.access.report import FieldAccess, Place, combined
from documents.access.trace import Served
from documents.declaring.catalogue import Catalogue
from schema.context import RequestContext


def access_extensions(context: RequestContext) -> dict[str, Any]:
    """`access`: one entry per kind and field; `narrowed`: the fields by which some of a kind cannot be found.

    Sorted, because fields of one request are answered in the order in which the database comes back."""
    catalogue, report = context.use_cases.catalogue, context.caller.report
    extensions: dict[str, Any] = {}
    if report.erased:
        extensions["access"] = _entries(catalogue, report.below_plain())
    elif entries := _usual_entries(catalogue, frozenset(report.served)):
        extensions["access"] = entries
    if report.narrowed:
        extensions["narrowed"] = [
            {
                "kind": kind.name,
                "field": catalogue.fields(kind)[name].public_name,
                "found": "NONE" if level is Level.DENIED else "SOME",
            }
            for (kind, name), level in sorted(report.narrowed.items(), key=lambda entry: entry[0])
        ]
    return extensions


@lru_cache(maxsize=1024)
def _usual_entries(catalogue: Catalogue, served: frozenset[Served]) -> list[dict[str, str]]:
    """Shared between responses: not to be changed."""
    return _entries(catalogue, combined(served))


def _entries(catalogue: Catalogue, below_plain: tuple[tuple[Place, FieldAccess], ...]) -> list[dict[str, str]]:
    return [
        {
            "kind": kind.name,
            "field": catalogue.fields(kind)[name].public_name,
            "level": access.level.name,
            "reason": access.reason.value,
        }
        for (kind, name), access in below_plain
    ]
