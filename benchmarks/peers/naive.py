"""Strawberry and Beanie as their tutorials put them together: a model, a type, a resolver where a field needs one.

Denied fields are null by a check in their resolvers; with `BENCH_CASBIN` Casbin is asked about each field instead.
Tokens are checked and values opened by Dossier's own code, and all data keys are in memory before the first request.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import strawberry
from beanie import DecimalAnnotation, Document, init_beanie
from bson import ObjectId
from pymongo import DESCENDING, AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL

from benchmarks.peers.field_permissions import READERS, field_extensions
from documents.chapters.accounts.account_sets import AccountSets
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.accounts.sessions import SessionRepository
from documents.chapters.customers.kinds import EnterpriseSize, LegalForm, Status
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import FieldContext, decrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from documents.encryption.token_keys import TokenKeyRepository
from documents.opening import ROOT_KEY_FILE
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.unit_of_work import Units
from policies.principal import Principal
from resolvers.chapters.accounts.access_tokens import AccessTokens
from resolvers.chapters.accounts.principals import Principals
from web.authentication.bearer import Authenticator
from web.server import ServerOptions, listen, serve

ORDER: list[tuple[str, Any]] = [("created_at", DESCENDING), ("_id", DESCENDING)]
CONTEXTS = {name: FieldContext("customers", name) for name in READERS}
CHECKED = field_extensions()


class EnterpriseDocument(Document):
    """The stored row."""

    kind: str
    name: str
    status: Status
    region: str | None = None
    customer_since: str | None = None
    version: int
    created_at: datetime
    established_on: str | None = None
    website: str | None = None
    legal_form: LegalForm | None = None
    size: EnterpriseSize | None = None
    industry: str | None = None
    business_scope: str | None = None
    registered_capital: DecimalAnnotation | None = None
    employee_count: int | None = None
    licence_expires_on: str | None = None
    telephone: bytes | None = None
    email: bytes | None = None
    unified_social_credit_code: bytes | None = None
    annual_revenue: bytes | None = None

    class Settings:
        name = "customers"


strawberry.enum(Status)
strawberry.enum(LegalForm)
strawberry.enum(EnterpriseSize)
strawberry.enum(Kind, name="CustomerKind")


def opener(name: str) -> Callable[..., Awaitable[str | None]]:
    """The resolver of an encrypted field."""

    async def resolve(root: strawberry.Parent[Any], info: strawberry.Info[Any, Any]) -> str | None:
        row: EnterpriseDocument = root.document
        sealed: bytes | None = getattr(row, name)
        if sealed is None or row.id is None or READERS[name].isdisjoint(info.context["caller"].roles):
            return None
        key = await info.context["keyring"].data_key(row.id)
        return str(decrypt_value(key, CONTEXTS[name], sealed))

    return resolve


@strawberry.interface
class Customer:
    """What every customer has."""

    id: strawberry.ID


@strawberry.type
class Enterprise(Customer):
    """The twenty fields of the workloads."""

    document: strawberry.Private[EnterpriseDocument]
    name: str | None = strawberry.field(extensions=[*CHECKED])
    status: Status | None = strawberry.field(extensions=[*CHECKED])
    region: str | None = strawberry.field(extensions=[*CHECKED])
    customer_since: str | None = strawberry.field(extensions=[*CHECKED])
    version: int | None = strawberry.field(extensions=[*CHECKED])
    created_at: datetime | None = strawberry.field(extensions=[*CHECKED])
    established_on: str | None = strawberry.field(extensions=[*CHECKED])
    website: str | None = strawberry.field(extensions=[*CHECKED])
    legal_form: LegalForm | None = strawberry.field(extensions=[*CHECKED])
    size: EnterpriseSize | None = strawberry.field(extensions=[*CHECKED])
    industry: str | None = strawberry.field(extensions=[*CHECKED])
    business_scope: str | None = strawberry.field(extensions=[*CHECKED])
    registered_capital: str | None = strawberry.field(extensions=[*CHECKED])
    employee_count: int | None = strawberry.field(extensions=[*CHECKED])
    licence_expires_on: str | None = strawberry.field(extensions=[*CHECKED])

    telephone: str | None = strawberry.field(resolver=opener("telephone"), extensions=[*CHECKED])
    email: str | None = strawberry.field(resolver=opener("email"), extensions=[*CHECKED])
    unified_social_credit_code: str | None = strawberry.field(
        resolver=opener("unified_social_credit_code"), extensions=[*CHECKED]
    )
    annual_revenue: str | None = strawberry.field(resolver=opener("annual_revenue"), extensions=[*CHECKED])

    @classmethod
    def of(cls, row: EnterpriseDocument) -> Enterprise:
        """The row as the API shows it."""
        return cls(
            id=strawberry.ID(f"{row.kind}_{row.id}"),
            document=row,
            name=row.name,
            status=row.status,
            region=row.region,
            customer_since=row.customer_since,
            version=row.version,
            created_at=row.created_at,
            established_on=row.established_on,
            website=row.website,
            legal_form=row.legal_form,
            size=row.size,
            industry=row.industry,
            business_scope=row.business_scope,
            registered_capital=None if row.registered_capital is None else str(row.registered_capital),
            employee_count=row.employee_count,
            licence_expires_on=row.licence_expires_on,
        )


@strawberry.type
class PageInfo:
    """Whether there is more."""

    has_next_page: bool


@strawberry.type
class CustomerConnection:
    """A page."""

    nodes: list[Customer]
    page_info: PageInfo


@strawberry.type
class Query:
    """The two questions of the workloads."""

    @strawberry.field
    async def customers(
        self, info: strawberry.Info[Any, Any], kinds: list[Kind], first: int, after: str | None = None
    ) -> CustomerConnection:
        _require_login(info)
        kind = kinds[0].value
        condition: dict[str, Any] = {"kind": kind}
        if after is not None:
            at, digits = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
            moment = datetime.fromisoformat(at)
            ties = {"kind": kind, "created_at": moment, "_id": {"$lt": ObjectId(digits)}}
            condition = {"$or": [ties, {"kind": kind, "created_at": {"$lt": moment}}]}
        rows = await EnterpriseDocument.find(condition).sort(*ORDER).limit(first + 1).to_list()
        nodes: list[Customer] = [Enterprise.of(row) for row in rows[:first]]
        return CustomerConnection(nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first))

    @strawberry.field
    async def customer(self, info: strawberry.Info[Any, Any], id: strawberry.ID) -> Customer | None:  # noqa: A002
        _require_login(info)
        kind, _, digits = id.partition("_")
        row = await EnterpriseDocument.find_one({"_id": ObjectId(digits), "kind": kind})
        return None if row is None else Enterprise.of(row)


def _require_login(info: strawberry.Info[Any, Any]) -> None:
    if info.context["caller"] is None:
        raise PermissionError("log in first")


class NaiveServer(GraphQL[dict[str, Any], None]):
    """Strawberry's own ASGI application; what it needs of the database is opened by `lifespan`."""

    def __init__(self, uri: str, database: str, root_key: Path) -> None:
        super().__init__(strawberry.Schema(Query, types=[Enterprise]), graphql_ide=None)
        self._uri = uri
        self._database = database
        self._root_key = root_key

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self._uri, tz_aware=True, w="majority") as client:
            database: AsyncDatabase[dict[str, Any]] = client[self._database]
            await init_beanie(database=database, document_models=[EnterpriseDocument])
            self._keyring = Keyring(database, LocalKeyProvider(self._root_key))
            await self._keyring.open()
            await self._keyring.data_keys(await database["customers"].distinct("_id", {"kind": "enterprise"}))
            tokens = AccessTokens(await TokenKeyRepository(database, self._keyring).load())
            units = Units(database, IdempotencyRepository(database, b""), None)
            sets = AccountSets(database, Seals(await self._keyring.secret(SECRET_NAME)), units)
            principals = Principals(AccountRepository(database, sets, units), SessionRepository(sets))
            self._authenticator = Authenticator(tokens, principals)
            yield

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        caller: Principal | None = await self._authenticator.authenticate(request.headers.get("authorization"))
        return {"caller": caller, "keyring": self._keyring}

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/graphql", self)], lifespan=self.lifespan)


def main() -> None:
    """Serve as the variables `BENCH_*` say until a signal."""
    environ = os.environ
    root_key = Path(environ["BENCH_DATA_DIR"]) / ROOT_KEY_FILE
    naive = NaiveServer(environ["BENCH_MONGODB_URI"], environ["BENCH_DATABASE"], root_key)
    with listen("127.0.0.1", int(environ["BENCH_PORT"])) as listener:
        serve(naive.application(), listener, ServerOptions(), lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
