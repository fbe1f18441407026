"""The query root: unwrap arguments, call a use case, return its record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import plural
from documents.plain_records import Record
from documents.reading.filters import FilterNode
from documents.reading.list_query import ListQuery, Selection, Sort
from documents.storing.public_ids import parse_customer_id
from resolvers.pages import Wanted
from resolvers.reads import RECENT
from schema.context import RequestContext
from schema.execution.selection import remembered, selected_fields, selects_each
from schema.roots.viewer import Viewer, viewer
from schema.vocabulary.access_types import CustomerKind
from schema.vocabulary.customer_inputs import CustomerInputs, to_filter, to_sort
from schema.vocabulary.customer_types import CustomerTypes, Node
from schema.vocabulary.record_inputs import RecordInputs
from schema.vocabulary.record_types import RecordTypes
from schema.wording.error_format import InvalidArgumentError

Info = strawberry.Info[RequestContext, None]

KIND_OF_TYPE = {pascal_case(kind.value): kind for kind in Kind}
RECORD_NAMES = frozenset(kind.value for kind in Kind) - frozenset(kind.value for kind in CUSTOMER_KINDS)
NESTED = frozenset(RECENT) | {"customer"}
"""The fields by which other records hang on one."""

ALL_KINDS = frozenset(CUSTOMER_KINDS)
CONVERTED = frozenset({"filter", "sort"})
"""The arguments whose types are classes."""

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


def selection_of(info: Info | GraphQLResolveInfo[Any], *paths: tuple[str, ...]) -> Selection:
    """The declared fields selected at any of `paths`, per kind."""
    core = info if isinstance(info, GraphQLResolveInfo) else info._raw_info
    return remembered(core, ("selection", paths), lambda: _selection(core, paths))


def _selection(info: GraphQLResolveInfo[Any], paths: tuple[tuple[str, ...], ...]) -> Selection:
    merged: dict[Kind, frozenset[str]] = {}
    for path in paths:
        for type_name, names in selected_fields(info, *path).items():
            kind = KIND_OF_TYPE[type_name]
            merged[kind] = merged.get(kind, frozenset()) | names
    hanging = frozenset[str]().union(*merged.values()) & NESTED if merged else ()
    nested = {name: _selection(info, tuple((*path, camel_case(name)) for path in paths)) for name in hanging}
    return Selection(merged, nested)


async def find_customer(info: GraphQLResolveInfo[Any], customer_id: str) -> Record | None:
    """One customer by its id."""
    context: RequestContext = info.context
    return await context.use_cases.customers.find(context.caller, customer_id, selection_of(info, ()))


async def list_customers(
    info: GraphQLResolveInfo[Any],
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    kinds: list[CustomerKind] | None = None,
    condition: FilterNode | None = None,
    search: str | None = None,
    sort: Sort | None = None,
) -> Record:
    """A page. An argument left out and one given as null say the same: no bound, no condition, no order asked for."""
    limit, cursor, backward = _window(first, after, last, before)
    query = ListQuery(
        selection=selection_of(info, ("nodes",), ("edges", "node")),
        kinds=frozenset(map(Kind, kinds)) if kinds is not None else ALL_KINDS,
        filter=condition,
        search=(search or "").strip() or None,
        sort=sort if sort is not None else Sort(),
        limit=limit,
        cursor=cursor,
        backward=backward,
    )
    wanted = remembered(info, "wanted", lambda: Wanted(*selects_each(info, *WANTED)))
    context: RequestContext = info.context
    return await context.use_cases.customers.find_page(context.caller, query, ordered=sort is not None, wanted=wanted)


async def list_records(
    info: GraphQLResolveInfo[Any], kind: Kind, arguments: Mapping[str, Any], customer_id: str | None = None
) -> Record:
    """A page of the records of one kind; arguments as those of `customers`. `customer_id`: those of one customer, whom
    the caller was found to see."""
    parsed = parse_customer_id(customer_id) if customer_id is not None else None
    condition, sort = arguments.get("filter"), arguments.get("sort")
    limit, cursor, backward = _window(*(arguments.get(name) for name in ("first", "after", "last", "before")))
    query = ListQuery(
        selection=selection_of(info, ("nodes",), ("edges", "node")),
        kinds=frozenset({kind}),
        filter=to_filter(condition) if condition is not None else None,
        search=(arguments.get("search") or "").strip() or None,
        sort=to_sort(sort) if sort is not None else Sort(),
        limit=limit,
        cursor=cursor,
        backward=backward,
        of_customer=parsed[1] if parsed is not None else None,
    )
    wanted = remembered(info, "wanted", lambda: Wanted(*selects_each(info, *WANTED)))
    context: RequestContext = info.context
    return await context.use_cases.records.find_page(
        context.caller, kind, query, ordered=sort is not None, wanted=wanted
    )


async def find_object(info: GraphQLResolveInfo[Any], object_id: str) -> Record | None:
    """A customer or another record by its public id."""
    if object_id.rpartition("_")[0] not in RECORD_NAMES:  # what is no id at all is answered as an absent customer
        return await find_customer(info, object_id)
    context: RequestContext = info.context
    return await context.use_cases.records.find(context.caller, object_id, selection_of(info, ()))


async def customer(info: Info, id: strawberry.ID) -> Any:  # noqa: A002 - the Relay name of the argument
    return await find_customer(info._raw_info, id)


async def node(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
    return await find_object(info._raw_info, id)


def serve_plainly(core: GraphQLSchema) -> None:
    """Lets graphql-core call these resolvers with the arguments that it has coerced.

    Strawberry would convert them once more, to what they are already, at the cost of half an execution. Only the
    inputs that are classes of its own, filter and order, still go through it."""
    fields = core.query_type.fields if core.query_type is not None else {}
    converted = fields["customers"].resolve

    async def resolve_customer(_source: Any, info: GraphQLResolveInfo[Any], id: str) -> Record | None:  # noqa: A002
        return await find_customer(info, id)

    async def resolve_customers(_source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if converted is not None and not CONVERTED.isdisjoint(arguments):
            return await converted(_source, info, **arguments)
        return await list_customers(info, **arguments)

    fields["customer"].resolve = resolve_customer
    fields["customers"].resolve = resolve_customers


def record_fields(types: RecordTypes, inputs: RecordInputs) -> dict[str, tuple[Any, Any]]:
    """The root fields of one kind of record: one by id, and the list."""
    kind, label = types.kind, types.record.__name__

    async def one(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        return await find_object(info._raw_info, id) if id.startswith(f"{kind.value}_") else None

    async def page(info: GraphQLResolveInfo[Any], _source: Any, arguments: Mapping[str, Any]) -> Record:
        return await list_records(info, kind, arguments)

    found = strawberry.field(resolver=one, description=f"One {label}; null where there is none for you.")
    return {
        kind.value: (types.record | None, found),
        plural(kind): (types.connection | None, page_field(inputs, page)),
    }


def page_field(
    inputs: RecordInputs, find: Callable[[GraphQLResolveInfo[Any], Any, Mapping[str, Any]], Awaitable[Record]]
) -> Any:
    """A list with the arguments of all lists; `find` is given its info, what it hangs on, and its arguments."""

    async def page(
        root: Any,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: Any = strawberry.UNSET,  # noqa: A002
        search: str | None = strawberry.UNSET,
        sort: Any = strawberry.UNSET,
    ) -> Any:
        arguments = {
            "first": first,
            "after": after,
            "last": last,
            "before": before,
            "filter": filter,
            "search": search,
            "sort": sort,
        }
        given = {name: _given(value) for name, value in arguments.items()}
        return await find(info._raw_info, root, given)

    page.__annotations__ |= {"filter": inputs.filter | None, "sort": inputs.sort | None, "return": Any}
    return strawberry.field(resolver=page, description="Newest first unless `sort` says otherwise.")


def make_query(types: CustomerTypes, inputs: CustomerInputs, more: Mapping[str, tuple[Any, Any]]) -> type:
    """The query root over the generated customer types; `more` are its other fields, with their types."""

    async def customers(
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        kinds: list[CustomerKind] | None = strawberry.UNSET,
        filter: inputs.filter | None = strawberry.UNSET,  # type: ignore[name-defined]  # noqa: A002
        search: str | None = strawberry.UNSET,
        sort: inputs.sort | None = strawberry.UNSET,  # type: ignore[name-defined]
    ) -> Any:
        condition, order = _given(filter), _given(sort)
        return await list_customers(
            info._raw_info,
            first=_given(first),
            after=_given(after),
            last=_given(last),
            before=_given(before),
            kinds=_given(kinds),
            condition=to_filter(condition) if condition is not None else None,
            search=_given(search),
            sort=to_sort(order) if order is not None else None,
        )

    # The annotations name generated types, which no module has: they are given to Strawberry as objects.
    customers.__annotations__ |= {"filter": inputs.filter | None, "sort": inputs.sort | None, "return": Any}
    annotations: dict[str, Any] = {
        "customers": types.connection | None,
        "customer": types.interface | None,
        "node": Node | None,
        "viewer": Viewer | None,
    }
    fields: dict[str, Any] = {
        "customers": strawberry.field(
            resolver=customers, description="Customers, newest first unless `sort` says otherwise."
        ),
        "customer": strawberry.field(resolver=customer, description="One customer; null where there is none for you."),
        "node": strawberry.field(resolver=node, description="An object by its global identifier."),
        "viewer": strawberry.field(resolver=viewer, description="Who you are; null without a valid login."),
    }
    annotations |= {name: annotation for name, (annotation, _) in more.items()}
    fields |= {name: field for name, (_, field) in more.items()}
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
