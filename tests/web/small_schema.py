"""A small schema with one field for each thing that can happen to a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import strawberry
from graphql import GraphQLError, GraphQLSchema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.schema.config import StrawberryConfig

from web.graphql.endpoint import GraphQLEndpoint
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocuments
from web.graphql.persisted_documents import PersistedDocuments
from web.graphql.serving import Serving
from web.graphql.trusted_documents import TrustedDocuments
from web.http.refusals import RequestRefused

SECRET = "110101199003078515"


class RefusedByUsError(Exception):
    """Stands for the errors that our layers raise on purpose."""


MOMENT = strawberry.scalar(name="Moment", serialize=lambda value: value)


@strawberry.type
class Row:
    """One row of a page, which has pages itself."""

    name: str = "row"

    @strawberry.field
    def rows(self, first: int | None = None, last: int | None = None) -> list[Row]:
        """Further rows."""
        return [Row() for _ in range(first or last or 0)]


@strawberry.input(one_of=True)
class Choice:
    """Exactly one of two."""

    left: strawberry.Maybe[int]
    right: strawberry.Maybe[int]


@strawberry.type
class Query:
    """What the tests ask."""

    @strawberry.field
    async def hello(self, name: str = "world") -> str:
        """An asynchronous field."""
        return f"hello {name}"

    @strawberry.field
    def row(self) -> Row:
        """An object."""
        return Row()

    @strawberry.field
    def rows(self, first: int = 20, after: str | None = None) -> list[Row]:
        """A page with a default size."""
        return [Row() for _ in range(first)]

    @strawberry.field
    def pages(self, first: int | None = None, last: int | None = None) -> list[Row]:
        """A page without a default size."""
        return [Row()]

    @strawberry.field
    def chosen(self, choice: Choice) -> int:
        """Takes a @oneOf input."""
        return 1

    @strawberry.field
    def moment(self) -> datetime:
        """A time of another zone, and with microseconds."""
        return datetime(2026, 1, 2, 11, 4, 5, 678, tzinfo=timezone(timedelta(hours=8)))

    @strawberry.field
    def fault(self) -> str | None:
        """Raises what nobody expects, with a stored value in its text."""
        raise ValueError(SECRET)

    @strawberry.field
    def unserialisable(self) -> int | None:
        """A stored value that does not fit its type: graphql-core's own error quotes it."""
        return SECRET + "x"  # type: ignore[return-value]

    @strawberry.field
    def refusal(self) -> str | None:
        """Raises an error of ours."""
        raise RefusedByUsError

    @strawberry.field
    def required_fault(self) -> str:
        """A fault that leaves no data at all."""
        raise ValueError(SECRET)

    @strawberry.field
    async def slow(self) -> str:
        """Never answers."""
        await asyncio.sleep(60)
        return "late"

    @strawberry.field
    def now(self) -> datetime:
        """A time in UTC."""
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@strawberry.type
class Mutation:
    """What the tests change."""

    @strawberry.mutation
    def touch(self) -> int:
        """A change."""
        return 1


@strawberry.type
class Subscription:
    """What the tests cannot follow over HTTP."""

    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        """Ticks."""
        yield 1


SCHEMA = strawberry.Schema(
    Query, Mutation, Subscription, config=StrawberryConfig(scalar_map={datetime: MOMENT})
)._schema


async def context_of(request: Request) -> dict[str, Any]:
    """The context, or a refusal when the token is `forged`; a fault when it is `broken`."""
    token = request.headers.get("authorization")
    if token == "Bearer forged":
        raise RequestRefused(401, "UNAUTHENTICATED", "the token is not valid", {"www-authenticate": "Bearer"})
    if token == "Bearer broken":
        raise ValueError(SECRET)
    return {"token": token}


def format_error(error: GraphQLError, _context: dict[str, Any]) -> dict[str, Any] | None:
    """Formats the one error of ours."""
    if isinstance(error.original_error, RefusedByUsError):
        return {"message": "refused", "extensions": {"code": "FORBIDDEN"}}
    return None


def serving_of(
    schema: GraphQLSchema,
    *,
    limits: Limits | None = None,
    trusted_documents: TrustedDocuments | None = None,
    trusted_documents_only: bool = False,
    **parts: Any,
) -> Serving[dict[str, Any]]:
    """The parts by which `schema` is served, in contexts of `context_of`."""
    limits = limits or Limits()
    parsed = ParsedDocuments(schema, limits)
    documents = PersistedDocuments(parsed, trusted_documents, trusted_only=trusted_documents_only)
    parts = {"context_factory": context_of, "format_error": format_error, **parts}
    return Serving(schema=schema, documents=documents, limits=limits, **parts)


def small_endpoint(
    *, ide: ASGIApp | None = None, allowed_origins: frozenset[str] = frozenset(), **parts: Any
) -> GraphQLEndpoint[dict[str, Any]]:
    """The endpoint of this schema."""
    return GraphQLEndpoint(serving_of(SCHEMA, **parts), ide=ide, allowed_origins=allowed_origins)


def small_client(**options: Any) -> httpx.AsyncClient:
    """A client whose requests reach that endpoint without a socket."""
    app = Starlette(routes=[Route("/graphql", small_endpoint(**options))])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
