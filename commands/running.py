"""What a command runs on: the event loop, and the database of this process.

It must never import the whole product: what needs no more than a database is done without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

from documents.database.data_directory import prepare_data_directory
from documents.database.embedded import EmbeddedMongoDB, running_uri
from documents.database.external import require_replica_set
from settings import Settings

_T = TypeVar("_T")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of `work`, on an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def own_database(settings: Settings) -> Iterator[str]:
    """The database of this process, by its URI: the operator's, or one that lives as long as this context.

    Raises EmbeddedMongoDBError or ExternalMongoDBError."""
    prepare_data_directory(settings.data_dir)
    if settings.mongodb_uri is not None:
        require_replica_set(settings.mongodb_uri)
        yield settings.mongodb_uri
        return
    with EmbeddedMongoDB(settings.data_dir) as uri:
        yield uri


@contextmanager
def shared_database(settings: Settings) -> Iterator[str]:
    """As `own_database`, but most commands run beside the server too: then its database is the one."""
    uri = None if settings.mongodb_uri else running_uri(settings.data_dir)
    if uri is not None:
        yield uri
        return
    with own_database(settings) as uri:
        yield uri
