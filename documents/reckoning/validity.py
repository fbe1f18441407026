"""Validity: the time in which something that was given, signed or agreed is in force.

It begins with its first instant and ends before its last: at the instant of expiry or withdrawal it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Validity:
    """In force from `begins_at` until it expires or is withdrawn, whichever is first; None is never."""

    begins_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """The first instant at which it is over; None while no end is known."""
        return earliest((self.expires_at, self.withdrawn_at))

    def is_in_force(self, at: datetime) -> bool:
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """The first of them, None being never."""
    return min((instant for instant in instants if instant is not None), default=None)


def latest(instants: Iterable[datetime | None]) -> datetime | None:
    """The last of at least one of them, None being never."""
    found = list(instants)
    return None if None in found else max(instant for instant in found if instant is not None)
