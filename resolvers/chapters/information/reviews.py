"""Reviews of customer information (I2): recorded, and the next one set by the period of the customer's kind."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired

from documents.chapters.information.review_days import ReviewDays
from documents.chapters.reminders.due import REVIEWS, ReminderRepository
from documents.declaring.kind import Kind
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.inputs import OfCustomer, without
from resolvers.operations import RecordOperations


class RecordReview(OfCustomer):
    """What a review of the customer came to."""

    result: str
    corrected: NotRequired[list[str] | None]
    note: NotRequired[str | None]


class Reviews:
    """Recording reviews. What is due are the customers by `nextReviewOn`."""

    def __init__(self, operations: RecordOperations, days: ReviewDays, reminders: ReminderRepository) -> None:
        self._operations = operations
        self._days = days
        self._reminders = reminders

    async def record(self, caller: Caller, given: RecordReview, request: IdempotentRequest | None) -> str:
        """Records that `given["customer"]` was reviewed today; a customer who was not reached stays due."""
        plan = await self._operations.plan(caller, Kind.REVIEW, CREATE)
        customer = await self._operations.customer(caller, given["customer"])
        today = datetime.now(SHANGHAI).date()
        reached = given["result"] != "unreachable"
        due = self._days.after(customer.kind, today) if reached else today
        values = without(given, "customer")
        derived = {"reviewed_on": today.isoformat(), "next_review_on": due.isoformat()}

        async def work(writes: RecordWrites) -> str:
            done = await writes.insert(
                plan, Kind.REVIEW, values, customer=customer, derived=derived, by=caller.username
            )
            if reached:
                await self._days.set(writes.unit, customer.row_id, due)
                await self._reminders.mark_done(writes.unit, customer.public_id, REVIEWS)
            return done

        return await self._operations.run(caller, work, request)
