"""Opening one database: what it lacks is made, and what reads and writes it is put together.

Owns the order in which that is done, and nothing of what it puts together. It must never keep what it opened: several
databases can be open in one process, each as a value of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import httpx
from beanie import init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.installation import InstalledTrail, open_trail
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.accounts.stored import Account, Department, LoginAttempts, Session
from documents.chapters.attachments.storage import AttachmentStorage
from documents.chapters.customers.kinds import Enterprise, Individual, Institution
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.information.review_days import ReviewDays
from documents.chapters.information.reviews import ReviewPeriods
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.policies.stored import RuleSetDocument, RuleSetState
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.encryption.cursors import KEY_BYTES, CursorSealer
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import SECRET, RowBindings
from documents.encryption.token_keys import TokenKey, TokenKeyRepository, TokenKeys
from documents.reading.customers import CustomerReader
from documents.reading.history import CustomerHistory
from documents.reading.records import RecordReader
from documents.reading.reveals import CustomerReveals
from documents.registry import CATALOGUE, RECORD_CLASSES
from documents.storing.change_feed import ChangeFeed
from documents.storing.indexes import ensure_customer_indexes, ensure_record_indexes
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.row_store import Storage, customer_rows, record_rows
from documents.writing.customers import CustomerWriter
from documents.writing.dependents import Dependents
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.records import RecordWriter

BEANIE_DOCUMENTS: Final = [
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
Database = AsyncDatabase[dict[str, Any]]
ROOT_KEY_FILE: Final = "root.key"
SELECTION_SECONDS: Final = 5
"""How long an unreachable database, or another server, is waited for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps what it stores: the MongoDB and the database there; the directory of its root key and
    of the heads of its trail; and the URLs that are told each head (`documents/audit/witness.py`)."""

    mongodb_uri: str
    database: str
    data_dir: Path
    witnesses: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDatabase:
    """One open database. `readers` are by kind of record, `http_client` asks other servers than the database."""

    database: Database
    http_client: httpx.AsyncClient
    root_keys: LocalKeyProvider
    keyring: Keyring
    token_keys: TokenKeys
    rotation: KeyRotation
    cursors: CursorSealer
    reader: CustomerReader
    readers: Mapping[Kind, RecordReader]
    history: CustomerHistory
    reveals: CustomerReveals
    writer: CustomerWriter
    review_days: ReviewDays
    record_writer: RecordWriter
    idempotency: IdempotencyRepository
    accounts: AccountRepository
    files: AttachmentStorage
    ledger: JobLedger
    changes: ChangeFeed
    trail: InstalledTrail


@asynccontextmanager
async def open_storage(place: Place) -> AsyncIterator[OpenDatabase]:
    """Connects, makes what an empty database lacks, and follows it until the context ends."""
    client: AsyncMongoClient[dict[str, Any]]
    async with (
        AsyncMongoClient(
            place.mongodb_uri,
            tz_aware=True,
            tzinfo=UTC,
            w="majority",
            serverSelectionTimeoutMS=SELECTION_SECONDS * 1000,
        ) as client,
        # Asked now and then: a connection that were kept might be closed by the other side just when it is needed.
        httpx.AsyncClient(timeout=SELECTION_SECONDS, limits=httpx.Limits(max_keepalive_connections=0)) as http_client,
    ):
        storage = await _open(place, client[place.database], http_client)
        try:
            async with alongside(storage.keyring.watch(), storage.trail.run()):
                yield storage
        finally:
            await storage.changes.close()
            await storage.trail.close()


async def _open(place: Place, database: Database, http_client: httpx.AsyncClient) -> OpenDatabase:
    await init_beanie(database=database, document_models=BEANIE_DOCUMENTS)
    await ensure_customer_indexes(database, CATALOGUE)
    await ensure_record_indexes(database, RECORD_CLASSES)
    root_keys = LocalKeyProvider(place.data_dir / ROOT_KEY_FILE)
    keyring = Keyring(database, root_keys)
    await keyring.open()
    accounts, changes = AccountRepository(database), ChangeFeed(database)
    blind_index = BlindIndex(await keyring.secret("blind_index"))
    cursors = CursorSealer(await keyring.secret("cursors", KEY_BYTES))
    bindings = RowBindings(await keyring.secret(SECRET), CUSTOMER_LAYOUT.collection)
    stored = Storage(database, keyring, blind_index, bindings, cursors)
    idempotency = IdempotencyRepository(database, await keyring.secret("idempotency"))
    reader = CustomerReader(customer_rows(stored, CATALOGUE))
    readers = {record.kind: RecordReader(record_rows(stored, record)) for record in RECORD_CLASSES}
    history, dependents = CustomerHistory(reader), Dependents(database, RECORD_CLASSES)
    review_days = ReviewDays(database, ReviewPeriods())
    ledger, rotation, files = JobLedger(database), KeyRotation(database, keyring.vault), AttachmentStorage(database)
    for kept in (ledger, rotation, idempotency, files, history):
        await kept.ensure_indexes()
    return OpenDatabase(
        database=database,
        http_client=http_client,
        root_keys=root_keys,
        keyring=keyring,
        token_keys=await TokenKeyRepository(database, keyring).load(),
        rotation=rotation,
        cursors=cursors,
        reader=reader,
        readers=readers,
        history=history,
        reveals=CustomerReveals(reader),
        writer=CustomerWriter(reader, dependents, idempotency, accounts, review_days.of_new_customer),
        review_days=review_days,
        record_writer=RecordWriter(reader, readers, idempotency, accounts),
        idempotency=idempotency,
        accounts=accounts,
        files=files,
        ledger=ledger,
        changes=changes,
        trail=await open_trail(database, keyring, place.data_dir, place.witnesses, http_client),
    )


@asynccontextmanager
async def alongside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs each of `work` as a task, which ends with the context."""
    running = {asyncio.create_task(one) for one in work}
    try:
        yield
    finally:
        while running:
            for task in running:
                task.cancel()
            # Again and again: PyMongo swallows a cancellation that meets it opening a change stream.
            _, running = await asyncio.wait(running, timeout=0.2)
