"""Opening one database: an empty one is made, and what reads and writes it is put together.

Owns the order in which that is done, and nothing of what it puts together. It must never keep what it opened: several
databases can be open in one process, each as a value of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from beanie import init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.installation import InstalledTrail, open_trail
from documents.chapters.accounts.account_sets import AccountSets
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.attachments.storage import AttachmentStorage
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.information.review_days import ReviewDays
from documents.chapters.information.reviews import ReviewPeriods
from documents.chapters.jobs.ledger import JobLedger
from documents.database.dead_processes import DeadProcesses, process_name
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.encryption.blind_index import BlindIndex
from documents.encryption.cursors import KEY_BYTES, CursorSealer
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import SECRET, RowBindings
from documents.encryption.seals import SECRET_NAME, Seals
from documents.encryption.token_keys import TokenKeyRepository, TokenKeys
from documents.migrating.known import KnownLayouts
from documents.migrating.layout import mark_of, require
from documents.migrating.migration import Migration
from documents.migrating.registry import BEANIE_DOCUMENTS, this_layout
from documents.migrating.step import Report
from documents.reading.customers import CustomerReader
from documents.reading.history import ChangeHistory
from documents.reading.records import RecordReader
from documents.reading.reveals import CustomerReveals
from documents.registry import CATALOGUE, RECORD_CLASSES
from documents.storing.believed_rows import NewestKnown
from documents.storing.change_feed import ChangeFeed
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.row_store import Storage, customer_rows, record_rows
from documents.writing.customers import CustomerWriter
from documents.writing.dependents import Dependents
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.records import RecordWriter
from documents.writing.unit_of_work import Units

Database = AsyncDatabase[dict[str, Any]]
ROOT_KEY_FILE: Final = "root.key"
SELECTION_SECONDS: Final = 5
"""How long an unreachable database, or another server, is waited for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps what it stores: the MongoDB and the database there; the directory of its root key and
    of the heads of its trail; and the URLs that are told each head (`documents/audit/witness.py`). `is_recorded`: does
    the trail have who saw and who changed customer data? Not for measurements of what it costs alone."""

    mongodb_uri: str
    database: str
    data_dir: Path
    witnesses: Sequence[str] = ()
    is_recorded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDatabase:
    """One open database. `readers` are by kind of record, `http_client` asks other servers than the database."""

    database: Database
    http_client: httpx.AsyncClient
    is_recorded: bool
    root_keys: LocalKeyProvider
    keyring: Keyring
    seals: Seals
    token_keys: TokenKeys
    rotation: KeyRotation
    cursors: CursorSealer
    reader: CustomerReader
    readers: Mapping[Kind, RecordReader]
    histories: Mapping[Kind, ChangeHistory]
    reveals: CustomerReveals
    units: Units
    writer: CustomerWriter
    review_days: ReviewDays
    record_writer: RecordWriter
    accounts: AccountRepository
    files: AttachmentStorage
    ledger: JobLedger
    changes: ChangeFeed
    trail: InstalledTrail


@asynccontextmanager
async def open_storage(place: Place) -> AsyncIterator[OpenDatabase]:
    """Connects, makes an empty database, and follows it until the context ends. LayoutError where it has another layout
    than this program."""
    async with (
        _connected(place) as database,
        # Asked now and then: a connection that were kept might be closed by the other side just when it is needed.
        httpx.AsyncClient(timeout=SELECTION_SECONDS, limits=httpx.Limits(max_keepalive_connections=0)) as http_client,
    ):
        storage = await _open(place, database, http_client)
        try:
            async with alongside(storage.keyring.watch(), storage.trail.run()):
                yield storage
        finally:
            await storage.changes.close()
            await storage.trail.close()


async def migrate(place: Place, report: Report) -> bool:
    """Brings the database to the layout of this program; whether anything was to be done. Raises LayoutError.

    Nothing else may use the database meanwhile, but the same in other processes."""
    layout, known = this_layout(), KnownLayouts(place.data_dir)
    async with _connected(place) as database:
        mark = await mark_of(database, layout)
        if layout.is_that_of(mark):
            return False
        known.refuse_older(database.name, mark["version"])
        keyring = Keyring(database, LocalKeyProvider(place.data_dir / ROOT_KEY_FILE))
        await keyring.open()
        done = await Migration(database, keyring, layout, report).run()
        await _tell_trail(place, database, keyring)
        known.keep(database.name, layout.version)
        return done


async def _tell_trail(place: Place, database: Database, keyring: Keyring) -> None:
    """Brings the entries of what was migrated into the trail."""
    async with httpx.AsyncClient(timeout=SELECTION_SECONDS) as http_client:
        trail = await open_trail(database, keyring, place.data_dir, place.witnesses, http_client)
        try:
            while await trail.takeover.sweep(timedelta(days=-1)):
                pass
        finally:
            await trail.close()


@asynccontextmanager
async def _connected(place: Place) -> AsyncIterator[Database]:
    client: AsyncMongoClient[dict[str, Any]]
    async with (
        AsyncMongoClient(
            place.mongodb_uri,
            tz_aware=True,
            tzinfo=UTC,
            w="majority",
            appname=process_name(),
            serverSelectionTimeoutMS=SELECTION_SECONDS * 1000,
        ) as client,
        alongside(DeadProcesses(client).run()),
    ):
        yield client[place.database]


async def _open(place: Place, database: Database, http_client: httpx.AsyncClient) -> OpenDatabase:
    await require(database, this_layout())
    KnownLayouts(place.data_dir).keep(database.name, this_layout().version)
    await init_beanie(database=database, document_models=BEANIE_DOCUMENTS, skip_indexes=True)
    root_keys = LocalKeyProvider(place.data_dir / ROOT_KEY_FILE)
    keyring = Keyring(database, root_keys)
    await keyring.open()
    seals, changes = Seals(await keyring.secret(SECRET_NAME)), ChangeFeed(database)
    blind_index = BlindIndex(await keyring.secret("blind_index"))
    cursors = CursorSealer(await keyring.secret("cursors", KEY_BYTES))
    bindings = RowBindings(await keyring.secret(SECRET), CUSTOMER_LAYOUT.collection)
    trail = await open_trail(database, keyring, place.data_dir, place.witnesses, http_client)
    newest = NewestKnown(trail.newest.of_records)
    stored = Storage(database, keyring, blind_index, bindings, cursors, seals, newest)
    idempotency = IdempotencyRepository(database, await keyring.secret("idempotency"))
    reader = CustomerReader(customer_rows(stored, CATALOGUE))
    readers = {record.kind: RecordReader(record_rows(stored, record)) for record in RECORD_CLASSES}
    dependents, of_customers = Dependents(stored, RECORD_CLASSES), ChangeHistory(reader)
    review_days = ReviewDays(ReviewPeriods())
    units = Units(database, idempotency, trail.takeover if place.is_recorded else None, reader.prove)
    accounts = AccountRepository(database, AccountSets(database, seals, units, trail.newest.of_name), units)
    ledger, files = JobLedger(database, seals, units), AttachmentStorage(database)
    rotation = KeyRotation(database, keyring.vault, units)
    return OpenDatabase(
        database=database,
        http_client=http_client,
        is_recorded=place.is_recorded,
        root_keys=root_keys,
        keyring=keyring,
        seals=seals,
        token_keys=await TokenKeyRepository(database, keyring).load(),
        rotation=rotation,
        cursors=cursors,
        reader=reader,
        readers=readers,
        histories=dict.fromkeys(CUSTOMER_KINDS, of_customers)
        | {kind: ChangeHistory(one) for kind, one in readers.items()},
        reveals=CustomerReveals(reader),
        units=units,
        writer=CustomerWriter(reader, dependents, accounts, review_days.of_new_customer),
        review_days=review_days,
        record_writer=RecordWriter(reader, readers, units, accounts),
        accounts=accounts,
        files=files,
        ledger=ledger,
        changes=changes,
        trail=trail,
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
