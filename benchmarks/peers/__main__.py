"""The command behind `make bench-peers`: prepares, proves equal answers, measures in turn, reports."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks.dataset import DATABASE, prepare
from benchmarks.load import LoadGenerator
from benchmarks.measurement import LoadError, Measurement, Result, Target, Workload
from benchmarks.peers.parse_copy import copy_for_parse
from benchmarks.peers.questions import comparable
from benchmarks.peers.report import print_report, write_json
from benchmarks.peers.secrets_file import opened_secrets, secrets_file
from benchmarks.peers.servers import (
    CASBIN,
    PARSE_DATABASE,
    PEERS,
    Peer,
    Place,
    bare_server,
    dossier_server,
    parse_session_token,
    peer_server,
)
from benchmarks.processes import pin, post
from benchmarks.sampling import Samples, UnequalAnswersError, check_equal, log_in, walk
from benchmarks.workloads import PAGE_QUERY, graphql_request, http_request, page_requests, single_requests
from demo.progress import seeding_progress
from documents.database.embedded import EmbeddedMongoDB
from documents.errors import EmbeddedMongoDBError
from settings import Settings

SERVER_CORE, OTHER_CORE = 0, 1
CHECKED = 20
LARGEST_PAGE = 100
NODE_MODULES = Path(__file__).parent / "node_modules"
WARM_UP = 1.5  # rounds: V8 goes on optimising for seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 1 when the servers disagree or fail."""
    options = _parser().parse_args(arguments)
    if not NODE_MODULES.is_dir() and any(peer.is_on_node for peer in PEERS if peer.name in options.only):
        print("benchmarks: the peers on Node are not installed: run make bench-peers", file=sys.stderr)
        return 1
    console = Console() if sys.stdout.isatty() else Console(width=140)
    try:
        run(options, console)
    except (EmbeddedMongoDBError, LoadError, UnequalAnswersError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    names = [peer.name for peer in PEERS]
    parser.add_argument("--quick", action="store_true", help="2 rounds of a second, to see that it works")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PEER", help=", ".join(names))
    parser.add_argument("--casbin", action="store_true", help="Strawberry + Beanie with Casbin per field too")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=200, help="at least so many")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a round")
    parser.add_argument("--data-dir", type=Path, default=Path("var/bench"), help="the same as of `make bench`")
    return parser


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that runs, with the requests of both workloads."""

    target: Target
    pages: Sequence[bytes]
    singles: Sequence[bytes]


def run(options: argparse.Namespace, console: Console) -> None:
    """One whole run."""
    chosen = [peer for peer in PEERS if peer.name in options.only] + [CASBIN] * options.casbin
    options.data_dir.mkdir(parents=True, exist_ok=True)
    mongod = EmbeddedMongoDB(options.data_dir)
    with ExitStack() as stack:
        uri = stack.enter_context(mongod)
        place, rules = prepared(options, uri, console, stack)
        asked = started(chosen, place, console, stack)
        generator = stack.enter_context(LoadGenerator())
        for pid, core in ((mongod.pid, OTHER_CORE), (generator.pid, OTHER_CORE)):
            pin(pid or 0, core)
        for server in asked:
            pin(server.target.pid, SERVER_CORE)
        targets = [server.target for server in asked]
        results = measured(options, workloads(asked), Measurement(generator, targets, mongod.pid or 0, dim(console)))
        print_report(console, results)
        path = options.data_dir / "peers.json"
        write_json(path, results, {"customers": options.customers, "rules": rules})
        console.print(f"written to {path}", highlight=False)


def dim(console: Console) -> Callable[[str], None]:
    """Prints progress."""
    return lambda line: console.print(line, highlight=False, style="dim")


def prepared(options: argparse.Namespace, uri: str, console: Console, stack: ExitStack) -> tuple[Place, int]:
    """The data of `make bench`, Parse's copy of it, and the file of secrets; with the number of rules in force."""
    data_dir: Path = options.data_dir.absolute()
    settings = Settings(data_dir=data_dir, mongodb_uri=uri, database=DATABASE)
    with seeding_progress(console) as progress:
        rules = asyncio.run(prepare(settings, uri, options.customers, options.rules, progress))
    if "parse" in options.only:
        asyncio.run(copy_for_parse(uri, DATABASE, PARSE_DATABASE))
    secrets = asyncio.run(opened_secrets(uri, DATABASE, data_dir))
    return Place(data_dir, uri, stack.enter_context(secrets_file(data_dir / "peers-secrets.json", secrets))), rules


def started(chosen: Sequence[Peer], place: Place, console: Console, stack: ExitStack) -> list[Asked]:
    """Dossier, the bare endpoint and the peers, running; their answers are equal."""
    dossier, bare = stack.enter_context(dossier_server(place)), stack.enter_context(bare_server(place))
    token = log_in(dossier.port)
    samples = walk(dossier.port, token)
    warm(dossier.port, bare.port, samples, token)
    check_equal(dossier.port, bare.port, samples, token)
    asked = floor(dossier, bare, samples, token)
    for peer in chosen:
        asked.append(start(peer, stack.enter_context(peer_server(peer, place)), samples, token))
        compared = check_alike(peer, asked[0], asked[-1])
        console.print(f"{peer.label}: {compared} records compared with Dossier's: equal", highlight=False)
    return asked


def measured(options: argparse.Namespace, asked: Sequence[Workload], measurement: Measurement) -> list[Result]:
    """All rounds of all workloads."""
    rounds = options.rounds or (2 if options.quick else 5)
    seconds = options.seconds or (1.0 if options.quick else 3.0)
    return [
        measurement.measure(workload, rounds=rounds, seconds=seconds, warm_up=WARM_UP * seconds) for workload in asked
    ]


def floor(dossier: Target, bare: Target, samples: Samples, token: str) -> list[Asked]:
    """Dossier and the bare endpoint, as `make bench` asks them."""
    pages = [page_requests(position, token) for position in samples.positions]
    singles = [single_requests(customer_id, token) for customer_id in samples.customer_ids]
    return [
        Asked(target, [pair[index] for pair in pages], [pair[index] for pair in singles])
        for index, target in enumerate((dossier, bare))
    ]


def start(peer: Peer, target: Target, samples: Samples, token: str) -> Asked:
    """A peer that runs, with its requests."""
    token = parse_session_token(target.port) if peer.name == "parse" else token
    return Asked(
        target,
        [peer.questions.page(position, token) for position in samples.positions],
        [peer.questions.single(customer_id, token) for customer_id in samples.customer_ids],
    )


def warm(dossier: int, bare: int, samples: Samples, token: str) -> None:
    """Brings all data keys into the memory of both: the peers have them there from the start."""
    for position in samples.positions:
        ours = graphql_request(PAGE_QUERY, {"first": LARGEST_PAGE, "after": position.cursor}, token)
        post(dossier, ours)
        place = {"createdAt": position.created_at, "id": position.customer_id.split("_")[1]}
        post(bare, http_request("/page", {"first": LARGEST_PAGE, **place}))


def check_alike(peer: Peer, dossier: Asked, other: Asked) -> int:
    """Compares answers, field by field; returns how many records were equal. Raises UnequalAnswersError.

    Dossier is asked by many at once, as under load: it gathers such reads, and nobody may get another's record."""
    compared = 0
    for ours, theirs in ((dossier.pages, other.pages), (dossier.singles, other.singles)):
        chosen = random.sample(range(len(ours)), min(CHECKED, len(ours)))
        with ThreadPoolExecutor(CHECKED) as threads:
            contents = threads.map(partial(post, dossier.target.port), [ours[index] for index in chosen])
        for index, content in zip(chosen, contents, strict=True):
            expected = comparable(orjson.loads(content))
            found = orjson.loads(post(other.target.port, theirs[index]))
            if found.get("errors") or peer.questions.read(found) != expected:
                raise UnequalAnswersError(f"{peer.label} answers with other records than Dossier")
            compared += len(expected["customers"]["nodes"]) if "customers" in expected else 1
    return compared


def workloads(asked: Sequence[Asked]) -> list[Workload]:
    """The page, and the single customer over few and over many connections."""
    pages: Mapping[str, Sequence[bytes]] = {server.target.name: server.pages for server in asked}
    singles: Mapping[str, Sequence[bytes]] = {server.target.name: server.singles for server in asked}
    return [
        Workload("page of 50", 16, pages, b'{"data":{"customers":{"nodes":[{'),
        Workload("single customer", 16, singles, b'{"data":{"customer":{'),
        Workload("single customer", 64, singles, b'{"data":{"customer":{'),
    ]


if __name__ == "__main__":
    sys.exit(main())
