"""The figures of all servers as tables for people and as JSON for programs and for the plot.

`python -m benchmarks.peers.report [RESULTS.json]` prints the tables of docs/performance.md.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.measurement import DOSSIER, Result, Spread
from benchmarks.peers.servers import LABELS
from benchmarks.report import machine

LAST_RUN: Final = Path("var/bench/peers.json")
MEASURES = (
    ("requests/s", "requests_per_second", "{:.0f}"),
    ("p50, ms", "p50_ms", "{:.2f}"),
    ("p99, ms", "p99_ms", "{:.2f}"),
    ("CPU, ms a request", "server_cpu_ms", "{:.3f}"),
    ("mongod CPU, ms", "mongod_cpu_ms", "{:.3f}"),
    ("RSS, MB", "rss_mb", "{:.0f}"),
)


def ratio(result: Result, server: str, measure: str) -> Spread:
    """The server's figure over Dossier's, within the turns of the same round."""
    pairs = zip(result.rounds[server], result.rounds[DOSSIER], strict=True)
    return Spread.of([getattr(theirs, measure) / max(getattr(ours, measure), 1e-9) for theirs, ours in pairs])


def print_report(console: Console, results: Sequence[Result]) -> None:
    """A table per workload: medians of the rounds, and in brackets how many times Dossier's figure that is."""
    for result in results:
        table = Table(title=f"{result.workload}, {result.connections} connections", title_justify="left")
        table.add_column("")
        for label, _, _ in MEASURES:
            table.add_column(label, justify="right")
        for server in result.rounds:
            table.add_row(LABELS[server], *(_cell(result, server, measure, form) for _, measure, form in MEASURES))
        console.print(table)


def _cell(result: Result, server: str, measure: str, form: str) -> str:
    figure = form.format(result.spread(server, measure).median)
    return figure if server == DOSSIER else f"{figure} ({ratio(result, server, measure).median:.2f} ×)"


def write_json(path: Path, results: Sequence[Result], facts: Mapping[str, Any]) -> None:
    """Everything that was measured."""
    content = {
        "at": datetime.now(UTC),
        "machine": machine(),
        **facts,
        "results": [
            {
                "workload": result.workload,
                "connections": result.connections,
                "rounds": result.rounds,
                "ratio_to_dossier": {
                    server: {measure: ratio(result, server, measure) for _, measure, _ in MEASURES}
                    for server in result.rounds
                },
            }
            for result in results
        ],
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def markdown(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of a table per workload, of results as `write_json` wrote them."""
    measures = [found for found in MEASURES if found[1] != "mongod_cpu_ms"]
    for result in results:
        heading = f"{result['workload']}, {result['connections']} connections"
        yield f"\n| {heading} | " + " | ".join(label for label, _, _ in measures) + " |"
        yield "|---" * (len(measures) + 1) + "|"
        for server in result["rounds"]:
            cells = [_markdown_cell(result, server, measure, form) for _, measure, form in measures]
            yield f"| {LABELS[server]} | " + " | ".join(cells) + " |"


def _markdown_cell(result: dict[str, Any], server: str, measure: str, form: str) -> str:
    figure = form.format(statistics.median(found[measure] for found in result["rounds"][server]))
    return figure if server == DOSSIER else f"{figure} · {result['ratio_to_dossier'][server][measure]['median']:.2f} ×"


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else LAST_RUN
    print(*markdown(orjson.loads(source.read_bytes())["results"]), sep="\n")
