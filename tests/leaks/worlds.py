"""Two real applications over two real databases, equal but for what one caller may not learn.

World A is written by the product. World B is a byte copy in which, for one caller and purpose, the values that the
caller may not learn are others: row by row, after the scopes that this row satisfies. Which those are is the policy
engine's word, never this module's.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import bson
import httpx
import pytest
from bson import Decimal128, ObjectId
from graphql import GraphQLSchema
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from app import Services, create_app
from documents.access_plan import NO_GRANTS, AccessPlan, FieldGrants, Level, Purpose, ScopeSet
from documents.catalogue import CATALOGUE
from documents.customer import SourceChannel
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.fields import FieldSpec, Kind, Search, ValueType
from documents.repositories import customer_writes
from documents.repositories.codec import COLLECTION, CustomerCodec
from documents.repositories.customer_writes import Change
from documents.repositories.row_scope import members, scope_set
from documents.repositories.sessions import SessionRepository
from documents.validation import CustomerValidator
from policies.authorize import ALL_ACTIONS, CREATE
from policies.errors import PurposeNotAllowedError
from policies.principal import Principal
from schema.build import build_schema
from settings import Settings
from tests.leaks.values import ValuePool, masked_alike, other_value

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
        """Puts the customers back, and the keys that deletions erased."""
        for name in RESTORED:
            await self.database[name].delete_many({})
            if contents[name]:
                await self.database[name].insert_many(contents[name])
        kept = set(await self.database["data_keys"].distinct("_id"))
        if erased := [document for document in data_keys if document["_id"] not in kept]:
            await self.database["data_keys"].insert_many(erased)


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


@dataclass
class Arena:
    """Both worlds, and the case that they are set up for."""

    a: World
    b: World
    schema: GraphQLSchema
    rows: list[Row]
    contents: dict[str, list[Document]]
    pool: ValuePool
    codec: CustomerCodec
    keys: Mapping[ObjectId, DataKey]
    data_keys: list[Document]
    case: Case | None = None
    phase: Phase = Phase.UNKNOWN
    plan: AccessPlan | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    altered: dict[str, list[Document]] = field(default_factory=dict)
    dirty: bool = False
    _made: dict[Phase, tuple[dict[str, list[Document]], list[tuple[dict[str, Any], bool]]]] = field(
        default_factory=dict
    )

    @property
    def random(self) -> Random:
        """Chance that is the same for a case whenever it runs."""
        return Random(f"{self.case}/{self.phase}")

    async def enter(self, case: Case, phase: Phase) -> None:
        """Sets both worlds up for the case. Does nothing where they are."""
        if (self.case, self.phase) == (case, phase) and not self.dirty:
            return
        dirty, turned = self.dirty, (self.case, self.phase) != (case, phase)
        if self.case != case:
            await self._log_in(case)
            self._made.clear()
        if turned:
            self.case, self.phase = case, phase
            self._grant()
            self._alter()
        if dirty:
            await self.a.restore(self.contents, self.data_keys)
        if dirty or turned:
            await self.b.restore(self.altered, self.data_keys)
        self.dirty = False

    @property
    def has_findable(self) -> bool:
        """Whether the caller may find customers by something that it may not read."""
        return any(
            spec.search and name in row.grants.filterable and row.grants.level(name) is not Level.PLAIN
            for row in self.rows
            if row.grants.is_visible
            for name, spec in CATALOGUE.fields(row.kind).items()
        )

    async def _log_in(self, case: Case) -> None:
        own = self.rows[case.own_row]
        account = {
            "roles": list(case.roles),
            "purposes": [purpose.value for purpose in Purpose],
            "department": HOME,
            "customer_id": str(own.id),
        }
        tokens = self.a.services.use_cases.sessions._access_tokens
        for username, differing in ((CALLER, {}), (NEIGHBOUR, {"customer_id": None})):
            session = await SessionRepository(self.a.services.database, lifetime=timedelta(days=1)).open(username)
            stored = await self.a.database["sessions"].find_one({"_id": session.session_id})
            assert stored is not None
            await self.b.database["sessions"].insert_one(stored)
            for world in (self.a, self.b):
                await world.database["accounts"].update_one({"_id": username}, {"$set": account | differing})
            self.tokens[username] = tokens.issue(username, session.session_id)
        principal = Principal(CALLER, frozenset(case.roles), frozenset(Purpose), HOME, str(own.id))
        try:
            self.plan = await self.a.services.engine.authorize(principal, case.purpose.value, ALL_ACTIONS)
        except PurposeNotAllowedError:
            self.plan = None

    async def log_in_as(self, username: str, case: Case) -> str:
        """A login of its own in world A, in the place of the case's caller as far as accounts go; returns its token."""
        services = self.a.services
        await services.accounts.add(
            username,
            display_name=username,
            roles=case.roles,
            purposes=list(Purpose),
            department=HOME,
            customer_id=str(self.rows[case.own_row].id),
        )
        session = await SessionRepository(services.database).open(username)
        return services.use_cases.sessions._access_tokens.issue(username, session.session_id)

    def forget(self) -> None:
        """Drops what the applications keep of earlier decisions, which a seeded fault would not reach."""
        for world in (self.a, self.b):
            reader = world.services.reader
            reader._memo._answers.clear()
            reader._codec._readers.clear()

    def _grant(self) -> None:
        for row in self.rows:
            row.scopes = scope_set(members(self.plan.row_scope), row.document) if self.plan else frozenset()
            row.grants = self.plan.grants(row.kind, row.scopes) if self.plan else NO_GRANTS

    def _alter(self) -> None:
        """Makes world B of the case and phase, or takes the one made before."""
        if self.phase not in self._made:
            altered = self._make()
            self._made[self.phase] = (altered, [(row.changes, row.removed) for row in self.rows])
        self.altered, changed = self._made[self.phase]
        for row, (changes, removed) in zip(self.rows, changed, strict=True):
            row.changes, row.removed = changes, removed

    def _make(self) -> dict[str, list[Document]]:
        random, removed = self.random, set[Kind]()
        customers: list[Document] = []
        for row in self.rows:
            row.changes, row.removed = {}, False
            if not row.grants.is_visible and row.kind not in removed:
                row.removed = True  # hidden and absent are the same
                removed.add(row.kind)
                continue
            for name, spec in CATALOGUE.fields(row.kind).items():
                other = self._other(row, spec, random)
                if other != row.values.get(name):
                    row.changes[name] = (row.values.get(name), other)
            customers.append(self._document(row, random))
        return {**self.contents, COLLECTION: customers, "identifiers": self._identifiers(customers)}

    def _other(self, row: Row, spec: FieldSpec, random: Random) -> Any:
        """The value of world B."""
        value, grants = row.values.get(spec.name), row.grants
        level = grants.level(spec.name) if grants.is_visible else Level.DENIED
        findable = grants.is_visible and spec.name in grants.filterable and bool(spec.search)
        if level is Level.PLAIN or spec.name == "version":
            return value
        if findable and self.phase is Phase.UNKNOWN:
            return value
        if spec.name in MEMBERSHIP:  # whose the row is may change, as long as it is in the same scopes
            inside, outside = MEMBERSHIP[spec.name]
            return value if value == inside else random.choice([other for other in outside if other != value])
        if level is Level.MASKED:
            return masked_alike(spec, value, random)
        return other_value(spec, value, self.pool, random)

    def _document(self, row: Row, random: Random) -> Document:
        document = {**row.document, "_sources": dict(row.document["_sources"])}
        document["_tokens"] = dict(row.document["_tokens"])
        encoded = self.codec.encode(row.kind, self.keys[row.id], {name: b for name, (_, b) in row.changes.items()})
        for name, stored in encoded.values.items():
            spec = CATALOGUE.fields(row.kind)[name]
            _put(document, name, stored)
            _put(document["_tokens"], name, encoded.tokens[name] or None)
            if row.grants.level(name) is Level.DENIED and not spec.declaration.managed:
                channel = random.choice([item.value for item in SourceChannel])
                _put(document["_sources"], name, channel if stored is not None else None)
            if Search.NAME in spec.search:
                kept = [term for term in document["_terms"] if not term.startswith(f"{name}:")]
                document["_terms"] = kept + encoded.terms[name]
        return document

    @staticmethod
    def _identifiers(customers: list[Document]) -> list[Document]:
        return [
            {"_id": document["_tokens"][name][0], "customer_id": document["_id"], "field": name}
            for document in customers
            for name, spec in CATALOGUE.fields(Kind(document["kind"])).items()
            if spec.declaration.unique and document["_tokens"].get(name)
        ]


def _put(document: Document, name: str, value: Any) -> None:
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value


@asynccontextmanager
async def arena(uri: str, directory: Path, rules: str | None) -> AsyncIterator[Arena]:
    """Worlds A and B under the default rules, or under `rules` (a policy.csv)."""
    names = (f"test_{uuid.uuid4().hex}", f"test_{uuid.uuid4().hex}")
    client: AsyncMongoClient[Document]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customer_writes, "new_customer_id", IDS)
        patch.setattr(customer_writes, "_now", CLOCK)
        async with AsyncMongoClient(uri, tz_aware=True) as client:
            try:
                async with _filled(client, uri, directory, names, rules) as made:
                    yield made
            finally:
                for name in names:
                    await client.drop_database(name)


@asynccontextmanager
async def _filled(
    client: AsyncMongoClient[Document], uri: str, directory: Path, names: tuple[str, str], rules: str | None
) -> AsyncIterator[Arena]:
    first: AsyncDatabase[Document] = client[names[0]]
    second: AsyncDatabase[Document] = client[names[1]]
    async with serving(_settings(directory, names[0]), uri, first) as a:
        pool = ValuePool(CustomerValidator(CATALOGUE), 7, STAFF)
        order = await _populate(a, pool)
        if rules is not None:
            await a.services.store.activate(rules, by="tests")
        await _copy(first, second)
        async with serving(_settings(directory, names[1]), uri, second) as b:
            contents = {name: await first[name].find().sort("_id", 1).to_list() for name in RESTORED}
            documents = sorted(contents[COLLECTION], key=lambda document: order.index(document["_id"]))
            keys = await a.services.keyring.data_keys(order)
            rows = [Row(item, dict(_wire(item, keys[item["_id"]])), Kind(item["kind"])) for item in documents]
            data_keys = await first["data_keys"].find().to_list()
            schema, codec = build_schema(CATALOGUE).core, a.services.reader._codec
            yield Arena(a, b, schema, rows, contents, pool, codec, keys, data_keys)


def _settings(directory: Path, database: str) -> Settings:
    return Settings(
        data_dir=directory,
        database=database,
        access_token_seconds=86_400,
        max_aliases=1_000,
        max_tokens=100_000,
        max_cost=1_000_000,
        request_seconds=60,
    )


async def _populate(world: World, pool: ValuePool) -> list[ObjectId]:
    """Customers of each kind in every relation to the caller, in which every field occurs; their ids in order."""
    services = world.services
    for code in (HOME, ABROAD, FAR):
        await services.accounts.put_department(code, name_en=f"Department {code}", name_zh=f"部门 {code}")
    for username, home in STAFF:
        await services.accounts.add(username, display_name=f"Staff {username}", department=home)
    administrator = Principal("tests", frozenset({"administrator"}), frozenset({Purpose.BUSINESS_OPERATION}))
    plan = await services.engine.authorize(administrator, None, CREATE)
    channels, made = tuple(SourceChannel), list[ObjectId]()
    IDS.begin(0)
    for kind in CATALOGUE.by_kind:
        for place, (owner, home) in enumerate(OWNERSHIP * ROWS_PER_OWNERSHIP):
            values = pool.customer(kind) | {"account_manager": owner, "department": home}
            for name, spec in CATALOGUE.fields(kind).items():
                if place < len(OWNERSHIP) and not spec.declaration.managed and values.get(name) is None:
                    values[name] = pool.value(spec)
            CLOCK.now += timedelta(minutes=11)
            change = Change(kind, values, channels[place % len(channels)])
            made.append(await services.writer.create(plan, change, None))
    CLOCK.now = NOW
    return made


async def _copy(source: AsyncDatabase[Document], target: AsyncDatabase[Document]) -> None:
    options = bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
    for name in await source.list_collection_names():
        documents = await source.get_collection(name, codec_options=options).find().to_list()
        if documents:
            await target.get_collection(name, codec_options=options).insert_many(documents)


def _wire(document: Document, key: DataKey) -> Iterator[tuple[str, Any]]:
    for name, spec in CATALOGUE.fields(Kind(document["kind"])).items():
        stored = document.get(name)
        if stored is None:
            continue
        if spec.encrypted:
            yield name, decrypt_value(key, FieldContext(COLLECTION, name), stored)
        else:
            assert isinstance(stored, Decimal128) == (spec.value_type is ValueType.DECIMAL)
            yield name, str(stored) if isinstance(stored, Decimal128) else stored
