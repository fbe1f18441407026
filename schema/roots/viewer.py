"""The caller, and what a frontend draws its screens with before it has read anything: rights, labels, types.

No value of any record is in it.
"""

from __future__ import annotations

from typing import Any

import strawberry

from documents.access.plan import Purpose
from documents.declaring.kind import Kind
from documents.plain_records import Record, Records
from schema.context import RequestContext
from schema.vocabulary.access_types import EnumLabels, KindFieldAccess, KindLabel
from schema.vocabulary.labels import enum_labels, field_type, filter_operators, value_labels

Info = strawberry.Info[RequestContext, None]


async def _access(info: Info, kind: Kind) -> Any:
    use_case = info.context.use_cases.viewer
    rights = await use_case.access(info.context.caller, kind)
    return Records(
        Record(
            rights[spec.name],
            type=field_type(spec),
            values=value_labels(spec.choices) if spec.choices is not None else None,
            operators=filter_operators(info._raw_info.schema, spec),
        )
        for spec in use_case.fields(kind).values()
    )


async def _kinds(info: Info) -> Any:
    return await info.context.use_cases.viewer.kinds(info.context.caller)


async def _vocabulary(info: Info) -> Any:
    return enum_labels(info._raw_info.schema)


@strawberry.type(description="The caller.")
class Viewer:
    username: str
    display_name: str | None
    roles: list[str]
    department: str | None
    purposes: list[Purpose] = strawberry.field(description="Those that the caller may state.")
    rule_set: int = strawberry.field(
        description="The version of the rules in force: another one in `accessChanged` tells of a change since."
    )

    access: list[KindFieldAccess] = strawberry.field(
        resolver=_access, description="What the caller may do with the fields of a kind, asked before any record."
    )
    kinds: list[KindLabel] = strawberry.field(resolver=_kinds, description="Every kind of record.")
    vocabulary: list[EnumLabels] = strawberry.field(
        resolver=_vocabulary, description="The names for people of the values of every enum, orders of lists excepted."
    )


async def viewer(info: Info) -> Any:
    """The record of the caller; what else it has is resolved by itself."""
    if info.context.principal is None:
        return None
    return info.context.use_cases.viewer.describe(info.context.caller)
