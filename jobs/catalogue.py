"""Every job that the product has: a line each."""

from __future__ import annotations

from typing import Final

from jobs.definition import JobDefinition
from jobs.housekeeping import remove_succeeded_jobs

JOBS: Final[tuple[JobDefinition, ...]] = (remove_succeeded_jobs,)
