"""Both worlds, and how world B is made of world A for one caller: row by row, after the scopes that the row satisfies.

What the caller may not learn is the policy engine's word, never this module's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bson import ObjectId
from graphql import GraphQLSchema

from documents.access.plan import NO_GRANTS, AccessPlan, Level, Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.sessions import SessionRepository
from documents.declaring.fields import FieldSpec, Search
from documents.declaring.kind import Kind
from documents.declaring.record import SourceChannel
from documents.encryption.ciphertext import DataKey
from documents.registry import CATALOGUE
from documents.storing.codec import COLLECTION, RowCodec
from documents.storing.row_scope import members, scope_set
from policies.authorize import ALL_ACTIONS
from policies.errors import PurposeNotAllowedError
from policies.principal import FOREVER, Principal
from tests.accounts import change_account
from tests.leaks.values import ValuePool, masked_alike, other_value
from tests.leaks.worlds import (
    CALLER,
    HOME,
    MEMBERSHIP,
    NEIGHBOUR,
    Case,
    Document,
    Phase,
    Row,
    World,
)
from tests.units import AUTHOR


@dataclass
class Arena:
    """Both worlds, and the case that they are set up for."""

    a: World
    b: World
    schema: GraphQLSchema
    rows: list[Row]
    contents: dict[str, list[Document]]
    pool: ValuePool
    codec: RowCodec
    keys: Mapping[ObjectId, DataKey]
    data_keys: list[Document]
    case: Case | None = None
    phase: Phase = Phase.UNKNOWN
    plan: AccessPlan | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    altered: dict[str, list[Document]] = field(default_factory=dict)
    dirty: bool = False
    digests: list[dict[str, str]] | None = None  # of both worlds, while nothing may have been written since
    _made: dict[tuple[Case, Phase], tuple[dict[str, list[Document]], list[tuple[dict[str, Any], bool]]]] = field(
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
        if turned:
            self.case, self.phase = case, phase
            self._grant()
            self._alter()
        if dirty:
            await self.a.restore(self.contents, self.data_keys)
        if dirty or turned:
            await self.b.restore(self.altered, self.data_keys)
            self.digests = None
        self.dirty = False

    async def known_digests(self) -> list[dict[str, str]]:
        """Those of both worlds: what the last request that was refused left is what the next one finds."""
        if self.digests is None:
            self.digests = [await world.digest() for world in (self.a, self.b)]
        return self.digests

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
            "cleared_until": datetime(2100, 1, 1, tzinfo=UTC),
        }
        tokens = self.a.services.use_cases.accounts.sessions._access_tokens
        for username, differing in ((CALLER, {}), (NEIGHBOUR, {"customer_id": None})):
            session = await SessionRepository(self.a.services.accounts.sets, lifetime=timedelta(days=1)).open(username)
            stored = (await self.a.services.accounts.sets.live([session.session_id]))[session.session_id].session
            for world in (self.a, self.b):
                accounts = world.services.accounts
                await accounts.sets.change(username, lambda opened: opened.put(stored), AUTHOR)  # noqa: B023 - awaited here
                await change_account(accounts, username, **(account | differing))
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
            NewAccount(
                username,
                display_name=username,
                roles=case.roles,
                purposes=list(Purpose),
                department=HOME,
                customer_id=str(self.rows[case.own_row].id),
                cleared_until=FOREVER,
            )
        )
        session = await SessionRepository(services.accounts.sets).open(username)
        return services.use_cases.accounts.sessions._access_tokens.issue(username, session.session_id)

    def forget(self) -> None:
        """Drops what the applications keep of earlier decisions, which a seeded fault would not reach."""
        for world in (self.a, self.b):
            reader = world.services.storage.reader
            reader._memo._answers.clear()
            reader._codec._readers.clear()

    def _grant(self) -> None:
        for row in self.rows:
            row.scopes = scope_set(members(self.plan.row_scope), row.document) if self.plan else frozenset()
            row.grants = self.plan.grants(row.kind, row.scopes) if self.plan else NO_GRANTS

    def _alter(self) -> None:
        """Makes world B of the case and phase, or takes the one made before."""
        assert self.case is not None
        key = (self.case, self.phase)
        if key not in self._made:
            altered = self._make()
            self._made[key] = (altered, [(row.changes, row.removed) for row in self.rows])
        self.altered, changed = self._made[key]
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
