"""Units of work for tests that write without an installation around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.entries import Asker, Author, Performed
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.unit_of_work import UnitOfWork, Units

AUTHOR: Final = Author(Asker("tests", frozenset()), Performed("command", "tests"), ())

T = TypeVar("T")


def units_of(database: AsyncDatabase[dict[str, Any]]) -> Units:
    """Units that leave no entry: there is no trail."""
    return Units(database, IdempotencyRepository(database, b"tests"), None)


async def in_unit(units: Units, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """What `work` returns, once it is committed."""
    returned: list[T] = []

    async def kept(unit: UnitOfWork) -> str:
        returned[:] = [await work(unit)]
        return ""

    await units.run(AUTHOR, kept)
    return returned[0]
