"""Customers in bulk, for databases too large for the writer's transactions.

The rows are as the writer makes them: real data keys, real ciphertexts, real blind index tokens, search terms and
claimed identifiers. What is left out: the plan (nobody asks for these rows), validation (the generator yields values
in their normal form), transactions, and indexes while rows come in: they are built at the end. For measurements only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from demo.accounts import owners
from demo.invented.customers import generate_customers
from documents.declaring.kind import Kind
from documents.declaring.record import SourceChannel
from documents.registry import CATALOGUE
from documents.storing.codec import COLLECTION
from documents.storing.indexes import customer_indexes, make_indexes
from documents.storing.public_ids import new_customer_id
from documents.writing.customers import Change
from documents.writing.scopes import scope_of
from documents.writing.uniqueness import IdentifierRepository
from resolvers.services import Services

BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class BulkTimes:
    """How long it took, in seconds."""

    rows: int
    inserting: float
    indexing: float


async def add_in_bulk(
    services: Services, customers: int, seconds: float, report: Callable[[int, int], None]
) -> BulkTimes:
    """Adds customers until the collection holds `customers`, or inserting took `seconds`; goes on where it stopped."""
    database = services.database
    collection = database[COLLECTION]
    present = await collection.estimated_document_count()
    started, added = time.perf_counter(), 0
    if present < customers:
        await collection.drop_indexes()
        # The first ones are those of the demo seeder, whose generator this is.
        rest = islice(generate_customers(customers, owners()), present, None)
        while time.perf_counter() - started < seconds and (batch := list(islice(rest, BATCH))):
            await _add(services, database, batch)
            added += len(batch)
            report(present + added, customers)
    inserted = time.perf_counter()
    await make_indexes(database, {COLLECTION: customer_indexes(CATALOGUE)})
    return BulkTimes(added, inserted - started, time.perf_counter() - inserted)


async def _add(
    services: Services,
    database: AsyncDatabase[dict[str, Any]],
    batch: list[tuple[Kind, dict[str, Any]]],
) -> None:
    codec, ids = services.storage.reader.store.codec, [new_customer_id() for _ in batch]
    scopes = {each: scope_of(kind, values) for each, (kind, values) in zip(ids, batch, strict=True)}
    keys = await services.storage.keyring.create_data_keys(scopes)
    rows, claims = [], []
    for customer_id, (kind, values) in zip(ids, batch, strict=True):
        encoded = codec.encode(kind, keys[customer_id], values)
        rows.append(
            services.storage.writer.new_row(customer_id, Change(kind, values, SourceChannel.CONTRACT), encoded, "bench")
        )
        claims += [(name, tokens[0], customer_id) for name, tokens in _unique(kind, encoded.tokens)]
    async with database.client.start_session() as session:
        await IdentifierRepository(database).claim_new(claims, session)
    await database[COLLECTION].insert_many(rows, ordered=False)


def _unique(kind: Kind, tokens: dict[str, list[bytes]]) -> Iterator[tuple[str, list[bytes]]]:
    fields = CATALOGUE.fields(kind)
    return ((name, found) for name, found in tokens.items() if found and fields[name].declaration.unique)
