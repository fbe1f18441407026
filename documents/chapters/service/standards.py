"""Service standards: how soon a ticket is answered and resolved, where it stands, and who is told when (S2).

Owns the decisions only: it raises no escalation and keeps none. All times are working time; while the ticket waits for
the customer the clock of its resolution stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.reckoning.working_time import WorkingCalendar


class TicketCategory(Labelled):
    """What a service contact is about (S1, S6)."""

    CONSULTATION = "consultation", "Consultation", "业务咨询"
    RECOMMENDATION = "recommendation", "Recommendation", "产品推荐"
    CONTRACT_SIGNING = "contract_signing", "Contract signing", "合同签订"
    AFTER_SALES = "after_sales", "After-sales service", "售后服务"
    COMPLAINT = "complaint", "Complaint", "投诉"
    OTHER = "other", "Other", "其他"


class Priority(Labelled):
    LOW = "low", "Low", "低"
    NORMAL = "normal", "Normal", "普通"
    HIGH = "high", "High", "高"
    URGENT = "urgent", "Urgent", "紧急"


class Measure(Labelled):
    """What is measured against the standard."""

    REPLY = "reply", "First reply", "首次答复"
    RESOLUTION = "resolution", "Resolution", "办结"


class Standing(Labelled):
    """Where a ticket stands: NEAR from four fifths of the time, BREACHED after all of it."""

    WITHIN = "within", "Within the standard", "时限内"
    NEAR = "near", "Near the limit", "即将超时"
    BREACHED = "breached", "Breached", "已超时"


NEAR_FROM: Final = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Standard:
    """Working time for each measure, more than nothing."""

    reply_within: timedelta
    resolve_within: timedelta

    def __post_init__(self) -> None:
        if min(self.reply_within, self.resolve_within) <= timedelta(0):
            raise ValueError("a standard allows more than no time")

    def within(self, measure: Measure) -> timedelta:
        return self.reply_within if measure is Measure.REPLY else self.resolve_within


@dataclass(frozen=True, slots=True)
class StandardRule:
    """The standard for tickets of these; None is any."""

    standard: Standard
    kind: Kind | None = None
    category: TicketCategory | None = None
    priority: Priority | None = None

    def is_for(self, kind: Kind, category: TicketCategory, priority: Priority) -> bool:
        return self.kind in (None, kind) and self.category in (None, category) and self.priority in (None, priority)

    @property
    def rank(self) -> tuple[int, bool, bool, bool]:
        """What says more goes first; then what names the priority, the category, the kind."""
        named = (self.priority is not None, self.category is not None, self.kind is not None)
        return (sum(named), *named)


@dataclass(frozen=True, slots=True)
class Escalation:
    """`measure` has used `share` of its time: `role` is told. Levels rise with the share."""

    measure: Measure
    level: int
    role: str


@dataclass(frozen=True, slots=True)
class EscalationLevel:
    level: int
    share: Decimal
    role: str


@dataclass(frozen=True, slots=True)
class ServiceStandards:
    """`rules` hold one that is for every ticket; `levels` have rising shares."""

    rules: tuple[StandardRule, ...]
    levels: tuple[EscalationLevel, ...]

    def __post_init__(self) -> None:
        keys = [(rule.kind, rule.category, rule.priority) for rule in self.rules]
        if (None, None, None) not in keys or len(set(keys)) != len(keys):
            raise ValueError("one rule is for every ticket, and no two for the same ones")
        order = [(level.level, level.share) for level in self.levels]
        if any(b[0] <= a[0] or b[1] <= a[1] for a, b in pairwise(order)):
            raise ValueError("each escalation level is higher and later than the one before")

    def standard(self, kind: Kind, category: TicketCategory, priority: Priority) -> Standard:
        """Of the most specific rule."""
        return max(
            (rule for rule in self.rules if rule.is_for(kind, category, priority)), key=lambda r: r.rank
        ).standard

    def escalations(
        self,
        calendar: WorkingCalendar,
        standard: Standard,
        times: TicketTimes,
        now: datetime,
        raised: Iterable[Escalation] = (),
    ) -> tuple[Escalation, ...]:
        """Who is to be told now and was not yet, lowest level first. What is met escalates no more."""
        known = {(escalation.measure, escalation.level) for escalation in raised}
        return tuple(
            Escalation(measure, level.level, level.role)
            for measure in Measure
            if times.stopped_at(measure) is None
            for level in self.levels
            if (measure, level.level) not in known
            and elapsed(calendar, times, measure, now) >= _part(standard.within(measure), level.share)
        )


@dataclass(frozen=True, slots=True)
class Wait:
    """The ticket waited for the customer from `begins` until `ends`, or still does."""

    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketTimes:
    """What a ticket's clocks are read from. `waits` do not overlap."""

    opened_at: datetime
    replied_at: datetime | None = None
    resolved_at: datetime | None = None
    waits: tuple[Wait, ...] = ()

    def stopped_at(self, measure: Measure) -> datetime | None:
        # Whoever has resolved it has answered it.
        return (self.replied_at or self.resolved_at) if measure is Measure.REPLY else self.resolved_at


def elapsed(calendar: WorkingCalendar, times: TicketTimes, measure: Measure, now: datetime) -> timedelta:
    """Working time that counts for `measure` until it was met, or until `now`."""
    end = times.stopped_at(measure) or now
    worked = calendar.working_time_between(times.opened_at, end)
    if measure is Measure.RESOLUTION:
        worked -= _waited(calendar, times, end)
    return max(worked, timedelta(0))


def _waited(calendar: WorkingCalendar, times: TicketTimes, end: datetime) -> timedelta:
    spans = ((wait.begins, min(wait.ends or end, end)) for wait in times.waits if wait.begins < end)
    return sum((calendar.working_time_between(begins, ends) for begins, ends in spans), timedelta(0))


def standing(
    calendar: WorkingCalendar, standard: Standard, times: TicketTimes, measure: Measure, now: datetime
) -> Standing:
    """Where the measure stands at `now`, or stood when it was met. The last allowed instant is still NEAR."""
    used, allowed = elapsed(calendar, times, measure, now), standard.within(measure)
    if used > allowed:
        return Standing.BREACHED
    return Standing.NEAR if used >= _part(allowed, NEAR_FROM) else Standing.WITHIN


def due_at(calendar: WorkingCalendar, standard: Standard, times: TicketTimes, measure: Measure) -> datetime | None:
    """When the measure must be met; None while its clock stands still. To be kept with the ticket at each change."""
    allowed = standard.within(measure)
    if measure is Measure.REPLY:
        return calendar.due_after(times.opened_at, allowed)
    if any(wait.ends is None for wait in times.waits):
        return None
    # A wait that begins after the moment found so far does not move it.
    due = calendar.due_after(times.opened_at, allowed)
    for wait in sorted(times.waits, key=lambda wait: wait.begins):
        if wait.ends is not None and wait.begins < due:
            due = calendar.due_after(due, calendar.working_time_between(wait.begins, wait.ends))
    return due


def _part(span: timedelta, share: Decimal) -> timedelta:
    numerator, denominator = share.as_integer_ratio()
    return span * numerator / denominator


def _rule(
    reply_hours: int,
    resolve_hours: int,
    category: TicketCategory | None = None,
    priority: Priority | None = None,
) -> StandardRule:
    standard = Standard(timedelta(hours=reply_hours), timedelta(hours=resolve_hours))
    return StandardRule(standard, category=category, priority=priority)


DEFAULT_RULES: Final = (
    _rule(4, 40),
    _rule(2, 24, priority=Priority.HIGH),
    _rule(1, 8, priority=Priority.URGENT),
    _rule(8, 80, priority=Priority.LOW),
    _rule(2, 40, TicketCategory.COMPLAINT),
    _rule(1, 24, TicketCategory.COMPLAINT, Priority.HIGH),
    _rule(1, 8, TicketCategory.COMPLAINT, Priority.URGENT),
)
ESCALATED_AT: Final = (NEAR_FROM, Decimal(1), Decimal("1.5"))
"""The shares of its time at which work is escalated, a level each."""


def default_standards(roles: Sequence[str]) -> ServiceStandards:
    """The product's standards; `roles` are told, one for each level of `ESCALATED_AT`."""
    levels = zip(ESCALATED_AT, roles, strict=True)
    return ServiceStandards(
        DEFAULT_RULES, tuple(EscalationLevel(level, share, role) for level, (share, role) in enumerate(levels, start=1))
    )
