"""What every test may ask for: the one real MongoDB of the session, and a fresh database in it."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from documents.database.embedded import EmbeddedMongoDB
from tests.api import Api, demo
from tests.memory import folder_in_memory, has_room
from web.server import rest_collector

LONGEST = (
    "tests/leaks/test_leaks.py",
    "tests/console",
    "tests/leaks/test_record_leaks.py",
    "tests/faults/test_kills.py",
    "tests/benchmarks/test_scale.py",
    "tests/benchmarks/test_peers.py",
    "tests/benchmarks/test_benchmark.py",
    "tests/test_at_rest.py",
    "tests/commands/test_cli.py",
    "tests/test_subscriptions.py",
    "tests/chapters/policies/test_policy_administration.py",
    "tests/test_new_field.py",
)
"""The groups of tests that take longest, in that order."""


def pytest_configure() -> None:
    """Tests run on the loop that the product runs on."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # it publishes no types
    """Hands out tests by the group: those of one run in one process, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup | None:
    """`--dist loadscope` goes by our groups. (`loadgroup` has no effect: pytest no longer reads what it writes.)"""
    return ByGroup(config, log) if config.getvalue("dist") == "loadscope" else None


def group_of(nodeid: str) -> str:
    """The file; the folder of the console's tests, which share a browser and a server; in the leak matrix, which is a
    large part of everything, the case."""
    path, _, test = nodeid.partition("::")
    if path.startswith("tests/console/"):
        return "tests/console"
    if path == "tests/leaks/test_leaks.py" and test.startswith("test_worlds_"):
        return f"{path} {test.rpartition('-')[0]}"
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest, so that no process is left alone with it in the end."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(group_of(item.nodeid).partition(" ")[0], len(LONGEST)))


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules are made now: the collector need not walk them over and over again."""
    rest_collector()


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a one-node replica set that lives as long as the session."""
    with _database_folder(tmp_path_factory) as folder:
        mongodb = EmbeddedMongoDB(folder, cache_gigabytes=1.0)
        with mongodb as uri:
            yield uri
            if mongodb.pid is not None:  # nobody needs the files: a clean end writes all of them, for many seconds
                os.kill(mongodb.pid, signal.SIGKILL)


@contextmanager
def _database_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is plenty: the same database, without waiting for a disk."""
    if has_room():
        with folder_in_memory() as folder:
            yield folder
    else:
        yield tmp_path_factory.mktemp("mongodb")


@pytest.fixture(scope="session")
async def mongodb_client(mongodb_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """The client that the session shares; times come back with their zone."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
async def database(mongodb_client: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """An empty database with a name of its own, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    yield mongodb_client[name]
    await mongodb_client.drop_database(name)


@pytest.fixture(scope="session")
async def demo_api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The application on demo data, shared by the session: tests may add customers, and change none but their own."""
    async with demo(mongodb_uri, tmp_path_factory.mktemp("demo")) as api:
        yield api
