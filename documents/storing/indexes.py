"""The indexes of customers and records, derived from the declarations: a new field brings its own.

They hold on a sharded cluster (customers shard on hashed `_id`): none is unique; uniqueness is kept by `identifiers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import Search, ValueType
from documents.declaring.record import CustomerRecord, StoredRecord
from documents.storing.layout import CUSTOMER_LAYOUT, NEWEST_FIRST

SCOPE_PREFIXES: tuple[tuple[str, ...], ...] = ((), ("account_manager",), ("department",), ("kind",))
"""What may stand before the sort field in a list's condition: row scopes, and lists of one kind."""


def customer_indexes(catalogue: Catalogue) -> list[IndexModel]:
    """Every index that a list of customers can need."""
    specs = {name: spec for by_name in catalogue.by_kind.values() for name, spec in by_name.items()}
    sortable = [name for name, spec in specs.items() if spec.declaration.sortable]
    keys: list[tuple[str, ...]] = [(*prefix, name) for name in sortable for prefix in SCOPE_PREFIXES]
    keys += [prefix for prefix in SCOPE_PREFIXES if prefix]
    filterable = [name for name, spec in specs.items() if not spec.encrypted and spec.search - {Search.NAME}]
    keys += [(name,) for name in filterable if (name,) not in keys]
    models = [IndexModel([(name, ASCENDING) for name in (*key, "_id")]) for key in keys]
    # One wildcard index serves the blind index of every encrypted field, declared now or later.
    return [*models, IndexModel([("_tokens.$**", ASCENDING)]), IndexModel([("_terms", ASCENDING)])]


async def ensure_customer_indexes(database: AsyncDatabase[dict[str, Any]], catalogue: Catalogue) -> None:
    """Creates the missing indexes."""
    await database[CUSTOMER_LAYOUT.collection].create_indexes(customer_indexes(catalogue))


def record_indexes(record: type[StoredRecord]) -> list[IndexModel]:
    """Every index that a list of the records can need: each order under each scope, each filter before the usual order.

    None is unique, so that they hold on a cluster whose records shard on hashed `customer_id`."""
    specs = Catalogue((record,)).fields(record.kind)
    prefixes: list[tuple[str, ...]] = [(), ("_owner",), ("_department",)]
    if issubclass(record, CustomerRecord):
        prefixes.append(("customer_id",))
    sortable = [name for name, spec in specs.items() if spec.declaration.sortable]
    keys = [(*prefix, name) for name in sortable for prefix in prefixes]
    for name, spec in specs.items():
        if spec.value_type is ValueType.CUSTOMER:
            continue  # found by `customer_id`
        if not spec.encrypted and Search.EQUALITY in spec.search:
            keys.append((name, NEWEST_FIRST))
        elif not spec.encrypted and Search.RANGE in spec.search:
            keys.append((name,))
    keys += record.indexes
    models = [IndexModel([(name, ASCENDING) for name in (*key, "_id")]) for key in dict.fromkeys(keys)]
    if any(spec.encrypted and spec.search for spec in specs.values()):
        models.append(IndexModel([("_tokens.$**", ASCENDING)]))
    if any(Search.NAME in spec.search for spec in specs.values()):
        models.append(IndexModel([("_terms", ASCENDING)]))
    return models


async def ensure_record_indexes(database: AsyncDatabase[dict[str, Any]], classes: Iterable[type[StoredRecord]]) -> None:
    """Creates the missing indexes of the records of all these classes."""

    async def ensure(record: type[StoredRecord]) -> None:
        await database[record.collection].create_indexes(record_indexes(record))

    await asyncio.gather(*map(ensure, classes))
