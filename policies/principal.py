"""Who asks: the principal, as the edge established it. A frozen value; it grants nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from documents.access_plan import Purpose

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


SYSTEM = Principal("system", frozenset({"system"}), frozenset(Purpose))
"""Who acts when the regulation itself demands something and no person asks: jobs, and what follows from a change. Like
everybody it may do what the rules say; no account can have its name or its role by logging in."""
