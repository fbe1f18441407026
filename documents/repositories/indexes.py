"""The indexes of `customers`, derived from the declarations: a new field brings its own.

They hold on a sharded cluster (customers shard on hashed `_id`): none is unique; uniqueness is kept by `identifiers`.
"""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.catalogue import Catalogue
from documents.fields import Search
from documents.repositories.codec import COLLECTION

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
    await database[COLLECTION].create_indexes(customer_indexes(catalogue))
