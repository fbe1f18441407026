"""Sharing with partners (I7): agreements, consents, and what a partner's own login sees.

INVARIANT: a partner is shown a customer only where a consent and an agreement are in force at that moment, and of it
only the fields that both name and the rules allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from bson import ObjectId

from documents.chapters.information.shared_customers import SharedCustomer
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.registry import FULL_CATALOGUE
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.inputs import OfCustomer, OfRecord, without
from resolvers.operations import RecordOperations, check_field_names


class AddPartner(TypedDict):
    """A company to share with."""

    name: str
    contact_person: NotRequired[str | None]
    contact_telephone: NotRequired[str | None]
    shared_for: NotRequired[str | None]


class SignAgreement(TypedDict):
    """An agreement with the partner of that public id; `fields` by their public names."""

    partner: str
    fields: NotRequired[list[str] | None]
    signed_at: datetime
    expires_at: datetime
    document: NotRequired[str | None]


class GiveConsent(OfCustomer):
    """A consent that the partner of that public id sees `fields`, by their public names."""

    partner: str
    fields: list[str]
    given_at: datetime
    expires_at: datetime
    document: NotRequired[str | None]
    note: NotRequired[str | None]


class _KnownAgreement(Known):
    ended_at: NotRequired[datetime | None]


class _KnownConsent(Known):
    withdrawn_at: NotRequired[datetime | None]


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a record of `kind` ends before its time: `field` says when it did."""

    kind: Kind
    field: str
    row: type[_KnownAgreement] | type[_KnownConsent]


_AGREEMENT_ENDED = _Ending(Kind.SHARING_AGREEMENT, "ended_at", _KnownAgreement)
_CONSENT_WITHDRAWN = _Ending(Kind.CONSENT, "withdrawn_at", _KnownConsent)


class Sharing:
    """Partners, agreements and consents."""

    def __init__(self, operations: RecordOperations) -> None:
        self._operations = operations

    async def add_partner(self, caller: Caller, given: AddPartner, request: IdempotentRequest | None) -> str:
        plan = await self._operations.plan(caller, Kind.PARTNER, CREATE)

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.PARTNER, given, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def sign_agreement(self, caller: Caller, given: SignAgreement, request: IdempotentRequest | None) -> str:
        """A confidentiality agreement with a partner; without `fields` it covers all."""
        plan = await self._operations.plan(caller, Kind.SHARING_AGREEMENT, CREATE)
        if (fields := given.get("fields")) is not None:
            check_field_names(fields, CUSTOMER_KINDS, "fields")
        _check_period(given["signed_at"], given["expires_at"])

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.SHARING_AGREEMENT, given, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def end_agreement(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Ends an agreement now: with it everything that is shared under it."""
        return await self._end(caller, given, request, _AGREEMENT_ENDED)

    async def give_consent(self, caller: Caller, given: GiveConsent, request: IdempotentRequest | None) -> str:
        """Records a customer's consent that a partner sees `fields` (public names)."""
        plan = await self._operations.plan(caller, Kind.CONSENT, CREATE)
        customer = await self._operations.customer(caller, given["customer"])
        check_field_names(given["fields"], [customer.kind], "fields")
        _check_period(given["given_at"], given["expires_at"])
        values = without(given, "customer")

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.CONSENT, values, customer=customer, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def withdraw_consent(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Withdraws a consent now."""
        return await self._end(caller, given, request, _CONSENT_WITHDRAWN)

    async def _end(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None, ending: _Ending) -> str:
        kind, field = ending.kind, ending.field
        plan = await self._operations.plan(caller, kind, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, kind, record_id, [field], version=version)
            known = await writes.load(plan, kind, record_id, ending.row)
            if known.get(field) is not None:
                raise RuleBrokenError("sharing.ended_already", field)
            await writes.update(plan, kind, record_id, {field: _now()}, version=version)
            return record_id

        return await self._operations.run(caller, work, request)


def _check_period(begins: datetime, expires: datetime) -> None:
    if expires <= begins:
        raise RuleBrokenError("sharing.ends_before_it_begins", "expires_at")


def _declared(shared: SharedCustomer) -> frozenset[str]:
    specs = FULL_CATALOGUE.fields(shared.kind)
    return frozenset(name for name, spec in specs.items() if spec.public_name in shared.fields)


def _row_id(record: Record) -> ObjectId:
    row_id: ObjectId = record["_id"]
    return row_id


def _now() -> datetime:
    return datetime.now(UTC)
