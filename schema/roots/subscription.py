"""The subscription root.

How a chapter adds a subscription to a kind of record: it names the kind in `Chapter.follows`. The field
`ticketChanged`, its payload type and its arguments (`ticket` for one alone, `customer` where the record hangs on one,
`assignee` where it has one) follow.

How it adds another one: a `Followed` in `Chapter.subscriptions`, made of the payload type, the arguments, and two
functions over the arguments as graphql-core has coerced them (a dictionary by GraphQL name; absent where not given):

   begin(context, arguments)        the source of events. `changes_of` makes one of a collection and
     matches(arguments)               which of its changes the arguments speak of, by what a `RecordChange` holds. A
                                      deletion has neither kind nor customer: let those pass.
     check(context, arguments)        raises where the caller can see nothing of this kind. Asked when the
                                      subscription begins and twice a second from then on; what it raises ends it.
   resolve(info, event, arguments)  the payload record of one event, read under a fresh plan, or None: then nothing is
                                    sent. What it raises ends the subscription. `resolvers.subscriptions.shown` is
                                    the decision that all kinds of record share.

A source may follow no collection: it is whatever `begin` returns that has the methods of `EventSource`.

Each event is resolved in a context of its own, made from the same token: who asks is as fresh as in a request. What
waits for a slow client longer than half a second is resolved once more before it is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import CustomerRecord
from documents.plain_records import Record
from documents.registry import RECORD_CLASSES
from documents.storing.change_feed import ChangeQueue, Matches, Operation
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.public_ids import parse_customer_id, parse_id
from resolvers.subscriptions import Event, Seen
from schema.context import RequestContext
from schema.roots.query import selection_of
from schema.vocabulary.access_types import CustomerKind
from schema.vocabulary.customer_types import CustomerTypes
from schema.vocabulary.definitions import Fields, make_type, plain, with_arguments
from schema.vocabulary.record_types import RecordTypes

Arguments = Mapping[str, Any]
Check = Callable[[RequestContext, Arguments], Awaitable[None]]
strawberry.enum(Operation, name="ChangeOperation", description="What happened to a record.")


@dataclass(frozen=True, slots=True)
class Followed:
    """How one subscription field is served; see the top of this module. `arguments` are types by Python name."""

    payload: Any
    description: str
    arguments: Mapping[str, Any]
    begin: Callable[[RequestContext, Arguments], Awaitable[Any]]
    resolve: Callable[[GraphQLResolveInfo[Any], Any, Arguments], Awaitable[Record | None]]


class EventSource:
    """The events of one subscription, undecided, as the endpoint takes them: root values of their executions."""

    def __init__(self, queue: ChangeQueue, check: Check, arguments: Arguments) -> None:
        self._queue = queue
        self._check = check
        self._arguments = arguments
        self._seen = Seen()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises EventsLostError or EventsOverflowError; never ends by itself."""
        return Event(await self._queue.take(), self._seen)

    async def check(self, context: RequestContext) -> None:
        """Raises where the caller, as it is in `context`, may follow this no longer."""
        await self._check(context, self._arguments)

    async def aclose(self) -> None:
        """Stops following."""
        self._queue.close()


def changes_of(
    collection: str, matches: Callable[[Arguments], Matches], check: Check
) -> Callable[[RequestContext, Arguments], Awaitable[EventSource]]:
    """A `Followed.begin` over the changes of a collection."""

    async def begin(context: RequestContext, arguments: Arguments) -> EventSource:
        await check(context, arguments)
        queue = await context.use_cases.subscriptions.follow(collection, matches(arguments))
        return EventSource(queue, check, arguments)

    return begin


def followed_customers(types: CustomerTypes) -> dict[str, Followed]:
    """The subscription of customers, by its Python name."""
    return {"customer_changed": _customers(types.interface)}


def followed_records(types: Iterable[RecordTypes]) -> dict[str, Followed]:
    """The subscriptions of these kinds of record, by their Python names."""
    return {f"{of_kind.kind.value}_changed": _records(of_kind.kind, of_kind.record) for of_kind in types}


def _customers(interface: Any) -> Followed:
    async def check(context: RequestContext, arguments: Arguments) -> None:
        await context.use_cases.subscriptions.check_customers(context.caller, _kinds(arguments))

    async def resolve(info: GraphQLResolveInfo[Any], event: Event, _arguments: Arguments) -> Record | None:
        context: RequestContext = info.context
        selection = selection_of(info, ("customer",))
        told = await context.use_cases.subscriptions.customer(context.caller, event, selection)
        return _payload_record("customer", told)

    return Followed(
        payload=_payload_type("Customer", "customer", interface),
        description="Changes of customers, each as you may see it at that moment; none that you may not see.",
        arguments={"customer": strawberry.ID | None, "kinds": list[CustomerKind] | None},
        begin=changes_of(CUSTOMER_LAYOUT.collection, _of_customers, check),
        resolve=resolve,
    )


def _of_customers(arguments: Arguments) -> Matches:
    kinds = _kinds(arguments)
    if arguments.get("customer") is None:
        return lambda change: change.kind is None or change.kind in kinds
    kind, row_id = parse_customer_id(arguments["customer"]) or (None, None)
    return lambda change: kind in kinds and change.record_id == row_id


def _kinds(arguments: Arguments) -> frozenset[Kind]:
    kinds = arguments.get("kinds")
    return frozenset(map(Kind, kinds)) if kinds is not None else frozenset(CUSTOMER_KINDS)


def _records(kind: Kind, record_type: Any) -> Followed:
    record_class = next(cls for cls in RECORD_CLASSES if cls.kind is kind)
    has_customer, has_assignee = issubclass(record_class, CustomerRecord), "assignee" in record_class.model_fields
    arguments: dict[str, Any] = {kind.value: strawberry.ID | None}
    if has_customer:
        arguments["customer"] = strawberry.ID | None
    if has_assignee:
        arguments["assignee"] = str | None

    async def check(context: RequestContext, _arguments: Arguments) -> None:
        await context.use_cases.subscriptions.check_records(context.caller, kind)

    async def resolve(info: GraphQLResolveInfo[Any], event: Event, given: Arguments) -> Record | None:
        context: RequestContext = info.context
        selection = selection_of(info, (camel_case(kind.value),))
        wanted = {"assignee": given["assignee"]} if given.get("assignee") is not None else {}
        told = await context.use_cases.subscriptions.record(context.caller, kind, event, selection, wanted)
        return _payload_record(kind.value, told)

    return Followed(
        payload=_payload_type(pascal_case(kind.value), kind.value, record_type),
        description=f"Changes: {record_class.kind.label.en} ({record_class.kind.label.zh}). None that you may not see.",
        arguments=arguments,
        begin=changes_of(record_class.collection, lambda given: _of_record(kind, given), check),
        resolve=resolve,
    )


def _of_record(kind: Kind, arguments: Arguments) -> Matches:
    of_customer, wanted = _of_one_customer(arguments), arguments.get(camel_case(kind.value))
    if wanted is None:
        return of_customer
    _, row_id = parse_id(wanted, (kind,)) or (None, None)
    return lambda change: change.record_id == row_id and of_customer(change)


def _of_one_customer(arguments: Arguments) -> Matches:
    if arguments.get("customer") is None:
        return lambda _change: True
    _, row_id = parse_customer_id(arguments["customer"]) or (None, None)
    # A deletion does not name its customer: it is told of those records alone that were told of before.
    return lambda change: row_id is not None and change.customer_id in (row_id, None)


def _payload_type(name: str, field: str, record_type: Any) -> Any:
    fields: Fields = {
        "operation": (Operation, plain()),
        "id": (strawberry.ID, plain()),
        field: (record_type | None, plain("As you may see it now; null where it was deleted.")),
    }
    description = "A record was created or changed, or one that you were told of was deleted."
    return make_type(f"{name}Change", fields, description)


def _payload_record(field: str, told: Record | None) -> Record | None:
    return Record(operation=told["operation"], id=told["id"], **{field: told["record"]}) if told is not None else None


def subscription_fields(followed: Mapping[str, Followed]) -> Fields:
    """The fields of the subscription root."""
    return {
        name: (
            of.payload | None,
            strawberry.subscription(resolver=with_arguments(_declared(), of.arguments), description=of.description),
        )
        for name, of in followed.items()
    }


def _declared() -> Callable[..., Any]:
    """A function for Strawberry to read; `serve_subscriptions` takes its place."""

    async def declared(**_arguments: Any) -> Any:
        raise NotImplementedError

    return declared


def serve_subscriptions(core: GraphQLSchema, fields: Mapping[str, Followed]) -> None:
    """Has graphql-core follow and resolve the fields of the subscription root."""
    served = core.subscription_type.fields if core.subscription_type is not None else {}
    for name, of in fields.items():
        field = served[camel_case(name)]
        field.subscribe, field.resolve = _follow(of), _resolve(of)


def _follow(followed: Followed) -> Callable[..., Awaitable[Any]]:
    async def subscribe(_source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return await followed.begin(info.context, arguments)

    return subscribe


def _resolve(followed: Followed) -> Callable[..., Awaitable[Record | None]]:
    async def resolve(event: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Record | None:
        return await followed.resolve(info, event, arguments)

    return resolve
