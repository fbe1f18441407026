"""The figures of service: performance (S4), channels (S5), satisfaction (G3); their types and queries."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from schema.roots.chapter import Vocabulary
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import Date, DecimalText
from schema.vocabulary.staff_types import Staff

From = Annotated[Date, strawberry.argument(name="from", description="The first day.")]
To = Annotated[Date, strawberry.argument(name="to", description="The last day, included.")]


@strawberry.enum(description="What has a channel.")
class ChannelCounted(Labelled):
    SERVICE_CONTACT = Kind.SERVICE_CONTACT.declaration
    TICKET = Kind.TICKET.declaration
    COMPLAINT = Kind.COMPLAINT.declaration


@strawberry.enum(description="By what satisfaction is averaged.")
class SatisfactionGroup(Labelled):
    PERSON = "person", "Person", "人员"
    DEPARTMENT = "person_department", "Department", "部门"
    CHANNEL = "channel", "Channel", "渠道"
    MONTH = "recorded_at", "Month", "月份"


@strawberry.type(description="Indicators of one person over a period, computed from the records (绩效指标).")
class ServicePerformance:
    person: Staff
    tickets: int | None = strawberry.field(description="Tickets opened in the period that are the person's.")
    average_reply_minutes: DecimalText | None = strawberry.field(description="In working minutes.")
    average_resolution_minutes: DecimalText | None = strawberry.field(description="In working minutes.")
    share_within_standard: DecimalText | None = strawberry.field(description="Of replies and resolutions, 0 to 1.")
    average_satisfaction: DecimalText | None = strawberry.field(description="1 to 5.")


@strawberry.type(description="Satisfaction of one person, department, channel or month (满意度统计).")
class SatisfactionFigures:
    key: str = strawberry.field(description="A username, a department's code, a channel, or YYYY-MM.")
    answered: int
    average: DecimalText | None = strawberry.field(description="1 to 5.")
    share_satisfied: DecimalText | None = strawberry.field(description="Of scores of 4 and 5, 0 to 1.")


@strawberry.type(description="How many came by a channel in a month (渠道统计).")
class ChannelCount:
    month: str = strawberry.field(description="YYYY-MM.")
    channel: str
    count: int


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries."""
    return {
        "service_performance": (
            ServicePerformance | None,
            strawberry.field(resolver=_performance, description="A person's indicators; null where you may see none."),
        ),
        "department_performance": (
            list[ServicePerformance] | None,
            strawberry.field(resolver=_department, description="The indicators of those whose you may see."),
        ),
        "satisfaction_figures": (
            list[SatisfactionFigures] | None,
            strawberry.field(resolver=_satisfaction, description="Average satisfaction recorded in the period."),
        ),
        "channel_counts": (
            list[ChannelCount] | None,
            strawberry.field(resolver=_channels, description="By channel and month."),
        ),
    }


async def _performance(info: Info, person: str, first: From, last: To) -> Any:
    figures = info.context.use_cases.service.figures
    return await figures.performance(info.context.caller, person, *_days(first, last))


async def _department(info: Info, department: str, first: From, last: To) -> Any:
    figures = info.context.use_cases.service.figures
    return await figures.performance_of(info.context.caller, department, *_days(first, last))


async def _satisfaction(info: Info, by: SatisfactionGroup, first: From, last: To) -> Any:
    figures = info.context.use_cases.service.figures
    return await figures.satisfaction(info.context.caller, by.value, *_days(first, last))


async def _channels(info: Info, of: ChannelCounted, first: From, last: To) -> Any:
    figures = info.context.use_cases.service.figures
    return await figures.channels(info.context.caller, Kind(of.value), *_days(first, last))


def _days(first: Date, last: Date) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)
