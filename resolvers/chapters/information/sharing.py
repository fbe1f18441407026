"""Sharing with partners (I7): agreements, consents, and what a partner's own login sees.

INVARIANT: a partner is shown a customer only where a consent and an agreement are in force at that moment, and of it
only the fields that both name and the rules allow.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from documents.chapters.information.shared_customers import SharedCustomer
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.registry import FULL_CATALOGUE
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.operations import RecordOperations, check_field_names


class Sharing:
    """Partners, agreements and consents."""

    def __init__(self, operations: RecordOperations) -> None:
        self._operations = operations

    async def add_partner(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        plan = await self._operations.plan(caller, Kind.PARTNER, CREATE)

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.PARTNER, given, by=caller.username)

        return await self._operations.run(work, request)

    async def sign_agreement(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """A confidentiality agreement with a partner; without `fields` it covers all."""
        plan = await self._operations.plan(caller, Kind.SHARING_AGREEMENT, CREATE)
        if given.get("fields") is not None:
            check_field_names(given["fields"], CUSTOMER_KINDS, "fields")
        _check_period(given, "signed_at")

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.SHARING_AGREEMENT, given, by=caller.username)

        return await self._operations.run(work, request)

    async def end_agreement(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Ends an agreement now: with it everything that is shared under it."""
        return await self._end(caller, given, request, Kind.SHARING_AGREEMENT, "ended_at")

    async def give_consent(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records a customer's consent that a partner sees `fields` (public names)."""
        plan = await self._operations.plan(caller, Kind.CONSENT, CREATE)
        customer = await self._operations.customer(caller, given.pop("customer"))
        check_field_names(given["fields"], [customer.kind], "fields")
        _check_period(given, "given_at")

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.CONSENT, given, customer=customer, by=caller.username)

        return await self._operations.run(work, request)

    async def withdraw_consent(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Withdraws a consent now."""
        return await self._end(caller, given, request, Kind.CONSENT, "withdrawn_at")

    async def _end(
        self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None, kind: Kind, field: str
    ) -> str:
        plan = await self._operations.plan(caller, kind, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, kind, record_id, [field], version=version)
            known = await writes.load(plan, kind, record_id, field)
            if known.get(field) is not None:
                raise RuleBrokenError("sharing.ended_already", field)
            await writes.update(plan, kind, record_id, {field: _now()}, version=version)
            return str(record_id)

        return await self._operations.run(work, request)


def _check_period(given: dict[str, Any], begins: str) -> None:
    if given["expires_at"] <= given[begins]:
        raise RuleBrokenError("sharing.ends_before_it_begins", "expires_at")


def _declared(shared: SharedCustomer) -> frozenset[str]:
    specs = FULL_CATALOGUE.fields(shared.kind)
    return frozenset(name for name, spec in specs.items() if spec.public_name in shared.fields)


def _row_id(record: Record) -> ObjectId:
    row_id: ObjectId = record["_id"]
    return row_id


def _now() -> datetime:
    return datetime.now(UTC)
