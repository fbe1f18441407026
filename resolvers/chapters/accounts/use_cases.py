"""The use cases of accounts, put together: logging in, who somebody is, and changing what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from documents.chapters.accounts.login_attempts import LoginAttemptRepository
from documents.chapters.accounts.passwords import PasswordHasher
from documents.chapters.accounts.sessions import SessionRepository
from resolvers.chapters.accounts.access_tokens import AccessTokens
from resolvers.chapters.accounts.changes import AccountChanges
from resolvers.chapters.accounts.host import HostAccounts
from resolvers.chapters.accounts.principals import Principals
from resolvers.chapters.accounts.role_grants import RoleGrants
from resolvers.chapters.accounts.sessions import LoginStores, Sessions
from resolvers.chapters.accounts.step_up import StepUp
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.kernel import Kernel


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """For how many seconds an access token is good, and for how many a session without a new one."""

    access_token_seconds: int
    session_seconds: int


class Accounts:
    """What the chapter can do."""

    def __init__(self, kernel: Kernel, administration: PolicyAdministration, settings: AccountSettings) -> None:
        storage = kernel.storage
        lifetime = timedelta(seconds=settings.session_seconds)
        stores = LoginStores(
            accounts=storage.accounts,
            sessions=SessionRepository(storage.accounts.sets, lifetime=lifetime),
            attempts=LoginAttemptRepository(storage.database),
            passwords=PasswordHasher(),
        )
        self.access_tokens = AccessTokens(storage.token_keys, lifetime=settings.access_token_seconds)
        self.principals = Principals(stores.accounts, stores.sessions)
        self.sessions = Sessions(stores, self.access_tokens, self.principals)
        self.step_up = StepUp(stores)
        self.changes = AccountChanges(kernel, administration, self.principals)
        self.grants = RoleGrants(kernel, administration)
        self.host = HostAccounts(kernel)
