"""The composition root: builds everything from the settings, knows everyone, decides nothing.

Nothing is built at import, so that several applications can live in one process, each with its own database.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from documents import opening
from documents.chapters.credit.exposure import ExposureOutcome
from documents.migrating.step import Report
from documents.registry import CATALOGUE
from jobs.registry import JOBS, JobResources
from jobs.runner import JobCounts, JobRunner, Worker
from resolvers.chapters.accounts.use_cases import AccountSettings
from resolvers.chapters.credit.overdue_letters import LetterSender
from resolvers.chapters.credit.use_cases import CreditSettings
from resolvers.chapters.policies.use_cases import PolicySettings
from resolvers.chapters.service.use_cases import ServiceSettings
from resolvers.registry import ChapterSettings
from resolvers.services import Services
from schema.build import build_schema
from settings import Settings
from web.application import Opened, WebSettings, reads_of_manifest, refused_manifest, web_application
from web.authentication.bearer import Authenticator
from web.authentication.openid_connect import OpenIDConnectVerifier
from web.graphql.limits import Limits
from web.server import rest_collector
from web.subscriptions.socket import SocketLimits

if TYPE_CHECKING:
    from jobs.engine import JobEngine

log = logging.getLogger("dossier")


def open_services(settings: Settings, mongodb_uri: str) -> AbstractAsyncContextManager[Services]:
    """Connects, makes an empty database, and follows it until closed."""
    if not settings.audit_trail:
        log.warning("DOSSIER_AUDIT_TRAIL=false: who sees customer data is not recorded; for measurements only")
    return Services.opened(_place(settings, mongodb_uri), _chapter_settings(settings))


async def migrate(settings: Settings, mongodb_uri: str, report: Report) -> bool:
    """Brings the database to the layout of this program; whether anything was to be done. Raises LayoutError."""
    return await opening.migrate(_place(settings, mongodb_uri), report)


def create_app(settings: Settings, mongodb_uri: str) -> Starlette:
    """The ASGI application. It connects when its lifespan begins. Raises `TrustedDocumentsError`."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Opened]:
        async with open_services(settings, mongodb_uri) as services, _jobs_of_the_server(settings, services) as counts:
            yield Opened(services, _authenticator(settings, services), counts)

    return web_application(_web_settings(settings), opened)


def create_app_from_environment() -> Starlette:
    """The application of a worker process, whose settings name the database. For `uvicorn --factory`."""
    settings = Settings.from_environment(os.environ)
    if settings.mongodb_uri is None:
        raise RuntimeError("a worker process needs DOSSIER_MONGODB_URI")
    application = create_app(settings, settings.mongodb_uri)
    rest_collector()
    return application


def job_engine(settings: Settings, services: Services) -> JobEngine:
    """What runs background jobs in this process. Raises BrokerError."""
    # TaskIQ takes half a second and 19 MB: who runs no jobs does without.
    from jobs.engine import JobEngine  # noqa: PLC0415

    worker = Worker(f"{socket.gethostname()}:{os.getpid()}", services.store.decided_by)
    runner = JobRunner(services.ledger, JOBS, job_resources(services), worker)
    return JobEngine(runner, broker_url=settings.broker)


def job_resources(services: Services) -> JobResources:
    """What the jobs of all chapters need."""
    cases, storage = services.use_cases, services.storage
    return JobResources(
        attachments=storage.files,
        keys=storage.rotation,
        ledger=storage.ledger,
        overdue=cases.credit.collection,
        reminders=cases.reminders,
        service=cases.service.upkeep,
    )


def refused_trusted_documents(settings: Settings) -> str | None:
    """Why the manifest cannot be served, in one sentence: asked once, before a database or a worker is started."""
    return refused_manifest(_web_settings(settings))


def print_schema() -> str:
    """The SDL."""
    return build_schema(CATALOGUE).sdl


def _place(settings: Settings, mongodb_uri: str) -> opening.Place:
    return opening.Place(
        mongodb_uri, settings.database, settings.data_dir, settings.audit_witness, settings.audit_trail
    )


def _jobs_of_the_server(settings: Settings, services: Services) -> AbstractAsyncContextManager[JobCounts]:
    """Runs background jobs in the server's process, unless workers do."""
    return nullcontext(JobCounts()) if settings.jobs == "worker" else job_engine(settings, services).running()


def _authenticator(settings: Settings, services: Services) -> Authenticator:
    accounts, provider = services.use_cases.accounts, None
    if settings.oidc_issuer is not None and settings.oidc_audience is not None:
        provider = OpenIDConnectVerifier(settings.oidc_issuer, settings.oidc_audience, services.storage.http_client)
    return Authenticator(accounts.access_tokens, accounts.principals, provider)


def _chapter_settings(settings: Settings) -> ChapterSettings:
    sender = None
    if settings.company_name is not None:
        contact = (settings.company_address, settings.company_telephone, settings.company_account)
        sender = LetterSender(settings.company_name, *(text or "" for text in contact))
    trusted_reads = partial(reads_of_manifest, settings.trusted_documents)
    return ChapterSettings(
        policies=PolicySettings(settings.policy_approval is not False, trusted_reads),
        accounts=AccountSettings(settings.access_token_seconds, settings.refresh_token_seconds),
        credit=CreditSettings(ExposureOutcome(settings.exposure_policy), settings.credit_four_eyes, sender),
        service=ServiceSettings(settings.ticket_escalation, settings.complaint_escalation),
        max_attachment_bytes=settings.max_attachment_bytes,
        verification_four_eyes=settings.verification_four_eyes,
    )


def _web_settings(settings: Settings) -> WebSettings:
    return WebSettings(
        limits=Limits(
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            tokens=settings.max_tokens,
            cost=settings.max_cost,
            body_bytes=settings.max_body_bytes,
            seconds=settings.request_seconds,
        ),
        socket_limits=SocketLimits(
            per_connection=settings.max_subscriptions_per_connection, per_process=settings.max_subscriptions
        ),
        trusted_documents=settings.trusted_documents,
        trusted_documents_only=settings.trusted_documents_only,
    )
