"""The embedded database: it starts, keeps its data, ends with its parent, and says plainly why it does not start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.uri_parser import parse_uri

from documents.database import embedded as embedded_mongodb
from documents.database.embedded import EmbeddedMongoDB, find_mongod
from documents.errors import EmbeddedMongoDBError
from tests.patience import PATIENCE_SECONDS

_PARENT = """
import sys, time
from pathlib import Path
from documents.database.embedded import EmbeddedMongoDB
database = EmbeddedMongoDB(Path(sys.argv[1]), cache_gigabytes=0.25)
database.start()
print(database.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def used_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which one document was stored, and whose database was stopped."""
    data_dir = tmp_path_factory.mktemp("used")
    with EmbeddedMongoDB(data_dir, cache_gigabytes=0.25) as uri, MongoClient[dict[str, Any]](uri) as client:
        client.shop.orders.insert_one({"_id": 1, "what": "tea"})
    return data_dir


@pytest.fixture
def data_dir(used_directory: Path, tmp_path: Path) -> Path:
    """A copy of the used directory for one test alone."""
    shutil.copytree(used_directory, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def taken_port(data_dir: Path) -> Iterator[int]:
    """The port of the last start, taken by another program."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", int((data_dir / "mongodb.port").read_text())))
        yield other.getsockname()[1]


class TestStart:
    """Starting and stopping."""

    async def test_the_session_database_takes_transactions(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        """The node is the primary of a replica set, which transactions and change streams need."""
        await database.create_collection("orders")
        async with database.client.start_session() as session, await session.start_transaction():
            await database["orders"].insert_one({"_id": 1}, session=session)
        assert await database["orders"].count_documents({}) == 1

    def test_a_second_start_finds_the_data_on_the_same_port(self, data_dir: Path) -> None:
        """Stopping loses nothing, and bookmarks and open shells stay right."""
        port = int((data_dir / "mongodb.port").read_text())
        with EmbeddedMongoDB(data_dir, cache_gigabytes=0.25) as uri, MongoClient[dict[str, Any]](uri) as client:
            assert parse_uri(uri)["nodelist"] == [("127.0.0.1", port)]
            assert client.shop.orders.find_one() == {"_id": 1, "what": "tea"}

    def test_the_data_survives_a_change_of_port(self, data_dir: Path, taken_port: int) -> None:
        """When another program holds the port, the replica set moves to a free one and stays writable."""
        with EmbeddedMongoDB(data_dir, cache_gigabytes=0.25) as uri, MongoClient[dict[str, Any]](uri) as client:
            assert parse_uri(uri)["nodelist"] != [("127.0.0.1", taken_port)]
            assert client.shop.orders.find_one() == {"_id": 1, "what": "tea"}
            client.shop.orders.insert_one({"_id": 2})

    def test_only_this_machine_reaches_it(self, mongodb_uri: str) -> None:
        """The port is bound to the loopback address and to no other."""
        with MongoClient[dict[str, Any]](mongodb_uri) as client:
            options = client.admin.command("getCmdLineOpts")["parsed"]["net"]
        assert options["bindIp"] == "127.0.0.1"
        assert options["unixDomainSocket"] == {"enabled": False}


class TestEnd:
    """The database ends with its parent, and only then."""

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
    def test_a_killed_parent_takes_it_along_and_the_next_start_waits(self, data_dir: Path) -> None:
        """kill -9 leaves no orphan, loses no data, and needs no hand to start again."""
        with subprocess.Popen([sys.executable, "-c", _PARENT, str(data_dir)], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            mongod = int(parent.stdout.readline())
            parent.kill()
        with EmbeddedMongoDB(data_dir, cache_gigabytes=0.25) as uri, MongoClient[dict[str, Any]](uri) as client:
            assert client.shop.orders.find_one() == {"_id": 1, "what": "tea"}
            assert not _is_running(mongod)

    def test_ctrl_c_in_the_terminal_does_not_reach_it(self, data_dir: Path) -> None:
        """It has a process group of its own: open requests end before their database does."""
        database = EmbeddedMongoDB(data_dir, cache_gigabytes=0.25)
        with database:
            assert database.pid is not None
            assert os.getpgid(database.pid) != os.getpgid(0)
            mongod = database.pid
        assert not _is_running(mongod)
        assert database.pid is None


class TestRefusals:
    """Every expected failure is one plain sentence."""

    def test_without_a_mongod_the_three_ways_are_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Neither wheel nor PATH: the sentence says what would help."""
        monkeypatch.setattr(sys, "path", [])
        monkeypatch.setattr(sys, "path_importer_cache", {})
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(EmbeddedMongoDBError) as refusal:
            find_mongod()
        for way in ("Linux on x86-64", "PATH", "DOSSIER_MONGODB_URI"):
            assert way in str(refusal.value)

    def test_without_the_wheel_the_one_on_path_is_taken(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A mongod installed by the system serves as well."""
        (tmp_path / "mongod").symlink_to(find_mongod())
        monkeypatch.setattr(sys, "path", [])
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_mongod() == tmp_path / "mongod"

    def test_a_directory_in_use_is_named(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two databases never open the same files."""
        monkeypatch.setattr(embedded_mongodb, "_LEFTOVER_SECONDS", 0.1)
        with (
            EmbeddedMongoDB(data_dir, cache_gigabytes=0.25),
            pytest.raises(EmbeddedMongoDBError, match="in use by another running Dossier"),
        ):
            EmbeddedMongoDB(data_dir).start()

    def test_unreadable_database_files_are_named_and_leave_no_process(self, data_dir: Path) -> None:
        """What mongod refuses to open is reported with what to do about it."""
        (data_dir / "mongodb" / "WiredTiger.turtle").write_text("no turtle")
        (data_dir / "mongodb" / "WiredTiger.wt").write_bytes(b"x" * 4096)
        database = EmbeddedMongoDB(data_dir, cache_gigabytes=0.25)
        with pytest.raises(EmbeddedMongoDBError, match="does not read the database files") as refusal:
            database.start()
        assert "DOSSIER_DATA_DIR" in str(refusal.value)
        assert database.pid is None

    def test_an_early_end_names_the_log(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A mongod that ends for a reason of its own leaves a code and where to read on."""
        monkeypatch.setattr(embedded_mongodb, "find_mongod", lambda: Path(shutil.which("false") or ""))
        database = EmbeddedMongoDB(tmp_path)
        with pytest.raises(EmbeddedMongoDBError, match="with code 1") as refusal:
            database.start()
        assert str(database.log) in str(refusal.value)


def _is_running(pid: int) -> bool:
    """Whether the process lives, although it was told to end and given all the time for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] if sys.platform == "linux" else ""
        if state == "Z":  # ended; nobody has collected it yet
            return False
        time.sleep(0.02)
    return True
