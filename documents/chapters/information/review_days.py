"""The day of a customer's next review, kept with the customer, where lists of what is due find it (I2).

The system's own field: the version that callers see stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bson import ObjectId

from documents.chapters.information.reviews import ReviewPeriods, next_review_on
from documents.declaring.kind import Kind
from documents.writing.unit_of_work import UnitOfWork

_FIELD: Final = "next_review_on"


class ReviewDays:
    """Says the day by the periods, and sets it: of a new customer with its first values, of others after a review."""

    def __init__(self, periods: ReviewPeriods) -> None:
        self._periods = periods

    def after(self, kind: Kind, reviewed_on: date) -> date:
        """By when a customer of the kind, reviewed on the day, is reviewed again."""
        return next_review_on(self._periods, kind, reviewed_on)

    def of_new_customer(self, kind: Kind, created_on: date) -> Mapping[str, Any]:
        """What is stored with a customer created on the day."""
        return {_FIELD: self.after(kind, created_on).isoformat()}

    async def set(self, unit: UnitOfWork, customer_id: ObjectId, next_review_on: date) -> None:
        """Keeps the day with the customer. Raises RecordNotFoundError."""
        await unit.set_on_customer(customer_id, _FIELD, next_review_on.isoformat())
