"""The subscription root. How a chapter adds a subscription, all of it:

1. Name the field with its payload type and arguments in `make_subscription`; its Strawberry resolver is never called.
2. Put a `Followed` under the field's name into `FOLLOWED`: a collection, and three functions over the arguments as
   graphql-core has coerced them (a dictionary by GraphQL name; absent where not given).

   matches(arguments)               which changes of the collection the arguments speak of, by what a `RecordChange`
                                    holds. A deletion has neither kind nor customer: let those pass.
   check(context, arguments)        raises where the caller can see nothing of this kind. Asked when the subscription
                                    begins and twice a second from then on; what it raises ends the subscription.
   resolve(info, event, arguments)  the payload record of one event, read under a fresh plan, or None: then nothing is
                                    sent. What it raises ends the subscription. `resolvers.subscriptions.shown` is
                                    the decision that all kinds of record share.

    async def _ticket(info, event, _arguments):
        context = info.context
        selection = selection_of(info, ("ticket",))
        return await context.use_cases.tickets.changed(context.caller, event.change, event.seen, selection)

    FOLLOWED["ticketChanged"] = Followed("tickets", _of_tickets, _check_tickets, _ticket)

Each event is resolved in a context of its own, made from the same token: who asks is as fresh as in a request. What
waits for a slow client longer than half a second is resolved once more before it is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema

from documents.fields import CUSTOMER_KINDS, Kind
from documents.records import Record
from documents.repositories.change_feed import ChangeQueue, Matches, Operation, RecordChange
from documents.repositories.codec import parse_customer_id
from resolvers.subscriptions import Seen
from schema.context import RequestContext
from schema.query import Info, selection_of
from schema.types.access import CustomerKind
from schema.types.customers import CustomerTypes

Arguments = Mapping[str, Any]
strawberry.enum(Operation, name="ChangeOperation", description="What happened to a record.")


@dataclass(frozen=True, slots=True)
class Event:
    """One change on its way to one subscriber: the root value of its execution. `seen` is the subscription's memory."""

    change: RecordChange
    seen: Seen


@dataclass(frozen=True, slots=True)
class Followed:
    """How one subscription field is served; see the top of this module."""

    collection: str
    matches: Callable[[Arguments], Matches]
    check: Callable[[RequestContext, Arguments], Awaitable[None]]
    resolve: Callable[[GraphQLResolveInfo[Any], Event, Arguments], Awaitable[Record | None]]


class EventSource:
    """The events of one subscription, undecided, as the endpoint takes them."""

    def __init__(self, queue: ChangeQueue, followed: Followed, arguments: Arguments) -> None:
        self._queue = queue
        self._followed = followed
        self._arguments = arguments
        self._seen = Seen()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises EventsLostError or EventsOverflowError; never ends by itself."""
        return Event(await self._queue.take(), self._seen)

    async def check(self, context: RequestContext) -> None:
        """Raises where the caller, as it is in `context`, may follow this no longer."""
        await self._followed.check(context, self._arguments)

    async def aclose(self) -> None:
        """Stops following."""
        self._queue.close()


def _of_customers(arguments: Arguments) -> Matches:
    kinds = _kinds(arguments)
    wanted = arguments.get("customer")
    if wanted is None:
        return lambda change: change.kind is None or change.kind in kinds
    parsed = parse_customer_id(wanted)
    row_id = parsed[1] if parsed is not None and parsed[0] in kinds else None
    return lambda change: row_id is not None and change.record_id == row_id


def _kinds(arguments: Arguments) -> frozenset[Kind]:
    kinds = arguments.get("kinds")
    return frozenset(map(Kind, kinds)) if kinds is not None else frozenset(CUSTOMER_KINDS)


async def _check_customers(context: RequestContext, arguments: Arguments) -> None:
    await context.use_cases.subscriptions.check_customers(context.caller, _kinds(arguments))


async def _customer(info: GraphQLResolveInfo[Any], event: Event, _arguments: Arguments) -> Record | None:
    context: RequestContext = info.context
    selection = selection_of(info, ("customer",))
    return await context.use_cases.subscriptions.customer(context.caller, event.change, event.seen, selection)


FOLLOWED: Final[dict[str, Followed]] = {
    "customerChanged": Followed("customers", _of_customers, _check_customers, _customer),
}
"""How each field of the subscription root is served, by its GraphQL name."""

PAYLOAD_TYPES: Final = ("CustomerChange",)
"""The payload types, all of them served from records."""


def make_subscription(types: CustomerTypes) -> type:
    """The subscription root over the generated customer types."""
    customer_change = strawberry.type(
        type(
            "CustomerChange",
            (),
            {
                "__annotations__": {"operation": Operation, "id": strawberry.ID, "customer": types.interface | None},
                "__module__": __name__,
                "customer": strawberry.field(description="As you may see it now; null where it was deleted."),
            },
        ),
        description="A customer was created or changed, or one that you were told of was deleted.",
    )

    async def customer_changed(
        info: Info,
        customer: strawberry.ID | None = strawberry.UNSET,
        kinds: list[CustomerKind] | None = strawberry.UNSET,
    ) -> Any:
        raise NotImplementedError

    fields = {
        "customer_changed": strawberry.subscription(
            resolver=customer_changed,
            description="Changes of customers, each as you may see it at that moment; none that you may not see.",
        )
    }
    annotations = {"customer_changed": customer_change | None}
    return strawberry.type(type("Subscription", (), {"__annotations__": annotations, "__module__": __name__, **fields}))


def serve_subscriptions(core: GraphQLSchema) -> None:
    """Has graphql-core follow and resolve the subscription root's fields by `FOLLOWED`."""
    for name, field in (core.subscription_type.fields if core.subscription_type is not None else {}).items():
        field.subscribe = _follow(FOLLOWED[name])
        field.resolve = _resolve(FOLLOWED[name])


def _follow(followed: Followed) -> Callable[..., Awaitable[EventSource]]:
    async def subscribe(_source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> EventSource:
        await followed.check(info.context, arguments)
        queue = await info.context.use_cases.subscriptions.follow(followed.collection, followed.matches(arguments))
        return EventSource(queue, followed, arguments)

    return subscribe


def _resolve(followed: Followed) -> Callable[..., Awaitable[Record | None]]:
    async def resolve(event: Event, info: GraphQLResolveInfo[Any], **arguments: Any) -> Record | None:
        return await followed.resolve(info, event, arguments)

    return resolve
