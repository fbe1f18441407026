"""What the procedures are tried with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import strategies as st

from documents.reckoning.money import Money
from documents.reckoning.validity import Validity
from documents.reckoning.working_time import SHANGHAI


def at(text: str) -> datetime:
    """The instant on the clocks of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def instants_between(first: str, last: str) -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime.fromisoformat(first), datetime.fromisoformat(last), timezones=st.just(SHANGHAI))


instants = instants_between("2004-01-01", "2040-01-01")
cents = st.integers(1, 10**12).map(lambda number: Decimal(number).scaleb(-2))
yuan = cents.map(lambda amount: Money(amount, "CNY"))


@st.composite
def validities(draw: st.DrawFn) -> Validity:
    """Of a few days, so that they meet; some end before they begin."""
    near = instants_between("2026-11-01", "2026-11-30")
    return Validity(draw(near), draw(st.none() | near), draw(st.none() | near))
