"""Who asks: the principal, as the edge established it. A frozen value; it grants nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import StoredAccount
from documents.declaring.names import OPERATOR
from policies.rules.matching import SYSTEM_ROLE

FOREVER = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    `purposes` are those which the account (or token) may state; what the rules then allow under one is decided by
    `policies`. `customer_id` (24 hex digits) is the customer whose own login this is.
    """

    username: str
    roles: frozenset[str]
    purposes: frozenset[Purpose]
    department: str | None = None
    customer_id: str | None = None
    session_id: str | None = None
    cleared_until: datetime = FOREVER  # when the confidentiality undertaking ends; only staff need one
    authenticated_at: datetime | None = None  # when an identity provider last asked who it is, where it says so
    partner: str | None = None  # the partner (public id) whose login this is
    display_name: str | None = None


SYSTEM = Principal(SYSTEM_ROLE, frozenset({SYSTEM_ROLE}), frozenset(Purpose))
"""Who acts when the regulation itself demands something and no person asks: jobs, and what follows from a change. Like
everybody it may do what the rules say; no account has its name or its role (`documents/declaring/names.py`)."""


HOST = Principal(OPERATOR, frozenset(), frozenset(Purpose))
"""Whoever holds the host, by its commands: has no role, and is asked no rule. No account has its name."""


def principal_of(account: StoredAccount, session_id: str | None) -> Principal:
    """The account as a principal."""
    return Principal(
        username=account.username,
        roles=account.roles,
        purposes=account.purposes,
        department=account.department,
        customer_id=account.customer_id,
        session_id=session_id,
        cleared_until=_cleared_until(account),
        partner=account.partner,
        display_name=account.display_name,
    )


def _cleared_until(account: StoredAccount) -> datetime:
    """Staff are bound by their undertaking, partners by their agreement, customers by nothing: it is their own."""
    if account.customer_id is not None or account.partner is not None:
        return FOREVER
    return account.cleared_until or NEVER
