"""One subscription operation: from its parameters to a source of events, and from an event to what is said of it.

Owns the order of the steps, the same as over HTTP: who asks, document, limits, execution, errors. Who asks is asked
again for every event. INVARIANT: an event whose root field is null without an error is not said at all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Generic, Protocol

from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import create_source_event_stream, execute_subscription_event
from starlette.requests import Request

from web.graphql.cost import refuse_costly
from web.graphql.fault_format import Context, formatted, unexpected
from web.graphql.parsed_documents import ParsedDocument
from web.graphql.request import Parameters
from web.graphql.serving import Answering, Serving, codes_of
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


@dataclass(frozen=True, slots=True)
class SubscriptionExecution(Generic[Context]):
    """Executes subscriptions."""

    serving: Serving[Context]

    async def begin(self, asked: Asked) -> tuple[ParsedDocument, Source]:
        """The document and its events. Raises `RequestRefused`, or `SubscriptionFailed` with the field's errors."""
        context = await self.serving.context_factory(asked.request)
        parsed = await self.serving.documents.get(asked.parameters)
        self._refuse(parsed, asked.parameters)
        source = create_source_event_stream(self.serving.executor(parsed, asked.parameters, context))
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            answering = self._answering(asked, parsed, context)
            raise await _failed(answering, answering.formatted(source.errors or []))
        return parsed, source  # type: ignore[return-value]

    async def decide(self, asked: Asked, parsed: ParsedDocument, event: Any) -> Decided[Context] | None:
        """What is to be said of `event` now; None for nothing."""
        at = asyncio.get_running_loop().time()
        context = await self.serving.context_factory(asked.request)
        result = execute_subscription_event(self.serving.executor(parsed, asked.parameters, context, event))
        if isawaitable(result):
            result = await result
        answering = self._answering(asked, parsed, context)
        response = answering.response(result)
        root = next(iter(result.data.values()), None) if result.data is not None else None
        if root is not None:
            return Decided(event, context, response, at)
        if "errors" in response:
            raise await _failed(answering, response["errors"])
        return None

    async def deliver(self, asked: Asked, parsed: ParsedDocument, decided: Decided[Context]) -> None:
        """Leaves the entry in the audit trail. INVARIANT: no event is sent before this has returned.

        Raises `RequestRefused` where that is not possible."""
        await self._answering(asked, parsed, decided.context).record(codes_of(decided.response.get("errors", [])))

    def _answering(self, asked: Asked, parsed: ParsedDocument, context: Context) -> Answering[Context]:
        operation = parsed.operation(asked.parameters.operation_name)
        return Answering(self.serving, context, operation, asked.language)

    async def failure(self, fault: Exception, asked: Asked) -> SubscriptionFailed:
        """The end of a subscription whose source or check raised `fault`."""
        try:
            context = await self.serving.context_factory(asked.request)
        except RequestRefused as refusal:
            return SubscriptionFailed(refusal.errors(asked.language))
        except Exception as other:
            return SubscriptionFailed([unexpected(other, asked.language)])
        return self.failure_in(fault, context, asked)

    def failure_in(self, fault: Exception, context: Context, asked: Asked) -> SubscriptionFailed:
        """The same, in a context that is at hand."""
        error = GraphQLError("", original_error=fault)
        return SubscriptionFailed([formatted(error, context, self.serving.format_error, asked.language)])

    def _refuse(self, parsed: ParsedDocument, parameters: Parameters) -> None:
        operation = parsed.operation(parameters.operation_name)
        if operation.type is not OperationType.SUBSCRIPTION:
            text = Text(
                "only subscriptions are served here: send others by HTTP", "此处仅提供订阅操作：其他操作请使用 HTTP"
            )
            raise DocumentRefused("SUBSCRIPTION_ONLY", text)
        refuse_costly(operation.cost, parameters.variables, self.serving.limits.cost)
        if operation.incremental.is_asked(parameters.variables):
            text = Text("@defer and @stream are not served in subscriptions", "订阅操作不支持 @defer 和 @stream")
            raise DocumentRefused("NOT_ACCEPTABLE", text)


async def _failed(answering: Answering[Any], errors: list[dict[str, Any]]) -> SubscriptionFailed:
    await answering.record(codes_of(errors))
    return SubscriptionFailed(errors)


def timed_out(seconds: float) -> RequestRefused:
    """A step took longer than a request may."""
    text = Text("the request took too long", "请求超时")
    return RequestRefused(503, "TIMEOUT", text, details={"limit": seconds})
