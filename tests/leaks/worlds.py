"""Two real applications over two real databases, equal but for what one caller may not learn.

World A is written by the product. World B is a byte copy in which, for one caller and purpose, the values that the
caller may not learn are others.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any

import httpx
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from app import create_app
from documents.access.plan import NO_GRANTS, FieldGrants, Purpose, ScopeSet
from documents.declaring.kind import Kind
from documents.storing.codec import COLLECTION
from resolvers.services import Services
from settings import Settings
from tests.bound_rows import bind_customers

CALLER, NEIGHBOUR, STRANGER = "caller.li", "neighbour.wu", "stranger.qian"
HOME, ABROAD, FAR = "D-home", "D-abroad", "D-far"
STAFF = ((CALLER, HOME), (NEIGHBOUR, HOME), (STRANGER, ABROAD))
OWNERSHIP = tuple((owner, home) for owner in (CALLER, STRANGER) for home in (HOME, ABROAD))
ROWS_PER_OWNERSHIP = 3
NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
RESTORED = (COLLECTION, "identifiers", "idempotency_keys")
MEMBERSHIP = {"account_manager": (CALLER, (NEIGHBOUR, STRANGER)), "department": (HOME, (ABROAD, FAR))}

Document = dict[str, Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One caller: roles and purpose under a rule set. `own_row` is the customer whose own login it is."""

    rule_set: str
    roles: tuple[str, ...]
    purpose: Purpose
    own_row: int = 0

    def __str__(self) -> str:
        return f"{self.rule_set}-{'+'.join(self.roles)}-{self.purpose.value}-self{self.own_row}"


class Phase(StrEnum):
    """What differs. UNKNOWN: what the caller may learn nothing of. FINDABLE: beside that, what it may compare with a
    value that it knows already; then only channels that compare nothing run."""

    UNKNOWN = "unknown"
    FINDABLE = "findable"


@dataclass
class Row:
    """One customer of world A, as stored and in wire values, with what the current caller may do with it."""

    document: Document
    values: Values
    kind: Kind
    scopes: ScopeSet = frozenset()
    grants: FieldGrants = NO_GRANTS
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # by field: the values of A and B
    removed: bool = False  # there is no such row in world B

    @property
    def id(self) -> ObjectId:
        found: ObjectId = self.document["_id"]
        return found

    @property
    def public_id(self) -> str:
        return f"{self.kind.value}_{self.id}"

    def in_b(self, name: str) -> Any:
        return self.changes[name][1] if name in self.changes else self.values.get(name)


class Ids:
    """The ids of new customers: the same in both worlds and in each run, and no id twice in a database."""

    def __init__(self) -> None:
        self._asks = 0
        self._places: ContextVar[Iterator[int]] = ContextVar("places")

    def next_ask(self) -> int:
        self._asks += 1
        return self._asks

    def begin(self, ask: int) -> None:
        """Called in the task of a request: each world's own."""
        self._places.set(count(ask * 1_000))

    def __call__(self) -> ObjectId:
        return ObjectId(hashlib.sha256(str(next(self._places.get())).encode()).digest()[:12])


class Clock:
    """The time of writing: it goes on while the customers of world A are made, and stands still afterwards."""

    def __init__(self) -> None:
        self.now = NOW - timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now


IDS, CLOCK = Ids(), Clock()


@dataclass
class World:
    """One application with its database, and a client on it."""

    services: Services
    http: httpx.AsyncClient
    database: AsyncDatabase[Document]

    async def post(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> httpx.Response:
        return await self.http.post("/graphql", json=body, headers=dict(headers))

    async def digest(self) -> dict[str, str]:
        """One digest per collection of everything that a request about customers could write."""
        answer = await self.database.command("dbHash", collections=[*RESTORED, "data_keys"])
        digests: dict[str, str] = answer["collections"]
        return digests

    async def restore(self, contents: Mapping[str, list[Document]], data_keys: Sequence[Document]) -> None:
        """Puts the customers back, the keys that deletions erased, and whose they are."""
        for name in RESTORED:
            await self.database[name].delete_many({})
            if contents[name]:
                await self.database[name].insert_many(contents[name])
        kept = set(await self.database["data_keys"].distinct("_id"))
        if erased := [document for document in data_keys if document["_id"] not in kept]:
            await self.database["data_keys"].insert_many(erased)
        await bind_customers(self.services.storage.keyring, contents[COLLECTION])


@asynccontextmanager
async def serving(settings: Settings, uri: str, database: AsyncDatabase[Document]) -> AsyncIterator[World]:
    """The product's own application, started as a server starts it."""
    app = create_app(settings, uri)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://dossier.test") as http:
            yield World((state or {})["services"], http, database)
