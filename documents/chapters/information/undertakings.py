"""Confidentiality undertakings: without one in force there is no access at all (I4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from documents.reckoning.validity import Validity, latest


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What `account` promised; in force from the signature until it expires or is withdrawn."""

    account: str
    validity: Validity


def access_ends_at(account: str, undertakings: Iterable[Undertaking], at: datetime) -> datetime | None:
    """When access ends unless something is signed: `at` itself if none is in force, None if no end is known.

    Undertakings that follow without a gap are one. Names are compared to the letter: in doubt nothing is in force.
    """
    own = [one.validity for one in undertakings if one.account == account]
    ends = at
    while in_force := [one for one in own if one.is_in_force(ends)]:
        end = latest(one.ends_at for one in in_force)
        if end is None:
            return None
        ends = end
    return ends
