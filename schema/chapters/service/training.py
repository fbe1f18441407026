"""Training (S3): courses, sessions, results, and who is due."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from documents.chapters.service.training import DueReason
from documents.declaring.kind import Kind
from schema.roots.chapter import Vocabulary
from schema.roots.operations import Operation
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import Date
from schema.vocabulary.staff_types import Staff

strawberry.enum(DueReason, name="TrainingDueReason", description="Why somebody has to attend a course.")


@strawberry.type(description="Somebody who has to attend a course (待培训人员).")
class TrainingDue:
    person: Staff
    course: strawberry.ID
    code: str
    title: str | None
    reason: DueReason
    by: Date | None = strawberry.field(description="The last day of what was passed; null where it never was.")


OPERATIONS: Final = (
    Operation(
        "create_course",
        Kind.COURSE,
        lambda use_cases: use_cases.service.training.create_course,
        "Adds a course for everybody with one of the roles.",
        fields=("code!", "title!", "roles!", "validity_months"),
    ),
    Operation(
        "schedule_training",
        Kind.TRAINING_SESSION,
        lambda use_cases: use_cases.service.training.schedule,
        "Plans a session of a course.",
        fields=("course!", "held_on!", "place", "trainer"),
    ),
    Operation(
        "record_training_result",
        Kind.TRAINING_RESULT,
        lambda use_cases: use_cases.service.training.record_result,
        "Records who attended a session and with what result; once for each person.",
        fields=("session!", "person!", "attended!", "passed!", "mark"),
    ),
)


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    due = strawberry.field(resolver=_due, description="Who of a department has to attend which course.")
    return {"training_due": (list[TrainingDue] | None, due)}


async def _due(info: Info, department: str) -> Any:
    return await info.context.use_cases.service.training.due(info.context.caller, department)
