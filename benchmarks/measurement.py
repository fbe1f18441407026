"""Rounds: both servers under the same load in turn, with what each round cost them.

A round of Dossier and the round of the bare endpoint right after it make a pair; ratios are taken within pairs, so that
a machine that is slower for a while is slower for both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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

    def ratio(self, measure: str) -> Spread:
        """Dossier's figure over the bare endpoint's, within pairs of rounds."""
        pairs = zip(self.rounds[DOSSIER], self.rounds[BARE], strict=True)
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
        self._progress = progress

    def measure(self, workload: Workload, *, rounds: int, seconds: float, warm_up: float) -> Result:
        """Raises LoadError when one answer was not good."""
        for target in self._targets:
            self._round(workload, target, warm_up)
        found: dict[str, list[Round]] = {target.name: [] for target in self._targets}
        for number in range(rounds):
            for target in self._targets:
                done = self._round(workload, target, seconds)
                found[target.name].append(done)
                self._progress(
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
