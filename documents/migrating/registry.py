"""The steps, a line each, in order; and every index that is declared anywhere."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any, Final

from beanie import Document
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import COLLECTION as BLOCKS
from documents.audit.blocks import block_indexes
from documents.chapters.accounts.stored import Account, Department, LoginAttempts, Session
from documents.chapters.attachments import storage as attachments
from documents.chapters.customers.kinds import Enterprise, Individual, Institution
from documents.chapters.encryption import rotation
from documents.chapters.jobs import ledger
from documents.chapters.policies.stored import RuleSetDocument, RuleSetState
from documents.encryption import vault
from documents.encryption.keyring import Keyring
from documents.encryption.token_keys import TokenKey
from documents.migrating.layout import Layout
from documents.migrating.seals import seal_existing, seal_records
from documents.migrating.step import Progress, Step
from documents.migrating.telling import tell_existing
from documents.reading import history
from documents.registry import AUDITED, CATALOGUE, RECORD_CLASSES
from documents.storing.indexes import customer_indexes, record_indexes
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.writing import idempotency
from documents.writing.existing_scopes import bind_existing


async def _tell(database: AsyncDatabase[Any], keyring: Keyring, progress: Progress) -> None:
    await tell_existing(database, keyring, AUDITED, progress)


async def _seal(database: AsyncDatabase[Any], keyring: Keyring, _: Progress) -> None:
    await seal_existing(database, keyring)


async def _bind(database: AsyncDatabase[Any], keyring: Keyring, progress: Progress) -> None:
    await bind_existing(database, keyring, RECORD_CLASSES, lambda done, total: progress.keep({}, done, total))


async def _seal_records(database: AsyncDatabase[Any], keyring: Keyring, progress: Progress) -> None:
    await seal_records(database, keyring, RECORD_CLASSES, progress)


STEPS: Final[tuple[Step, ...]] = (
    Step(1, "naming the change entries of rows", _tell),
    Step(2, "sealing accounts, rules and jobs", _seal),
    Step(3, "binding customers and records to whose they are", _bind),
    Step(4, "sealing the records that decide access", _seal_records),
)
"""Numbered from 1; a database with none of them done has layout 0. A step is never changed or removed again."""

BEANIE_DOCUMENTS: Final[list[type[Document]]] = [
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


@cache
def this_layout() -> Layout:
    """The layout that this version of the program reads and writes."""
    indexes: defaultdict[str, list[IndexModel]] = defaultdict(list)
    indexes[CUSTOMER_LAYOUT.collection] += customer_indexes(CATALOGUE)
    for record in RECORD_CLASSES:
        indexes[record.collection] += record_indexes(record)
    for document in BEANIE_DOCUMENTS:
        declared: Any = document.__dict__.get("Settings")
        if hasattr(declared, "indexes"):
            indexes[declared.name] += declared.indexes
    for module in (attachments, history, idempotency, ledger, rotation, vault):
        for collection, models in module.INDEXES.items():
            indexes[collection] += models
    indexes[BLOCKS] += block_indexes()
    return Layout(STEPS, dict(indexes))
