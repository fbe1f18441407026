"""The subscription root.

How a chapter adds a subscription to a kind of record: its kind goes into `FOLLOWED_KINDS`. The field `ticketChanged`,
its payload type and its arguments (`ticket` for one alone, `customer` where the record hangs on one, `assignee` where
it has one) follow.

How it adds another one: a `Followed` in `followed()`, made of the payload type, the arguments, and two functions over
the arguments as graphql-core has coerced them (a dictionary by GraphQL name; absent where not given):

   begin(context, arguments)        the source of events. `changes_of` makes one of a collection and
     matches(arguments)               which of its changes the arguments speak of, by what a `RecordChange` holds. A
                                      deletion has neither kind nor customer: let those pass.
     check(context, arguments)        raises where the caller can see nothing of this kind. Asked when the
                                      subscription begins and twice a second from then on; what it raises ends it.
   resolve(info, event, arguments)  the payload record of one event, read under a fresh plan, or None: then nothing is
                                    sent. What it raises ends the subscription. `resolvers.subscriptions.shown` is
                                    the decision that all kinds of record share.

`schema/chapters/policies/access_changed.py` has a source that follows no collection.

Each event is resolved in a context of its own, made from the same token: who asks is as fresh as in a request. What
waits for a slow client longer than half a second is resolved once more before it is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, Final, Self

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
from schema.chapters.policies import access_changed as access_subscription
from schema.context import RequestContext
from schema.roots.query import selection_of
from schema.vocabulary.access_types import CustomerKind
from schema.vocabulary.customer_types import CustomerTypes, Fields, make_class, plain
from schema.vocabulary.record_types import RecordTypes

FOLLOWED_KINDS: Final = (Kind.TICKET, Kind.JOB, Kind.HANDLING_CHANGE)
"""The kinds of record whose changes can be followed."""

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


def followed(types: CustomerTypes, records: Mapping[Kind, RecordTypes]) -> dict[str, Followed]:
    """Every field of the subscription root by its Python name."""
    of_records = {f"{kind.value}_changed": _records(kind, records[kind].record) for kind in FOLLOWED_KINDS}
    return {"customer_changed": _customers(types.interface), "access_changed": ACCESS_CHANGED, **of_records}


ACCESS_CHANGED: Final = Followed(
    payload=access_subscription.AccessChanged,
    description="What decides your own rights: at once as it is, and again whenever it has changed.",
    arguments={},
    begin=access_subscription.begin,
    resolve=access_subscription.resolve,
)


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
        "operation": (Operation, plain("")),
        "id": (strawberry.ID, plain("")),
        field: (record_type | None, plain("As you may see it now; null where it was deleted.")),
    }
    return strawberry.type(
        make_class(f"{name}Change", (), fields, {}),
        description="A record was created or changed, or one that you were told of was deleted.",
    )


def _payload_record(field: str, told: Record | None) -> Record | None:
    return Record(operation=told["operation"], id=told["id"], **{field: told["record"]}) if told is not None else None


def make_subscription(fields: Mapping[str, Followed]) -> type:
    """The subscription root."""
    made = {
        name: strawberry.subscription(resolver=_declaring(of), description=of.description)
        for name, of in fields.items()
    }
    annotations = {name: of.payload | None for name, of in fields.items()}
    return strawberry.type(type("Subscription", (), {"__annotations__": annotations, "__module__": __name__, **made}))


def _declaring(of: Followed) -> Callable[..., Any]:
    """A function with the arguments of the field, for Strawberry to read; `serve_subscriptions` takes its place."""

    async def declared(**_arguments: Any) -> Any:
        raise NotImplementedError

    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=strawberry.UNSET)
        for name, annotation in of.arguments.items()
    ]
    declared.__signature__ = Signature(parameters, return_annotation=Any)  # type: ignore[attr-defined]
    declared.__annotations__ = {**of.arguments, "return": Any}
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
