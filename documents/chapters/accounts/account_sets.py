"""Accounts and their sessions as they are stored: a sealed set per account, with a version that rises with each write.

    accounts  {…, _seal: {version, sessions: {<session id>: {digest, expires_at}}, mac}}
              `mac` seals the whole row but itself; each live session's row has its `digest` there
    sessions  a row counts only while the set of its account has its digest

So whoever writes to the database, and does not have the vault, neither adds nor changes an account or a session, nor
brings an ended one back: what does not verify is as if it were not there, and is reported. INVARIANT: an older state of
a set, put back, is refused by every process that has seen a newer one, itself or in the trail; and every write of an
account or of one of its sessions is one unit of work that moves the version. The first version is the time in
milliseconds, so that an account that was removed and made anew is newer than whatever it was before.

It must never say what an account may do, nor log more of one than its username.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.int64 import Int64
from pymongo import WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from documents.access.trace import Act
from documents.audit.entries import Author, ChangedRow
from documents.chapters.accounts.stored import Account, Session
from documents.declaring.names import RESERVED_USERNAMES
from documents.encryption.seals import SEAL, Seals
from documents.errors import RecordNotFoundError
from documents.storing.row_store import ENTRY
from documents.writing.unit_of_work import UnitOfWork, Units

KIND: Final = "account"
"""What the trail calls one."""
ACCOUNTS: Final = Account.Settings.name
SESSIONS: Final = Session.Settings.name
MOST_SESSIONS: Final = 256
"""How many sessions of one account live at a time: a further login ends the oldest one."""
REMEMBERED: Final = 100_000
"""Of how many accounts a process remembers the newest version."""
_AGAIN_SECONDS: Final = (0.0, 0.05, 0.25)
"""When what does not verify is read again before it is judged: rows read one after the other may be of two moments."""
_OPTIONS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_T = TypeVar("_T")

Row = dict[str, Any]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that lives, with its account, each as stored; both verified."""

    session: Row
    account: Row


async def _nothing_told(_kind: str, _name: str) -> int:
    return 0


class OpenSet:
    """One account with its sessions, verified, in the transaction that changes them."""

    def __init__(self, sets: AccountSets, account: Row, unit: UnitOfWork) -> None:
        self._sets = sets
        self._transaction = unit.session
        seal = account.pop(SEAL)
        self.account = account
        """The account's row without its seal: to be changed in place."""
        now = datetime.now(UTC)
        self.live: dict[str, Any] = {key: entry for key, entry in seal["sessions"].items() if entry["expires_at"] > now}
        self.version = int(seal["version"])
        self.is_changed = False

    async def session(self, session_id: str) -> Row | None:
        """The row of a session that lives; None for any other."""
        row = await self._sets.sessions.find_one({"_id": session_id}, session=self._transaction)
        return row if row is not None and self._sets.is_in(self.live, row) else None

    async def put(self, row: Row) -> None:
        """Stores a session's row, new or changed; one that ended leaves the set."""
        self.is_changed = True
        if row["ended_at"] is None:
            self.live[row["_id"]] = self._sets.entry(row)
        else:
            self.live.pop(row["_id"], None)
        await self._sets.sessions.replace_one({"_id": row["_id"]}, row, upsert=True, session=self._transaction)

    async def end_sessions(self, session_ids: Collection[str] | None = None) -> None:
        """Ends these sessions; all of the account for None."""
        self.is_changed = True
        self.live = {key: self.live[key] for key in self.live.keys() - session_ids} if session_ids is not None else {}
        these: Row = {"username": self.account["_id"], "ended_at": None}
        if session_ids is not None:
            these["_id"] = {"$in": list(session_ids)}
        ended = {"$set": {"ended_at": datetime.now(UTC)}}
        await self._sets.sessions.update_many(these, ended, session=self._transaction)


Work = Callable[[OpenSet], Awaitable[_T]]
"""What is done to a set; may be called again when the database asks."""


class AccountSets:
    """Every read and write of accounts and sessions, verified and sealed."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        seals: Seals,
        units: Units,
        newest_told: Callable[[str, str], Awaitable[int]] = _nothing_told,
    ) -> None:
        """`newest_told`: the highest version that the trail tells of a row of a kind with a name. It is asked of each
        account once, so that an older state is known by a process that has seen none yet."""
        self._newest_told = newest_told
        # Majority reads: a version that a failover takes back must not be remembered as the newest.
        concerns: dict[str, Any] = {
            "codec_options": _OPTIONS,
            "read_concern": ReadConcern("majority"),
            "write_concern": WriteConcern("majority"),
        }
        self.accounts = database.get_collection(ACCOUNTS, **concerns)
        self.sessions = database.get_collection(SESSIONS, **concerns)
        self._client = database.client
        self._seals = seals
        self._units = units
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._reported: set[str] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find_one(self, condition: Mapping[str, Any], session: AsyncClientSession | None = None) -> Row | None:
        """The account's row, verified; None where there is none, or it does not verify."""
        row = await self.accounts.find_one(condition, session=session)
        return await self._judged(row, session) if row is not None else None

    async def find(self, condition: Mapping[str, Any], session: AsyncClientSession | None = None) -> list[Row]:
        """The rows of accounts by username, verified; those that do not verify are left out."""
        rows = await self.accounts.find(condition, sort={"_id": 1}, session=session).to_list()
        judged = [await self._judged(row, session) for row in rows]
        return [row for row in judged if row is not None]

    async def live(self, session_ids: Collection[str]) -> dict[str, LiveSession]:
        """The sessions that live, with their accounts, in one query; every other is left out."""
        pairs = await self._pairs(session_ids)
        for _, account in pairs:
            if account is not None:
                await self._learn(account["_id"])
        found, doubtful = self._standing(pairs)
        # Whoever was told of keeps nobody waiting again.
        again_after = _AGAIN_SECONDS if set(doubtful.values()) - self._reported else _AGAIN_SECONDS[:1]
        for seconds in again_after if doubtful else ():
            await asyncio.sleep(seconds)
            again, doubtful = self._standing(await self._pairs_of_one_moment(doubtful))
            found |= again
            if not doubtful:
                break
        for username in doubtful.values():
            self._report(username)
        return found

    async def username_of(self, session_id: str) -> str | None:
        """Whose session it says that it is, unverified: whose set has to be asked."""
        row = await self.sessions.find_one({"_id": session_id}, {"username": 1})
        return str(row["username"]) if row is not None else None

    async def insert(self, account: Row, author: Author, unit: UnitOfWork | None = None) -> None:
        """Adds the row of an account without sessions, in `unit` or in one of its own by `author`. Raises
        DuplicateKeyError."""

        async def insert(unit: UnitOfWork) -> str:
            row = self._sealed({**account, ENTRY: unit.entry_id}, {}, time.time_ns() // 1_000_000)
            await unit.insert(self.accounts, row, _told(Act.CREATE, row, account.keys() - {"_id"}))
            return ""

        if unit is not None:
            await insert(unit)
        else:
            await self._units.run(author, insert)

    async def change(self, username: str, work: Work[_T], author: Author, unit: UnitOfWork | None = None) -> _T:
        """Does `work` on the account's set and seals what it changed, in `unit` or in one of its own by `author`.

        Raises RecordNotFoundError where there is no such account, or it does not verify."""
        if unit is not None:
            return await self._changed(username, work, unit)
        returned: list[_T] = []

        async def changed(unit: UnitOfWork) -> str:
            returned[:] = [await self._changed(username, work, unit)]
            return ""

        # Writers of one account wait here for each other: in the database they would abort each other.
        async with self._turns.setdefault(username, asyncio.Lock()):
            await self._units.run(author, changed)
        return returned[0]

    async def seal_existing(self) -> int:
        """Seals the accounts that have no seal, each with its live sessions; returns how many. For a database of before
        there were seals: afterwards a row without one is a forgery."""
        done, now = 0, datetime.now(UTC)
        async for row in self.accounts.find({SEAL: {"$exists": False}}):
            live = {"username": row["_id"], "ended_at": None, "expires_at": {"$gt": now}}
            newest = await self.sessions.find(live, sort={"issued_at": -1}, limit=MOST_SESSIONS).to_list()
            entries = {one["_id"]: self.entry(one) for one in newest}
            sealed = self._sealed(row, entries, first_version(row))
            replaced = await self.accounts.replace_one({"_id": row["_id"], SEAL: {"$exists": False}}, sealed)
            done += replaced.modified_count
        return done

    def entry(self, session: Row) -> Row:
        """What the set keeps of a session's row."""
        return {"digest": self._seals.of(SESSIONS, session), "expires_at": session["expires_at"]}

    def is_in(self, live: Mapping[str, Any], session: Row) -> bool:
        """Whether the row of a session is the one that the set `live` has."""
        entry = live.get(session["_id"]) if isinstance(session["_id"], str) else None
        return entry is not None and self._seals.holds(SESSIONS, session, entry["digest"])

    async def _changed(self, username: str, work: Work[_T], unit: UnitOfWork) -> _T:
        account = await self.find_one({"_id": username}, unit.session)
        if account is None:
            raise RecordNotFoundError
        opened, before = OpenSet(self, account, unit), dict(account)
        result = await work(opened)
        after = opened.account
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        if changed or opened.is_changed:
            row = self._sealed({**after, ENTRY: unit.entry_id}, opened.live, opened.version + 1)
            told = changed | ({"sessions"} if opened.is_changed else set())
            await unit.put(self.accounts, row, _told(Act.WRITE, row, told))
        return result

    def _sealed(self, account: Row, live: Row, version: int) -> Row:
        claim = {"version": Int64(version), "sessions": live}
        mac = self._seals.of(ACCOUNTS, {**account, SEAL: claim})
        return {**account, SEAL: {**claim, "mac": mac}}

    def _is_sealed(self, account: Row) -> bool:
        seal = account.get(SEAL)
        is_named = isinstance(account["_id"], str) and account["_id"] not in RESERVED_USERNAMES
        if not is_named or not isinstance(seal, dict):
            return False
        claim = {name: value for name, value in seal.items() if name != "mac"}
        return self._seals.holds(ACCOUNTS, {**account, SEAL: claim}, seal.get("mac"))

    def _is_newest(self, account: Row) -> bool:
        """Of a sealed row: whether this process has seen none that is newer."""
        return bool(account[SEAL]["version"] >= self._newest.get(account["_id"], 0))

    async def _judged(self, row: Row, session: AsyncClientSession | None) -> Row | None:
        if self._is_sealed(row):
            await self._learn(row["_id"])
            if self._is_newest(row):
                if session is None:  # what a transaction reads may be its own, and never be committed
                    self._remember(row)
                return row
            # Either it was put back, or read before the one that was seen: then that one is there.
            newer = await self.accounts.find_one({"_id": row["_id"]})
            if newer is not None and self._is_sealed(newer) and self._is_newest(newer):
                return row if session is not None else newer
        self._report(row["_id"])
        return None

    async def _pairs(
        self, session_ids: Collection[str], session: AsyncClientSession | None = None
    ) -> list[tuple[Row, Row | None]]:
        """Each session that neither ended nor expired, with the account that it names."""
        these = {"$in": list(session_ids)} if len(session_ids) > 1 else next(iter(session_ids), None)
        cursor = await self.sessions.aggregate(
            [
                {"$match": {"_id": these, "ended_at": None, "expires_at": {"$gt": datetime.now(UTC)}}},
                {"$lookup": {"from": ACCOUNTS, "localField": "username", "foreignField": "_id", "as": "accounts"}},
            ],
            session=session,
        )
        return [(row, next(iter(row.pop("accounts")), None)) for row in await cursor.to_list()]

    async def _pairs_of_one_moment(self, session_ids: Collection[str]) -> list[tuple[Row, Row | None]]:
        async with (
            self._client.start_session() as session,
            await session.start_transaction(read_concern=ReadConcern("snapshot")),
        ):
            return await self._pairs(session_ids, session)

    def _standing(self, pairs: Iterable[tuple[Row, Row | None]]) -> tuple[dict[str, LiveSession], dict[str, str]]:
        """Those that verify; and of the others whose they say to be."""
        found: dict[str, LiveSession] = {}
        doubtful: dict[str, str] = {}
        for session, account in pairs:
            if account is None or not (
                self._is_sealed(account) and self._is_newest(account) and self.is_in(account[SEAL]["sessions"], session)
            ):
                doubtful[session["_id"]] = str(session.get("username"))[:64]
                continue
            self._remember(account)
            found[session["_id"]] = LiveSession(session, account)
        return found, doubtful

    async def _learn(self, username: Any) -> None:
        """Asks the trail for the newest version of an account that this process has not seen yet."""
        if username not in self._newest and isinstance(username, str):
            self._keep(username, await self._newest_told(KIND, username))

    def _remember(self, account: Row) -> None:
        self._keep(account["_id"], account[SEAL]["version"])

    def _keep(self, username: str, version: int) -> None:
        self._newest[username] = version
        self._newest.move_to_end(username)
        while len(self._newest) > REMEMBERED:
            self._newest.popitem(last=False)

    def _report(self, username: object) -> None:
        name = str(username)[:64]  # whatever stands there
        if name in self._reported or len(self._reported) >= REMEMBERED or name in RESERVED_USERNAMES:
            return
        self._reported.add(name)
        log.critical("the account %r, or a session of it, was not written by Dossier as it is: it has no access", name)


def first_version(account: Mapping[str, Any]) -> int:
    """The version that an account gets which was stored before there were seals."""
    created_at: datetime = account["created_at"]
    return round(created_at.replace(tzinfo=UTC).timestamp() * 1000)


def _told(act: Act, row: Row, fields: Iterable[str]) -> ChangedRow:
    """What the entry says: the account by its name, the version of its set, and what was changed, never to what."""
    return ChangedRow(act, KIND, int(row[SEAL]["version"]), tuple(sorted(fields)), name=row["_id"])
