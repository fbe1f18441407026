"""The page with everything that the three kinds have, as a query and as a bare endpoint that does the same.

50 customers of all kinds, newest first: through the interface what every kind has, through a fragment for each kind
its own fields. Encrypted ones are decrypted and none is denied; account manager and department are records of other
collections, fetched with one command each. As a program it is the bare endpoint's server.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from bson import ObjectId
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.bare import ORDER, BareEndpoint
from benchmarks.workloads import PAGE_SIZE, Position, graphql_request, http_request
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import OPERATOR, OPERATOR_NAME
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.opening import ROOT_KEY_FILE
from documents.registry import CATALOGUE
from web.server import ServerOptions, listen, serve

REFERENCES: Final = {
    ValueType.STAFF: "{ username displayName department }",
    ValueType.DEPARTMENT: "{ code nameEn nameZh }",
}


def _selected(specs: list[FieldSpec], *, references: bool) -> str:
    plain = [spec.public_name for spec in specs if spec.value_type not in REFERENCES]
    referring = [f"{spec.public_name} {REFERENCES[spec.value_type]}" for spec in specs if spec.value_type in REFERENCES]
    return " ".join(plain + (referring if references else []))


def everything_query(*, references: bool) -> str:
    """The page by interface and inline fragments."""
    shared = list(CATALOGUE.shared().values())
    fragments = [
        f"... on {kind.value.capitalize()} {{ "
        f"{_selected([spec for spec in CATALOGUE.fields(kind).values() if not spec.shared], references=references)} }}"
        for kind in CUSTOMER_KINDS
    ]
    node = f"id kind {_selected(shared, references=references)} {' '.join(fragments)}"
    return (
        "query Everything($first: Int!, $after: String) { customers(first: $first, after: $after) "
        f"{{ nodes {{ {node} }} pageInfo {{ hasNextPage }} }} }}"
    )


WALK_QUERY: Final = (
    "query WalkAll($first: Int!, $after: String) { customers(first: $first, after: $after) "
    "{ nodes { id createdAt } pageInfo { hasNextPage endCursor } } }"
)


def everything_requests(position: Position, token: str, *, references: bool) -> tuple[bytes, bytes]:
    """The page after `position`, of Dossier and of the bare endpoint."""
    query = everything_query(references=references)
    asked = {
        "first": PAGE_SIZE,
        "createdAt": position.created_at,
        "id": position.customer_id.rpartition("_")[2],
        "references": references,
    }
    return (
        graphql_request(query, {"first": PAGE_SIZE, "after": position.cursor}, token),
        http_request("/everything", asked),
    )


class _Columns:
    """How a row of one kind becomes what the API says, prepared once."""

    def __init__(self, kind: Kind) -> None:
        specs = [spec for spec in CATALOGUE.fields(kind).values() if spec.value_type not in REFERENCES]
        sealed = [spec for spec in specs if spec.encrypted]
        plain = [spec for spec in specs if not spec.encrypted]
        self.kind = kind.value
        self.kind_name = kind.value.upper()
        self.copied = [
            (s.name, s.public_name) for s in plain if not s.choices and s.value_type is not ValueType.DECIMAL
        ]
        self.named = [(s.name, s.public_name) for s in plain if s.choices]
        self.decimals = [(s.name, s.public_name) for s in plain if s.value_type is ValueType.DECIMAL]
        self.opened = [
            (s.name, s.public_name, FieldContext("customers", s.name), s.choices is not None) for s in sealed
        ]

    def record(self, row: dict[str, Any], key: DataKey | None) -> dict[str, Any]:
        get = row.get
        found: dict[str, Any] = {"id": f"{self.kind}_{row['_id']}", "kind": self.kind_name}
        for name, public in self.copied:
            found[public] = get(name)
        for name, public in self.named:
            value = get(name)
            found[public] = value.upper() if value is not None else None
        for name, public in self.decimals:
            value = get(name)
            found[public] = str(value) if value is not None else None
        for name, public, context, is_choice in self.opened:
            stored = get(name)
            value = decrypt_value(key, context, stored) if stored is not None and key is not None else None
            found[public] = value.upper() if is_choice and value is not None else value
        return found


class EverythingEndpoint(BareEndpoint):
    """The bare endpoint, and the page with everything."""

    _columns: Final = {kind.value: _Columns(kind) for kind in CUSTOMER_KINDS}
    _projection: Final = dict.fromkeys(
        (
            "kind",
            *(n for k in CUSTOMER_KINDS for n, s in CATALOGUE.fields(k).items() if s.value_type not in REFERENCES),
        ),
        1,
    )
    _referring: Final = [spec for spec in CATALOGUE.shared().values() if spec.value_type in REFERENCES]
    _with_references: Final = _projection | dict.fromkeys((spec.name for spec in _referring), 1)

    async def everything(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        first, at = asked["first"], datetime.fromisoformat(asked["createdAt"])
        condition = {"$or": [{"created_at": at, "_id": {"$lt": ObjectId(asked["id"])}}, {"created_at": {"$lt": at}}]}
        projection = self._with_references if asked["references"] else self._projection
        rows = await self._customers.find(condition, projection).sort(ORDER).limit(first + 1).to_list()
        has_more = len(rows) > first
        del rows[first:]
        keys = await self._keyring.data_keys([row["_id"] for row in rows])
        nodes = [self._columns[row["kind"]].record(row, keys.get(row["_id"])) for row in rows]
        if asked["references"]:
            await self._attach(nodes, rows)
        answer = {"data": {"customers": {"nodes": nodes, "pageInfo": {"hasNextPage": has_more}}}}
        return Response(orjson.dumps(answer), media_type="application/json")

    async def _attach(self, nodes: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
        database = self._customers.database
        named = {
            value_type: list({row.get(s.name) for s in self._referring for row in rows if s.value_type is value_type})
            for value_type in REFERENCES
        }
        wanted = {"display_name": 1, "department": 1}
        host = {"username": OPERATOR, "displayName": OPERATOR_NAME, "department": None}  # no account has this name
        staff = {OPERATOR: host} | {
            found["_id"]: {
                "username": found["_id"],
                "displayName": found["display_name"],
                "department": found.get("department"),
            }
            for found in await database["accounts"].find({"_id": {"$in": named[ValueType.STAFF]}}, wanted).to_list()
        }
        departments = {
            found["_id"]: {"code": found["_id"], "nameEn": found["name_en"], "nameZh": found["name_zh"]}
            for found in await database["departments"].find({"_id": {"$in": named[ValueType.DEPARTMENT]}}).to_list()
        }
        referred = {ValueType.STAFF: staff, ValueType.DEPARTMENT: departments}
        for node, row in zip(nodes, rows, strict=True):
            for spec in self._referring:
                node[spec.public_name] = referred[spec.value_type].get(row.get(spec.name))

    def application(self) -> Starlette:
        """The ASGI application."""
        found = super().application()
        found.router.routes.insert(0, Route("/everything", self.everything, methods=["POST"]))
        return found


def main() -> None:
    """Serve as the variables `BENCH_*` say until a signal."""
    environ = os.environ
    endpoint = EverythingEndpoint(
        environ["BENCH_MONGODB_URI"], environ["BENCH_DATABASE"], Path(environ["BENCH_DATA_DIR"]) / ROOT_KEY_FILE
    )
    with listen("127.0.0.1", int(environ["BENCH_PORT"])) as listener:
        serve(endpoint.application(), listener, ServerOptions(), lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
