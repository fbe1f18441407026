"""Confidentiality undertakings (I4): staff sign one, and have no access without.

The account carries until when it is bound, changed in the transaction that changes the undertaking: every request
looks at it, and access ends within a second.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from documents.access.plan import AccessPlan
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.information.undertaking_text import CURRENT
from documents.chapters.information.undertakings import Undertaking, access_ends_at
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.reckoning.days import add_months
from documents.reckoning.validity import Validity
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.accounts.principals import Principals
from resolvers.inputs import OfRecord
from resolvers.operations import RecordOperations

VALID_MONTHS = 12


class SignUndertaking(TypedDict):
    """The version of the text that the caller has read."""

    text_version: int


class WithdrawUndertaking(OfRecord):
    """An undertaking, and why it is withdrawn."""

    withdrawal_reason: NotRequired[str | None]


class _Withdrawable(Known):
    staff: str
    withdrawn_at: NotRequired[datetime | None]


class _Signed(_Withdrawable):
    signed_at: datetime
    expires_at: datetime


class Confidentiality:
    """Signing and withdrawing undertakings."""

    def __init__(self, operations: RecordOperations, accounts: AccountRepository, principals: Principals) -> None:
        self._operations = operations
        self._accounts = accounts
        self._principals = principals

    def text(self) -> Record:
        """The text to be signed: version, both languages, digest."""
        return Record(version=CURRENT.version, text_en=CURRENT.en, text_zh=CURRENT.zh, digest=CURRENT.digest)

    async def sign(self, caller: Caller, given: SignUndertaking, request: IdempotentRequest | None) -> str:
        """The caller signs the current text; it binds for a year from now."""
        plan = await self._operations.plan(caller, Kind.UNDERTAKING, CREATE)
        if given["text_version"] != CURRENT.version:
            raise RuleBrokenError("undertaking.text_version", "text_version", current=str(CURRENT.version))
        now = datetime.now(UTC)
        expires = datetime.combine(add_months(now.date(), VALID_MONTHS), now.timetz())
        values = {
            "staff": caller.username,
            "text_version": CURRENT.version,
            "text_digest": CURRENT.digest,
            "signed_at": now,
            "expires_at": expires,
        }

        async def work(writes: RecordWrites) -> str:
            signed = await writes.insert(plan, Kind.UNDERTAKING, values, by=caller.username)
            await self._clear(writes, plan, caller.username, now)
            return signed

        done = await self._operations.run(caller, work, request)
        if caller.principal is not None and caller.principal.session_id is not None:
            self._principals.forget_session(caller.principal.session_id)  # who signed has access at once
        return done

    async def withdraw(self, caller: Caller, given: WithdrawUndertaking, request: IdempotentRequest | None) -> str:
        """Withdraws an undertaking: its staff member has no access any more unless another is in force."""
        plan = await self._operations.plan(caller, Kind.UNDERTAKING, WRITE)
        record_id, now = given["id"], datetime.now(UTC)
        values = {"withdrawn_at": now, "withdrawal_reason": given.get("withdrawal_reason")}

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, Kind.UNDERTAKING, record_id, values, version=given["version"])
            known = await writes.load(plan, Kind.UNDERTAKING, record_id, _Withdrawable)
            if known.get("withdrawn_at") is not None:
                raise RuleBrokenError("undertaking.withdrawn_already", "withdrawn_at")
            await writes.update(plan, Kind.UNDERTAKING, record_id, values, version=given["version"])
            await self._clear(writes, plan, known["staff"], now)
            return record_id

        return await self._operations.run(caller, work, request)

    async def _clear(self, writes: RecordWrites, plan: AccessPlan, staff: str, now: datetime) -> None:
        """Carries over to the account until when it is bound, by all its undertakings together."""
        signed = await writes.find(plan, Kind.UNDERTAKING, Where(staff=staff), _Signed)
        until = access_ends_at(staff, map(_undertaking, signed), now)
        await self._accounts.set_clearance(staff, until, writes.unit)


def _undertaking(known: _Signed) -> Undertaking:
    return Undertaking(known["staff"], Validity(known["signed_at"], known["expires_at"], known.get("withdrawn_at")))
