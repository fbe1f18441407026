"""The demo's people as callers of the use cases: what they do is under the same policy as what anybody does."""

from __future__ import annotations

from demo.accounts import DEMO_ACCOUNTS
from documents.access.plan import Purpose
from policies.principal import Principal
from resolvers.caller import Caller

_BY_NAME = {account.username: account for account in DEMO_ACCOUNTS}


def demo_caller(username: str, purpose: Purpose | None = None, key: str | None = None) -> Caller:
    """`username` under `purpose` (its first, if None). `key`: an idempotency key, so that an interrupted seeding that
    is started again makes nothing twice."""
    account = _BY_NAME[username]
    principal = Principal(account.username, frozenset(account.roles), frozenset(account.purposes), account.department)
    return Caller(principal, (purpose or account.purposes[0]).value, key)
