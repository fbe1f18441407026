"""The page with everything beside the bare endpoint; and pages beside each other where rules or customers are many."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

import orjson

from benchmarks.measurement import BARE, DOSSIER, Result, Target, Workload
from benchmarks.processes import post
from benchmarks.sampling import UnequalAnswersError
from benchmarks.scale import everything
from benchmarks.scale.rules import everything_rules, rules_of_size
from benchmarks.scale.stage import WHOLE_USERNAME, Stage, log_in, medians, ratios, said_ratio, walk
from benchmarks.workloads import PAGE_SIZE, WALK_QUERY, page_requests, single_requests

EXPECTED: Final = b'{"data":{"customers":{"nodes":[{'
_CHECKED: Final = 20


def measure_everything(stage: Stage, customers: int) -> None:
    """All fields of all kinds, with and without references, over the bare endpoint."""
    database = "benchmark"
    stage.database(database, customers, everything_rules(200))
    figures = {}
    with stage.dossier(DOSSIER, database) as ours, stage.bare(BARE, database) as bare:
        token = log_in(ours.port, WHOLE_USERNAME)
        positions, _ = walk(ours.port, token, everything.WALK_QUERY, at_most=400, step=min(100, customers // 8))
        measurement = stage.measurement([ours, bare])
        for references in (False, True):
            pairs = [everything.everything_requests(place, token, references=references) for place in positions]
            compared = check_equal(ours, bare, pairs)
            name = "page with everything" + (", and references" if references else "")
            requests = {DOSSIER: [one for one, _ in pairs], BARE: [other for _, other in pairs]}
            workload = Workload(name, 16, requests, EXPECTED)
            result = measurement.measure(workload, rounds=stage.rounds, seconds=stage.seconds, warm_up=stage.seconds)
            figures[name] = _compared(result, DOSSIER, BARE) | {"records_equal": compared}
            _say(stage, name, figures[name])
    stage.keep("everything", figures)


def check_equal(ours: Target, bare: Target, pairs: Sequence[tuple[bytes, bytes]]) -> int:
    """How many records were equal in every field. Raises UnequalAnswersError."""
    compared = 0
    for one, other in random.sample(pairs, min(_CHECKED, len(pairs))):
        mine = orjson.loads(post(ours.port, one))["data"]
        if mine != orjson.loads(post(bare.port, other))["data"]:
            raise UnequalAnswersError("Dossier and the bare endpoint answer the page with everything differently")
        compared += len(mine["customers"]["nodes"])
    return compared


def measure_rules(stage: Stage, few: int, many: int, customers: int) -> None:
    """The page under few rules and under many, warm."""
    names = {f"{count} rules": f"rules_{count}" for count in (few, many)}
    for count, database in zip((few, many), names.values(), strict=True):
        stage.database(database, customers, rules_of_size(count))
    stage.keep("rules", _grown(stage, names, 400))


def measure_customers(stage: Stage, few: int, many: int, *, filling: float) -> None:
    """Page and single customer among few customers and among many, at places of the whole list and of a part of it."""
    small, large = f"customers_{few}", f"customers_{many}"
    stage.database(small, few, everything_rules(200))
    reached = stage.large_database(large, many, everything_rules(200), filling)
    names = {f"{few} customers": small, f"{reached} customers": large}
    # 200 pages are 10,000 rows, whose data keys stay ready for use.
    figures = {"a part of the list": _grown(stage, names, 200), "the whole list": _grown(stage, names, 1_000_000)}
    stage.keep("customers", figures | {"reached": reached})


def _grown(stage: Stage, databases: dict[str, str], at_most: int) -> dict[str, Any]:
    """Both workloads on both databases, in turn; the second over the first. Every page was asked for once before, so
    that the keys of all rows are in memory."""
    few, many = databases
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        targets = [stack.enter_context(stage.dossier(name, database)) for name, database in databases.items()]
        pages: dict[str, list[bytes]] = {}
        singles: dict[str, list[bytes]] = {}
        for target in targets:
            token = log_in(target.port)
            step = 10 if target.name == few else PAGE_SIZE
            positions, ids = walk(target.port, token, WALK_QUERY, at_most=at_most, step=step)
            pages[target.name] = [page_requests(place, token)[0] for place in positions]
            singles[target.name] = [single_requests(customer_id, token)[0] for customer_id in ids]
            for request in pages[target.name]:
                post(target.port, request)
        measurement = stage.measurement(targets)
        for workload in (
            Workload("page of 50", 16, pages, EXPECTED),
            Workload("single customer", 16, singles, b'{"data":{"customer":{'),
        ):
            result = measurement.measure(workload, rounds=stage.rounds, seconds=stage.seconds, warm_up=stage.seconds)
            figures[workload.name] = _compared(result, many, few) | {"places": len(pages[many])}
            _say(stage, f"{workload.name}, {many} over {few}", figures[workload.name])
    return figures


def _compared(result: Result, ours: str, to: str) -> dict[str, Any]:
    measures = ("server_cpu_ms", "mongod_cpu_ms", "requests_per_second", "p50_ms", "p99_ms")
    return {
        "medians": medians(result),
        "ratios": {measure: ratios(result, ours, to, measure) for measure in measures},
    }


def _say(stage: Stage, name: str, figures: dict[str, Any]) -> None:
    for measure, ratio in figures["ratios"].items():
        values = ", ".join(f"{server} {found[measure]:.3f}" for server, found in figures["medians"].items())
        stage.say(f"{name}: {measure}: {values}; ratio {said_ratio(ratio)}")
