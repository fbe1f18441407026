"""Every query on sessions: opening, rotating the refresh token, ending, and whether one still lives.

INVARIANT: a refresh token is exchanged once. The exchange is one atomic compare-and-set on its hash, and a token that
was exchanged before ends the session: either the client or a thief holds a copy that it should not (RFC 9700 section
4.14.2). Sessions are not customer rows, so no `AccessPlan` is asked for here.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.accounts.directory import UTC_OPTIONS, StoredAccount, stored_account
from documents.chapters.accounts.stored import Account, Session

_SECRET_BYTES = 32
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})", re.ASCII)

# A client that exchanges more tokens than this in one session still has its older ones refused, only without an alarm.
_REMEMBERED_HASHES = 200


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session right after a login or an exchange, with the one refresh token that works next."""

    session_id: str
    username: str
    refresh_token: str = field(repr=False)


class SessionRepository:
    """Sessions. `lifetime` counts from the login: an exchange does not extend it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], *, lifetime: timedelta = timedelta(hours=12)) -> None:
        self._collection = database[Session.Settings.name].with_options(codec_options=UTC_OPTIONS)
        self._lifetime = lifetime

    async def open(self, username: str) -> OpenSession:
        """Opens a session for `username`, who has just proven to be it."""
        session_id, now = secrets.token_hex(16), datetime.now(UTC)
        token = _new_token(session_id)
        await self._collection.insert_one(
            {
                "_id": session_id,
                "username": username,
                "issued_at": now,
                "expires_at": now + self._lifetime,
                "ended_at": None,
                "current_hash": _digest(token),
                "used_hashes": [],
            }
        )
        return OpenSession(session_id, username, token)

    async def exchange(self, refresh_token: str) -> OpenSession | None:
        """Exchanges `refresh_token` for the next one. None where it is not the current token of a live session; one
        that was exchanged before also ends its session."""
        match = _TOKEN.fullmatch(refresh_token)
        if match is None:
            return None
        session_id, now, presented = match[1], datetime.now(UTC), _digest(refresh_token)
        token = _new_token(session_id)
        session = await self._collection.find_one_and_update(
            {"_id": session_id, "current_hash": presented, "ended_at": None, "expires_at": {"$gt": now}},
            {
                "$set": {"current_hash": _digest(token)},
                "$push": {"used_hashes": {"$each": [presented], "$slice": -_REMEMBERED_HASHES}},
            },
            {"username": 1},
        )
        if session is None:
            await self._collection.update_one(
                {"_id": session_id, "used_hashes": presented, "ended_at": None}, {"$set": {"ended_at": now}}
            )
            return None
        return OpenSession(session_id, session["username"], token)

    async def end(self, session_id: str) -> bool:
        """Ends the session. False where it had ended before."""
        result = await self._collection.update_one(
            {"_id": session_id, "ended_at": None}, {"$set": {"ended_at": datetime.now(UTC)}}
        )
        return result.modified_count == 1

    async def step_up(self, session_id: str, duration: timedelta) -> datetime | None:
        """Notes that whoever has the session has just proven again who it is, for `duration`; until when that counts.
        None where the session lives no longer."""
        now = datetime.now(UTC)
        until = now + duration
        result = await self._collection.update_one(
            {"_id": session_id, "ended_at": None, "expires_at": {"$gt": now}}, {"$set": {"stepped_up_until": until}}
        )
        return until if result.matched_count else None

    async def stepped_up_until(self, session_id: str) -> datetime | None:
        """Until when the session is stepped up; None where it is not, or lives no longer."""
        now = datetime.now(UTC)
        session = await self._collection.find_one(
            {"_id": session_id, "ended_at": None, "expires_at": {"$gt": now}, "stepped_up_until": {"$gt": now}},
            {"stepped_up_until": 1},
        )
        return session["stepped_up_until"] if session is not None else None

    async def live_account(self, session_id: str) -> StoredAccount | None:
        """The account of a session that lives, in one query; None where it ended, expired or its account is
        disabled."""
        return (await self.live_accounts([session_id])).get(session_id)

    async def live_accounts(self, session_ids: Collection[str]) -> dict[str, StoredAccount]:
        """The same of several sessions, in one query; one that lives no longer is left out."""
        account = Account.Settings.name
        these = {"$in": list(session_ids)} if len(session_ids) > 1 else next(iter(session_ids), None)
        cursor = await self._collection.aggregate(
            [
                {"$match": {"_id": these, "ended_at": None, "expires_at": {"$gt": datetime.now(UTC)}}},
                {"$project": {"username": 1}},
                {"$lookup": {"from": account, "localField": "username", "foreignField": "_id", "as": "accounts"}},
                {"$project": {"accounts.password_hash": 0}},
            ]
        )
        found = {
            session["_id"]: stored_account(document)
            for session in await cursor.to_list()
            for document in session["accounts"]
        }
        return {session_id: account for session_id, account in found.items() if not account.disabled}


def _new_token(session_id: str) -> str:
    """The session it belongs to, and 256 random bits."""
    return f"{session_id}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def _digest(token: str) -> bytes:
    """A plain digest is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
