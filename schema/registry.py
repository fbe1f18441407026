"""The chapters of the schema, in the order in which their fields stand in the roots: a line each."""

from __future__ import annotations

from typing import Final

from schema.chapters import (
    accounts,
    attachments,
    audit,
    credit,
    encryption,
    handling,
    identification,
    incidents,
    information,
    jobs,
    policies,
    reminders,
    service,
)
from schema.language import words_of
from schema.roots.chapter import Chapter
from schema.wording.messages import GENERAL

CHAPTERS: Final[tuple[Chapter, ...]] = (
    accounts.CHAPTER,
    identification.CHAPTER,
    information.CHAPTER,
    incidents.CHAPTER,
    reminders.CHAPTER,
    audit.CHAPTER,
    encryption.CHAPTER,
    policies.CHAPTER,
    service.CHAPTER,
    credit.CHAPTER,
    jobs.CHAPTER,
    handling.CHAPTER,
    attachments.CHAPTER,
)

WORDS: Final = words_of((GENERAL, *(chapter.texts for chapter in CHAPTERS)))
"""What the API says, in each of its languages."""
