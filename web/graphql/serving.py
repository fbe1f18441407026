"""How a schema is served, over HTTP and over sockets alike: its parts as one value, and one operation under way.

INVARIANT: what was read for an answer, or a part of one, leaves only after `Answering.record` has returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from graphql import GraphQLError, GraphQLSchema, OperationType
from graphql.execution import Executor
from starlette.requests import Request

from documents.audit.entries import Performed
from documents.errors import TrailUnavailableError
from web.graphql.fault_format import Context, FormatError, formatted, unexpected
from web.graphql.limits import Limits
from web.graphql.parsed_documents import Operation, ParsedDocument
from web.graphql.persisted_documents import PersistedDocuments
from web.graphql.request import Parameters
from web.http.language import Language, Text
from web.http.refusals import DocumentRefused, RequestRefused

Record = Callable[[Context, Performed, Iterable[str]], Awaitable[None]]
"""Records what was done in the context by an operation that shows errors of these codes; returns when that is stored.
Raises `TrailUnavailableError`."""


Executing = Callable[[Context], AbstractContextManager[None]]
"""Within it an operation is carried out in the context, of which something may be recorded when it is done."""


async def record_nothing(_context: object, _performed: Performed, _codes: Iterable[str]) -> None:
    """For what touches no customer data."""


class Result(Protocol):
    """What execution gave."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None


@dataclass(frozen=True, kw_only=True)
class Serving(Generic[Context]):
    """The parts by which `schema` is served.

    `documents` are those that are known, each parsed and validated once for all ways by which it comes.
    `context_factory` turns a request into the context of its execution and may raise `RequestRefused`; it sees the
    request's head, not its body. `extensions` gives the `extensions` of an answer, none when empty. `format_error`
    formats the errors of our own layers as `{"message", "extensions"}` and returns None for any other, which is then
    masked. `begin` is told what the context is for, before anything is executed. `record` is awaited before an
    answer, or a part of one, leaves; `executing` is around what comes before. The executor class builds the answer's
    data; plain graphql-core by default.
    """

    schema: GraphQLSchema
    documents: PersistedDocuments
    context_factory: Callable[[Request], Awaitable[Context]]
    format_error: FormatError[Context]
    limits: Limits
    extensions: Callable[[Context], dict[str, Any]] = lambda _context: {}
    begin: Callable[[Context, Performed], None] = lambda _context, _performed: None
    record: Record[Context] = record_nothing
    executing: Executing[Context] = lambda _context: nullcontext()
    executor_class: type[Executor[Any]] = Executor

    def executor(
        self, parsed: ParsedDocument, parameters: Parameters, context: Context, root: Any = None
    ) -> Executor[Any]:
        """What executes the operation. Raises `DocumentRefused` for variables that do not fit: a request error, which
        is answered without data."""
        executor = self.executor_class.build(
            self.schema, parsed.document, root, context, parameters.variables, parameters.operation_name
        )
        if isinstance(executor, list):
            raise DocumentRefused("BAD_USER_INPUT", errors=[dict(error.formatted) for error in executor])
        return executor


@dataclass(frozen=True, slots=True)
class Answering(Generic[Context]):
    """One operation under way in `context`: what is told of it, in the client's language."""

    serving: Serving[Context]
    context: Context
    operation: Operation
    language: Language

    def __post_init__(self) -> None:
        self.serving.begin(self.context, self.operation.performed)

    async def record(self, codes: Iterable[str]) -> None:
        """Leaves the entry in the audit trail. Raises `RequestRefused` where that is not possible."""
        try:
            await self.serving.record(self.context, self.operation.performed, codes)
        except TrailUnavailableError as error:
            raise _trail_unavailable(error, after_change=self.operation.type is OperationType.MUTATION) from None

    def formatted(self, errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
        """The errors, fit to be seen."""
        return [formatted(error, self.context, self.serving.format_error, self.language) for error in errors]

    def extensions(self) -> dict[str, Any]:
        """Those of the context as it is now."""
        return self.serving.extensions(self.context)

    def response(self, result: Result) -> dict[str, Any]:
        """The answer in one piece."""
        response: dict[str, Any] = {"errors": self.formatted(result.errors)} if result.errors else {}
        response["data"] = result.data
        if extensions := self.extensions():
            response["extensions"] = extensions
        return response

    def unexpected(self, fault: BaseException) -> dict[str, Any]:
        """The error in the place of what a fault of ours has ended."""
        return fault.errors(self.language)[0] if isinstance(fault, RequestRefused) else unexpected(fault, self.language)

    def timeout(self) -> dict[str, Any]:
        """The error in the place of what was not ready in time."""
        return timeout(self.serving.limits.seconds).errors(self.language)[0]


def codes_of(errors: Iterable[dict[str, Any]]) -> list[str]:
    """The codes of formatted errors."""
    return [error["extensions"]["code"] for error in errors]


def timeout(seconds: float) -> RequestRefused:
    """The operation took longer than a request may."""
    text = Text(
        "the request took too long; a change that it asked for may have been made", "请求超时；所请求的变更可能已经生效"
    )
    return RequestRefused(503, "TIMEOUT", text, details={"limit": seconds})


def _trail_unavailable(error: TrailUnavailableError, *, after_change: bool) -> RequestRefused:
    """The answer in the place of one that could not be recorded."""
    text = Text("the audit trail cannot be written, so nothing is served", "审计记录无法写入，因此不提供任何数据")
    if after_change:
        text = Text(
            f"{text.en}; a change that was asked for may have been made", f"{text.zh}；所请求的变更可能已经生效"
        )
    return RequestRefused(503, error.code, text)
