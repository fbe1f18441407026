"""The demo's identification: customers of one manager verified, confirmed and assessed, so that some dossiers are
complete and others say what is missing.

Each step goes through the use case of the person whose work it is, under a key: started again, it makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeVar

from demo.callers import demo_caller
from demo.chapters.own_customers import own_customers
from documents.access.plan import Purpose
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.customers import CustomerReader
from documents.writing.idempotency import IdempotentRequest
from policies.authorize import PolicyEngine
from resolvers.caller import Caller, idempotent
from resolvers.chapters.identification.risk import AssessRisk, GivenValue
from resolvers.chapters.identification.use_cases import Identification
from resolvers.chapters.identification.verifications import RecordVerification
from resolvers.inputs import OfRecord

COUNT: Final = 20
MANAGER, OFFICER = "demo.manager", "demo.credit"
UNVERIFIED, UNCONFIRMED, UNASSESSED = 9, 6, 7
"""Every ninth customer was not verified, every sixth not confirmed, every seventh not assessed."""
Given = TypeVar("Given", bound=Mapping[str, object])
UseCase = Callable[[Caller, Given, IdempotentRequest | None], Awaitable[str]]

_VERIFIED: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    Kind.INDIVIDUAL.value: ("financial_institution", "徐州市商业银行", ("name", "idNumber")),
    Kind.ENTERPRISE.value: ("authority", "徐州市市场监督管理局", ("name", "unifiedSocialCreditCode")),
    Kind.INSTITUTION.value: ("authority", "徐州市机构编制委员会办公室", ("name", "unifiedSocialCreditCode")),
}
_LOW: Final[Mapping[str, Mapping[str, str]]] = {
    Kind.INDIVIDUAL.value: {"income_source": "employed", "credit_record": "clean", "overdue_count": "0"},
    Kind.ENTERPRISE.value: {
        "industry": "manufacturing",
        "state_of_business": "operating",
        "credit_record": "clean",
        "years_established": "9",
        "overdue_count": "0",
    },
    Kind.INSTITUTION.value: {"funding_source": "full_budget", "credit_record": "clean", "overdue_count": "0"},
}
_WORSE: Final[tuple[Mapping[str, str], ...]] = (
    {},
    {},
    {"credit_record": "late_payments", "overdue_count": "2"},
    {},
    {"credit_record": "default"},
)


async def seed_identification(
    identification: Identification, engine: PolicyEngine, reader: CustomerReader, now: datetime
) -> None:
    """What was verified and assessed in the last weeks; one verification expires within the month."""
    for index, customer in enumerate(await own_customers(engine, reader, MANAGER, COUNT)):
        if index % UNVERIFIED != UNVERIFIED - 1:
            await _verify(identification, index, customer, now)
        if index % UNASSESSED != UNASSESSED - 1:
            await _assess(identification, index, customer)


async def _verify(identification: Identification, index: int, customer: Record, now: datetime) -> None:
    verifications = identification.verifications
    method, verified_with, covers = _VERIFIED[customer["kind"]]
    expires = now + timedelta(days=20 if index == 0 else 700 + index)
    given = RecordVerification(
        customer=customer["id"],
        method=method,
        verified_with=verified_with,
        covers=list(covers),
        result="matched",
        reference_number=f"XZ-{now.year}-{index + 1:08}",
        verified_at=now - timedelta(days=30 + index),
        expires_on=expires.date().isoformat(),
    )
    made = await _do(MANAGER, verifications.record, index, given)
    if index % UNCONFIRMED != UNCONFIRMED - 1:
        with suppress(RuleBrokenError):  # where the installation asks for no second person
            await _do(OFFICER, verifications.confirm, index, OfRecord(id=made, version=1))


async def _assess(identification: Identification, index: int, customer: Record) -> None:
    values = {**_LOW[customer["kind"]], **_WORSE[index % len(_WORSE)]}
    inputs = [GivenValue(factor=factor, value=value) for factor, value in values.items()]
    await _do(OFFICER, identification.risk.assess, index, AssessRisk(customer=customer["id"], inputs=inputs))


async def _do(username: str, use_case: UseCase[Given], index: int, given: Given) -> str:
    name = f"{index} {use_case.__qualname__}"
    purpose = Purpose.BUSINESS_OPERATION if username == MANAGER else None
    caller = demo_caller(username, purpose, key="demo")
    return await use_case(caller, given, idempotent(caller, name, [name]))
