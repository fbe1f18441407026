"""What is asked of each peer, and its answers as Dossier gives them.

All but Parse Server are asked the very queries that Dossier is asked, only with a cursor of their own. Parse Server's
schema is its own: its query names the same fields, and spells the position as a filter, because its cursors count rows
from the start. Its `pageInfo` would cost a second command that counts, so a page asks for one row more instead.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from benchmarks.workloads import (
    DENIED_FIELDS,
    PAGE_QUERY,
    PAGE_SIZE,
    PLAIN_FIELDS,
    READABLE_FIELD,
    SINGLE_QUERY,
    Position,
    graphql_request,
    http_request,
    public_name,
)

PARSE_APPLICATION = "benchmark"

_PARSE_SELECTION = "id: objectId " + " ".join(
    public_name(name) for name in (*PLAIN_FIELDS, READABLE_FIELD, *DENIED_FIELDS)
)
PARSE_PAGE_QUERY = (
    "query Page($first: Int!, $at: Date!, $id: ID!) { customers: enterprises(first: $first, "
    "where: {OR: [{createdAt: {equalTo: $at}, objectId: {lessThan: $id}}, {createdAt: {lessThan: $at}}]}, "
    f"order: [createdAt_DESC, id_DESC]) {{ nodes: edges {{ node {{ {_PARSE_SELECTION} }} }} }} }}"
)
PARSE_SINGLE_QUERY = f"query Single($id: ID!) {{ customer: enterprise(id: $id) {{ {_PARSE_SELECTION} }} }}"

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Questions:
    """How a peer is asked for the page after a position and for one customer, and how its answers read."""

    page: Callable[[Position, str], bytes]
    single: Callable[[str, str], bytes]
    read: Callable[[Answer], Answer]


def _page(position: Position, token: str) -> bytes:
    place = orjson.dumps([position.created_at, position.customer_id.split("_")[1]])
    cursor = base64.urlsafe_b64encode(place).decode().rstrip("=")
    return graphql_request(PAGE_QUERY, {"first": PAGE_SIZE, "after": cursor}, token)


def _single(customer_id: str, token: str) -> bytes:
    return graphql_request(SINGLE_QUERY, {"id": customer_id}, token)


def _parse_request(query: str, variables: Mapping[str, Any], session_token: str) -> bytes:
    headers = {"x-parse-application-id": PARSE_APPLICATION, "x-parse-session-token": session_token}
    return http_request("/graphql", {"query": query, "variables": variables}, headers)


def _parse_page(position: Position, session_token: str) -> bytes:
    variables = {"first": PAGE_SIZE + 1, "at": position.created_at, "id": position.customer_id}
    return _parse_request(PARSE_PAGE_QUERY, variables, session_token)


def _parse_single(customer_id: str, session_token: str) -> bytes:
    return _parse_request(PARSE_SINGLE_QUERY, {"id": customer_id}, session_token)


def comparable(answer: Answer) -> Answer:
    """The answer with each time as a moment: `Z` and `+00:00` are the same."""
    data: Answer = dict(answer["data"])
    records = data["customers"]["nodes"] if "customers" in data else [data["customer"]]
    for record in records:
        record["createdAt"] = datetime.fromisoformat(record["createdAt"])
    return data


def _read_parse(answer: Answer) -> Answer:
    if "customers" in answer["data"]:
        nodes = [edge["node"] for edge in answer["data"]["customers"]["nodes"]]
        connection = {"nodes": nodes[:PAGE_SIZE], "pageInfo": {"hasNextPage": len(nodes) > PAGE_SIZE}}
        answer = {"data": {"customers": connection}}
    return comparable(answer)


ORDINARY = Questions(_page, _single, comparable)
PARSE = Questions(_parse_page, _parse_single, _read_parse)
