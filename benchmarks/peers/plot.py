"""The plot of docs/performance.md: `python -m benchmarks.peers.plot [RESULTS.json [PLOT.svg]]`.

A bar per server and workload: CPU time of a request, the median of the rounds. Each workload has a scale of its own.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import orjson

from benchmarks.measurement import DOSSIER
from benchmarks.peers.report import LAST_RUN
from benchmarks.peers.servers import CASBIN, LABELS

PLOT: Final = Path("docs/peers.svg")
TITLE: Final = "Server CPU of a request, ms: less is better"
WIDTH: Final = 760
MARGIN: Final = 16
LABEL_WIDTH: Final = 150
FIGURE_WIDTH: Final = 120
BAR: Final = 18
PITCH: Final = 24
HEADING: Final = 34
OURS, OTHERS = "#1f6feb", "#8c959f"

# Its bar would be fifty times as long as the others.
LEFT_OUT: Final = frozenset({CASBIN.name})


def plot(results: Sequence[dict[str, Any]]) -> str:
    """The SVG of the results that `make bench-peers` writes."""
    parts: list[str] = []
    top = MARGIN + 20
    for result in results:
        figures = medians(result)
        parts += _panel(result, figures, top)
        top += HEADING + PITCH * len(figures) + 10
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">'
    )
    lines = [
        head,
        f"<title>{TITLE}</title>",
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 12}" font-size="15" font-weight="600">{TITLE}</text>',
        *parts,
        "</svg>\n",
    ]
    return "\n".join(lines)


def medians(result: dict[str, Any]) -> dict[str, float]:
    """Server → CPU milliseconds of a request."""
    return {
        name: statistics.median(found["server_cpu_ms"] for found in rounds)
        for name, rounds in result["rounds"].items()
        if name not in LEFT_OUT
    }


def _panel(result: dict[str, Any], figures: dict[str, float], top: int) -> Iterator[str]:
    heading = f"{result['workload']}, {result['connections']} connections"
    yield f'<text x="{MARGIN}" y="{top + 22}" font-weight="600">{escape(heading)}</text>'
    scale = (WIDTH - 2 * MARGIN - LABEL_WIDTH - FIGURE_WIDTH) / max(figures.values())
    left = MARGIN + LABEL_WIDTH
    for row, (name, figure) in enumerate(figures.items()):
        y = top + HEADING + row * PITCH
        length = figure * scale
        times = "" if name == DOSSIER else f" · {_ratio(result, name):.2f} ×"
        colour = OURS if name == DOSSIER else OTHERS
        yield f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(LABELS[name])}</text>'
        yield f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'
        yield f'<text x="{left + length + 6:.1f}" y="{y + 14}">{figure:.2f}{times}</text>'


def _ratio(result: dict[str, Any], name: str) -> float:
    median: float = result["ratio_to_dossier"][name]["server_cpu_ms"]["median"]
    return median


def main(arguments: Sequence[str]) -> None:
    """Draw what the first argument names, the figures of the last run, into the second, the picture of the page."""
    source = Path(arguments[0]) if arguments else LAST_RUN
    target = Path(arguments[1]) if len(arguments) > 1 else PLOT
    target.write_text(plot(orjson.loads(source.read_bytes())["results"]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
