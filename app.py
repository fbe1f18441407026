"""The composition root: builds everything from the settings, knows everyone, decides nothing.

Nothing is built at import, so that several applications can live in one process, each with its own database.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import httpx
from beanie import init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute

from demo.seed import DemoSeeder
from documents.audit.entries import Performed
from documents.audit.installation import InstalledTrail, open_trail
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.accounts.login_attempts import LoginAttemptRepository
from documents.chapters.accounts.passwords import PasswordHasher
from documents.chapters.accounts.sessions import SessionRepository
from documents.chapters.accounts.stored import Account, Department, LoginAttempts, Session
from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.attachments.storage import AttachmentStorage
from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.figures import CreditFigures
from documents.chapters.customers.counts import CustomerCounts
from documents.chapters.customers.kinds import Enterprise, Individual, Institution
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.incidents.affected_customers import AffectedCustomers
from documents.chapters.information.shared_customers import SharingRepository
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.jobs.views import JobViews
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.chapters.policies.stored import RuleSetDocument, RuleSetHead, RuleSetState
from documents.chapters.reminders.due import ReminderRepository
from documents.chapters.service.figures import ServiceFigures
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.encryption.cursors import KEY_BYTES, CursorSealer
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.token_keys import TokenKey, TokenKeyRepository
from documents.reading.customers import CustomerReader
from documents.reading.history import CustomerHistory
from documents.reading.records import RecordReader
from documents.reading.reveals import CustomerReveals
from documents.registry import CATALOGUE, FULL_CATALOGUE, RECORD_CLASSES
from documents.storing.change_feed import ChangeFeed
from documents.storing.codec import RowCodec
from documents.storing.indexes import ensure_customer_indexes, ensure_record_indexes
from documents.writing.customers import REVIEW_PERIODS, CustomerWriter
from documents.writing.dependents import Dependents
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.records import RecordWriter
from jobs.registry import JOBS
from jobs.resources import JobResources
from jobs.runner import JobCounts, JobRunner
from policies.authorize import PolicyEngine
from policies.in_force import PolicyStore
from resolvers.caller import Caller
from resolvers.chapters.accounts.access_tokens import AccessTokens
from resolvers.chapters.accounts.changes import AccountChanges
from resolvers.chapters.accounts.principals import Principals
from resolvers.chapters.accounts.role_grants import RoleGrants
from resolvers.chapters.accounts.sessions import Sessions
from resolvers.chapters.accounts.step_up import StepUp
from resolvers.chapters.attachments import Attachments
from resolvers.chapters.audit import Audit
from resolvers.chapters.credit.overdue_letters import LetterSender
from resolvers.chapters.credit.use_cases import Credit, CreditRules
from resolvers.chapters.customers.history import History
from resolvers.chapters.customers.use_cases import Customers
from resolvers.chapters.encryption import Keys
from resolvers.chapters.identification.use_cases import Identification
from resolvers.chapters.incidents.reports import IncidentReports
from resolvers.chapters.incidents.scope_search import TrailScopes
from resolvers.chapters.incidents.steps import Incidents
from resolvers.chapters.information.reveals import Reveals
from resolvers.chapters.information.reviews import Reviews
from resolvers.chapters.information.shared_customers import SharedCustomers
from resolvers.chapters.information.sharing import Sharing
from resolvers.chapters.information.undertakings import Confidentiality
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.chapters.policies.current_access import CurrentAccess
from resolvers.chapters.policies.draft_reads import PolicyDrafts
from resolvers.chapters.policies.effects import PolicyEffects, TrustedReads
from resolvers.chapters.policies.history import PolicyHistory
from resolvers.chapters.policies.imports import PolicyImport
from resolvers.chapters.policies.matrix import PolicyMatrix
from resolvers.chapters.policies.replay import PolicyReplay
from resolvers.chapters.policies.use_cases import Policies
from resolvers.chapters.policies.view_as import ViewAs
from resolvers.chapters.reminders import Reminders
from resolvers.chapters.service.use_cases import Service
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads
from resolvers.recording import Recorder
from resolvers.subscriptions import Subscriptions
from resolvers.viewer import Viewer
from schema.build import DossierSchema, build_schema
from schema.chapters.policies.trusted_fields import trusted_reads
from schema.context import RequestContext, UseCases
from schema.execution import RecordExecutor
from schema.registry import WORDS
from schema.wording.access_extensions import access_extensions
from schema.wording.error_format import format_error
from settings import Settings
from web.attachments.endpoint import AttachmentEndpoint
from web.authentication.bearer import Authenticator, InvalidTokenError, IssuerUnavailableError
from web.authentication.openid_connect import OpenIDConnectVerifier
from web.console import Console
from web.graphql.endpoint import GraphQLEndpoint
from web.graphql.limits import Limits
from web.graphql.parsed_documents import ParsedDocuments
from web.graphql.persisted_documents import PersistedDocuments
from web.graphql.schema_document import SchemaDocument
from web.graphql.serving import Serving
from web.graphql.trusted_documents import TrustedDocuments, TrustedDocumentsError, read_manifest
from web.health import Readiness, livez
from web.http.first_route import FirstRoute
from web.http.language import negotiate_language
from web.http.refusals import RequestRefused
from web.http.security_headers import SecurityHeaders
from web.ide import GraphQLIDE
from web.metrics import Metrics
from web.server import rest_collector
from web.subscriptions.execution import SubscriptionExecution
from web.subscriptions.socket import GraphQLWebSocket, SocketLimits

if TYPE_CHECKING:
    from jobs.engine import JobEngine

DOCUMENTS = [
    Individual,
    Enterprise,
    Institution,
    Account,
    Department,
    Session,
    LoginAttempts,
    TokenKey,
    RuleSetDocument,
    RuleSetState,
]
ROOT_KEY_FILE = "root.key"
log = logging.getLogger("dossier")
SELECTION_SECONDS = 5  # how long an unreachable database is waited for


@dataclass(frozen=True)
class Services:
    """Everything of one process that lives as long as its connection to the database."""

    database: AsyncDatabase[dict[str, Any]]
    keyring: Keyring
    store: PolicyStore
    engine: PolicyEngine
    accounts: AccountRepository
    reader: CustomerReader
    writer: CustomerWriter
    use_cases: UseCases
    authenticator: Authenticator
    principals: Principals
    changes: ChangeFeed
    trail: InstalledTrail
    root_keys: LocalKeyProvider

    @property
    def jobs(self) -> JobViews:
        """What can be read of background jobs."""
        return JobViews(self.database)

    @property
    def key_rotation(self) -> KeyRotation:
        """What rotates the keys that wrap others."""
        return KeyRotation(self.database, self.keyring.vault)

    @property
    def ledger(self) -> JobLedger:
        """Where background jobs are enqueued."""
        return JobLedger(self.database)

    async def roles(self) -> frozenset[str]:
        """The roles that the rule set in force declares."""
        return self.store.compiler.roles

    async def rule_history(self, limit: int) -> list[RuleSetHead]:
        """The newest versions of the rules, for an operator."""
        return await RuleSetRepository(self.database).heads(limit=limit)

    async def rotate_vault_key(self) -> str:
        """Makes a new vault key, for an operator; the public id of the job that wraps everything with it."""
        return await self.use_cases.keys.rotate_as_operator()

    async def rotate_root_key(self) -> Path:
        """Makes a new local root key, for an operator; where the file of the one before is kept."""
        return await self.key_rotation.exchange_root_key(self.root_keys)

    async def has_demo_accounts(self) -> bool:
        """Whether the database holds demo logins."""
        return await self.accounts.has_demo_accounts()

    async def seed_demo(
        self, count: int, password: str, progress: Callable[[int, int], None], *, with_records: bool = True
    ) -> None:
        """Makes the demo data and logins."""
        confidentiality = self.use_cases.confidentiality
        seeder = DemoSeeder(
            self.accounts,
            self.reader,
            self.writer,
            self.engine,
            confidentiality,
            self.use_cases.credit,
            self.use_cases.identification,
            self.use_cases.service,
            self.use_cases.sharing,
            self.use_cases.incidents,
            self.use_cases.recorder,
        )
        await seeder.seed(count, password, progress, with_records=with_records)

    async def readiness(self) -> str | None:
        """None when requests can be served in full, else a reason code."""
        hello = await self.database.command("hello")
        if not hello.get("isWritablePrimary"):
            return "DATABASE_NOT_PRIMARY"
        return None if self.store.is_sound else "RULES_NOT_LOADED"


@asynccontextmanager
async def open_services(settings: Settings, mongodb_uri: str) -> AsyncIterator[Services]:
    """Connects, creates what an empty database lacks, and runs the watchers until closed."""
    client: AsyncMongoClient[dict[str, Any]]
    async with (
        AsyncMongoClient(
            mongodb_uri, tz_aware=True, tzinfo=UTC, w="majority", serverSelectionTimeoutMS=SELECTION_SECONDS * 1000
        ) as client,
        # Asked now and then: a connection that were kept might be closed by the other side just when it is needed.
        httpx.AsyncClient(timeout=SELECTION_SECONDS, limits=httpx.Limits(max_keepalive_connections=0)) as http_client,
    ):
        services = await _build(settings, client[settings.database], http_client)
        tasks = (services.keyring.watch(), services.store.watch(), services.trail.run())
        watchers = [asyncio.create_task(task) for task in tasks]
        try:
            yield services
        finally:
            await _end(watchers)
            await services.changes.close()
            await services.trail.close()


def job_engine(settings: Settings, services: Services) -> JobEngine:
    """What runs background jobs in this process. Raises BrokerError."""
    # TaskIQ takes half a second and 19 MB: who runs no jobs does without.
    from jobs.engine import JobEngine  # noqa: PLC0415

    resources = JobResources(
        policies=services.engine,
        ledger=services.ledger,
        collection=services.use_cases.credit.collection,
        service=services.use_cases.service.upkeep,
        reminding=services.use_cases.reminders,
        attachments=AttachmentStorage(services.database),
        keys=services.key_rotation,
    )
    runner = JobRunner(services.ledger, JOBS, resources, worker=f"{socket.gethostname()}:{os.getpid()}")
    return JobEngine(services.ledger, JOBS, runner, broker_url=settings.broker)


@asynccontextmanager
async def _jobs_of_the_server(settings: Settings, services: Services) -> AsyncIterator[JobCounts]:
    """Runs background jobs in the server's process, unless workers do."""
    if settings.jobs == "worker":
        yield JobCounts()
        return
    engine = job_engine(settings, services)
    async with engine.running():
        yield engine.counts


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancels until all have ended: PyMongo swallows a cancellation that meets it opening a change stream."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.2)


async def _build(
    settings: Settings, database: AsyncDatabase[dict[str, Any]], http_client: httpx.AsyncClient
) -> Services:
    await init_beanie(database=database, document_models=DOCUMENTS)
    await ensure_customer_indexes(database, CATALOGUE)
    await ensure_record_indexes(database)
    await JobLedger(database).ensure_indexes()
    root_keys = LocalKeyProvider(settings.data_dir / ROOT_KEY_FILE)
    keyring = Keyring(database, root_keys)
    await keyring.open()
    rotation = KeyRotation(database, keyring.vault)
    await rotation.ensure_indexes()
    store = PolicyStore(RuleSetRepository(database), FULL_CATALOGUE)
    await store.open()
    engine = PolicyEngine(store)
    accounts = AccountRepository(database)
    blind_index = BlindIndex(await keyring.secret("blind_index"))
    codec = RowCodec(CATALOGUE.by_kind, blind_index)
    cursors = CursorSealer(await keyring.secret("cursors", KEY_BYTES))
    reader = CustomerReader(database, CATALOGUE, keyring, blind_index, cursors, codec)
    idempotency = IdempotencyRepository(database, await keyring.secret("idempotency"))
    await idempotency.ensure_indexes()
    writer = CustomerWriter(database, CATALOGUE, keyring, codec, reader, idempotency, accounts)
    sessions, step_up, principals, tokens = await _sessions(settings, database, keyring, accounts)
    changes = ChangeFeed(database)
    repositories = {
        record.kind: RecordReader(database, record, keyring, blind_index, cursors) for record in RECORD_CLASSES
    }
    records = RecordReads(engine, reader, repositories, accounts)
    record_writer = RecordWriter(database, keyring, reader, repositories, idempotency, accounts)
    operations = RecordOperations(engine, record_writer)
    storage = AttachmentStorage(database)
    await storage.ensure_indexes()
    files = AttachmentRepository(repositories[Kind.ATTACHMENT], storage, keyring, settings.max_attachment_bytes)
    figures = CreditFigures(database, repositories[Kind.RECEIVABLE], reader)
    credit = Credit(operations, records, reader, figures, files, _credit_rules(settings))
    await credit.tables.install_defaults()
    history = CustomerHistory(database, CATALOGUE, keyring, codec, reader, cursors)
    await history.ensure_indexes()
    shared = SharedCustomers(engine, SharingRepository(database), reader, records, cursors)
    customers = Customers(engine, CATALOGUE, reader, writer, idempotency, records, shared)
    identification = Identification(
        operations, records, customers, reader, files, four_eyes=settings.verification_four_eyes
    )
    await identification.tables.install_defaults()
    trail = await open_trail(database, keyring, settings.data_dir, settings.audit_witness, http_client)
    if not settings.audit_trail:
        log.warning("DOSSIER_AUDIT_TRAIL=false: who sees customer data is not recorded; for measurements only")
    trail_scopes = TrailScopes(engine, trail.queries, trail.chains, accounts)
    reminders = ReminderRepository(database, repositories, reader)
    recorder = Recorder(trail.writer if settings.audit_trail else None, lambda: store.compiler.version)
    use_cases = UseCases(
        customers=customers,
        history=History(engine, history, reader, accounts),
        records=records,
        confidentiality=Confidentiality(operations, accounts, principals),
        sharing=Sharing(operations),
        reviews=Reviews(operations, Dependents(database), REVIEW_PERIODS, reminders),
        reminders=Reminders(operations, reminders),
        incidents=Incidents(operations, trail_scopes, AffectedCustomers(database)),
        incident_reports=IncidentReports(records),
        service=Service(operations, ServiceFigures(database, repositories), accounts),
        attachments=Attachments(operations, files),
        credit=credit,
        policies=_policies(settings, operations, store, accounts, trail, database, recorder, principals),
        identification=identification,
        viewer=Viewer(engine, FULL_CATALOGUE),
        access=CurrentAccess(store),
        sessions=sessions,
        step_up=step_up,
        reveals=Reveals(operations, CustomerReveals(database, CATALOGUE, keyring, codec, reader), step_up),
        catalogue=FULL_CATALOGUE,
        audit=Audit(engine, trail.queries, trail.chains),
        keys=Keys(operations, rotation, JobLedger(database), trail.key.key_id),
        recorder=recorder,
        subscriptions=Subscriptions(engine, reader, customers, repositories, records, changes),
    )
    authenticator = Authenticator(tokens, principals, _openid_connect(settings, http_client))
    return Services(
        database,
        keyring,
        store,
        engine,
        accounts,
        reader,
        writer,
        use_cases,
        authenticator,
        principals,
        changes,
        trail,
        root_keys,
    )


def _policies(
    settings: Settings,
    operations: RecordOperations,
    store: PolicyStore,
    accounts: AccountRepository,
    trail: InstalledTrail,
    database: AsyncDatabase[dict[str, Any]],
    recorder: Recorder,
    principals: Principals,
) -> Policies:
    rule_sets, counts = RuleSetRepository(database), CustomerCounts(database)
    drafts = PolicyDrafts(operations, store, FULL_CATALOGUE)
    approval = settings.policy_approval is not False
    administration = PolicyAdministration(operations, store, rule_sets, accounts, FULL_CATALOGUE, approval=approval)
    return Policies(
        administration=administration,
        effects=PolicyEffects(drafts, accounts, counts, partial(_trusted_reads, settings)),
        view_as=ViewAs(drafts, accounts, counts),
        matrix=PolicyMatrix(drafts),
        replay=PolicyReplay(drafts, trail.queries),
        history=PolicyHistory(operations, store, rule_sets),
        grants=RoleGrants(operations, store, accounts, administration, approval=approval),
        accounts=AccountChanges(operations, store, accounts, administration, principals, approval=approval),
        imports=PolicyImport(administration, store, recorder),
    )


@lru_cache(maxsize=1)
def _trusted_reads(settings: Settings) -> TrustedReads:
    """Read when first asked for: most processes never are."""
    if settings.trusted_documents is None:
        return {}
    return trusted_reads(read_manifest(settings.trusted_documents), build_schema(CATALOGUE).core)


def _credit_rules(settings: Settings) -> CreditRules:
    sender = None
    if settings.company_name is not None:
        contact = (settings.company_address, settings.company_telephone, settings.company_account)
        sender = LetterSender(settings.company_name, *(text or "" for text in contact))
    over_limit = ExposureOutcome(settings.exposure_policy)
    return CreditRules(over_limit=over_limit, four_eyes=settings.credit_four_eyes, sender=sender)


async def _sessions(
    settings: Settings, database: AsyncDatabase[dict[str, Any]], keyring: Keyring, accounts: AccountRepository
) -> tuple[Sessions, StepUp, Principals, AccessTokens]:
    repository = SessionRepository(database, lifetime=timedelta(seconds=settings.refresh_token_seconds))
    principals = Principals(accounts, repository)
    keys = await TokenKeyRepository(database, keyring).load()
    tokens = AccessTokens(keys, lifetime=settings.access_token_seconds)
    attempts, passwords = LoginAttemptRepository(database), PasswordHasher()
    sessions = Sessions(accounts, repository, attempts, passwords, tokens, principals)
    return sessions, StepUp(accounts, repository, attempts, passwords), principals, tokens


def _openid_connect(settings: Settings, http_client: httpx.AsyncClient) -> OpenIDConnectVerifier | None:
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    return OpenIDConnectVerifier(settings.oidc_issuer, settings.oidc_audience, http_client)


class State(TypedDict):
    """What the lifespan gives to every request."""

    services: Services


def create_app(settings: Settings, mongodb_uri: str) -> Starlette:
    """The ASGI application. It connects when its lifespan begins.

    Raises `TrustedDocumentsError`. Where trusted documents are the only ones, what helps to write others is not served.
    """
    schema = build_schema(CATALOGUE)
    ide = None if settings.trusted_documents_only else GraphQLIDE()
    limits = _limits(settings)
    serving = Serving(
        schema=schema.core,
        documents=PersistedDocuments(
            ParsedDocuments(schema.core, limits),
            _trusted_documents(settings, schema),
            trusted_only=settings.trusted_documents_only,
        ),
        context_factory=_context,
        format_error=format_error,
        extensions=access_extensions,
        record=_record,
        executor_class=RecordExecutor,
        limits=limits,
    )
    endpoint = GraphQLEndpoint(serving, ide=ide)
    attachments = AttachmentEndpoint(_context, _record)
    execution = SubscriptionExecution(replace(serving, context_factory=_subscriber))
    opened: list[Services] = []  # the one of the lifespan, for what has no request of its own
    worked: list[JobCounts] = [JobCounts()]

    async def refresh(contexts: Collection[RequestContext]) -> None:
        principals = [context.principal for context in contexts]
        await opened[-1].principals.refresh({p.session_id for p in principals if p is not None and p.session_id})

    subscriptions = GraphQLWebSocket(
        execution,
        limits=SocketLimits(
            per_connection=settings.max_subscriptions_per_connection, per_process=settings.max_subscriptions
        ),
        refresh=refresh,
    )
    pages = (  # these ask whatever they are asked for
        [*ide.routes(), *Console().routes(), Route("/schema.graphql", SchemaDocument(schema.sdl).serve)] if ide else []
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with (
            open_services(settings, mongodb_uri) as services,
            _jobs_of_the_server(settings, services) as counts,
        ):
            opened.append(services)
            worked.append(counts)
            watch = asyncio.create_task(subscriptions.watch.run())
            try:
                yield State(services=services)
            finally:
                await _end([watch])

    async def readiness() -> str | None:
        return await opened[-1].readiness()

    def counters() -> dict[str, int]:
        rows = schema.metrics
        return {
            "dossier_rows_built_total": rows.fast_rows,
            "dossier_rows_built_in_part_total": rows.mixed_rows,
            "dossier_rows_bailed_total": rows.bailed_rows,
            "dossier_rows_unplanned_total": rows.unplanned_rows,
            "dossier_single_read_commands_total": opened[-1].reader.single_read_commands if opened else 0,
            "dossier_jobs_run_total": worked[-1].run,
            "dossier_jobs_failed_total": worked[-1].failed,
            "dossier_jobs_dead_total": worked[-1].dead,
        }

    return Starlette(
        routes=[
            Route("/graphql", endpoint),  # in `FirstRoute` too; here for those who come by /graphql/
            WebSocketRoute("/graphql", subscriptions),
            Route("/attachments", attachments),
            Route("/attachments/{attachment_id}", attachments),
            Route("/", RedirectResponse("/console/" if ide else "/graphql")),
            *pages,
            Route("/livez", livez),
            Route("/readyz", Readiness(readiness).readyz),
            Route("/metrics", Metrics(counters).serve),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(FirstRoute, path="/graphql", endpoint=endpoint)],
        lifespan=lifespan,
    )


def create_app_from_environment() -> Starlette:
    """The application of a worker process, whose settings name the database. For `uvicorn --factory`."""
    settings = Settings.from_environment(os.environ)
    if settings.mongodb_uri is None:
        raise RuntimeError("a worker process needs DOSSIER_MONGODB_URI")
    application = create_app(settings, settings.mongodb_uri)
    rest_collector()
    return application


def refused_trusted_documents(settings: Settings) -> str | None:
    """Why the manifest cannot be served, in one sentence: asked once, before a database or a worker is started."""
    if settings.trusted_documents is None:
        return None
    try:
        _trusted_documents(settings, build_schema(CATALOGUE))
    except TrustedDocumentsError as error:
        return str(error)
    return None


def _trusted_documents(settings: Settings, schema: DossierSchema) -> TrustedDocuments | None:
    if settings.trusted_documents is None:
        return None
    return TrustedDocuments(read_manifest(settings.trusted_documents), schema.core, _limits(settings))


def print_schema() -> str:
    """The SDL."""
    return build_schema(CATALOGUE).sdl


async def _context(request: Request) -> RequestContext:
    services: Services = request.scope["state"]["services"]
    headers: dict[bytes, bytes] = dict(request.scope["headers"])
    words = WORDS[negotiate_language(_text(headers, b"accept-language") or "")]
    try:
        principal = await services.authenticator.authenticate(_text(headers, b"authorization"))
    except InvalidTokenError as error:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise RequestRefused(401, error.code, words.say(error.code), challenge) from None
    except IssuerUnavailableError as error:
        raise RequestRefused(503, error.code, words.say(error.code)) from None
    caller = Caller(principal, _text(headers, b"dossier-purpose"), _text(headers, b"idempotency-key"))
    address = request.client.host if request.client is not None else ""
    return RequestContext(services.use_cases, caller, words, address)


async def _subscriber(request: Request) -> RequestContext:
    """The context of a socket's client. Nobody keeps a socket open who is not logged in."""
    context = await _context(request)
    if context.principal is None:
        raise RequestRefused(401, "UNAUTHENTICATED", context.words.say("UNAUTHENTICATED"))
    return context


async def _record(context: RequestContext, performed: Performed, codes: Iterable[str]) -> None:
    await context.use_cases.recorder.record(context.caller, performed, codes)


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return value.decode("latin-1") if value is not None else None


def _limits(settings: Settings) -> Limits:
    return Limits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
        body_bytes=settings.max_body_bytes,
        seconds=settings.request_seconds,
    )
