"""Reminders of what is due or ends (I2, I4, I7)."""

from __future__ import annotations

from typing import Final

from documents.declaring.kind import Kind
from schema.roots.chapter import Chapter
from schema.roots.operations import Operation

OPERATIONS: Final = (
    Operation(
        "complete_reminder",
        Kind.REMINDER,
        lambda use_cases: use_cases.reminders.complete,
        "Notes that what a reminder is about was seen to.",
        on="record",
    ),
)

CHAPTER: Final = Chapter(operations=OPERATIONS)
