"""The query root: unwrap arguments, call a use case, return its record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import strawberry
from bson import ObjectId
from graphql import GraphQLResolveInfo, GraphQLSchema

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import plural
from documents.plain_records import Record
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
from schema.vocabulary.definitions import Fields, with_arguments
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

WINDOW = {"first": int | None, "after": str | None, "last": int | None, "before": str | None}
"""The arguments by which every list is paged, and their types."""

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


async def list_customers(info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]) -> Record:
    """A page. An argument left out and one given as null say the same: no bound, no condition, no order asked for."""
    kinds = arguments.get("kinds")
    query = _list_query(info, frozenset(map(Kind, kinds)) if kinds is not None else ALL_KINDS, arguments)
    context, ordered = info.context, arguments.get("sort") is not None
    page: Record = await context.use_cases.customers.find_page(
        context.caller, query, ordered=ordered, wanted=_wanted(info)
    )
    return page


async def list_records(
    info: GraphQLResolveInfo[Any], kind: Kind, arguments: Mapping[str, Any], customer_id: str | None = None
) -> Record:
    """A page of the records of one kind; arguments as those of `customers`. `customer_id`: those of one customer, whom
    the caller was found to see."""
    parsed = parse_customer_id(customer_id) if customer_id is not None else None
    query = _list_query(info, frozenset({kind}), arguments, parsed[1] if parsed is not None else None)
    context, ordered = info.context, arguments.get("sort") is not None
    page: Record = await context.use_cases.records.find_page(
        context.caller, kind, query, ordered=ordered, wanted=_wanted(info)
    )
    return page


def _list_query(
    info: GraphQLResolveInfo[Any],
    kinds: frozenset[Kind],
    arguments: Mapping[str, Any],
    of_customer: ObjectId | None = None,
) -> ListQuery:
    condition, sort = arguments.get("filter"), arguments.get("sort")
    limit, cursor, backward = _window(*(arguments.get(name) for name in ("first", "after", "last", "before")))
    return ListQuery(
        selection=selection_of(info, ("nodes",), ("edges", "node")),
        kinds=kinds,
        filter=to_filter(condition) if condition is not None else None,
        search=(arguments.get("search") or "").strip() or None,
        sort=to_sort(sort) if sort is not None else Sort(),
        limit=limit,
        cursor=cursor,
        backward=backward,
        of_customer=of_customer,
    )


def _wanted(info: GraphQLResolveInfo[Any]) -> Wanted:
    return remembered(info, "wanted", lambda: Wanted(*selects_each(info, *WANTED)))


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
        return await list_customers(info, arguments)

    fields["customer"].resolve = resolve_customer
    fields["customers"].resolve = resolve_customers


def record_fields(types: RecordTypes, inputs: RecordInputs) -> Fields:
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

    async def page(root: Any, info: Info, **given: Any) -> Any:
        return await find(info._raw_info, root, _given(given))

    arguments = {**WINDOW, **_conditions(inputs)}
    return strawberry.field(
        resolver=with_arguments(page, arguments), description="Newest first unless `sort` says otherwise."
    )


def customer_queries(types: CustomerTypes, inputs: CustomerInputs) -> Fields:
    """The fields of the query root that are of customers, or of the caller."""

    async def customers(info: Info, **given: Any) -> Any:
        return await list_customers(info._raw_info, _given(given))

    arguments = {**WINDOW, "kinds": list[CustomerKind] | None, **_conditions(inputs)}
    return {
        "customers": (
            types.connection | None,
            strawberry.field(
                resolver=with_arguments(customers, arguments),
                description="Customers, newest first unless `sort` says otherwise.",
            ),
        ),
        "customer": (
            types.interface | None,
            strawberry.field(resolver=customer, description="One customer; null where there is none for you."),
        ),
        "node": (Node | None, strawberry.field(resolver=node, description="An object by its global identifier.")),
        "viewer": (
            Viewer | None,
            strawberry.field(resolver=viewer, description="Who you are; null without a valid login."),
        ),
    }


def _conditions(inputs: CustomerInputs | RecordInputs) -> dict[str, Any]:
    return {"filter": inputs.filter | None, "search": str | None, "sort": inputs.sort | None}


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


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not strawberry.UNSET}
