"""The figures as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.measurement import BARE, DOSSIER, Result, Spread, Steps

_ROWS = (
    ("requests/s", "requests_per_second", "{:.0f}"),
    ("p50, ms", "p50_ms", "{:.2f}"),
    ("p99, ms", "p99_ms", "{:.2f}"),
    ("server CPU, ms a request", "server_cpu_ms", "{:.3f}"),
    ("mongod CPU, ms a request", "mongod_cpu_ms", "{:.3f}"),
    ("RSS, MB", "rss_mb", "{:.0f}"),
)


def machine() -> dict[str, Any]:
    """What was measured on; nothing that names it."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}


def print_report(console: Console, results: Sequence[Result], growth: Mapping[str, tuple[float, float]]) -> None:
    """A table per workload: medians of the rounds, and the ratios within pairs of rounds."""
    for result in results:
        table = Table(title=f"{result.workload}, {result.connections} connections", title_justify="left")
        for column in ("", "Dossier", "bare", "ratio: least – median – greatest"):
            table.add_column(column, justify="left" if not column else "right")
        for label, measure, form in _ROWS:
            ours, bare = result.spread(DOSSIER, measure), result.spread(BARE, measure)
            table.add_row(label, form.format(ours.median), form.format(bare.median), _ratio(result.ratio(measure)))
        console.print(table)
    for name, (before, after) in growth.items():
        console.print(f"RSS of {name}: {before:.0f} MB after warming up, {after:.0f} MB at the end", highlight=False)


def write_json(
    path: Path, results: Sequence[Result], growth: Mapping[str, tuple[float, float]], facts: Mapping[str, Any]
) -> None:
    """Everything that was measured."""
    content = {
        "at": datetime.now(UTC),
        "machine": machine(),
        **facts,
        "rss_mb": {name: {"before": before, "after": after} for name, (before, after) in growth.items()},
        "results": [result.as_json() for result in results],
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def _ratio(spread: Spread) -> str:
    return f"{spread.least:.2f} – {spread.median:.2f} – {spread.greatest:.2f}"


def print_steps(console: Console, steps: Steps) -> None:
    """A table of where the time of one workload goes."""
    table = Table(title=f"{steps.workload}, {steps.connections} connections", title_justify="left")
    table.add_column("step")
    table.add_column("CPU, µs a request", justify="right")
    for step, spent in steps.microseconds.items():
        table.add_row(step, f"{spent:.0f}")
    table.add_row("together", f"{sum(steps.microseconds.values()):.0f}")
    console.print(table)
