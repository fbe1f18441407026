"""The query root: unwrap arguments, call a use case, return its record."""

from __future__ import annotations

from typing import Any

import strawberry

from documents.access_plan import Purpose
from documents.fields import Kind
from documents.records import Record
from documents.repositories.customers import ListQuery, Selection, Sort
from resolvers.customers import Wanted
from schema.context import RequestContext
from schema.errors import InvalidArgumentError
from schema.inputs.customers import CustomerInputs, to_filter, to_sort
from schema.selection import selected_fields, selects_each
from schema.types.access import KindFieldAccess
from schema.types.customers import CustomerTypes, Node

Info = strawberry.Info[RequestContext, None]
strawberry.enum(Purpose, description="Why customer information is used.")

DEFAULT_PAGE = 50
LARGEST_PAGE = 100
WANTED = (
    ("edges",),
    ("edges", "cursor"),
    ("nodes",),
    ("pageInfo",),
    ("pageInfo", "startCursor"),
    ("pageInfo", "endCursor"),
    ("totalCount",),
)
"""Where each part of `Wanted`, in its order, is selected."""


async def viewer_access(info: Info, kind: Kind) -> Any:
    return await info.context.use_cases.viewer.access(info.context.caller, kind)


@strawberry.type(description="The caller.")
class Viewer:
    username: str
    roles: list[str]
    department: str | None
    purposes: list[Purpose] = strawberry.field(description="Those that the caller may state.")

    access: list[KindFieldAccess] = strawberry.field(
        resolver=viewer_access, description="What the caller may do with the fields of a kind, asked before any record."
    )


async def viewer(info: Info) -> Any:
    """The record of the caller; its `access` is resolved by itself."""
    if info.context.principal is None:
        return None
    return info.context.use_cases.viewer.describe(info.context.caller)


def selection_of(info: Info, *paths: tuple[str, ...]) -> Selection:
    """The declared fields selected at any of `paths`, per kind."""
    merged: dict[Kind, frozenset[str]] = {}
    for path in paths:
        for type_name, names in selected_fields(info, *path).items():
            kind = Kind(type_name.lower())
            merged[kind] = merged.get(kind, frozenset()) | names
    return merged


async def customer(info: Info, id: strawberry.ID) -> Any:  # noqa: A002 - the Relay name of the argument
    return await info.context.use_cases.customers.find(info.context.caller, id, selection_of(info, ()))


def make_query(types: CustomerTypes, inputs: CustomerInputs) -> type:
    """The query root over the generated customer types."""

    async def customers(
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        kinds: list[Kind] | None = strawberry.UNSET,
        filter: inputs.filter | None = strawberry.UNSET,  # type: ignore[name-defined]  # noqa: A002
        search: str | None = strawberry.UNSET,
        sort: inputs.sort | None = strawberry.UNSET,  # type: ignore[name-defined]
    ) -> Record:
        # An argument left out and one given as null say the same here: no bound, no condition, no order asked for.
        kinds, filter, search, sort = (_given(value) for value in (kinds, filter, search, sort))  # noqa: A001
        limit, cursor, backward = _window(*(_given(value) for value in (first, after, last, before)))
        query = ListQuery(
            selection=selection_of(info, ("nodes",), ("edges", "node")),
            kinds=frozenset(Kind(kind) for kind in kinds) if kinds is not None else frozenset(Kind),
            filter=to_filter(filter) if filter is not None else None,
            search=(search or "").strip() or None,
            sort=to_sort(sort) if sort is not None else Sort(),
            limit=limit,
            cursor=cursor,
            backward=backward,
        )
        wanted = Wanted(*selects_each(info, *WANTED))
        context = info.context
        return await context.use_cases.customers.find_page(
            context.caller, query, ordered=sort is not None, wanted=wanted
        )

    # The annotations name generated types, which no module has: they are given to Strawberry as objects.
    customers.__annotations__ |= {"filter": inputs.filter | None, "sort": inputs.sort | None, "return": Any}
    annotations = {
        "customers": types.connection | None,
        "customer": types.interface | None,
        "node": Node | None,
        "viewer": Viewer | None,
    }
    fields = {
        "customers": strawberry.field(
            resolver=customers, description="Customers, newest first unless `sort` says otherwise."
        ),
        "customer": strawberry.field(resolver=customer, description="One customer; null where there is none for you."),
        "node": strawberry.field(resolver=customer, description="An object by its global identifier."),
        "viewer": strawberry.field(resolver=viewer, description="Who you are; null without a valid login."),
    }
    return strawberry.type(type("Query", (), {"__annotations__": annotations, "__module__": __name__, **fields}))


def _window(first: int | None, after: str | None, last: int | None, before: str | None) -> tuple[int, str | None, bool]:
    """(limit, cursor, backward) of the Relay arguments."""
    backward = last is not None or before is not None
    if backward and (first is not None or after is not None):
        raise InvalidArgumentError("page.two_directions")
    asked = last if backward else first
    limit = DEFAULT_PAGE if asked is None else asked
    if not 1 <= limit <= LARGEST_PAGE:
        argument = "last" if backward else "first"
        raise InvalidArgumentError("page.size", argument=argument, maximum=str(LARGEST_PAGE))
    return limit, before if backward else after, backward


def _given(value: Any) -> Any:
    return None if value is strawberry.UNSET else value
