"""Sealing what was stored before there were seals: accounts with their live sessions, rule sets and the one in force,
jobs.

To be done once for a database, by a migration: whoever could write to the database before could write what is sealed
now. Afterwards a row without a seal is a forgery, and nothing else in the product seals one.
"""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.accounts.account_sets import AccountSets
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.unit_of_work import Units


async def seal_existing(database: AsyncDatabase[dict[str, Any]], keyring: Keyring) -> int:
    """Seals every row that has no seal; returns how many. May be interrupted and done again, by several at once."""
    seals = Seals(await keyring.secret(SECRET_NAME))
    units = Units(database, IdempotencyRepository(database, b""), None)  # nothing of it is used
    parts = (
        AccountSets(database, seals, units),
        RuleSetRepository(database, seals, units),
        JobLedger(database, seals, units),
    )
    return sum([await part.seal_existing() for part in parts])
