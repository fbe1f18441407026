"""The use cases on verifications (C3): recorded by whoever verified, confirmed by a second person, withdrawn.

A verification counts for the dossier when it is confirmed. `four_eyes` off: it is from the beginning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NotRequired

from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.identification.kinds import VerificationState
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import refuse_creation
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.inputs import OfCustomer, OfRecord, without
from resolvers.operations import RecordOperations, check_field_names

VERIFICATION = Kind.VERIFICATION
CONFIRMATION = ("state", "confirmed_by", "confirmed_at")
WITHDRAWAL = ("state", "withdrawn_at", "withdrawal_reason")


class RecordVerification(OfCustomer):
    method: str
    covers: list[str]
    result: str
    verified_with: NotRequired[str | None]
    documents: NotRequired[list[str] | None]
    reference_number: NotRequired[str | None]
    note: NotRequired[str | None]
    verified_at: NotRequired[datetime | None]
    expires_on: NotRequired[str | None]


class WithdrawVerification(OfRecord):
    withdrawal_reason: str


class _KnownVerification(Known):
    state: str
    verifier: str


class Verifications:
    """Verifications under policy."""

    def __init__(self, operations: RecordOperations, attachments: AttachmentRepository, *, four_eyes: bool) -> None:
        self._operations = operations
        self._attachments = attachments
        self._four_eyes = four_eyes

    async def record(self, caller: Caller, given: RecordVerification, request: IdempotentRequest | None) -> str:
        """Records that the caller verified `given["customer"]`, now unless `verified_at` says when.

        Raises RuleBrokenError `verification.in_future`, `verification.expired`; RecordNotFoundError for a document
        that is none of the customer's."""
        operations = self._operations
        plan = await operations.plan(caller, VERIFICATION, CREATE)
        documents_plan = await operations.plan(caller, Kind.ATTACHMENT)
        customer = await operations.customer(caller, given["customer"])
        values = without(given, "customer")
        refuse_creation(plan, VERIFICATION, customer, values)
        check_field_names(given["covers"], [customer.kind], "covers")
        state = VerificationState.RECORDED if self._four_eyes else VerificationState.CONFIRMED
        derived: dict[str, Any] = {"verifier": caller.username, "state": state.value}
        verified_at = given.get("verified_at")
        if verified_at is None:
            values.pop("verified_at", None)
            verified_at = derived["verified_at"] = _now()
        _check_dates(verified_at, given.get("expires_on"))

        async def work(writes: RecordWrites) -> str:
            await self._attachments.require(writes, documents_plan, customer, given.get("documents") or [])
            by = caller.username
            return await writes.insert(plan, VERIFICATION, values, customer=customer, derived=derived, by=by)

        return await operations.run(caller, work, request)

    async def confirm(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Confirms `given["id"]`. Raises RuleBrokenError `step.not_allowed`, `verification.same_person`."""
        plan = await self._operations.plan(caller, VERIFICATION, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, VERIFICATION, record_id, CONFIRMATION, version=version)
            known = await self._operations.known(writes, plan, VERIFICATION, record_id, _KnownVerification)
            _require(known, VerificationState.RECORDED)
            if known["verifier"] == caller.username:
                raise RuleBrokenError("verification.same_person", "confirmed_by")
            confirmation = {
                "state": VerificationState.CONFIRMED.value,
                "confirmed_by": caller.username,
                "confirmed_at": _now(),
            }
            await writes.update(plan, VERIFICATION, record_id, confirmation, version=version)
            return record_id

        return await self._operations.run(caller, work, request)

    async def withdraw(self, caller: Caller, given: WithdrawVerification, request: IdempotentRequest | None) -> str:
        """Withdraws `given["id"]` for a reason: it counts no more. Raises RuleBrokenError `step.not_allowed`."""
        plan = await self._operations.plan(caller, VERIFICATION, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, VERIFICATION, record_id, WITHDRAWAL, version=version)
            known = await self._operations.known(writes, plan, VERIFICATION, record_id, _KnownVerification)
            _require(known, VerificationState.RECORDED, VerificationState.CONFIRMED)
            withdrawal = {
                "state": VerificationState.WITHDRAWN.value,
                "withdrawn_at": _now(),
                "withdrawal_reason": given["withdrawal_reason"],
            }
            await writes.update(plan, VERIFICATION, record_id, withdrawal, version=version)
            return record_id

        return await self._operations.run(caller, work, request)


def _require(known: _KnownVerification, *states: VerificationState) -> None:
    if known["state"] not in states:
        raise RuleBrokenError("step.not_allowed", "state")


def _check_dates(verified_at: datetime, expires_on: str | None) -> None:
    if verified_at > _now():
        raise RuleBrokenError("verification.in_future", "verified_at")
    if expires_on is not None and expires_on < verified_at.astimezone(SHANGHAI).date().isoformat():
        raise RuleBrokenError("verification.expired", "expires_on")


def _now() -> datetime:
    return datetime.now(UTC)
