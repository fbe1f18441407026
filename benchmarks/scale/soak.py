"""The memory of one worker under load over minutes: does it stay flat, and if not, what fills."""

from __future__ import annotations

import random
from typing import Any, Final

from benchmarks.load import Job, Sample
from benchmarks.measurement import DOSSIER, LoadError
from benchmarks.processes import resident_bytes
from benchmarks.scale import everything
from benchmarks.scale.rules import everything_rules
from benchmarks.scale.stage import WHOLE_USERNAME, Stage, log_in, walk
from benchmarks.workloads import WALK_QUERY, graphql_request, page_requests, single_requests

CONNECTIONS: Final = 16
_SLICE_SECONDS: Final = 5.0
_DISTINCT: Final = 200  # documents beside the benchmark's: clients do not all send the same


def measure_soak(stage: Stage, customers: int, seconds: float) -> None:
    """Pages, single customers, the page with everything, many documents; RSS every five seconds."""
    database = "benchmark"
    stage.database(database, customers, everything_rules(200))
    with stage.dossier(DOSSIER, database) as target:
        requests = _requests(target.port, customers)
        stage.measurement([target])  # pins
        series: list[tuple[float, float]] = []
        answered = 0
        passed = 0.0
        slice_seconds = min(_SLICE_SECONDS, seconds)
        while passed < seconds:
            sample = _slice(stage, Job(target.port, requests, b'{"data":{"customer', CONNECTIONS, slice_seconds))
            answered += len(sample.latencies)
            passed += sample.seconds
            series.append((passed, resident_bytes(target.pid) / 1e6))
            if len(series) % 12 == 0:
                stage.say(f"{passed:.0f} s: {series[-1][1]:.1f} MB, {answered} answers")
    figures = {"seconds": passed, "answers": answered, "distinct_requests": len(requests), "rss_mb": series}
    figures |= slopes(series)
    stage.keep("soak", figures)
    stage.say(f"RSS: {figures['slope_mb_per_minute']} MB a minute, by thirds of the time")


def slopes(series: list[tuple[float, float]]) -> dict[str, Any]:
    """MB per minute of each third of the time, by least squares; and where it began and ended."""
    third = max(2, len(series) // 3)
    parts = [series[:third], series[third : 2 * third], series[2 * third :]]
    return {
        "first_mb": series[0][1],
        "last_mb": series[-1][1],
        "greatest_mb": max(rss for _, rss in series),
        "slope_mb_per_minute": [round(_slope(part), 3) for part in parts if len(part) > 1],
    }


def _slope(series: list[tuple[float, float]]) -> float:
    middle = sum(at for at, _ in series) / len(series)
    mean = sum(rss for _, rss in series) / len(series)
    spread = sum((at - middle) ** 2 for at, _ in series)
    return 60 * sum((at - middle) * (rss - mean) for at, rss in series) / spread


def _slice(stage: Stage, job: Job) -> Sample:
    sample = stage.generator.run(job)
    if sample.errors or not sample.latencies:
        raise LoadError(f"{sample.errors} answers were not good")
    return sample


def _requests(port: int, customers: int) -> list[bytes]:
    token, whole = log_in(port), log_in(port, WHOLE_USERNAME)
    step = max(1, min(100, customers // 20))
    positions, ids = walk(port, token, WALK_QUERY, at_most=400, step=step)
    all_places, _ = walk(port, whole, everything.WALK_QUERY, at_most=400, step=step)
    found = [page_requests(place, token)[0] for place in positions]
    found += [single_requests(customer_id, token)[0] for customer_id in random.sample(ids, min(len(ids), 2_000))]
    found += [everything.everything_requests(place, whole, references=True)[0] for place in all_places]
    found += [_named(number, whole) for number in range(_DISTINCT)]
    return found


def _named(number: int, token: str) -> bytes:
    """A list with a condition, in a document of its own."""
    query = (
        f"query Named{number}($status: Status) {{ customers(first: 20, filter: {{status: {{eq: $status}}}}) "
        f"{{ nodes {{ id alias{number}: name region }} }} }}"
    )
    statuses = ("PROSPECT", "ACTIVE", "DORMANT", "CLOSED")
    return graphql_request(query, {"status": statuses[number % len(statuses)]}, token)
