"""The web application: its routes, and what it has from the beginning of its lifespan to the end.

Owns which path is served by what. It must never open a database itself: it is told how.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from documents.opening import alongside
from documents.registry import CATALOGUE
from resolvers.chapters.policies.effects import TrustedReads
from resolvers.services import Services
from schema.build import DossierSchema, build_schema
from schema.chapters.policies.trusted_fields import trusted_reads
from schema.context import RequestContext
from schema.execution import ExecutionMetrics, RecordExecutor
from schema.wording.access_extensions import access_extensions
from schema.wording.error_format import format_error
from web.attachments.endpoint import AttachmentEndpoint
from web.authentication.bearer import Authenticator
from web.console import Console
from web.contexts import State, begin, executing, record, request_context, subscriber_context
from web.graphql.endpoint import GraphQLEndpoint
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocuments
from web.graphql.persisted_documents import PersistedDocuments
from web.graphql.schema_document import SchemaDocument
from web.graphql.serving import Serving
from web.graphql.trusted_documents import TrustedDocuments, TrustedDocumentsError, read_manifest
from web.health import UNAVAILABLE, Readiness, livez
from web.http.first_route import FirstRoute
from web.http.security_headers import SecurityHeaders
from web.ide import GraphQLIDE
from web.metrics import Metrics
from web.subscriptions.execution import SubscriptionExecution
from web.subscriptions.socket import GraphQLWebSocket, SocketLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What an installation decides for itself. Where trusted documents are the only ones, what helps to write others is
    not served."""

    limits: Limits
    socket_limits: SocketLimits
    trusted_documents: Path | None = None
    trusted_documents_only: bool = False


class JobCounts(Protocol):
    """How many background jobs this process ran, how many attempts failed, and how many jobs nobody tries again."""

    run: int
    failed: int
    dead: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What requests are served with."""

    services: Services
    authenticator: Authenticator
    job_counts: JobCounts


Opening = Callable[[], AbstractAsyncContextManager[Opened]]


def web_application(settings: WebSettings, opening: Opening) -> Starlette:
    """The ASGI application over what `opening` opens when its lifespan begins. Raises `TrustedDocumentsError`."""
    schema = build_schema(CATALOGUE)
    ide = None if settings.trusted_documents_only else GraphQLIDE()
    process = _Process(schema.metrics)
    serving = Serving(
        schema=schema.core,
        documents=PersistedDocuments(
            ParsedDocuments(schema.core, settings.limits),
            _trusted_documents(settings, schema),
            trusted_only=settings.trusted_documents_only,
        ),
        context_factory=request_context,
        format_error=format_error,
        extensions=access_extensions,
        begin=begin,
        record=record,
        executing=executing,
        executor_class=RecordExecutor,
        limits=settings.limits,
    )
    endpoint = GraphQLEndpoint(serving, ide=ide)
    execution = SubscriptionExecution(replace(serving, context_factory=subscriber_context))
    subscriptions = GraphQLWebSocket(execution, limits=settings.socket_limits, refresh=process.refresh)
    attachments = AttachmentEndpoint(request_context, record)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with opening() as opened, alongside(subscriptions.watch.run()):
            process.opened = opened
            yield State(services=opened.services, authenticator=opened.authenticator)

    return Starlette(
        routes=[
            Route("/graphql", endpoint),  # in `FirstRoute` too; here for those who come by /graphql/
            WebSocketRoute("/graphql", subscriptions),
            Route("/attachments", attachments),
            Route("/attachments/{attachment_id}", attachments),
            Route("/", RedirectResponse("/console/" if ide else "/graphql")),
            *(_pages(ide, schema) if ide else ()),
            Route("/livez", livez),
            Route("/readyz", Readiness(process.readiness).readyz),
            Route("/metrics", Metrics(process.counters).serve),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(FirstRoute, path="/graphql", endpoint=endpoint)],
        lifespan=lifespan,
    )


def refused_manifest(settings: WebSettings) -> str | None:
    """Why the trusted documents cannot be served, in one sentence."""
    if settings.trusted_documents is None:
        return None
    try:
        _trusted_documents(settings, build_schema(CATALOGUE))
    except TrustedDocumentsError as error:
        return str(error)
    return None


@lru_cache(maxsize=1)
def reads_of_manifest(path: Path | None) -> TrustedReads:
    """Which fields the trusted documents of the manifest read, by document: none where there is no manifest."""
    return trusted_reads(read_manifest(path), build_schema(CATALOGUE).core) if path is not None else {}


def _trusted_documents(settings: WebSettings, schema: DossierSchema) -> TrustedDocuments | None:
    if settings.trusted_documents is None:
        return None
    return TrustedDocuments(read_manifest(settings.trusted_documents), schema.core, settings.limits)


def _pages(ide: GraphQLIDE, schema: DossierSchema) -> list[BaseRoute]:
    """The pages that ask whatever they are asked for."""
    return [*ide.routes(), *Console().routes(), Route("/schema.graphql", SchemaDocument(schema.sdl).serve)]


class _Process:
    """What this process opened, for what has no request of its own."""

    def __init__(self, rows: ExecutionMetrics) -> None:
        self.opened: Opened | None = None
        self._rows = rows

    async def refresh(self, contexts: Collection[RequestContext]) -> None:
        """Asks anew who the callers are that have a socket open."""
        if self.opened is not None:
            principals = [context.principal for context in contexts]
            sessions = {p.session_id for p in principals if p is not None and p.session_id}
            await self.opened.services.use_cases.accounts.principals.refresh(sessions)

    async def readiness(self) -> str | None:
        """None when requests can be served in full, else a reason code."""
        return await self.opened.services.readiness() if self.opened is not None else UNAVAILABLE

    def counters(self) -> dict[str, int]:
        """What this process counts, by the names under which it is published."""
        counters = {
            "dossier_rows_built_total": self._rows.fast_rows,
            "dossier_rows_built_in_part_total": self._rows.mixed_rows,
            "dossier_rows_bailed_total": self._rows.bailed_rows,
            "dossier_rows_unplanned_total": self._rows.unplanned_rows,
        }
        if self.opened is None:
            return counters
        jobs = self.opened.job_counts
        return counters | {
            "dossier_single_read_commands_total": self.opened.services.storage.reader.single_read_commands,
            "dossier_jobs_run_total": jobs.run,
            "dossier_jobs_failed_total": jobs.failed,
            "dossier_jobs_dead_total": jobs.dead,
        }
