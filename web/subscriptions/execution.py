"""One subscription operation: from its parameters to a source of events, and from an event to what is said of it.

Owns the order of the steps, the same as over HTTP: who asks, document, limits, execution, errors. Who asks is asked
again for every event. INVARIANT: an event whose root field is null without an error is not said at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Generic, Protocol

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from graphql.execution import Executor, create_source_event_stream, execute_subscription_event
from starlette.requests import Request

from documents.errors import TrailUnavailableError
from web.graphql.cost import refuse_costly
from web.graphql.endpoint import Record, codes_of, record_nothing, trail_unavailable
from web.graphql.fault_format import Context, FormatError, formatted, unexpected
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocument
from web.graphql.persisted_documents import PersistedDocuments
from web.graphql.request import Parameters
from web.http.language import Language, Text
from web.http.refusals import DocumentRefused, RequestRefused


class Source(Protocol):
    """What a subscription field gives: events without end or until it ends, and whether they may still be followed."""

    async def __anext__(self) -> Any: ...

    async def check(self, context: Any) -> None:
        """Raises where the caller may follow no longer."""

    async def aclose(self) -> None: ...


class SubscriptionFailed(Exception):  # noqa: N818 - an answer, named like one
    """The subscription ends with `errors`, which are ready to be sent."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("the subscription ends")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Asked:
    """A subscription as the client asked for it. `request` is what contexts are made of."""

    request: Request
    language: Language
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Decided(Generic[Context]):
    """What is to be said of `event`, decided at `at` (of the loop's clock) in `context`."""

    event: Any
    context: Context
    response: dict[str, Any]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionExecution(Generic[Context]):
    """Executes subscriptions of `schema`; the parts are those of `GraphQLEndpoint`.

    `record` is awaited before an event, or what refuses a subscription, is sent: see `deliver`."""

    schema: GraphQLSchema
    persisted: PersistedDocuments
    context_factory: Callable[[Request], Awaitable[Context]]
    format_error: FormatError[Context]
    extensions: Callable[[Context], dict[str, Any]]
    executor_class: type[Executor[Any]]
    limits: Limits
    record: Record[Context] = record_nothing

    async def begin(self, asked: Asked) -> tuple[ParsedDocument, Source]:
        """The document and its events. Raises `RequestRefused`, or `SubscriptionFailed` with the field's errors."""
        context = await self.context_factory(asked.request)
        parsed = await self.persisted.get(asked.parameters)
        self._refuse(parsed, asked.parameters)
        source = create_source_event_stream(self._executor(asked, parsed, None, context))
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise await self._failed(asked, parsed, context, self._formatted(source.errors or [], context, asked))
        return parsed, source  # type: ignore[return-value]

    async def decide(self, asked: Asked, parsed: ParsedDocument, event: Any) -> Decided[Context] | None:
        """What is to be said of `event` now; None for nothing."""
        at = asyncio.get_running_loop().time()
        context = await self.context_factory(asked.request)
        result = execute_subscription_event(self._executor(asked, parsed, event, context))
        if isawaitable(result):
            result = await result
        root = next(iter(result.data.values()), None) if result.data is not None else None
        errors = self._formatted(result.errors or [], context, asked)
        if root is None:
            if errors:
                raise await self._failed(asked, parsed, context, errors)
            return None
        response: dict[str, Any] = {"errors": errors} if errors else {}
        response["data"] = result.data
        extensions = self.extensions(context)
        if extensions:
            response["extensions"] = extensions
        return Decided(event, context, response, at)

    async def deliver(self, asked: Asked, parsed: ParsedDocument, decided: Decided[Context]) -> None:
        """Leaves the entry in the audit trail. INVARIANT: no event is sent before this has returned.

        Raises `RequestRefused` where that is not possible."""
        await self._recorded(asked, parsed, decided.context, decided.response.get("errors", []))

    async def _failed(
        self, asked: Asked, parsed: ParsedDocument, context: Context, errors: list[dict[str, Any]]
    ) -> SubscriptionFailed:
        await self._recorded(asked, parsed, context, errors)
        return SubscriptionFailed(errors)

    async def _recorded(
        self, asked: Asked, parsed: ParsedDocument, context: Context, errors: list[dict[str, Any]]
    ) -> None:
        operation = parsed.operation(asked.parameters.operation_name)
        try:
            await self.record(context, operation.performed, codes_of(errors))
        except TrailUnavailableError as error:
            raise trail_unavailable(error) from None

    async def failure(self, fault: Exception, asked: Asked) -> SubscriptionFailed:
        """The end of a subscription whose source or check raised `fault`."""
        try:
            context = await self.context_factory(asked.request)
        except RequestRefused as refusal:
            return SubscriptionFailed(refusal.errors(asked.language))
        except Exception as other:
            return SubscriptionFailed([unexpected(other, asked.language)])
        return self.failure_in(fault, context, asked)

    def failure_in(self, fault: Exception, context: Context, asked: Asked) -> SubscriptionFailed:
        """The same, in a context that is at hand."""
        return SubscriptionFailed(self._formatted([GraphQLError("", original_error=fault)], context, asked))

    def _refuse(self, parsed: ParsedDocument, parameters: Parameters) -> None:
        operation = parsed.operation(parameters.operation_name)
        if operation.type is not OperationType.SUBSCRIPTION:
            text = Text(
                "only subscriptions are served here: send others by HTTP", "此处仅提供订阅操作：其他操作请使用 HTTP"
            )
            raise DocumentRefused("SUBSCRIPTION_ONLY", text)
        refuse_costly(operation.cost, parameters.variables, self.limits.cost)
        if operation.incremental.is_asked(parameters.variables):
            text = Text("@defer and @stream are not served in subscriptions", "订阅操作不支持 @defer 和 @stream")
            raise DocumentRefused("NOT_ACCEPTABLE", text)

    def _executor(self, asked: Asked, parsed: ParsedDocument, event: Any, context: Context) -> Executor[Any]:
        given = asked.parameters
        executor = self.executor_class.build(
            self.schema, parsed.document, event, context, given.variables, given.operation_name
        )
        if isinstance(executor, list):
            raise DocumentRefused("BAD_USER_INPUT", errors=[dict(error.formatted) for error in executor])
        return executor

    def _formatted(self, errors: list[GraphQLError], context: Context, asked: Asked) -> list[dict[str, Any]]:
        return [formatted(error, context, self.format_error, asked.language) for error in errors]


def timed_out(seconds: float) -> RequestRefused:
    """A step took longer than a request may."""
    text = Text("the request took too long", "请求超时")
    return RequestRefused(503, "TIMEOUT", text, details={"limit": seconds})
