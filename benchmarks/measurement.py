"""Rounds: both servers under the same load in turn, with what each round cost them.

A round of Dossier and the round of the bare endpoint right after it make a pair; ratios are taken within pairs, so that
a machine that is slower for a while is slower for both.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.load import Job, LoadGenerator
from benchmarks.processes import cpu_seconds, resident_bytes

DOSSIER, BARE = "dossier", "bare"


class LoadError(Exception):
    """A server gave answers that are not good: figures of such a run mean nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """One server under measurement."""

    name: str
    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Workload:
    """What is sent to each server, by its name, over how many connections."""

    name: str
    connections: int
    requests: Mapping[str, Sequence[bytes]]
    expected: bytes


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did in one round. CPU is that of its process tree."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms: float  # per request
    mongod_cpu_ms: float  # per request
    rss_mb: float  # at the end


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, median and greatest over rounds."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds of one workload."""

    workload: str
    connections: int
    rounds: dict[str, list[Round]]

    def spread(self, server: str, measure: str) -> Spread:
        return Spread.of([getattr(found, measure) for found in self.rounds[server]])

    def ratio(self, measure: str, one: str = DOSSIER, other: str = BARE) -> Spread:
        """The figure of server `one` over that of `other`, within pairs of rounds."""
        pairs = zip(self.rounds[one], self.rounds[other], strict=True)
        return Spread.of([getattr(ours, measure) / max(getattr(bare, measure), 1e-9) for ours, bare in pairs])

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        measures = ("requests_per_second", "p50_ms", "p99_ms", "server_cpu_ms", "mongod_cpu_ms", "rss_mb")
        return {
            "workload": self.workload,
            "connections": self.connections,
            "rounds": {name: [asdict(found) for found in rounds] for name, rounds in self.rounds.items()},
            "spread": {
                name: {measure: asdict(self.spread(name, measure)) for measure in measures} for name in self.rounds
            },
            "ratio": {measure: asdict(self.ratio(measure)) for measure in measures},
        }


class Measurement:
    """Measures targets of which one is loaded at a time."""

    def __init__(
        self, generator: LoadGenerator, targets: Sequence[Target], mongod_pid: int, progress: Callable[[str], None]
    ) -> None:
        self._generator = generator
        self._targets = targets
        self._mongod_pid = mongod_pid
        self.progress = progress

    def measure(self, workload: Workload, *, rounds: int, seconds: float, warm_up: float) -> Result:
        """Raises LoadError when one answer was not good."""
        for target in self._targets:
            self._round(workload, target, warm_up)
        found: dict[str, list[Round]] = {target.name: [] for target in self._targets}
        for number in range(rounds):
            for target in self._targets:
                done = self._round(workload, target, seconds)
                found[target.name].append(done)
                self.progress(
                    f"{workload.name}, {workload.connections} connections, round {number + 1} of {rounds}, "
                    f"{target.name}: {done.requests_per_second:.0f}/s, {done.server_cpu_ms:.3f} ms CPU"
                )
        return Result(workload.name, workload.connections, found)

    def _round(self, workload: Workload, target: Target, seconds: float) -> Round:
        job = Job(target.port, workload.requests[target.name], workload.expected, workload.connections, seconds)
        server, mongod = cpu_seconds(target.pid), cpu_seconds(self._mongod_pid)
        sample = self._generator.run(job)
        server, mongod = cpu_seconds(target.pid) - server, cpu_seconds(self._mongod_pid) - mongod
        answered = len(sample.latencies)
        if sample.errors or not answered:
            raise LoadError(f"{target.name} gave {sample.errors} bad and {answered} good answers to `{workload.name}`")
        return Round(
            requests_per_second=sample.per_second,
            p50_ms=sample.percentile(0.50) * 1000,
            p99_ms=sample.percentile(0.99) * 1000,
            server_cpu_ms=server * 1000 / answered,
            mongod_cpu_ms=mongod * 1000 / answered,
            rss_mb=resident_bytes(target.pid) / 1e6,
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """Microseconds of CPU per request, by step, the most expensive first."""

    workload: str
    connections: int
    microseconds: dict[str, float]


def sample_steps(generator: LoadGenerator, target: Target, workload: Workload, seconds: float, path: Path) -> Steps:
    """Loads a server that runs `benchmarks.steps` with `path` as its file."""

    def load(length: float) -> int:
        requests = workload.requests[target.name]
        sample = generator.run(Job(target.port, requests, workload.expected, workload.connections, length))
        if sample.errors:
            raise LoadError(f"{target.name} gave {sample.errors} bad answers to `{workload.name}`")
        return len(sample.latencies)

    load(1.0)
    path.unlink(missing_ok=True)
    os.kill(target.pid, signal.SIGUSR1)
    cpu = cpu_seconds(target.pid)
    answered = load(seconds)
    cpu = cpu_seconds(target.pid) - cpu
    os.kill(target.pid, signal.SIGUSR2)
    while not path.exists():
        load(0.05)  # signals are handled when Python code runs
        time.sleep(0.05)
    counts: dict[str, int] = orjson.loads(path.read_bytes())
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return Steps(
        workload.name,
        workload.connections,
        {step: count / total * cpu / answered * 1e6 for step, count in ordered},
    )
