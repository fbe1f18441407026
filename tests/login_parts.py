"""The parts of logging in, put together as the composition root does, on a real database and a real keyring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beanie import init_beanie
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import Purpose
from documents.chapters.accounts.account_sets import AccountSets
from documents.chapters.accounts.directory import AccountRepository, NewAccount
from documents.chapters.accounts.login_attempts import LoginAttemptRepository, LoginLimits
from documents.chapters.accounts.passwords import PasswordHasher
from documents.chapters.accounts.sessions import SessionRepository
from documents.chapters.accounts.stored import Account, Department, LoginAttempts, Session
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from documents.encryption.token_keys import TokenKey, TokenKeyRepository, TokenKeys
from resolvers.chapters.accounts.access_tokens import AccessTokens
from resolvers.chapters.accounts.principals import Principals
from resolvers.chapters.accounts.sessions import LoginStores, SessionResult, Sessions, SessionTokens
from tests.passwords import quick_hash
from tests.units import units_of

Database = AsyncDatabase[dict[str, Any]]
PASSWORD = "correct horse 电池 staple"
PASSWORD_HASH = quick_hash(PASSWORD)
ADDRESS = "192.0.2.7"


class CountingHasher(PasswordHasher):
    """The real hasher; remembers the cost of every verification that it made."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: list[str] = []

    def _matches(self, octets: bytes, encoded: str) -> bool:
        self.costs.append(encoded.rpartition("$")[0].rpartition("$")[0])
        return super()._matches(octets, encoded)


class CountingSessionRepository(SessionRepository):
    """The real repository; counts how often it was asked whether a session lives."""

    questions = 0

    async def live_account(self, session_id: str) -> Any:
        self.questions += 1
        return await super().live_account(session_id)


@dataclass
class LoginParts:
    database: Database
    keyring: Keyring
    keys: TokenKeys
    accounts: AccountRepository
    session_repository: CountingSessionRepository
    passwords: CountingHasher
    stores: LoginStores
    access_tokens: AccessTokens
    principals: Principals
    sessions: Sessions

    async def add_account(self, username: str = "wang.li", **values: Any) -> None:
        """An account whose password is PASSWORD, quickly checked."""
        details: dict[str, Any] = {
            "display_name": "王丽",
            "roles": ["agent"],
            "department": "D01",
            "purposes": [Purpose.CUSTOMER_SERVICE],
            "password_hash": PASSWORD_HASH,
        }
        await self.accounts.add(NewAccount(username, **(details | values)))

    async def login(self, username: str = "wang.li", password: str = PASSWORD, address: str = ADDRESS) -> SessionTokens:
        """Logs in; fails the test where that is refused."""
        return tokens_of(await self.sessions.login(username, password, address))


def tokens_of(result: SessionResult) -> SessionTokens:
    """The tokens; fails the test where there are none."""
    assert result.tokens is not None, result.user_errors
    return result.tokens


def codes_of(result: SessionResult) -> list[str]:
    """The codes of the user errors; there must be no tokens beside any."""
    assert (result.tokens is None) == bool(result.user_errors)
    return [error.code for error in result.user_errors]


async def initialise(database: Database) -> None:
    """Declares the documents to Beanie, which makes their indexes."""
    # Beanie's stubs ask for an AsyncDatabase[Any] by another name.
    await init_beanie(database=database, document_models=[Account, Department, Session, LoginAttempts, TokenKey])


async def open_keyring(database: Database, directory: Path) -> Keyring:
    """The real keyring over a root key in `directory`."""
    keyring = Keyring(database, LocalKeyProvider(directory / "root.key"))
    await keyring.open()
    return keyring


async def build(database: Database, directory: Path, limits: LoginLimits | None = None) -> LoginParts:
    """All parts over `database`."""
    await initialise(database)
    keyring = await open_keyring(database, directory)
    keys = await TokenKeyRepository(database, keyring).load()
    units = units_of(database)
    sets = AccountSets(database, Seals(await keyring.secret(SECRET_NAME)), units)
    accounts, passwords = AccountRepository(database, sets, units), CountingHasher()
    session_repository, access_tokens = CountingSessionRepository(sets), AccessTokens(keys)
    principals = Principals(accounts, session_repository)
    attempts = LoginAttemptRepository(database, limits)
    stores = LoginStores(accounts, session_repository, attempts, passwords)
    sessions = Sessions(stores, access_tokens, principals)
    return LoginParts(
        database=database,
        keyring=keyring,
        keys=keys,
        accounts=accounts,
        session_repository=session_repository,
        passwords=passwords,
        stores=stores,
        access_tokens=access_tokens,
        principals=principals,
        sessions=sessions,
    )
