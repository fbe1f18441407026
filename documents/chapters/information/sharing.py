"""Sharing with partners: what a customer consented to, under an agreement with the partner, while both last (I7).

Owns which fields are shared at an instant, and until when. Default deny: a field is shared by a consent that names it
and an agreement that allows it, of the same partner, both in force; everything else is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from documents.reckoning.validity import Validity, earliest, latest


@dataclass(frozen=True, slots=True)
class Consent:
    """`customer_id` allows `partner` to see `fields` (declared names)."""

    customer_id: str
    partner: str
    fields: frozenset[str]
    validity: Validity


@dataclass(frozen=True, slots=True)
class Agreement:
    """`partner` signed a confidentiality agreement; with `fields` it is for these alone, with None for any."""

    partner: str
    validity: Validity
    fields: frozenset[str] | None = None

    def covers(self, field: str) -> bool:
        return self.fields is None or field in self.fields


def shared_fields(
    customer_id: str,
    partner: str,
    consents: Iterable[Consent],
    agreements: Iterable[Agreement],
    at: datetime,
) -> Mapping[str, datetime | None]:
    """The fields of the customer that the partner sees at this instant, with the instant at which each ends.

    A field ends with its consent or its agreement, whichever is first, unless others that are in force now last
    longer; None where no end is known.
    """
    given = [
        one
        for one in consents
        if one.customer_id == customer_id and one.partner == partner and one.validity.is_in_force(at)
    ]
    signed = [one for one in agreements if one.partner == partner and one.validity.is_in_force(at)]
    ends: dict[str, list[datetime | None]] = {}
    for consent in given:
        for agreement in signed:
            end = earliest((consent.validity.ends_at, agreement.validity.ends_at))
            for field in consent.fields:
                if agreement.covers(field):
                    ends.setdefault(field, []).append(end)
    return {field: latest(found) for field, found in sorted(ends.items())}


def next_change(consents: Iterable[Consent], agreements: Iterable[Agreement], at: datetime) -> datetime | None:
    """The first instant after `at` at which any of them begins or ends: until then what is shared stays as it is."""
    validities = [*(one.validity for one in consents), *(one.validity for one in agreements)]
    moments = (moment for one in validities for moment in (one.begins_at, one.ends_at))
    return earliest(moment for moment in moments if moment is not None and moment > at)
