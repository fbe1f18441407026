"""How long after a change of rules the server answers under it, and what others notice of it."""

from __future__ import annotations

import asyncio
import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

import orjson

from benchmarks.load import Job, Sample
from benchmarks.measurement import LoadError, Target
from benchmarks.processes import ROOT, post
from benchmarks.scale.rules import rules_of_size
from benchmarks.scale.stage import Stage, log_in, walk
from benchmarks.workloads import WALK_QUERY, page_requests, single_requests
from documents.access.plan import Purpose, Scope
from documents.opening import ROOT_KEY_FILE
from documents.registry import FULL_CATALOGUE
from policies.authorize import READ
from policies.judging.compiler import Compiler
from policies.rules.rule_set import RuleSet, parse_csv

CONNECTIONS: Final = 4
_POLL_SECONDS: Final = 0.001
_OVERDUE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Change:
    """Milliseconds from the commit of a change until the first answer under it, and from the call before."""

    after_commit: float
    after_call: float


class _Activator:
    """The process beside the server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin: IO[str] = process.stdin
        self._stdout: IO[str] = process.stdout

    def begin(self, *, telephone: bool) -> None:
        self._stdin.write(f"{int(telephone)}\n")
        self._stdin.flush()

    def times(self) -> tuple[int, int, int]:
        before, committed, done = map(int, self._stdout.readline().split())
        return before, committed, done


@contextmanager
def _activator(stage: Stage, database: str, count: int) -> Iterator[_Activator]:
    variables = {"BENCH_MONGODB_URI": stage.uri, "BENCH_DATABASE": database, "BENCH_RULES": str(count)}
    variables["BENCH_ROOT_KEY"] = str(stage.data_dir / ROOT_KEY_FILE)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scale.activator"],
        cwd=ROOT,
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the activator did not start")
        yield _Activator(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


class _Probe:
    """Asks for one telephone over a connection of its own, again and again."""

    def __init__(self, port: int, request: bytes) -> None:
        head, _, self._body = request.partition(b"\r\n\r\n")
        self._headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def shows(self) -> bool:
        self._connection.request("POST", "/graphql", self._body, self._headers)
        answer = orjson.loads(self._connection.getresponse().read())
        if answer.get("errors") or not answer.get("data"):
            raise LoadError(f"an answer was not good while the rules changed: {answer}")
        return answer["data"]["customer"]["telephone"] is not None

    def wait_for(self, telephone: bool) -> int:
        """The monotonic time, in nanoseconds, of the first answer under the rules that do or do not show it."""
        overdue = time.monotonic() + _OVERDUE_SECONDS
        while self.shows() is not telephone:
            if time.monotonic() > overdue:
                raise LoadError("a change of rules did not become visible")
            time.sleep(_POLL_SECONDS)
        return time.monotonic_ns()


def measure_rule_change(stage: Stage, counts: Sequence[int], customers: int) -> None:
    """For each number of rules: alone, and under load; and how long reading and compiling take by themselves."""
    for count in counts:
        database = f"rules_{count}"
        rule_set = rules_of_size(count)
        stage.database(database, customers, rule_set)
        figures: dict[str, Any] = {"work": asyncio.run(_work(rule_set))}
        with stage.dossier("dossier", database) as target, _activator(stage, database, count) as activator:
            figures |= _changes(stage, target, activator)
        stage.keep(f"rule change, {count} rules", figures)
        stage.say(f"{count} rules: {orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode()}")


def _changes(stage: Stage, target: Target, activator: _Activator) -> dict[str, Any]:
    stage.measurement([target])  # pins
    token = log_in(target.port)
    positions, ids = walk(target.port, token, WALK_QUERY, at_most=100, step=10)
    singles = [single_requests(customer_id, token)[0] for customer_id in ids]
    with_telephone = next(
        one for one in singles if orjson.loads(post(target.port, one))["data"]["customer"]["telephone"]
    )
    probe = _Probe(target.port, with_telephone)
    pages = [page_requests(place, token)[0] for place in positions]
    shown = [True]

    def change(*, after: float) -> Change:
        time.sleep(after)
        shown[0] = not shown[0]
        activator.begin(telephone=shown[0])
        seen = probe.wait_for(shown[0])
        before, committed, _ = activator.times()
        return Change((seen - committed) / 1e6, (seen - before) / 1e6)

    requests = pages + singles * 9
    _loaded(stage, target, requests, lambda: time.sleep(min(2.0, stage.seconds)))  # warms up
    alone = [change(after=0.3) for _ in range(2 * stage.rounds)]
    loaded: list[Change] = []
    quiet: list[Sample] = []
    changing: list[Sample] = []

    def changes() -> None:
        loaded.extend(change(after=stage.seconds / 8) for _ in range(4))

    for _ in range(stage.rounds):
        quiet.append(_loaded(stage, target, requests, lambda: _only_ask(probe, stage.seconds)))
        changing.append(_loaded(stage, target, requests, changes))
    return {
        "alone_ms": _spread([found.after_commit for found in alone]),
        "alone_from_call_ms": _spread([found.after_call for found in alone]),
        "under_load_ms": _spread([found.after_commit for found in loaded]),
        "others": {"quiet": _latencies(quiet), "changing": _latencies(changing)},
    }


def _only_ask(probe: _Probe, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        probe.shows()
        time.sleep(_POLL_SECONDS)


def _loaded(stage: Stage, target: Target, requests: Sequence[bytes], work: Any) -> Sample:
    """Does `work` while others ask, four at a time; returns what became of their requests."""
    found: list[Sample] = []
    job = Job(target.port, requests, b'{"data":{"customer', CONNECTIONS, stage.seconds)
    load = threading.Thread(target=lambda: found.append(stage.generator.run(job)))
    load.start()
    work()
    load.join()
    if not found or found[0].errors:
        raise LoadError("an answer was not good while the rules changed")
    return found[0]


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "greatest": max(values), "least": min(values), "count": len(values)}


def _latencies(samples: Sequence[Sample]) -> dict[str, float]:
    """Medians over rounds, in ms; and the greatest of all."""
    return {
        "p50_ms": statistics.median(sample.percentile(0.50) for sample in samples) * 1000,
        "p99_ms": statistics.median(sample.percentile(0.99) for sample in samples) * 1000,
        "greatest_ms": max(max(sample.latencies) for sample in samples) * 1000,
        "requests_per_second": statistics.median(sample.per_second for sample in samples),
    }


async def _work(rule_set: RuleSet) -> dict[str, float]:
    """What a process does after a change, in ms: read and check the rules, build the judge, compile one caller."""
    text = rule_set.to_csv()
    times = [time.perf_counter()]
    valid = parse_csv(text, FULL_CATALOGUE)
    times.append(time.perf_counter())
    compiler = Compiler(FULL_CATALOGUE, valid)
    times.append(time.perf_counter())
    subject = (frozenset({"benchmark_reader"}), Purpose.BUSINESS_OPERATION)
    compiler.is_open(subject)
    times.append(time.perf_counter())
    await compiler.grants(subject, READ, frozenset({Scope.ALL, Scope.OWN}))
    times.append(time.perf_counter())
    names = ("read_ms", "build_ms", "look_up_ms", "compile_ms")
    return {name: (end - start) * 1000 for name, start, end in zip(names, times, times[1:], strict=False)}
