"""The servers under measurement: which there are, and how each is started."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from benchmarks.dataset import DATABASE, PASSWORD, ROLE, USERNAME
from benchmarks.measurement import BARE, DOSSIER, Target
from benchmarks.peers.questions import ORDINARY, PARSE, PARSE_APPLICATION, Questions
from benchmarks.processes import server
from documents.database.embedded import free_port

PARSE_DATABASE = "benchmark_parse"
_NODE = ("-m", "benchmarks.peers.node_process")
_NAIVE = ("-m", "benchmarks.peers.naive")
_TOKEN_SECONDS = 86_400  # one login for the whole run


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that people pick instead. `variables` are its own, beside those that all get."""

    name: str
    label: str
    arguments: Sequence[str]
    questions: Questions = ORDINARY
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_on_node(self) -> bool:
        return self.arguments[: len(_NODE)] == _NODE


PEERS = (
    Peer("mercurius", "Mercurius, JIT", (*_NODE, "mercurius.js")),
    Peer("yoga", "GraphQL Yoga, JIT", (*_NODE, "yoga.js")),
    Peer("apollo", "Apollo Server", (*_NODE, "apollo.js")),
    Peer(
        "parse",
        "Parse Server",
        (*_NODE, "parse.js"),
        PARSE,
        {
            "BENCH_DATABASE": PARSE_DATABASE,
            "BENCH_PARSE_APP": PARSE_APPLICATION,
            "BENCH_PARSE_USER": USERNAME,
            "BENCH_PARSE_PASSWORD": PASSWORD,
            "BENCH_PARSE_ROLE": ROLE,
            "PARSE_SERVER_LOGS_FOLDER": "null",  # read at import: the option alone comes too late
        },
    ),
    Peer("strawberry", "Strawberry + Beanie", _NAIVE),
)
CASBIN = Peer("casbin", "… with Casbin per field", _NAIVE, variables={"BENCH_CASBIN": "1"})
LABELS = {DOSSIER: "Dossier", BARE: "bare endpoint"} | {peer.name: peer.label for peer in (*PEERS, CASBIN)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is that a server needs."""

    data_dir: Path
    uri: str
    secrets: Path


@contextmanager
def dossier_server(place: Place) -> Iterator[Target]:
    """Dossier as `dossier serve` starts it."""
    port = free_port()
    variables = {
        "DOSSIER_PORT": str(port),
        "DOSSIER_DATA_DIR": str(place.data_dir),
        "DOSSIER_MONGODB_URI": place.uri,
        "DOSSIER_DATABASE": DATABASE,
        "DOSSIER_ACCESS_TOKEN_SECONDS": str(_TOKEN_SECONDS),
        "DOSSIER_AUDIT_TRAIL": "false",  # which no peer has
        "DOSSIER_JOBS": "worker",  # nothing runs beside what is measured
    }
    with server(["-m", "cli", "serve"], variables, "ready") as pid:
        yield Target(DOSSIER, pid, port)


@contextmanager
def bare_server(place: Place) -> Iterator[Target]:
    """The bare endpoint of `make bench`: the floor."""
    port = free_port()
    with server(["-m", "benchmarks.bare"], _variables(place, port), "ready") as pid:
        yield Target(BARE, pid, port)


@contextmanager
def peer_server(peer: Peer, place: Place) -> Iterator[Target]:
    """A peer in production mode."""
    port = free_port()
    with server([*peer.arguments], _variables(place, port) | dict(peer.variables), "ready") as pid:
        yield Target(peer.name, pid, port)


def _variables(place: Place, port: int) -> dict[str, str]:
    return {
        "NODE_ENV": "production",
        "BENCH_PORT": str(port),
        "BENCH_DATA_DIR": str(place.data_dir),
        "BENCH_MONGODB_URI": place.uri,
        "BENCH_DATABASE": DATABASE,
        "BENCH_SECRETS": str(place.secrets),
    }


def parse_session_token(port: int) -> str:
    """A login at Parse Server, whose tokens are its own."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/parse/login",
        orjson.dumps({"username": USERNAME, "password": PASSWORD}),
        {"x-parse-application-id": PARSE_APPLICATION, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return str(orjson.loads(response.read())["sessionToken"])
