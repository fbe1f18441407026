"""Every job that the product has, and what they work with: a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from documents.chapters.attachments.storage import AttachmentStorage
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.jobs.ledger import JobLedger
from jobs.chapters.attachments import sweep_attachments
from jobs.chapters.credit import OverduePlanning, plan_collection_steps
from jobs.chapters.encryption import rewrap_keys
from jobs.chapters.jobs import remove_succeeded_jobs
from jobs.chapters.reminders import (
    Reminding,
    remind_of_agreements,
    remind_of_consents,
    remind_of_reviews,
    remind_of_undertakings,
)
from jobs.chapters.service import ServiceKeeping, escalate, judge_validity
from jobs.definition import JobDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResources:
    """What jobs work with, which the composition root gives: each chapter says what it needs of it."""

    attachments: AttachmentStorage
    keys: KeyRotation
    ledger: JobLedger
    overdue: OverduePlanning
    reminders: Reminding
    service: ServiceKeeping


JOBS: Final[tuple[JobDefinition[JobResources], ...]] = (
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
