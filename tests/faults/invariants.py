"""What holds of a whole database whenever no operation is under way, whoever died in it before.

It looks at the rows as they are stored, beside the product, but for the two comparisons that the product itself makes
of the trail.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import all_blocks, block_collection, links
from documents.audit.heads import FILE_NAME, read_heads
from documents.audit.installation import KEY_FILE_NAME
from documents.audit.pending import COLLECTION as PENDING
from documents.chapters.attachments.sealing import SEALED_CHUNK_BYTES
from documents.chapters.audit.agreement import Agreement
from documents.chapters.audit.examination import read_keys
from documents.chapters.audit.verification import Claim, Verifier, claims_of_heads, claims_of_links
from documents.declaring.record import CustomerRecord
from documents.registry import AUDITED, RECORD_CLASSES

Database = AsyncDatabase[dict[str, Any]]
Shape = dict[str, tuple[int, int]]

STAGED: Final = frozenset(
    {"audit_blocks", PENDING, "company_turns", "login_attempts", "attachments.chunks", "attachments.unfinished"}
)
"""What an operation may leave more or less of: visible to nobody, or written by reads too."""

_NUMBERED: Final = {"handling_changes": "customer_id", "indicator_tables": "applies_to", "risk_tables": "applies_to"}
_VERSION: Final = {"$ifNull": ["$version", {"$ifNull": ["$_seal.version", {"$ifNull": ["$scope.version", 0]}]}]}


async def shape_of(database: Database) -> Shape:
    """How many rows each collection has, and the sum of their versions."""
    names = [name for name in await database.list_collection_names() if name not in STAGED]
    group = {"$group": {"_id": None, "rows": {"$sum": 1}, "versions": {"$sum": _VERSION}}}

    async def shape(name: str) -> tuple[int, int]:
        # The versions of jobs count their attempts.
        found = await (await database[name].aggregate([group])).to_list()
        return (found[0]["rows"], 0 if name == "jobs" else found[0]["versions"]) if found else (0, 0)

    return dict(zip(names, await asyncio.gather(*map(shape, names)), strict=True))


def difference(before: Shape, after: Shape) -> Shape:
    """What was added to each collection; only those of which something was."""
    found = {}
    for name, (rows, versions) in after.items():
        rows_before, versions_before = before.get(name, (0, 0))
        if (change := (rows - rows_before, versions - versions_before)) != (0, 0):
            found[name] = change
    return found


async def faults_of(database: Database, data_dir: Path) -> list[str]:
    """Whatever does not hold."""
    found = [fault async for fault in _of_rows(database)]
    compared = await Agreement(database, AUDITED).compare(look_again_seconds=0.5)
    return [*found, *map(str, compared.findings), *await _of_chains(database, data_dir)]


async def _of_chains(database: Database, data_dir: Path) -> list[str]:
    keys, blocks = read_keys(data_dir / KEY_FILE_NAME), block_collection(database)
    claims = list(claims_of_heads(read_heads(data_dir / FILE_NAME), keys))
    kept = [claim for claim in claims if isinstance(claim, Claim)]
    verifier = Verifier([*kept, *claims_of_links(await links(blocks))], keys)
    found = [str(claim) for claim in claims if not isinstance(claim, Claim)]
    async for block in all_blocks(blocks):
        found += map(str, verifier.block(block))
    return [*found, *map(str, verifier.end())]


async def _of_rows(database: Database) -> AsyncIterator[str]:
    customers = {row["_id"]: row async for row in database["customers"].find({})}
    keys = {row["_id"]: row async for row in database["data_keys"].find({})}
    if customers.keys() != keys.keys():
        yield f"customers without data key, or the other way round: {customers.keys() ^ keys.keys()}"
    for row in await database["identifiers"].find({}).to_list():
        if strangers := {row["customer_id"], *row.get("contested_by", ())} - customers.keys():
            yield f"the identifier {row['field']} of customers who are not there: {strangers}"
    async for row in database["customer_history"].find({}):
        if row["customer_id"] not in customers or row["version"] > customers[row["customer_id"]]["version"]:
            yield f"history of a change that is not there: {row['_id']}"
    for record in RECORD_CLASSES:
        if issubclass(record, CustomerRecord):
            async for row in database[record.collection].find({}):
                if (fault := _of_record(row, customers)) is not None:
                    yield f"{record.collection} {row['_id']} {fault}"
    for look in (_of_files, _of_keys, _of_outcomes, _of_sessions, _of_rules, _of_numbers):
        async for fault in look(database):
            yield fault


def _of_record(row: dict[str, Any], customers: dict[ObjectId, dict[str, Any]]) -> str | None:
    customer = customers.get(row["customer_id"])
    if customer is None:
        return "is of a customer who is not there"
    copies = (row.get("_owner"), row.get("_department"))
    return None if copies == (customer.get("account_manager"), customer.get("department")) else "did not follow"


async def _of_files(database: Database) -> AsyncIterator[str]:
    files = {row["_id"]: row async for row in database["attachments.files"].find({})}
    living = {row["_id"] async for row in database["customers"].find({}, {"_id": 1})}
    records = Counter([row["customer_id"] async for row in database["attachments"].find({}, {"customer_id": 1})])
    # Files of the erased open for nobody, and stay until the nightly sweep.
    whole = Counter(row["metadata"]["customer_id"] for row in files.values())
    if differing := {customer for customer in living if whole[customer] != records[customer]}:
        yield f"files without record, or the other way round, of {differing}"
    staged = {row["_id"] async for row in database["attachments.unfinished"].find({}, {"_id": 1})}
    chunks = Counter([row["files_id"] async for row in database["attachments.chunks"].find({}, {"files_id": 1})])
    if lost := chunks.keys() - files.keys() - staged:
        yield f"chunks of no file, which nobody will sweep: {lost}"
    for file_id, row in files.items():
        if chunks[file_id] != max(-(-row["length"] // SEALED_CHUNK_BYTES), 1):
            yield f"the file {file_id} is not whole"


async def _of_keys(database: Database) -> AsyncIterator[str]:
    vault = {row["_id"]: row.get("active", False) async for row in database["vault_keys"].find({})}
    if sum(vault.values()) != 1:
        yield "not one active vault key"
    async for row in database["data_keys"].find({}):
        if any(key["vault_key"] not in vault for key in row["keys"]):
            yield f"the data key of {row['_id']} is wrapped by a vault key that is not there"


async def _of_outcomes(database: Database) -> AsyncIterator[str]:
    told = {row["_id"] async for row in database[PENDING].find({}, {"_id": 1})}
    async for block in database["audit_blocks"].find({}, {"body.entries.id": 1}):
        told |= {entry["id"] for entry in block["body"]["entries"] if "id" in entry}
    async for row in database["idempotency_keys"].find({}):
        if not row["outcome"] or row["entry"] not in {None, *told}:
            yield f"an idempotency key without outcome or entry: {row}"


async def _of_sessions(database: Database) -> AsyncIterator[str]:
    listed = {one for row in await database["accounts"].find({}).to_list() for one in row["_seal"]["sessions"]}
    living = {row["_id"] async for row in database["sessions"].find({"ended_at": None}, {"_id": 1})}
    if living != listed:
        yield f"sessions that no account has, or the other way round: {living ^ listed}"


async def _of_rules(database: Database) -> AsyncIterator[str]:
    [state] = await database["rule_set_state"].find({}).to_list()
    newest = await database["rule_sets"].find_one({}, sort=[("_id", -1)])
    if newest is None or newest["_id"] != state["version"]:
        yield "another rule set is in force than the newest"
    async for draft in database["rule_drafts"].find({"state": "activated"}):
        if await database["rule_sets"].find_one({"_id": draft.get("activated_version")}) is None:
            yield f"the draft {draft['_id']} was activated, and there is no such rule set"


async def _of_numbers(database: Database) -> AsyncIterator[str]:
    for collection, whose in _NUMBERED.items():
        numbers: dict[Any, list[int]] = {}
        async for row in database[collection].find({}, {"number": 1, whose: 1}):
            numbers.setdefault(row[whose], []).append(row["number"])
        for key, given in numbers.items():
            if sorted(given) != list(range(1, len(given) + 1)):
                yield f"the numbers of {collection} of {key} are {sorted(given)}"
