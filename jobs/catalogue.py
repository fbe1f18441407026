"""Every job that the product has: a line each."""

from __future__ import annotations

from typing import Final

from jobs.attachments import sweep_attachments
from jobs.credit import plan_collection_steps
from jobs.definition import JobDefinition
from jobs.housekeeping import remove_succeeded_jobs
from jobs.information import (
    remind_of_agreements,
    remind_of_consents,
    remind_of_reviews,
    remind_of_undertakings,
)
from jobs.keys import rewrap_keys
from jobs.service import escalate, judge_validity

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
