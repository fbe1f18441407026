"""Which rows the workloads ask for, found by walking the list as a client does; and the proof of equal answers."""

from __future__ import annotations

import random
from dataclasses import dataclass

import orjson

from benchmarks.dataset import PASSWORD, USERNAME
from benchmarks.processes import post
from benchmarks.workloads import (
    LOGIN_MUTATION,
    PAGE_SIZE,
    WALK_QUERY,
    Position,
    graphql_request,
    page_requests,
    single_requests,
)

_WALK_STEP = 100  # the largest page
_CHECKED = 20


class UnequalAnswersError(Exception):
    """The two servers do not do the same work: figures would compare nothing."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Places in the list from which a full page lies ahead, and the ids of all its rows."""

    positions: tuple[Position, ...]
    customer_ids: tuple[str, ...]


def log_in(port: int) -> str:
    """The access token of the benchmark's reader."""
    request = graphql_request(LOGIN_MUTATION, {"username": USERNAME, "password": PASSWORD})
    answer = orjson.loads(post(port, request))
    token: str | None = answer["data"]["login"]["accessToken"]
    if token is None:
        raise RuntimeError(f"the login failed: {answer}")
    return token


def walk(port: int, token: str) -> Samples:
    """Goes through the whole list; the cursors are of every hundredth row or, in a small list, of every tenth."""
    positions: list[Position] = []
    ids: list[str] = []
    cursor: str | None = None
    step = 1
    while True:
        request = graphql_request(WALK_QUERY, {"first": step, "after": cursor}, token)
        page = orjson.loads(post(port, request))["data"]["customers"]
        if page["nodes"]:
            last = page["nodes"][-1]
            cursor = page["pageInfo"]["endCursor"]
            positions.append(Position(str(cursor), last["createdAt"], last["id"]))
            ids += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        step = _WALK_STEP if step == 1 or len(ids) > 10 * _WALK_STEP else _WALK_STEP // 10
    rows = {customer_id: index for index, customer_id in enumerate(ids)}
    full = tuple(place for place in positions if rows[place.customer_id] + PAGE_SIZE < len(ids))
    return Samples(full or tuple(positions[:1]), tuple(ids))


def check_equal(dossier: int, bare: int, samples: Samples, token: str) -> int:
    """Compares answers of the servers at these ports; returns how many records were equal.

    Raises UnequalAnswersError."""
    compared = 0
    for position in random.sample(samples.positions, min(_CHECKED, len(samples.positions))):
        ours, theirs = _answers(dossier, bare, page_requests(position, token))
        compared += len(ours["customers"]["nodes"])
        _require(ours == theirs, "page")
    for customer_id in random.sample(samples.customer_ids, min(_CHECKED, len(samples.customer_ids))):
        ours, theirs = _answers(dossier, bare, single_requests(customer_id, token))
        _require(ours["customer"] is not None and ours == theirs, "single")
        compared += 1
    return compared


def _answers(dossier: int, bare: int, requests: tuple[bytes, bytes]) -> list[dict[str, dict[str, list[object]]]]:
    return [orjson.loads(post(port, request))["data"] for port, request in zip((dossier, bare), requests, strict=True)]


def _require(equal: bool, workload: str) -> None:
    if not equal:
        raise UnequalAnswersError(f"Dossier and the bare endpoint answer `{workload}` with different records")
