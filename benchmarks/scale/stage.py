"""What every measurement stands on: databases in one mongod, servers on them, a load generator, a place for figures."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from app import open_services
from benchmarks.__main__ import LARGE_LIMIT, OTHER_CORE, SERVER_CORE
from benchmarks.dataset import PASSWORD, STATE, USERNAME, prepare
from benchmarks.load import LoadGenerator
from benchmarks.measurement import Measurement, Result, Target
from benchmarks.processes import pin, post, server
from benchmarks.report import machine
from benchmarks.scale.bulk import add_in_bulk
from benchmarks.workloads import LOGIN_MUTATION, PAGE_SIZE, Position, graphql_request
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.passwords import PasswordHasher
from documents.database.embedded import free_port
from documents.registry import FULL_CATALOGUE
from policies.principal import FOREVER
from policies.rules.rule_set import RuleSet, parse_csv
from resolvers.services import Services
from settings import Settings

WHOLE_USERNAME = "bench.whole"
_SEEDED = 500  # of a database that is filled in bulk: those that the writer makes


@dataclass
class Stage:
    """One run. `figures` is what becomes of it, by measurement."""

    console: Console
    data_dir: Path
    uri: str
    mongod_pid: int
    generator: LoadGenerator
    rounds: int
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def keep(self, name: str, figures: Any) -> None:
        """Keeps figures under `name`, and writes all of them."""
        self.figures[name] = figures
        path = self.data_dir / "results.json"
        kept = orjson.loads(path.read_bytes()) if path.exists() else {}
        content = kept | {"machine": machine(), name: figures}
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")

    def settings(self, database: str) -> Settings:
        return Settings(data_dir=self.data_dir, mongodb_uri=self.uri, database=database)

    def database(self, name: str, customers: int, rules: str | RuleSet) -> None:
        """Makes the database of so many customers, by the demo seeder and the writer, and puts the rules in force."""
        times: list[float] = []
        settings = self.settings(name)
        asyncio.run(prepare(settings, self.uri, customers, 0, lambda *_: times.append(time.perf_counter())))
        if len(times) > 1:
            self.keep(f"seeding by the writer, {name}", {"rows_per_second": customers / (times[-1] - times[0])})
        asyncio.run(self._activate(settings, rules))

    def large_database(self, name: str, customers: int, rules: str | RuleSet, seconds: float) -> int:
        """As `database`, filled in bulk for at most `seconds`; returns how many customers there are."""
        self.database(name, min(_SEEDED, customers), rules)

        async def fill() -> int:
            async with open_services(self.settings(name), self.uri) as services:
                lines = _Lines(self.say)
                times = await add_in_bulk(services, customers, seconds, lines)
                if times.rows:
                    found = {"rows": times.rows, "inserting_s": times.inserting, "indexing_s": times.indexing}
                    self.keep(f"filling in bulk, {name}", found)
                return int(await services.database["customers"].estimated_document_count())

        return asyncio.run(fill())

    async def _activate(self, settings: Settings, rules: str | RuleSet) -> None:
        async with open_services(settings, self.uri) as services:
            wanted = parse_csv(rules, FULL_CATALOGUE) if isinstance(rules, str) else rules
            active = services.store.compiler.rule_set
            if RuleSet(active.rules, active.inheritance) != wanted:
                await services.store.activate(wanted, by="benchmark")
            if "benchmark_whole_reader" in wanted.roles:
                await _add_whole_reader(services)

    @contextmanager
    def dossier(
        self, name: str, database: str, *, workers: int = 1, core: int | None = SERVER_CORE
    ) -> Iterator[Target]:
        """`dossier serve` on a database, on one core or, with None, on all."""
        port = free_port()
        variables = {
            "DOSSIER_PORT": str(port),
            "DOSSIER_DATA_DIR": str(self.data_dir),
            "DOSSIER_MONGODB_URI": self.uri,
            "DOSSIER_DATABASE": database,
            "DOSSIER_WORKERS": str(workers),
            "DOSSIER_ACCESS_TOKEN_SECONDS": str(LARGE_LIMIT),
            "DOSSIER_MAX_COST": "100000",
            "DOSSIER_AUDIT_TRAIL": "false",  # its cost has a figure of its own
            "DOSSIER_JOBS": "worker",  # nothing runs beside what is measured
        }
        with server(["-m", "cli", "serve"], variables, "ready") as pid:
            if core is not None:
                pin(pid, core)
            yield Target(name, pid, port)

    @contextmanager
    def bare(self, name: str, database: str) -> Iterator[Target]:
        """The bare endpoint on a database."""
        port = free_port()
        variables = {
            "BENCH_PORT": str(port),
            "BENCH_DATA_DIR": str(self.data_dir),
            "BENCH_MONGODB_URI": self.uri,
            "BENCH_DATABASE": database,
        }
        with server(["-m", "benchmarks.scale.everything"], variables, "ready") as pid:
            pin(pid, SERVER_CORE)
            yield Target(name, pid, port)

    def measurement(self, targets: Sequence[Target], *, pinned: bool = True) -> Measurement:
        """Rounds in turn over these servers."""
        if pinned:
            for pid in (self.mongod_pid, self.generator.pid):
                pin(pid, OTHER_CORE)
        return Measurement(
            self.generator,
            targets,
            self.mongod_pid,
            lambda line: self.console.print(line, highlight=False, style="dim"),
        )


@dataclass
class _Lines:
    """A line at every tenth."""

    say: Callable[[str], None]
    said: int = 0

    def __call__(self, done: int, total: int) -> None:
        if done * 10 // total > self.said:
            self.said = done * 10 // total
            self.say(f"customers in bulk: {done} of {total}")


async def _add_whole_reader(services: Services) -> None:
    if await services.database[STATE].find_one({"_id": "whole_reader"}) is not None:
        return
    await services.accounts.add(
        NewAccount(
            WHOLE_USERNAME,
            display_name="Reader of everything",
            roles=["benchmark_whole_reader"],
            purposes=[Purpose.BUSINESS_OPERATION],
            password_hash=await PasswordHasher().hash(PASSWORD),
            cleared_until=FOREVER,
        )
    )
    await services.database[STATE].insert_one({"_id": "whole_reader"})


def log_in(port: int, username: str = USERNAME) -> str:
    """The access token of a benchmark login."""
    request = graphql_request(LOGIN_MUTATION, {"username": username, "password": PASSWORD})
    token: str = orjson.loads(post(port, request))["data"]["login"]["accessToken"]
    return token


def walk(port: int, token: str, query: str, *, at_most: int, step: int = 100) -> tuple[list[Position], list[str]]:
    """Places in the list from which a full page lies ahead, one for every `step` rows, and the ids of all rows passed.

    At most so many places: a part of the list from its beginning."""
    found: list[Position] = []
    ids: list[str] = []
    cursor, first = None, 1
    while len(found) <= at_most:
        request = graphql_request(query, {"first": first, "after": cursor}, token)
        page = orjson.loads(post(port, request))["data"]["customers"]
        nodes = page["nodes"]
        ids += [node["id"] for node in nodes]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor, first = page["pageInfo"]["endCursor"], step
        found.append(Position(str(cursor), nodes[-1]["createdAt"], nodes[-1]["id"]))
    rows = {customer_id: index for index, customer_id in enumerate(ids)}
    full = [place for place in found if rows[place.customer_id] + PAGE_SIZE < len(ids)]
    return full or found[:1], ids


def ratios(result: Result, server: str, to: str, measure: str) -> dict[str, float]:
    """The figure of `server` over that of `to`, within rounds: least, median, greatest."""
    pairs = zip(result.rounds[server], result.rounds[to], strict=True)
    values = sorted(getattr(ours, measure) / max(getattr(theirs, measure), 1e-9) for ours, theirs in pairs)
    return {"least": values[0], "median": statistics.median(values), "greatest": values[-1]}


def medians(result: Result) -> dict[str, dict[str, float]]:
    """Of each server, the median of each measure."""
    measures = ("requests_per_second", "p50_ms", "p99_ms", "server_cpu_ms", "mongod_cpu_ms", "rss_mb")
    return {
        name: {measure: statistics.median(getattr(found, measure) for found in rounds) for measure in measures}
        for name, rounds in result.rounds.items()
    }


def said_ratio(ratio: dict[str, float]) -> str:
    """least – median – greatest."""
    return f"{ratio['least']:.2f} – {ratio['median']:.2f} – {ratio['greatest']:.2f}"
