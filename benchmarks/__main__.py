"""The command behind `make bench`: prepares, proves equal answers, measures, reports."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.dataset import DATABASE, prepare, remove_created
from benchmarks.load import LoadGenerator
from benchmarks.measurement import BARE, DOSSIER, LoadError, Measurement, Target, Workload, sample_steps
from benchmarks.processes import pin, resident_bytes, server
from benchmarks.report import print_report, print_steps, write_json
from benchmarks.sampling import Samples, UnequalAnswersError, check_equal, log_in, walk
from benchmarks.steps import FILE_VARIABLE
from benchmarks.trail import WITH_TRAIL, TrailCost, print_trail, trail_workloads
from benchmarks.workloads import create_request, page_requests, single_requests
from demo.progress import seeding_progress
from documents.database.embedded import EmbeddedMongoDB, free_port
from documents.errors import EmbeddedMongoDBError
from settings import Settings

SERVER_CORE, OTHER_CORE = 0, 1
LARGE_LIMIT = 86_400  # seconds that the token lives: one login for the whole run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when the servers disagree or fail."""
    options = _parser().parse_args(arguments)
    console = Console() if sys.stdout.isatty() else Console(width=110)
    try:
        run(options, console)
    except (EmbeddedMongoDBError, LoadError, UnequalAnswersError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 rounds of a second, to see that it works")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=200, help="at least so many")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a round")
    parser.add_argument("--steps", action="store_true", help="show where the time goes instead; no comparison")
    parser.add_argument("--trail", action="store_true", help="measure the audit trail's cost alone; no comparison")
    parser.add_argument("--data-dir", type=Path, default=Path("var/bench"))
    return parser


def run(options: argparse.Namespace, console: Console) -> None:
    """One whole run."""
    rounds = options.rounds or (2 if options.quick else 7)
    seconds = options.seconds or (1.0 if options.quick else 4.0)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    mongod = EmbeddedMongoDB(options.data_dir)
    with ExitStack() as stack:
        uri = stack.enter_context(mongod)
        settings = Settings(data_dir=options.data_dir, mongodb_uri=uri, database=DATABASE)
        with seeding_progress(console) as progress:
            rules = asyncio.run(prepare(settings, uri, options.customers, options.rules, progress))
        steps_file = options.data_dir.absolute() / "steps.json" if options.steps else None
        dossier, with_trail, bare = stack.enter_context(servers(options.data_dir.absolute(), uri, steps_file))
        targets = [dossier, bare]
        generator = stack.enter_context(LoadGenerator())
        for pid, core in ((mongod.pid, OTHER_CORE), (generator.pid, OTHER_CORE)):
            pin(pid or 0, core)
        ports = {target.name: target.port for target in targets}
        token = log_in(ports[DOSSIER])
        samples = walk(ports[DOSSIER], token)
        compared = check_equal(ports[DOSSIER], ports[BARE], samples, token)
        console.print(
            f"{options.customers} customers, {rules} rules; {compared} records compared: equal", highlight=False
        )
        measurement = Measurement(
            generator, targets, mongod.pid or 0, lambda line: console.print(line, highlight=False, style="dim")
        )
        if steps_file is not None:
            for workload in trail_workloads(workloads(samples, token)):
                print_steps(console, sample_steps(generator, with_trail, workload, max(seconds, 2.0), steps_file))
            return
        warm_up = min(seconds, 3.0)
        trail = Measurement(generator, [dossier, with_trail], mongod.pid or 0, measurement.progress)
        costs = [
            TrailCost.of(trail.measure(workload, rounds=rounds, seconds=seconds, warm_up=warm_up))
            for workload in [*trail_workloads(workloads(samples, token)[:2]), create_workload(token)]
        ]
        asyncio.run(remove_created(settings, uri))
        if options.trail:
            print_trail(console, costs)
            return
        before: dict[str, float] = {}
        results = []
        for workload in workloads(samples, token):
            results.append(measurement.measure(workload, rounds=rounds, seconds=seconds, warm_up=warm_up))
            if not before:
                before = {name: found[0].rss_mb for name, found in results[0].rounds.items()}
        growth = {target.name: (before[target.name], resident_bytes(target.pid) / 1e6) for target in targets}
        print_report(console, results, growth)
        print_trail(console, costs)
        path = options.data_dir / "results.json"
        facts = {"customers": options.customers, "rules": rules, "trail": [asdict(cost) for cost in costs]}
        write_json(path, results, growth, facts)
        console.print(f"written to {path}", highlight=False)


@contextmanager
def servers(data_dir: Path, uri: str, steps_file: Path | None = None) -> Iterator[list[Target]]:
    """Dossier without the audit trail and with it, and the bare endpoint, each a process of its own on the server core;
    Dossier's with a sampler when it has a file, which is that of the one with the trail."""
    with ExitStack() as stack:
        ours = []
        for name in (DOSSIER, WITH_TRAIL):
            port = free_port()
            variables = {
                "DOSSIER_PORT": str(port),
                "DOSSIER_DATA_DIR": str(data_dir),
                "DOSSIER_MONGODB_URI": uri,
                "DOSSIER_DATABASE": DATABASE,
                "DOSSIER_ACCESS_TOKEN_SECONDS": str(LARGE_LIMIT),
                "DOSSIER_AUDIT_TRAIL": "true" if name == WITH_TRAIL else "false",
                "DOSSIER_JOBS": "worker",  # nothing runs beside what is measured
            }
            command = ["-m", "cli", "serve"]
            if steps_file is not None:
                command = ["-m", "benchmarks.steps"]
                variables[FILE_VARIABLE] = str(steps_file) if name == WITH_TRAIL else f"{steps_file}.without"
            ours.append(Target(name, stack.enter_context(server(command, variables, "ready")), port))
        port = free_port()
        variables = {
            "BENCH_PORT": str(port),
            "BENCH_DATA_DIR": str(data_dir),
            "BENCH_MONGODB_URI": uri,
            "BENCH_DATABASE": DATABASE,
        }
        bare = Target(BARE, stack.enter_context(server(["-m", "benchmarks.bare"], variables, "ready")), port)
        for target in (*ours, bare):
            pin(target.pid, SERVER_CORE)
        yield [*ours, bare]


def create_workload(token: str) -> Workload:
    """A new customer, with the trail and without."""
    requests = {server: [create_request(token)] for server in (DOSSIER, WITH_TRAIL)}
    return Workload("createCustomer", 16, requests, b'{"data":{"createCustomer":{"customer":{"id"')


def workloads(samples: Samples, token: str) -> list[Workload]:
    """The page, and the single customer over few and over many connections."""
    pages = [page_requests(position, token) for position in samples.positions]
    singles = [single_requests(customer_id, token) for customer_id in samples.customer_ids]
    by_server = [
        {DOSSIER: [ours for ours, _ in found], BARE: [bare for _, bare in found]} for found in (pages, singles)
    ]
    return [
        Workload("page of 50", 16, by_server[0], b'{"data":{"customers":{"nodes":[{'),
        Workload("single customer", 16, by_server[1], b'{"data":{"customer":{'),
        Workload("single customer", 64, by_server[1], b'{"data":{"customer":{'),
    ]


if __name__ == "__main__":
    sys.exit(main())
