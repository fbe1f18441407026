"""Every job that the product has: a line each."""

from __future__ import annotations

from typing import Final

from jobs.chapters.attachments import sweep_attachments
from jobs.chapters.credit import plan_collection_steps
from jobs.chapters.encryption import rewrap_keys
from jobs.chapters.jobs import remove_succeeded_jobs
from jobs.chapters.reminders import (
    remind_of_agreements,
    remind_of_consents,
    remind_of_reviews,
    remind_of_undertakings,
)
from jobs.chapters.service import escalate, judge_validity
from jobs.definition import JobDefinition

JOBS: Final[tuple[JobDefinition, ...]] = (
    remove_succeeded_jobs,
    sweep_attachments,
    rewrap_keys,
    plan_collection_steps,
    escalate,
    judge_validity,
    remind_of_undertakings,
    remind_of_consents,
    remind_of_agreements,
    remind_of_reviews,
)
