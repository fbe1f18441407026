"""One application with customers of two people, whose rows a raw client then changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import AccessPlan, Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import SourceChannel
from documents.encryption.ciphertext import DataKey
from documents.registry import FULL_CATALOGUE, RECORD_CLASSES
from documents.storing.layout import CustomerReference
from documents.writing.customers import Change
from policies.authorize import ALL_ACTIONS
from policies.principal import Principal
from policies.rules.rule_set import parse_csv
from settings import Settings
from tests.api import PASSWORD_HASH, Api, application_database, running
from tests.units import Writing

OWNER, MALLORY, SEER = "caller.li", "stranger.qian", "seer.zhou"
HOME, ABROAD = "D-home", "D-abroad"
PURPOSE = Purpose.BUSINESS_OPERATION
RULES = "g, seer, everyone\ng, holder, everyone\n" + "".join(
    f"p, {role}, {scope}, {kind}, *, {action}, *, allow\n"
    for kind in ("*", *(record.kind.value for record in RECORD_CLASSES))
    for role, scope, actions in (
        ("seer", "all", "read write create delete filter reveal"),
        ("holder", "own", "read write create delete filter"),
        ("holder", "department", "read filter"),
    )
    for action in actions.split()
)
"""Whoever sees all, and whoever sees their own and their department's."""

STAFF = {OWNER: ("holder", HOME), MALLORY: ("holder", ABROAD), SEER: ("seer", HOME)}


@dataclass(frozen=True)
class Scene:
    """Two customers of each kind of `OWNER`, and one of `MALLORY`; `keys` are theirs."""

    api: Api
    customers: list[CustomerReference]
    mallorys: CustomerReference
    keys: dict[ObjectId, DataKey]

    @property
    def database(self) -> AsyncDatabase[dict[str, Any]]:
        return self.api.services.database

    async def plan(self, username: str, kind: Kind) -> AccessPlan:
        """Everything that the account may do with records of the kind."""
        role, department = STAFF[username]
        principal = Principal(username, frozenset({role}), frozenset({PURPOSE}), department)
        return await self.api.services.engine.authorize(principal, PURPOSE.value, ALL_ACTIONS, kind.value)

    async def customer_plan(self, username: str) -> AccessPlan:
        """The same with customers."""
        role, department = STAFF[username]
        principal = Principal(username, frozenset({role}), frozenset({PURPOSE}), department)
        return await self.api.services.engine.authorize(principal, PURPOSE.value, ALL_ACTIONS)

    async def ask(self, username: str, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer to a question that is answered. An error is a fault of ours."""
        answer = await self.api.ask(username, query, variables, purpose=PURPOSE.value)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def create(self, kind: Kind, owner: str, department: str, **values: Any) -> CustomerReference:
        """A new customer."""
        plan = await self.customer_plan(SEER)
        given = {"name": "客户", "account_manager": owner, "department": department, **values}
        row_id = await Writing(self.api.services.storage).create(plan, Change(kind, given, SourceChannel.CONTRACT))
        return CustomerReference(kind, row_id, owner, department)


@asynccontextmanager
async def scene(mongodb_uri: str, data_dir: Path) -> AsyncIterator[Scene]:
    """An application of its own."""
    async with application_database(mongodb_uri) as name:
        settings = Settings(
            data_dir=data_dir, database=name, jobs="worker", max_cost=1_000_000, max_tokens=100_000, max_depth=20
        )
        async with running(settings, mongodb_uri) as api:
            accounts = api.services.accounts
            for code in (HOME, ABROAD):
                await accounts.put_department(code, name_en=code, name_zh=code)
            for username, (role, department) in STAFF.items():
                await accounts.add(
                    NewAccount(
                        username,
                        display_name=username,
                        department=department,
                        roles=[role],
                        purposes=[PURPOSE],
                        password_hash=PASSWORD_HASH,
                        cleared_until=datetime(2100, 1, 1, tzinfo=UTC),
                    )
                )
            await api.services.store.activate(parse_csv(RULES, FULL_CATALOGUE), by="tests")
            made = Scene(api, [], CustomerReference(Kind.INDIVIDUAL, ObjectId(), None, None), {})
            customers = [await made.create(kind, OWNER, HOME) for kind in CUSTOMER_KINDS for _ in range(2)]
            mallorys = await made.create(Kind.INDIVIDUAL, MALLORY, ABROAD)
            ids = [one.row_id for one in (*customers, mallorys)]
            keys = await api.services.storage.keyring.data_keys(ids)
            yield Scene(api, customers, mallorys, keys)
