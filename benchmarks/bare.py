"""The bare endpoint: what the same work costs on the same stack without GraphQL and without policy.

The same server (uvicorn, uvloop, httptools, the product's own options), Starlette's routing, the body parsed by orjson,
the same query on the raw PyMongo Async collection with a projection of the granted fields, the same decryption by the
same keyring with its data keys in memory, the same JSON by orjson. It knows nobody and checks nothing: for
measurements only.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.workloads import DENIED_FIELDS, PLAIN_FIELDS, READABLE_FIELD, public_name
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.opening import ROOT_KEY_FILE
from web.server import ServerOptions, listen, serve

KIND: Final = "enterprise"
PROJECTION: Final = dict.fromkeys((*PLAIN_FIELDS, READABLE_FIELD), 1)
ORDER: Final = [("created_at", -1), ("_id", -1)]
CONTEXT: Final = FieldContext("customers", READABLE_FIELD)

_CHOICES: Final = ("status", "legal_form", "size")
_DECIMAL: Final = "registered_capital"
_COPIED: Final = tuple((name, public_name(name)) for name in PLAIN_FIELDS if name not in {*_CHOICES, _DECIMAL})
_NAMED: Final = tuple((name, public_name(name)) for name in _CHOICES)
_DENIED: Final = dict.fromkeys((public_name(name) for name in DENIED_FIELDS), None)


def record(row: dict[str, Any], key: DataKey | None) -> dict[str, Any]:
    """The row as the API spells it."""
    get = row.get
    found: dict[str, Any] = {"id": f"{KIND}_{row['_id']}"}
    for name, public in _COPIED:
        found[public] = get(name)
    for name, public in _NAMED:
        value = get(name)
        found[public] = value.upper() if value is not None else None
    capital = get(_DECIMAL)
    found["registeredCapital"] = str(capital) if capital is not None else None
    sealed = get(READABLE_FIELD)
    found[READABLE_FIELD] = decrypt_value(key, CONTEXT, sealed) if sealed is not None and key is not None else None
    return found | _DENIED


class BareEndpoint:
    """Both workloads over one database."""

    def __init__(self, uri: str, database: str, root_key: Path) -> None:
        self._uri = uri
        self._database = database
        self._root_key = root_key

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self._uri, tz_aware=True, w="majority") as client:
            self._customers: AsyncCollection[dict[str, Any]] = client[self._database]["customers"]
            self._keyring = Keyring(client[self._database], LocalKeyProvider(self._root_key))
            await self._keyring.open()
            yield

    async def page(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        first, at = asked["first"], datetime.fromisoformat(asked["createdAt"])
        ties = {"kind": KIND, "created_at": at, "_id": {"$lt": ObjectId(asked["id"])}}
        condition = {"$or": [ties, {"kind": KIND, "created_at": {"$lt": at}}]}
        rows = await self._customers.find(condition, PROJECTION).sort(ORDER).limit(first + 1).to_list()
        has_more = len(rows) > first
        del rows[first:]
        keys = await self._keyring.data_keys([row["_id"] for row in rows])
        nodes = [record(row, keys.get(row["_id"])) for row in rows]
        return _json({"data": {"customers": {"nodes": nodes, "pageInfo": {"hasNextPage": has_more}}}})

    async def single(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        row = await self._customers.find_one({"_id": ObjectId(asked["id"]), "kind": KIND}, PROJECTION)
        found = None
        if row is not None:
            keys = await self._keyring.data_keys([row["_id"]])
            found = record(row, keys.get(row["_id"]))
        return _json({"data": {"customer": found}})

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [Route("/page", self.page, methods=["POST"]), Route("/single", self.single, methods=["POST"])]
        return Starlette(routes=routes, lifespan=self.lifespan)


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def main() -> None:
    """Serve as the variables `BENCH_*` say until a signal."""
    environ = os.environ
    endpoint = BareEndpoint(
        environ["BENCH_MONGODB_URI"], environ["BENCH_DATABASE"], Path(environ["BENCH_DATA_DIR"]) / ROOT_KEY_FILE
    )
    with listen("127.0.0.1", int(environ["BENCH_PORT"])) as listener:
        serve(endpoint.application(), listener, ServerOptions(), lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
