"""What the audit trail costs: Dossier with it against Dossier without it, in the same run, round beside round."""

from __future__ import annotations

import secrets
import time
import timeit
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bson import ObjectId
from rich.console import Console
from rich.table import Table

from benchmarks.measurement import DOSSIER, Result, Spread, Workload
from benchmarks.workloads import PAGE_SIZE, PLAIN_FIELDS
from documents.access.plan import Purpose
from documents.access.trace import AccessTrace, Act, Served
from documents.audit.entries import Asker, Performed, new_entry
from documents.audit.leaves import SEED_BYTES, Commitment
from documents.declaring.kind import Kind

WITH_TRAIL: Final = "dossier with trail"

MOST_CPU: Final = 1.15
MOST_P50_MS: Final = 5.0


@dataclass(frozen=True, slots=True)
class TrailCost:
    """The cost of one workload's entries. `cpu` is a ratio; the others are milliseconds more than without."""

    workload: str
    connections: int
    cpu: Spread
    cpu_ms: Spread
    p50_ms: Spread
    mongod_cpu_ms: Spread

    @classmethod
    def of(cls, result: Result) -> TrailCost:
        """Within pairs of rounds."""

        def more(measure: str) -> Spread:
            pairs = zip(result.rounds[WITH_TRAIL], result.rounds[DOSSIER], strict=True)
            return Spread.of([getattr(on, measure) - getattr(off, measure) for on, off in pairs])

        return cls(
            result.workload,
            result.connections,
            result.ratio("server_cpu_ms", WITH_TRAIL, DOSSIER),
            more("server_cpu_ms"),
            more("p50_ms"),
            more("mongod_cpu_ms"),
        )


def leaves_us() -> float:
    """Microseconds of CPU that the hash tree over a page's entry takes: 50 leaves, in a block of eight such entries.

    The least of many, which whatever else runs on the machine disturbs least."""
    trace = AccessTrace(plans={(1, Purpose.BUSINESS_OPERATION)})
    trace.add_rows(Act.READ, Served(Kind.ENTERPRISE, PLAIN_FIELDS, ()), [ObjectId() for _ in range(PAGE_SIZE)])
    asker = Asker("bench.reader", frozenset({"benchmark_reader"}), "session")
    entries = [new_entry(asker, Performed("query", "Page", bytes(32)), trace, rules=()) for _ in range(8)]
    seed = secrets.token_bytes(SEED_BYTES)
    timer = timeit.Timer(lambda: Commitment(entries, (), seed), timer=time.process_time)
    return min(timer.repeat(200, 5)) / 5 / len(entries) * 1e6


def trail_workloads(workloads: Sequence[Workload]) -> list[Workload]:
    """The same requests for both servers."""
    return [
        replace(workload, requests=dict.fromkeys((DOSSIER, WITH_TRAIL), workload.requests[DOSSIER]))
        for workload in workloads
    ]


def print_trail(console: Console, costs: Sequence[TrailCost]) -> None:
    """A table of least – median – greatest."""
    table = Table(title="What the audit trail costs", title_justify="left")
    columns = ("", "server CPU, with / without", "server CPU, ms more", "p50, ms more", "mongod CPU, ms more")
    for column in columns:
        table.add_column(column, justify="left" if not column else "right")
    for cost in costs:
        spreads = (cost.cpu, cost.cpu_ms, cost.p50_ms, cost.mongod_cpu_ms)
        cells = [f"{spread.least:.2f} – {spread.median:.2f} – {spread.greatest:.2f}" for spread in spreads]
        table.add_row(f"{cost.workload}, {cost.connections} connections", *cells)
    console.print(table)
    console.print(f"the leaves of a page's entry: {leaves_us():.0f} µs of the server's CPU", highlight=False)
    console.print(
        f"goals: at most {MOST_CPU:.2f} times the CPU and {MOST_P50_MS:.0f} ms more at p50",
        highlight=False,
    )
