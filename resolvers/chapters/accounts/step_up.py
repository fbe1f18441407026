"""Step-up authentication: proving again who one is, shortly before what needs it.

A session of ours is stepped up by the account's password, for some minutes, and it alone: another session of the same
account is not. An identity provider proves it anew by itself and says when, in the token's claim `auth_time` (OpenID
Connect Core 1.0 section 2). INVARIANT: an attempt counts like one to log in, and is limited with those.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from policies.errors import NotAuthenticatedError
from policies.principal import Principal
from resolvers.chapters.accounts.sessions import INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, LoginStores
from resolvers.errors import UserError

STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
STEP_UP_AT_PROVIDER = "STEP_UP_AT_PROVIDER"
CLOCK_DIFFERENCE = timedelta(seconds=10)  # by which the provider's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class StepUpResult:
    """Until when it counts, or why not. `retry_after` in seconds, with TOO_MANY_ATTEMPTS only."""

    until: datetime | None = None
    user_errors: tuple[UserError, ...] = ()
    retry_after: int | None = None


class StepUp:
    """The use case of stepping up, and the question whether a caller has."""

    def __init__(self, stores: LoginStores, *, duration: timedelta = timedelta(minutes=5)) -> None:
        self._accounts = stores.accounts
        self._sessions = stores.sessions
        self._attempts = stores.attempts
        self._passwords = stores.passwords
        self._duration = duration

    async def confirm(self, principal: Principal | None, password: str, client_address: str) -> StepUpResult:
        """Steps the caller's session up. `client_address` is the connection's, never one that the client states.

        Raises NotAuthenticatedError."""
        if principal is None:
            raise NotAuthenticatedError
        if principal.session_id is None:
            until = await self.until(principal)
            return StepUpResult(until) if until is not None else _refused(STEP_UP_AT_PROVIDER)
        attempt = await self._attempts.begin(principal.username, client_address)
        if attempt.retry_after is not None:
            error = UserError(TOO_MANY_ATTEMPTS, parameters=(("seconds", str(attempt.retry_after)),))
            return StepUpResult(user_errors=(error,), retry_after=attempt.retry_after)
        credentials = await self._accounts.credentials(principal.username)
        is_right = await self._passwords.verify(password, credentials.password_hash if credentials else None)
        if credentials is None or credentials.account.disabled or not is_right:
            return _refused(INVALID_CREDENTIALS)
        await self._attempts.succeed(attempt)
        until = await self._sessions.step_up(principal.session_id, self._duration)
        if until is None:  # the session ended while the password was looked at
            raise NotAuthenticatedError
        return StepUpResult(until)

    async def until(self, principal: Principal) -> datetime | None:
        """Until when the caller is stepped up; None where it is not."""
        if principal.session_id is not None:
            return await self._sessions.stepped_up_until(principal.session_id)
        now, asked_at = datetime.now(UTC), principal.authenticated_at
        if asked_at is None or asked_at > now + CLOCK_DIFFERENCE:
            return None
        until = asked_at + self._duration
        return until if until > now else None


def _refused(code: str) -> StepUpResult:
    return StepUpResult(user_errors=(UserError(code),))
