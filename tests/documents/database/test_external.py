"""The operator's own MongoDB: each way in which it cannot be used is one sentence, without its URI."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from documents.database import external as external_mongodb
from documents.database.embedded import find_mongod
from documents.database.external import require_replica_set
from documents.errors import ExternalMongoDBError
from tests.ports import unused_port


@pytest.fixture
def standalone_uri(tmp_path: Path) -> Iterator[str]:
    """A mongod that is no replica set and asks for a login."""
    port = unused_port()
    address = ["--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket", "--auth"]
    process = subprocess.Popen([find_mongod(), *address, "--logpath", str(tmp_path / "log")], stdout=subprocess.DEVNULL)
    with MongoClient[dict[str, Any]]("127.0.0.1", port, serverSelectionTimeoutMS=60_000) as client:
        client.admin.command("createUser", "root", pwd="hunter2", roles=["root"])
    yield f"mongodb://root:hunter2@127.0.0.1:{port}/"
    process.terminate()
    process.wait()


def test_a_replica_set_is_accepted(mongodb_uri: str) -> None:
    """What transactions and change streams need is there."""
    require_replica_set(mongodb_uri)


def test_a_standalone_server_and_wrong_credentials_are_refused(standalone_uri: str) -> None:
    """A standalone server takes no transactions; a wrong password is told from an unreachable server."""
    with pytest.raises(ExternalMongoDBError, match=r"standalone server.*replica set") as refusal:
        require_replica_set(standalone_uri)
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(ExternalMongoDBError, match="refuses these credentials"):
        require_replica_set(standalone_uri.replace("hunter2", "hunter3"))
    with pytest.raises(ExternalMongoDBError, match="refuses these credentials"):
        require_replica_set(standalone_uri.replace("root:hunter2@", ""))


@pytest.mark.parametrize("option", ["", "?replicaSet=another"])
def test_an_unreachable_server_is_named(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody at the address: one sentence."""
    monkeypatch.setattr(external_mongodb, "_SELECTION_MILLISECONDS", 200)
    with pytest.raises(ExternalMongoDBError, match="no MongoDB answers"):
        require_replica_set(f"mongodb://127.0.0.1:{unused_port()}/{option}")


@pytest.mark.parametrize("uri", ["mongodb://", "mongodb://host:port"])
def test_a_malformed_uri_is_named(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no connection string is not tried."""
    monkeypatch.setattr(external_mongodb, "_SELECTION_MILLISECONDS", 200)
    with pytest.raises(ExternalMongoDBError, match="DOSSIER_MONGODB_URI"):
        require_replica_set(uri)
