"""When a scheduled job is due: pure functions from one moment to the tick before and the tick after it.

Ticks depend on the clock alone, so that every process computes the same ones. It must never keep state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final, Protocol

CHINA_STANDARD_TIME: Final = timezone(timedelta(hours=8), "CST")  # without daylight saving
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(Protocol):
    """A rule that names moments, the ticks."""

    def latest(self, now: datetime) -> datetime:
        """The last tick that is not after `now`."""
        ...

    def upcoming(self, now: datetime) -> datetime:
        """The first tick after `now`."""
        ...

    def __str__(self) -> str:
        """The rule in words for an operator."""
        ...


class Every:
    """At whole multiples of a time span, counted from 1970-01-01T00:00Z: `Every(hours=1)` is at each full hour."""

    def __init__(self, *, hours: int = 0, minutes: int = 0, seconds: int = 0) -> None:
        self._span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if self._span <= timedelta(0):
            raise ValueError("a schedule needs a span of at least a second")

    def latest(self, now: datetime) -> datetime:
        return now.astimezone(UTC) - (now - _EPOCH) % self._span

    def upcoming(self, now: datetime) -> datetime:
        return self.latest(now) + self._span

    def __str__(self) -> str:
        return f"every {self._span}"


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at the local time `at` ("HH:MM") of `zone`, which has no daylight saving."""

    at: str
    zone: timezone = CHINA_STANDARD_TIME

    def __post_init__(self) -> None:
        time.fromisoformat(self.at)  # raises ValueError while the product starts, not at night

    def latest(self, now: datetime) -> datetime:
        today = datetime.combine(now.astimezone(self.zone), time.fromisoformat(self.at), self.zone)
        return (today if today <= now else today - timedelta(days=1)).astimezone(UTC)

    def upcoming(self, now: datetime) -> datetime:
        return self.latest(now) + timedelta(days=1)

    def __str__(self) -> str:
        return f"daily at {self.at} {self.zone}"
