"""Logging in, staying logged in, logging out.

INVARIANT: an unknown username, a wrong password and a disabled account take the same steps and give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.accounts.login_attempts import LoginAttemptRepository
from documents.chapters.accounts.passwords import PasswordHasher
from documents.chapters.accounts.sessions import OpenSession, SessionRepository
from documents.errors import RecordNotFoundError
from policies.principal import Principal
from resolvers.chapters.accounts.access_tokens import AccessTokens
from resolvers.chapters.accounts.principals import Principals
from resolvers.errors import UserError

INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
INVALID_REFRESH_TOKEN = "INVALID_REFRESH_TOKEN"  # noqa: S105  # the name of an error
TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a client keeps of a session. `expires_in` (seconds) is the access token's."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class SessionResult:
    """Tokens, or why there are none. `retry_after` in seconds, with TOO_MANY_ATTEMPTS only."""

    tokens: SessionTokens | None = None
    user_errors: tuple[UserError, ...] = ()
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class LoginStores:
    """Where logging in looks: who there is, by which password, in which sessions, and how often it was tried."""

    accounts: AccountRepository
    sessions: SessionRepository
    attempts: LoginAttemptRepository
    passwords: PasswordHasher


class Sessions:
    """The use cases of sessions."""

    def __init__(self, stores: LoginStores, access_tokens: AccessTokens, principals: Principals) -> None:
        self._accounts = stores.accounts
        self._sessions = stores.sessions
        self._attempts = stores.attempts
        self._passwords = stores.passwords
        self._access_tokens = access_tokens
        self._principals = principals

    async def login(self, username: str, password: str, client_address: str) -> SessionResult:
        """Opens a session. `client_address` is the connection's, never one that the client states."""
        username = _canonical(username)
        attempt = await self._attempts.begin(username, client_address)
        if attempt.retry_after is not None:
            return _too_many_attempts(attempt.retry_after)
        credentials = await self._accounts.credentials(username)
        is_right = await self._passwords.verify(password, credentials.password_hash if credentials else None)
        if credentials is None or credentials.account.disabled or not is_right:
            return SessionResult(user_errors=(UserError(INVALID_CREDENTIALS),))
        await self._attempts.succeed(attempt)
        try:
            return self._result(await self._sessions.open(username))
        except RecordNotFoundError:  # disabled while the password was looked at
            return SessionResult(user_errors=(UserError(INVALID_CREDENTIALS),))

    async def refresh(self, refresh_token: str) -> SessionResult:
        """The next pair of tokens of the session. A token that was used before ends the session."""
        session = await self._sessions.exchange(refresh_token)
        if session is None:
            return _invalid_refresh_token()
        account = await self._accounts.get(session.username)
        if account is None or account.disabled:
            await self._sessions.end(session.session_id)
            return _invalid_refresh_token()
        return self._result(session)

    async def logout(self, principal: Principal | None) -> bool:
        """Ends the caller's session. False where there is none to end: nobody is logged in, or an identity provider
        keeps the session."""
        if principal is None or principal.session_id is None:
            return False
        ended = await self._sessions.end(principal.session_id)
        self._principals.forget_session(principal.session_id)
        return ended

    def _result(self, session: OpenSession) -> SessionResult:
        access_token = self._access_tokens.issue(session.username, session.session_id)
        return SessionResult(SessionTokens(access_token, session.refresh_token, self._access_tokens.lifetime))


def _canonical(username: str) -> str:
    """Usernames have no capitals. Text that no database stores becomes one that is no username, and takes the same
    steps."""
    return username.strip().lower().encode("utf-8", "replace").decode()


def _too_many_attempts(retry_after: int) -> SessionResult:
    error = UserError(TOO_MANY_ATTEMPTS, parameters=(("seconds", str(retry_after)),))
    return SessionResult(user_errors=(error,), retry_after=retry_after)


def _invalid_refresh_token() -> SessionResult:
    return SessionResult(user_errors=(UserError(INVALID_REFRESH_TOKEN, field=("refresh_token",)),))
