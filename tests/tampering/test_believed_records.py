"""Nothing is done by a record that Dossier did not write as it is: kind that is believed × every stored field edited or
removed × a copy put in × an older state put back, each asked for as every operation asks. The kinds and their rows come
from the declarations: a new one is in the matrix by itself. What the records decide: `test_believed_decisions.py`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from bson import ObjectId

from documents.access.report import AccessReport
from documents.audit.blocks import NEWEST_FIRST
from documents.audit.newest import changes_of
from documents.declaring.fields import ValueType
from documents.declaring.kind import Kind
from documents.declaring.record import CustomerRecord, SourceChannel
from documents.encryption.seals import SEAL, Seals
from documents.errors import FieldAccessError, RecordNotFoundError
from documents.opening import OpenDatabase
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.registry import RECORD_CLASSES
from documents.storing.believed_rows import BelievedRows, NewestKnown
from documents.storing.public_ids import new_customer_id
from documents.writing.customers import Change
from documents.writing.records import RecordWrites
from settings import Settings
from tests.api import running
from tests.leaks.records import RecordWorlds
from tests.tampering.changes import changes, put
from tests.tampering.scenes import MALLORY, OWNER, SEER, Scene, scene
from tests.units import AUTHOR, Writing

BELIEVED = {record.kind: record for record in RECORD_CLASSES if record.believed}
EVERY_WAY = {"find", "load", "check", "update"}
Row = dict[str, Any]


class _Made(Known):
    created_by: str | None


every_kind = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in BELIEVED])


@dataclass(frozen=True)
class Staged:
    """The scene, and the database as a process has it that began later and has met none of its records."""

    scene: Scene
    later: OpenDatabase

    @property
    def storage(self) -> OpenDatabase:
        return self.scene.api.services.storage


@pytest.fixture(scope="module")
async def staged(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staged]:
    folder = tmp_path_factory.mktemp("believed")
    async with scene(mongodb_uri, folder) as made:
        settings = Settings(data_dir=folder, database=made.database.name, jobs="worker")
        async with running(settings, mongodb_uri) as other:
            yield Staged(made, other.services.storage)


async def written(staged: Staged, kind: Kind) -> Row:
    """A row with every declared field, as the product stores it."""
    storage, mine = staged.storage, staged.scene.customers[0]
    worlds = RecordWorlds(storage.readers[kind], [(mine, staged.scene.keys[mine.row_id])], Random(kind.value))
    own = {"customer", "version", "created_at", "created_by", "updated_at"}
    values = {name: value for name, value in worlds.rows(None)[0].values.items() if name not in own}
    for spec in worlds.fields.values():
        if spec.value_type is ValueType.STAFF and spec.name in values:
            values[spec.name] = [SEER] if spec.is_list else SEER
    customer = mine if issubclass(BELIEVED[kind], CustomerRecord) else None
    plan = await staged.scene.plan(SEER, kind)

    async def insert(writes: RecordWrites) -> str:
        return await writes.insert(plan, kind, values, customer=customer, by=SEER)

    new = ObjectId((await storage.record_writer.run(AUTHOR, insert)).rpartition("_")[2])
    row = await staged.scene.database[BELIEVED[kind].collection].find_one({"_id": new})
    assert row is not None
    assert values.keys() <= row.keys()
    return row


async def ways_in(storage: OpenDatabase, staged: Staged, kind: Kind, row_id: ObjectId) -> set[str]:
    """The ways in which an operation of somebody who may do everything gets at the row."""
    public_id, found = f"{kind.value}_{row_id}", set[str]()
    plan = await staged.scene.plan(SEER, kind)

    async def work(writes: RecordWrites) -> str:
        found.clear()
        if await writes.find(plan, kind, Where(id=public_id)):
            found.add("find")
        for way, attempt in (
            ("load", lambda: writes.load(plan, kind, public_id, Known)),
            ("check", lambda: writes.check(plan, kind, public_id, ["created_by"])),
            ("update", lambda: writes.update(plan, kind, public_id, {}, version=99)),
        ):
            try:
                await attempt()
            except RecordNotFoundError:
                continue
            except FieldAccessError:
                pass
            found.add(way)
        return ""

    await storage.record_writer.run(AUTHOR, work)
    outside = await storage.readers[kind].rows(plan, Where(id=public_id), Known, AccessReport())
    assert bool(outside) == bool(found)
    return found


async def rewritten(staged: Staged, kind: Kind, row: Row) -> Row:
    """The next version of the row, by the product."""
    plan = await staged.scene.plan(SEER, kind)

    async def update(writes: RecordWrites) -> str:
        await writes.update(plan, kind, f"{kind.value}_{row['_id']}", {"created_by": MALLORY}, version=row["version"])
        return ""

    await staged.storage.record_writer.run(AUTHOR, update)
    newer = await staged.scene.database[BELIEVED[kind].collection].find_one({"_id": row["_id"]})
    assert newer is not None
    assert newer["version"] == row["version"] + 1
    return newer


def test_what_decides_access_is_believed() -> None:
    """Whatever carries an approval; and what lets somebody in, or shares a customer."""
    approvals = {"approved_by", "confirmed_by"}
    deciding = {record.kind for record in RECORD_CLASSES if approvals & record.model_fields.keys()}
    assert deciding | {Kind.UNDERTAKING, Kind.SHARING_AGREEMENT, Kind.CONSENT} == BELIEVED.keys()


@every_kind
async def test_a_record_changed_in_any_field_is_none(
    staged: Staged, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever stored field is edited, removed or added: no operation finds it. It is told once, by its id alone."""
    rows, row = staged.scene.database[BELIEVED[kind].collection], await written(staged, kind)
    assert await ways_in(staged.storage, staged, kind, row["_id"]) == EVERY_WAY
    stored = [*(row.keys() - {"_id"}), *(BELIEVED[kind].model_fields.keys() - row.keys()), "_new"]
    for change in changes(sorted(stored)):
        if change.removes and change.path not in row:
            continue
        caplog.clear()
        with caplog.at_level(logging.CRITICAL):
            await change.make(rows, row["_id"])
            assert await ways_in(staged.storage, staged, kind, row["_id"]) == set(), str(change)
        told = [one.getMessage() for one in caplog.records]
        assert not [one for one in told if OWNER in one or MALLORY in one]
        await put(rows, row)
    assert await ways_in(staged.storage, staged, kind, row["_id"]) == EVERY_WAY


@every_kind
async def test_a_record_that_is_put_in_is_none(staged: Staged, kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """A copy under another id, with its seal, without it, or with one under another key."""
    rows, row = staged.scene.database[BELIEVED[kind].collection], await written(staged, kind)
    stranger = BelievedRows(rows, Seals(bytes(32)), NewestKnown(staged.storage.trail.newest.of_records))
    unsealed = {name: value for name, value in row.items() if name != SEAL}
    for copy in (row, unsealed, stranger.sealed(row), {**row, SEAL: b""}, {**row, SEAL: {"x": 1}}):
        copied = {**copy, "_id": new_customer_id()}
        caplog.clear()
        with caplog.at_level(logging.CRITICAL):
            await rows.insert_one(copied)
            for storage in (staged.storage, staged.later):
                assert await ways_in(storage, staged, kind, copied["_id"]) == set()
            told = [one for one in caplog.records if str(copied["_id"]) in one.getMessage()]
        assert len(told) == 2  # by each of the processes
        await rows.delete_one({"_id": copied["_id"]})


@every_kind
async def test_an_older_state_counts_in_no_process(staged: Staged, kind: Kind) -> None:
    """Neither in the one that wrote the newer one, nor in one that saw the older, nor in one that saw none."""
    rows = staged.scene.database[BELIEVED[kind].collection]
    met, unmet = await written(staged, kind), await written(staged, kind)
    assert await ways_in(staged.later, staged, kind, met["_id"]) == EVERY_WAY
    for row in (met, unmet):
        newer = await rewritten(staged, kind, row)
        await put(rows, row)
        for storage in (staged.storage, staged.later):
            assert await ways_in(storage, staged, kind, row["_id"]) == set()
        await put(rows, newer)
        for storage in (staged.storage, staged.later):
            assert await ways_in(storage, staged, kind, row["_id"]) == EVERY_WAY


@pytest.mark.parametrize("since", [None, datetime(2020, 1, 1, tzinfo=UTC)])
async def test_the_trail_is_asked_by_an_index(staged: Staged, since: datetime | None) -> None:
    """Of one record and of many, in the order of time: it is asked before anything is decided."""
    blocks = staged.scene.database["audit_blocks"]
    for count in (1, 50):
        condition = changes_of([ObjectId() for _ in range(count)], since)
        plan = await blocks.find(condition, sort=NEWEST_FIRST).explain()
        found = str(plan["queryPlanner"]["winningPlan"])
        assert "'by_record'" in found
        assert "'COLLSCAN'" not in found
        assert "'stage': 'SORT'" not in found


async def test_a_transaction_that_sees_an_older_state_begins_again(
    staged: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody else changed the record since: that is no forgery, and nothing is decided by what it was."""
    kind, attempts = Kind.ROLE_GRANT, list[str]()
    row, other = await written(staged, kind), await written(staged, kind)
    plan = await staged.scene.plan(SEER, kind)

    async def work(writes: RecordWrites) -> str:
        await writes.load(plan, kind, f"{kind.value}_{other['_id']}", Known)  # from here on it sees what is now
        if not attempts:
            await rewritten(staged, kind, row)
        attempts.append("")
        attempts[-1] = str((await writes.load(plan, kind, f"{kind.value}_{row['_id']}", _Made))["created_by"])
        return ""

    await staged.storage.record_writer.run(AUTHOR, work)
    assert attempts == ["", MALLORY]
    assert str(row["_id"]) not in caplog.text


async def test_a_record_goes_on_when_its_customer_is_handed_over(staged: Staged) -> None:
    """It follows the customer, and is as genuine as before."""
    kinds = [kind for kind, record in BELIEVED.items() if issubclass(record, CustomerRecord)]
    rows = [await written(staged, kind) for kind in kinds]
    mine, plan = staged.scene.customers[0], await staged.scene.customer_plan(SEER)
    for manager in (MALLORY, OWNER):
        customer = await staged.scene.database["customers"].find_one({"_id": mine.row_id}) or {}
        change = Change(mine.kind, {"account_manager": manager}, SourceChannel.CONTRACT)
        await Writing(staged.storage).update(plan, mine.row_id, customer["version"], change)
        for kind, row in zip(kinds, rows, strict=True):
            assert await ways_in(staged.storage, staged, kind, row["_id"]) == EVERY_WAY
            followed = await staged.scene.database[BELIEVED[kind].collection].find_one({"_id": row["_id"]}) or {}
            assert followed["_owner"] == manager
