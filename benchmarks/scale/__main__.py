"""The command behind `make bench-scale`: one measurement after the other, each writing its figures when it is done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.load import LoadGenerator
from benchmarks.measurement import LoadError
from benchmarks.sampling import UnequalAnswersError
from benchmarks.scale.pages import measure_customers, measure_everything, measure_rules
from benchmarks.scale.rule_change import measure_rule_change
from benchmarks.scale.soak import measure_soak
from benchmarks.scale.stage import Stage
from benchmarks.scale.workers import measure_workers
from documents.database.embedded import EmbeddedMongoDB
from documents.errors import EmbeddedMongoDBError

MEASUREMENTS = ("everything", "rules", "change", "workers", "customers", "soak")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurements that were chosen; 1 when answers were not good or not equal."""
    options = _parser().parse_args(arguments)
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        run(options, console)
    except (EmbeddedMongoDBError, LoadError, UnequalAnswersError) as error:
        print(f"benchmarks.scale: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=[*MEASUREMENTS])
    parser.add_argument("--quick", action="store_true", help="2 rounds of a second, to see that it works")
    parser.add_argument("--customers", type=int, default=20_000, help="where their number is not what is measured")
    parser.add_argument("--many-customers", type=int, default=1_000_000, help="in comparison with 1,000")
    parser.add_argument("--filling", type=float, default=720.0, metavar="SECONDS", help="at most, to make so many")
    parser.add_argument("--many-rules", type=int, default=10_000, help="in comparison with 50")
    parser.add_argument("--soak", type=float, default=600.0, metavar="SECONDS", help="of load while memory is watched")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a round")
    parser.add_argument("--data-dir", type=Path, default=Path("var/bench-scale"))
    return parser


def run(options: argparse.Namespace, console: Console) -> None:
    """What was chosen, in one database server."""
    data_dir = options.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    mongod = EmbeddedMongoDB(data_dir)
    with mongod as uri, LoadGenerator() as generator:
        stage = Stage(
            console,
            data_dir,
            uri,
            mongod.pid or 0,
            generator,
            rounds=options.rounds or (2 if options.quick else 5),
            seconds=options.seconds or (1.0 if options.quick else 4.0),
        )
        few = min(1_000, options.customers)
        measurements: dict[str, Callable[[], None]] = {
            "everything": partial(measure_everything, stage, options.customers),
            "rules": partial(measure_rules, stage, 50, options.many_rules, few),
            "change": partial(measure_rule_change, stage, (1_000, options.many_rules), few),
            "workers": partial(measure_workers, stage, options.customers),
            "customers": partial(measure_customers, stage, few, options.many_customers, filling=options.filling),
            "soak": partial(measure_soak, stage, options.customers, options.soak),
        }
        for name in MEASUREMENTS:
            if name in options.only:
                console.rule(name)
                measurements[name]()
        stage.say(f"written to {data_dir / 'results.json'}")


if __name__ == "__main__":
    sys.exit(main())
