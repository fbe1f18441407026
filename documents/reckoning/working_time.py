"""Working time: which instants count for a standard, and when a span of working time has passed (S2).

Owns the working calendar: hours per day, weekends, China's public holidays and make-up working days. It must never
claim more than is published: beyond the State Council's published years a week is Monday to Friday.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from chinese_calendar.constants import holidays, workdays

Interval = tuple[time, time]
DEFAULT_HOURS: Final[tuple[Interval, ...]] = ((time(9), time(12)), (time(13, 30), time(18)))
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_FRIDAY: Final = 4


def published_exceptions() -> Mapping[date, bool]:
    """The days on which China does not keep Monday to Friday, and whether they are worked."""
    days: dict[date, bool] = {day: False for day in holidays if day.weekday() <= _FRIDAY and day not in workdays}
    return days | {day: True for day in workdays if day.weekday() > _FRIDAY}


@dataclass(frozen=True)
class WorkingCalendar:
    """Hours in `zone`, on the working days that China publishes.

    INVARIANT: working time is a count that only grows: `working_time_between(a, due(a, t)) == t` for every t ≥ 0.
    """

    hours: tuple[Interval, ...] = DEFAULT_HOURS
    zone: ZoneInfo = SHANGHAI

    def is_working_day(self, day: date) -> bool:
        return self._days_before(day + timedelta(days=1)) > self._days_before(day)

    def due(self, start: datetime, working_minutes: int) -> datetime:
        """The first instant, not before `start`, at which `working_minutes` ≥ 0 have been worked since `start`."""
        return self.due_after(start, timedelta(minutes=working_minutes))

    def due_after(self, start: datetime, working_time: timedelta) -> datetime:
        """As `due`, for any span. Raises ValueError for a negative one or an instant without a zone."""
        if working_time < timedelta(0):
            raise ValueError("working time does not run backwards")
        if not working_time:
            return start
        target = self._worked_until(start) + working_time
        days, rest = divmod(target, self._length)
        if not rest:  # the end of a day, not the beginning of the next one
            days, rest = days - 1, self._length
        return self._at(self._nth_working_day(days), rest).astimezone(start.tzinfo)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """What was worked from `start` to `end`; negative if `end` is before `start`."""
        return self._worked_until(end) - self._worked_until(start)

    @cached_property
    def _length(self) -> timedelta:
        return sum((_span(a, b) for a, b in self.hours), timedelta(0))

    def _worked_until(self, instant: datetime) -> timedelta:
        """Working time since the first day of the common era."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs a zone")
        local = instant.astimezone(self.zone)
        worked = self._days_before(local.date()) * self._length
        if not self.is_working_day(local.date()):
            return worked
        now = local.time()
        return worked + sum((_span(a, min(now, b)) for a, b in self.hours if a < now), timedelta(0))

    def _at(self, day: date, worked: timedelta) -> datetime:
        """The instant of `day` at which `worked` of its hours have passed."""
        for begins, ends in self.hours:
            if worked <= _span(begins, ends):
                wall = datetime.combine(day, begins) + worked
                return wall.replace(tzinfo=self.zone)
            worked -= _span(begins, ends)
        raise AssertionError("more hours than a day has")

    @staticmethod
    def _days_before(day: date) -> int:
        """Working days from the first day of the common era, a Monday, to the day before `day`."""
        ordinal = day.toordinal()
        weeks, rest = divmod(ordinal - 1, 7)
        return weeks * 5 + min(rest, 5) + _BALANCE[bisect_left(_EXCEPTIONAL, ordinal)]

    def _nth_working_day(self, number: int) -> date:
        """The working day before which there are `number` others."""
        guess = date.fromordinal(number // 5 * 7 + number % 5 + 1)
        # Exceptions move the guess by no more than their number.
        near = range(guess.toordinal() - _REACH, guess.toordinal() + _REACH)
        ordinal = near[bisect_left(near, number + 1, key=lambda day: self._days_before(date.fromordinal(day + 1)))]
        return date.fromordinal(ordinal)


def _span(begins: time, ends: time) -> timedelta:
    return datetime.combine(date.min, ends) - datetime.combine(date.min, begins)


_WORKED: Final = published_exceptions()
_EXCEPTIONAL: Final = sorted(day.toordinal() for day in _WORKED)
_BALANCE: Final[list[int]] = [0, *accumulate(1 if _WORKED[date.fromordinal(day)] else -1 for day in _EXCEPTIONAL)]
# One exception is at most one working day, and a working day at most three days further.
_REACH: Final = max(map(abs, _BALANCE)) * 3 + 7
