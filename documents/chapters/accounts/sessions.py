"""Every query on sessions: opening, rotating the refresh token, ending, and whether one still lives.

INVARIANT: a refresh token is exchanged once. The exchange is one transaction that conflicts with every other of the
account, and a token that was exchanged before ends the session: either the client or a thief holds a copy that it
should not (RFC 9700 section 4.14.2). Sessions are not customer rows, so no `AccessPlan` is asked for here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession

from documents.chapters.accounts.account_sets import MOST_SESSIONS, AccountSets, OpenSet, Row
from documents.chapters.accounts.directory import StoredAccount, stored_account
from documents.errors import RecordNotFoundError

_SECRET_BYTES = 32
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})", re.ASCII)

# A client that exchanges more tokens than this in one session still has its older ones refused, only without an alarm.
_REMEMBERED_HASHES = 200
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session right after a login or an exchange, with the one refresh token that works next."""

    session_id: str
    username: str
    refresh_token: str = field(repr=False)


class SessionRepository:
    """Sessions. `lifetime` counts from the login: an exchange does not extend it. Every write is one of the account's
    sealed set, in the transaction given or in one of its own."""

    def __init__(self, sets: AccountSets, *, lifetime: timedelta = timedelta(hours=12)) -> None:
        self._sets = sets
        self._lifetime = lifetime

    async def open(self, username: str, transaction: AsyncClientSession | None = None) -> OpenSession:
        """Opens a session for `username`, who has just proven to be it. Raises RecordNotFoundError where the account is
        gone, or disabled by now."""
        session_id = secrets.token_hex(16)
        token = _new_token(session_id)

        async def add(opened: OpenSet) -> None:
            if opened.account["disabled"]:
                raise RecordNotFoundError
            now = datetime.now(UTC)
            oldest_first = sorted(opened.live, key=lambda one: opened.live[one]["expires_at"])
            if too_many := oldest_first[: max(len(oldest_first) - MOST_SESSIONS + 1, 0)]:
                await opened.end_sessions(too_many)
            await opened.put(
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

        await self._sets.change(username, add, transaction)
        return OpenSession(session_id, username, token)

    async def exchange(self, refresh_token: str, transaction: AsyncClientSession | None = None) -> OpenSession | None:
        """Exchanges `refresh_token` for the next one. None where it is not the current token of a live session; one
        that was exchanged before also ends its session."""
        match = _TOKEN.fullmatch(refresh_token)
        if match is None:
            return None
        session_id, presented = match[1], _digest(refresh_token)
        token = _new_token(session_id)

        async def exchange(opened: OpenSet, session: Row) -> OpenSession | None:
            if hmac.compare_digest(session["current_hash"], presented):
                used = [*session["used_hashes"], presented][-_REMEMBERED_HASHES:]
                await opened.put({**session, "current_hash": _digest(token), "used_hashes": used})
                return OpenSession(session_id, session["username"], token)
            if presented in session["used_hashes"]:
                await opened.put(_ended(session))
            return None

        return await self._change(session_id, exchange, transaction)

    async def end(self, session_id: str, transaction: AsyncClientSession | None = None) -> bool:
        """Ends the session. False where it had ended before."""

        async def end(opened: OpenSet, session: Row) -> bool:
            await opened.put(_ended(session))
            return True

        return bool(await self._change(session_id, end, transaction))

    async def step_up(
        self, session_id: str, duration: timedelta, transaction: AsyncClientSession | None = None
    ) -> datetime | None:
        """Notes that whoever has the session has just proven again who it is, for `duration`; until when that counts.
        None where the session lives no longer."""
        until = datetime.now(UTC) + duration

        async def step_up(opened: OpenSet, session: Row) -> datetime:
            await opened.put({**session, "stepped_up_until": until})
            return until

        return await self._change(session_id, step_up, transaction)

    async def stepped_up_until(self, session_id: str) -> datetime | None:
        """Until when the session is stepped up; None where it is not, or lives no longer."""
        live = (await self._sets.live([session_id])).get(session_id)
        until: datetime | None = live.session.get("stepped_up_until") if live is not None else None
        return until if until is not None and until > datetime.now(UTC) else None

    async def live_account(self, session_id: str) -> StoredAccount | None:
        """The account of a session that lives, in one query; None where it ended, expired or its account is
        disabled."""
        return (await self.live_accounts([session_id])).get(session_id)

    async def live_accounts(self, session_ids: Collection[str]) -> dict[str, StoredAccount]:
        """The same of several sessions, in one query; one that lives no longer is left out."""
        found = {key: stored_account(live.account) for key, live in (await self._sets.live(session_ids)).items()}
        return {session_id: account for session_id, account in found.items() if not account.disabled}

    async def _change(
        self,
        session_id: str,
        work: Callable[[OpenSet, Row], Awaitable[_T]],
        transaction: AsyncClientSession | None,
    ) -> _T | None:
        """What `work` makes of the session, in `transaction` or one of its own; None where it lives no longer."""

        async def change(opened: OpenSet) -> _T | None:
            session = await opened.session(session_id)
            return await work(opened, session) if session is not None else None

        username = await self._sets.username_of(session_id)
        if username is None:
            return None
        try:
            return (await self._sets.change(username, change, transaction))[0]
        except RecordNotFoundError:
            return None


def _ended(session: Row) -> Row:
    return {**session, "ended_at": datetime.now(UTC)}


def _new_token(session_id: str) -> str:
    """The session it belongs to, and 256 random bits."""
    return f"{session_id}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def _digest(token: str) -> bytes:
    """A plain digest is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
