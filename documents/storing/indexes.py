"""The indexes of customers and records, derived from the declarations: a new field brings its own.

They hold on a sharded cluster (customers shard on hashed `_id`): none is unique; uniqueness is kept by `identifiers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import Search, ValueType
from documents.declaring.record import CompanyRecord, CustomerRecord, StoredRecord
from documents.errors import LayoutError
from documents.storing.layout import NEWEST_FIRST

SCOPE_PREFIXES: tuple[tuple[str, ...], ...] = ((), ("account_manager",), ("department",), ("kind",))
"""What may stand before the sort field in a list's condition: row scopes, and lists of one kind."""

_CONFLICTS: Final = frozenset({85, 86})  # IndexOptionsConflict, IndexKeySpecsConflict


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


def record_indexes(record: type[StoredRecord]) -> list[IndexModel]:
    """Every index that a list of the records can need: each order under each scope, each filter before the usual order.

    None is unique, so that they hold on a cluster whose records shard on hashed `customer_id`."""
    specs = Catalogue((record,)).fields(record.kind)
    prefixes: list[tuple[str, ...]] = [(), ("_owner",), ("_department",)]
    if issubclass(record, CustomerRecord):
        prefixes.append(("customer_id",))
    elif issubclass(record, CompanyRecord) and record.hangs_on is not None:
        prefixes.append((record.hangs_on,))
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


async def make_indexes(database: AsyncDatabase[dict[str, Any]], indexes: Mapping[str, Sequence[IndexModel]]) -> None:
    """Creates those of these indexes, by collection, that are missing, and the collections with them. One that was
    declared otherwise before is replaced; what others made is left as it is. LayoutError where that is in the way."""
    await asyncio.gather(*(_make(database[name], models) for name, models in indexes.items() if models))


async def _make(collection: AsyncCollection[dict[str, Any]], models: Sequence[IndexModel]) -> None:
    try:
        await collection.create_indexes(models)
    except OperationFailure as error:
        if error.code not in _CONFLICTS:
            raise
        for model in models:
            await _replace(collection, model)


async def _replace(collection: AsyncCollection[dict[str, Any]], model: IndexModel) -> None:
    try:
        await collection.create_indexes([model])
    except OperationFailure as error:
        name = model.document["name"]
        if error.code not in _CONFLICTS:
            raise
        if name not in await collection.index_information():
            raise LayoutError(
                f"the collection `{collection.name}` has an index on the fields of the declared index `{name}` under "
                "another name: drop that one"
            ) from error
        await collection.drop_index(name)
        await collection.create_indexes([model])
