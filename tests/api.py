"""The whole application in the process of a test, on the real database: logins, requests, and the services behind."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from starlette.types import ASGIApp, Receive, Scope, Send

import app
from demo.seed import seed_demo
from documents.migrating.layout import MARK
from resolvers.services import Services
from settings import Settings
from tests.accounts import change_accounts
from tests.passwords import quick_hash
from tests.patience import PATIENCE_SECONDS

PASSWORD = "correct horse battery"
PASSWORD_HASH = quick_hash(PASSWORD)


@dataclass
class Api:
    """A client of one running application."""

    http: httpx.AsyncClient
    services: Services
    tokens: dict[str, str] = field(default_factory=dict)

    async def login(self, username: str) -> str:
        """The access token of `username`, kept for the rest of the session."""
        if username not in self.tokens:
            query = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"
            response = await self.http.post(
                "/graphql", json={"query": query, "variables": {"i": {"username": username, "password": PASSWORD}}}
            )
            self.tokens[username] = response.json()["data"]["login"]["accessToken"]
        return self.tokens[username]

    async def seed_demo(self, customers: int, *, with_records: bool = True) -> None:
        """Demo data; every login has `PASSWORD`, quickly checked."""
        await seed_demo(self.services, customers, PASSWORD, lambda _done, _total: None, with_records=with_records)
        known = {"password_hash": {"$type": "string"}}
        await change_accounts(self.services.accounts, known, password_hash=PASSWORD_HASH)

    async def ask(
        self,
        username: str | None,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        purpose: str | None = None,
        language: str = "en",
        key: str | None = None,
    ) -> dict[str, Any]:
        """The body of the answer."""
        headers = {"accept-language": language}
        if username is not None:
            headers["authorization"] = f"Bearer {await self.login(username)}"
        if purpose is not None:
            headers["dossier-purpose"] = purpose
        if key is not None:
            headers["idempotency-key"] = key
        body = {"query": query, "variables": dict(variables or {})}
        response = await self.http.post("/graphql", json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer


def unhurried(settings: Settings) -> Settings:
    """The same, with tokens that last as long as all tests, and time for every request on a machine that is busy."""
    return replace(settings, access_token_seconds=86_400, request_seconds=round(PATIENCE_SECONDS))


@asynccontextmanager
async def running(settings: Settings, mongodb_uri: str) -> AsyncIterator[Api]:
    """The application with its lifespan, unhurried; its state is given to each request as a server would."""
    application = app.create_app(unhurried(settings), mongodb_uri)
    async with application.router.lifespan_context(application) as state:
        if not state:
            raise RuntimeError("the application has no state")
        transport = httpx.ASGITransport(_with_state(application, state))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://dossier.test", timeout=PATIENCE_SECONDS
        ) as http:
            yield Api(http, state["services"])


def _with_state(application: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "state": dict(state)}, receive, send)

    return serve


_EMPTIED: defaultdict[str, list[str]] = defaultdict(list)  # by URI


@asynccontextmanager
async def application_database(mongodb_uri: str) -> AsyncIterator[str]:
    """The name of an empty database for one application.

    It may have been another's, which left its collections and indexes: making those is most of what a start costs.
    """
    emptied = _EMPTIED[mongodb_uri]
    name = emptied.pop() if emptied else f"test_{uuid.uuid4().hex}"
    yield name
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri) as client:
        collections = await client[name].list_collection_names()
        if any(collection.startswith("system.") for collection in collections):  # a test profiled it
            await client.drop_database(name)
            return
        for collection in collections:
            if collection != MARK:  # its indexes stay, and are not looked at again
                await client[name][collection].delete_many({})
    emptied.append(name)


@dataclass(frozen=True)
class Seeded:
    """What a stopped application with demo data left: documents and indexes by collection, and the files."""

    documents: dict[str, list[RawBSONDocument]]
    indexes: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]

    @classmethod
    async def taken(cls, database: AsyncDatabase[RawBSONDocument], data_dir: Path) -> Seeded:
        """A copy, byte by byte."""
        names = await database.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}})
        documents = {name: await database[name].find().to_list() for name in names}
        indexes = {
            name: [dict(index) async for index in await database[name].list_indexes() if index["name"] != "_id_"]
            for name in names
        }
        return cls(documents, indexes, _read(data_dir))

    async def put(self, database: AsyncDatabase[RawBSONDocument], data_dir: Path) -> None:
        """The same in another, empty, database. Indexes come first: to build them over documents costs far more."""
        for name, documents in self.documents.items():
            if indexes := self.indexes[name]:
                await database.command("createIndexes", name, indexes=indexes)
            if name == MARK:
                await database[name].delete_many({})
            if documents:
                await database[name].insert_many(documents)
        _write(data_dir, self.files)


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).touch(mode=0o600)  # as keys must be
        (folder / name).write_bytes(content)


_SEEDED: dict[tuple[str, int], Seeded] = {}  # by URI and number of customers


async def put_demo(settings: Settings, mongodb_uri: str, customers: int = 150) -> None:
    """Demo data in the database of these settings, before an application starts on it.

    Seeding takes seconds, so it is done once: whoever comes later gets a copy. Not for settings that change what
    seeding makes: those seed by themselves.
    """
    client: AsyncMongoClient[RawBSONDocument]
    async with AsyncMongoClient(mongodb_uri, document_class=RawBSONDocument) as client:
        database = client[settings.database]
        if made := _SEEDED.get((mongodb_uri, customers)):
            await made.put(database, settings.data_dir)
            return
        async with running(settings, mongodb_uri) as api:
            await api.seed_demo(customers)
        _SEEDED[mongodb_uri, customers] = await Seeded.taken(database, settings.data_dir)


@asynccontextmanager
async def seeded(settings: Settings, mongodb_uri: str, customers: int = 150) -> AsyncIterator[Api]:
    """The application on demo data; every demo login has `PASSWORD`."""
    await put_demo(settings, mongodb_uri, customers)
    async with running(settings, mongodb_uri) as api:
        yield api


@asynccontextmanager
async def demo(mongodb_uri: str, data_dir: Path, customers: int = 150) -> AsyncIterator[Api]:
    """The application on demo data, as most tests want it."""
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=data_dir, database=database, jobs="worker")  # nothing runs beside the tests
        async with seeded(settings, mongodb_uri, customers) as api:
            yield api
