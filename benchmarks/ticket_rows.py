"""A hundred thousand tickets as rows, as operations leave them: for tests and benchmarks of lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.service.ticket_kinds import Ticket
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import KeyScope
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING, SECRET, RowBindings
from documents.opening import ROOT_KEY_FILE
from documents.storing.name_terms import name_terms

_BATCH: Final = 10_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OWNERS = ("demo.manager", "wu.haiyan", "chen.guofeng", "liu.yating", "xu.bohan", "zhu.lihua", "ma.junjie", "hu.xinyue")
PEOPLE = ("demo.agent", *(f"agent.{number:02}" for number in range(20)))
_SUBJECTS = ("发票", "改签合同", "退款", "产品咨询", "上门维修", "账单地址")
_TERMS = {subject: [f"subject:{term}" for term in name_terms(subject)] for subject in _SUBJECTS}
_STATES = (("open", 5), ("in_progress", 10), ("waiting_for_customer", 5), ("resolved", 10), ("closed", 70))


async def store_tickets(database: AsyncDatabase[dict[str, Any]], data_dir: Path, count: int, seed: int = 4) -> None:
    """Stores `count` tickets over two years, of a fifth as many customers, whose data keys are made, in a database that
    the application opens afterwards: rows before indexes are ten times as fast. The same for the same seed."""
    random = Random(seed)
    customers = [ObjectId(random.randbytes(12)) for _ in range(max(count // 5, 1))]
    owners = [random.choice(OWNERS) for _ in customers]
    keyring = Keyring(database, LocalKeyProvider(data_dir / ROOT_KEY_FILE))
    await keyring.open()
    scoped = {
        customer: KeyScope(Kind.INDIVIDUAL.value, owner, _department(owner))
        for customer, owner in zip(customers, owners, strict=True)
    }
    for start in range(0, len(customers), _BATCH):
        await keyring.create_data_keys({customer: scoped[customer] for customer in customers[start : start + _BATCH]})
    bindings = RowBindings(await keyring.secret(SECRET), Ticket.collection)
    for start in range(0, count, _BATCH):
        rows = []
        for _ in range(min(_BATCH, count - start)):
            place = random.randrange(len(customers))
            row = _row(random, customers[place], owners[place])
            rows.append(row | {BINDING: bindings.of_customer(row["_id"], row["customer_id"])})
        await database[Ticket.collection].insert_many(rows, ordered=False)


def _department(owner: str) -> str:
    return "sales-east" if OWNERS.index(owner) < 4 else "sales-west"


def _row(random: Random, customer: ObjectId, owner: str) -> dict[str, Any]:
    created_at = NOW - timedelta(seconds=random.randrange(63_000_000))
    (state,) = random.choices([name for name, _ in _STATES], [weight for _, weight in _STATES])
    subject = random.choice(_SUBJECTS)
    row = {
        "_id": ObjectId(random.randbytes(12)),
        "kind": "ticket",
        "customer_id": customer,
        "customer": f"individual_{customer}",
        "_owner": owner,
        "_department": _department(owner),
        "version": 3,
        "created_at": created_at,
        "created_by": random.choice(PEOPLE),
        "updated_at": created_at + timedelta(hours=5),
        "subject": subject,
        "_terms": _TERMS[subject],
        "_tokens": {"callback_telephone": [random.randbytes(16)]},
        "category": random.choice(("consultation", "recommendation", "contract_signing", "after_sales", "other")),
        "priority": random.choice(("low", "normal", "normal", "normal", "high", "urgent")),
        "channel": random.choice(("telephone", "email", "online", "in_person")),
        "state": state,
        "assignee": random.choice(PEOPLE),
        "opened_at": created_at,
        "resolve_by": created_at + timedelta(days=random.randrange(1, 12)),
        "standing": random.choices(("within", "near", "breached"), (85, 5, 10))[0],
        "escalation_level": random.choices((0, 1, 2, 3), (85, 8, 5, 2))[0],
    }
    if state not in ("resolved", "closed"):
        return {**row, "next_due_at": created_at + timedelta(hours=random.randrange(1, 300))}
    return {**row, "satisfaction_score": random.randrange(1, 6)} if random.random() < 0.4 else row
