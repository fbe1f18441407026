"""Days of the calendar. Owns how a period of months is counted."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

_LAST_MONTH: Final = 9999 * 12 + 11


def add_months(day: date, months: int) -> date:
    """The same day `months` ≥ 0 later, or the last of a month that is too short: 31 January, 29 February, 28 February.

    Add to the first day and not again and again: a day that was cut off does not come back.
    """
    month = min(day.year * 12 + day.month - 1 + months, _LAST_MONTH)
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
