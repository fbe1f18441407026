"""Who a live session or an outside subject is right now: accounts as principals, at most `max_age` seconds old.

Tokens live for minutes; disabling an account, changing its roles or logging out must count within a second. So every
request asks here, and the database is asked once per session and second: questions that come together share one.
INVARIANT: an answer is as old as the moment its query was sent, and answers of one session are never another's.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.accounts.sessions import SessionRepository
from policies.principal import Principal, principal_of


@dataclass(frozen=True, slots=True)
class _Answer:
    asked_at: float  # of the monotonic clock
    task: asyncio.Future[Principal | None]


class Principals:
    """Looks principals up. Holds at most `capacity` answers."""

    def __init__(
        self,
        accounts: AccountRepository,
        sessions: SessionRepository,
        *,
        max_age: float = 0.9,  # what is left of a second is for the query and the request
        capacity: int = 10_000,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._max_age = max_age
        self._capacity = capacity
        self._answers: OrderedDict[tuple[str, str], _Answer] = OrderedDict()

    async def of_session(self, session_id: str) -> Principal | None:
        """The principal of a live session with an enabled account."""
        key = ("session", session_id)
        task = self._recent(key) or self._ask(key, self._load_session(session_id))
        return task.result() if task.done() else await asyncio.shield(task)

    async def of_oidc_subject(self, oidc_subject: str) -> Principal | None:
        """The principal of the enabled account that an identity provider knows as `oidc_subject` (`issuer|sub`)."""
        key = ("oidc", oidc_subject)
        task = self._recent(key) or self._ask(key, self._load_oidc_subject(oidc_subject))
        return task.result() if task.done() else await asyncio.shield(task)

    async def again(self, principal: Principal | None) -> Principal | None:
        """Who the principal is at this moment, asked of the database: None where the session ended, or the account is
        gone or disabled."""
        if principal is None:
            return None
        if principal.session_id is not None:
            return await self._load_session(principal.session_id)
        account = await self._accounts.get(principal.username)
        if account is None or account.disabled:
            return None
        return replace(principal_of(account, None), authenticated_at=principal.authenticated_at)

    async def refresh(self, session_ids: Collection[str]) -> None:
        """Asks anew about all these sessions in one query, and has outside subjects asked about again when next needed:
        what is answered from now on is no older than this call."""
        asked_at = time.monotonic()
        for key in [key for key, answer in self._answers.items() if key[0] == "oidc" and answer.asked_at < asked_at]:
            del self._answers[key]
        if not session_ids:
            return
        accounts = await self._sessions.live_accounts(session_ids)
        for session_id in session_ids:
            known = self._answers.get(("session", session_id))
            if known is not None and known.asked_at > asked_at:
                continue
            account = accounts.get(session_id)
            future: asyncio.Future[Principal | None] = asyncio.get_running_loop().create_future()
            future.set_result(principal_of(account, session_id) if account is not None else None)
            self._remember(("session", session_id), _Answer(asked_at, future))

    def forget_session(self, session_id: str) -> None:
        """Makes the end of a session count at once in this process."""
        self._answers.pop(("session", session_id), None)

    def forget_account(self, username: str) -> None:
        """Makes what was changed in an account count at once in this process."""
        for key, answer in list(self._answers.items()):
            task = answer.task
            is_known = task.done() and not task.cancelled() and task.exception() is None
            principal = task.result() if is_known else None
            if not is_known or (principal is not None and principal.username == username):
                del self._answers[key]

    def _recent(self, key: tuple[str, str]) -> asyncio.Future[Principal | None] | None:
        answer = self._answers.get(key)
        if answer is None or time.monotonic() - answer.asked_at > self._max_age:
            return None
        return answer.task

    def _ask(
        self, key: tuple[str, str], load: Coroutine[Any, Any, Principal | None]
    ) -> asyncio.Future[Principal | None]:
        answer = _Answer(time.monotonic(), asyncio.create_task(load))
        answer.task.add_done_callback(lambda task: self._drop_failure(key, answer, task))
        self._remember(key, answer)
        return answer.task

    def _remember(self, key: tuple[str, str], answer: _Answer) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def _drop_failure(self, key: tuple[str, str], answer: _Answer, task: asyncio.Future[Principal | None]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._answers.get(key) is answer:
            del self._answers[key]

    async def _load_session(self, session_id: str) -> Principal | None:
        account = await self._sessions.live_account(session_id)
        return principal_of(account, session_id) if account else None

    async def _load_oidc_subject(self, oidc_subject: str) -> Principal | None:
        account = await self._accounts.get_by_oidc_subject(oidc_subject)
        return principal_of(account, None) if account and not account.disabled else None
