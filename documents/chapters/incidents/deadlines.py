"""Incidents: recorded → scoped → contained → notified → closed, and by when whom to tell (I5).

Owns order, deadlines and what keeps an incident open. It is never closed with a measure undone or a notification
neither sent nor waived for a reason. Deadlines run in hours of the clock, nights and holidays included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from documents.declaring.labels import Labelled
from documents.errors import StepError


class IncidentState(Labelled):
    RECORDED = "recorded", "Recorded", "已记录"
    SCOPED = "scoped", "Scoped", "已定影响范围"
    CONTAINED = "contained", "Contained", "已控制"
    NOTIFIED = "notified", "Notified", "已通知"
    CLOSED = "closed", "Closed", "已结案"


STATES: Final = tuple(IncidentState)


class Recipient(Labelled):
    REGULATOR = "regulator", "Regulator", "监管部门"
    CUSTOMERS = "customers", "Customers", "客户"


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """`recipient` is told `within` this time of the discovery."""

    recipient: Recipient
    within: timedelta


# 国家网络安全事件报告管理办法 (2025), article 4: four hours at most to the province's authority, for incidents from
# 较大 up. PIPL article 57 has the persons told "immediately"; three days is our bound.
DEFAULT_NOTIFICATIONS: Final = (
    NotificationRule(Recipient.REGULATOR, timedelta(hours=4)),
    NotificationRule(Recipient.CUSTOMERS, timedelta(hours=72)),
)


@dataclass(frozen=True, slots=True)
class Notification:
    """Settled when sent, or waived for a reason."""

    recipient: Recipient
    due_at: datetime
    sent_at: datetime | None = None
    waived_because: str | None = None

    @property
    def is_settled(self) -> bool:
        return self.sent_at is not None or bool(self.waived_because and self.waived_because.strip())

    def is_late(self, now: datetime) -> bool:
        """Sent after its deadline, or not settled and past it."""
        if self.sent_at is not None:
            return self.sent_at > self.due_at
        return not self.is_settled and now > self.due_at


@dataclass(frozen=True, slots=True)
class IncidentMeasure:
    """What is done against it; done when `done_at` is known."""

    name: str
    done_at: datetime | None = None


def notifications(
    discovered_at: datetime, rules: Iterable[NotificationRule] = DEFAULT_NOTIFICATIONS
) -> tuple[Notification, ...]:
    """What an incident discovered then needs, the most urgent first."""
    made = (Notification(rule.recipient, discovered_at + rule.within) for rule in rules)
    return tuple(sorted(made, key=lambda one: one.due_at))


def next_state(state: IncidentState) -> IncidentState | None:
    """None after CLOSED."""
    number = STATES.index(state) + 1
    return STATES[number] if number < len(STATES) else None


def hindrances(
    to: IncidentState, measures: Sequence[IncidentMeasure], notified: Sequence[Notification]
) -> tuple[str, ...]:
    """The rule codes that keep an incident from becoming `to`, in a fixed order.

    CONTAINED needs a measure that is done; NOTIFIED needs its notifications, all settled; CLOSED needs that and all
    measures done.
    """
    found = []
    number = STATES.index(to)
    if number >= STATES.index(IncidentState.CONTAINED) and not any(one.done_at for one in measures):
        found.append("incident.no_measure_done")
    if number >= STATES.index(IncidentState.NOTIFIED):
        if not notified:
            found.append("incident.no_notification")
        if not all(one.is_settled for one in notified):
            found.append("incident.notification_open")
    if to is IncidentState.CLOSED and not all(one.done_at for one in measures):
        found.append("incident.measure_open")
    return tuple(found)


def advanced(
    state: IncidentState,
    to: IncidentState,
    measures: Sequence[IncidentMeasure] = (),
    notified: Sequence[Notification] = (),
) -> IncidentState:
    """`to`. Raises StepError `step.finished` after CLOSED, `step.not_next` for any state but the next, or the first
    of its hindrances.
    """
    expected = next_state(state)
    if expected is None:
        raise StepError("step.finished")
    if to is not expected:
        raise StepError("step.not_next")
    for rule in hindrances(to, measures, notified):
        raise StepError(rule)
    return to
