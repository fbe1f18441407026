"""A MongoDB that the operator runs: whether it can be used at all.

Owns the questions asked of it before anything else starts. It must never write to it, and never repeat its URI, which
may hold credentials.
"""

from __future__ import annotations

from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from documents.errors import ExternalMongoDBError

_SELECTION_MILLISECONDS: Final = 5_000
_OLDEST_WIRE_VERSION: Final = 17  # of MongoDB 6.0


def require_replica_set(uri: str) -> None:
    """Check that a primary or a mongos answers at `uri`, lets us in, and is MongoDB 6.0 or newer. Blocks up to 5 s.

    Raises `ExternalMongoDBError`.
    """
    try:
        client: MongoClient[dict[str, Any]]
        with MongoClient(uri, serverSelectionTimeoutMS=_SELECTION_MILLISECONDS) as client:
            hello = client.admin.command("hello")
            client.admin.command({"listDatabases": 1, "nameOnly": True, "authorizedDatabases": True})
    except ServerSelectionTimeoutError as error:
        raise ExternalMongoDBError(
            "no MongoDB answers at DOSSIER_MONGODB_URI: check that it runs, its address, and its replica set's name"
        ) from error
    except OperationFailure as error:
        raise ExternalMongoDBError(
            "the MongoDB at DOSSIER_MONGODB_URI refuses these credentials: check user, password and authSource"
        ) from error
    except (ConfigurationError, ValueError) as error:
        raise ExternalMongoDBError("DOSSIER_MONGODB_URI is not a valid MongoDB connection string") from error
    except PyMongoError as error:
        raise ExternalMongoDBError("the MongoDB at DOSSIER_MONGODB_URI cannot be used") from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ExternalMongoDBError(
            "the MongoDB at DOSSIER_MONGODB_URI is a standalone server, and transactions need a replica set: start it "
            "with --replSet and run rs.initiate() once"
        )
    if hello["maxWireVersion"] < _OLDEST_WIRE_VERSION:
        raise ExternalMongoDBError("the MongoDB at DOSSIER_MONGODB_URI is older than version 6.0")
