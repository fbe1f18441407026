"""Units of work for tests that write without an installation around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import AccessPlan
from documents.audit.entries import Asker, Author, Performed
from documents.declaring.kind import Kind
from documents.opening import OpenDatabase
from documents.writing.customers import Change
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


class Writing:
    """The customers of an installation, each change of which is a unit of work of its own."""

    def __init__(self, storage: OpenDatabase) -> None:
        self._writer, self._units = storage.writer, storage.units

    async def create(self, plan: AccessPlan, change: Change) -> ObjectId:
        return await in_unit(self._units, lambda unit: self._writer.create(unit, plan, change))

    async def update(self, plan: AccessPlan, row_id: ObjectId, version: int, change: Change) -> None:
        await in_unit(self._units, lambda unit: self._writer.update(unit, plan, row_id, version, change))
        self._writer.forget(row_id)

    async def delete(self, plan: AccessPlan, kind: Kind, row_id: ObjectId, version: int) -> None:
        await in_unit(self._units, lambda unit: self._writer.delete(unit, plan, kind, row_id, version))
        self._writer.forget(row_id)
