"""The demo's incident (I5): identity numbers that one login really reads, and how the security officer follows it up.

The read goes into the audit trail like any other, so that the scope is found there and not made up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from demo.callers import demo_caller
from documents.audit.entries import Performed
from documents.chapters.incidents.deadlines import Recipient
from documents.declaring.kind import Kind
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Selection
from documents.writing.idempotency import IdempotentRequest
from policies.authorize import PolicyEngine
from resolvers.caller import Caller, idempotent
from resolvers.chapters.incidents.steps import (
    AddMeasure,
    CompleteMeasure,
    IncidentSteps,
    RecordIncident,
    RecordNotification,
    ScopeIncident,
)
from resolvers.recording import Recorder

COUNT: Final = 5
READER, OFFICER = "demo.credit", "demo.security"
Given = TypeVar("Given")
UseCase = Callable[[Caller, Given, IdempotentRequest | None], Awaitable[str]]


async def seed_incident(
    incidents: IncidentSteps, recorder: Recorder, engine: PolicyEngine, reader: CustomerReader, now: datetime
) -> None:
    """One incident that is contained: the regulator was told, the customers concerned are still to be."""
    await _read_identity_numbers(recorder, engine, reader)
    told = RecordIncident(
        title="身份证号码异常查看",
        what_happened="夜间监测发现一个账号连续查看多名个人客户的身份证号码，与其当日工作无关。",
        severity="major",
        discovered_at=now - timedelta(hours=1),
        suspect=READER,
    )
    incident = await _do(incidents.record, told)
    searched = ScopeIncident(
        id=incident,
        version=1,
        person=READER,
        field="id_number",
        since=now - timedelta(hours=1),
        until=now + timedelta(minutes=5),
    )
    await _do(incidents.scope, searched)
    measure = AddMeasure(id=incident, version=2, what="暂停该账号的访问权限，并约谈当事人。")
    await _do(incidents.add_measure, measure)
    await _do(incidents.complete_measure, CompleteMeasure(id=incident, version=3, number=1))
    notified = RecordNotification(id=incident, version=4, recipient=Recipient.REGULATOR.value)
    await _do(incidents.record_notification, notified)


async def _read_identity_numbers(recorder: Recorder, engine: PolicyEngine, reader: CustomerReader) -> None:
    kind, caller = Kind.INDIVIDUAL, demo_caller(READER)
    query = ListQuery(Selection({kind: frozenset({"id", "name", "id_number"})}), frozenset({kind}), limit=COUNT)
    plan = await engine.authorize(caller.principal, caller.purpose)
    await reader.find_page(plan, query, caller.report)
    await recorder.record(caller, Performed("job", "demo"))


async def _do(use_case: UseCase[Given], given: Given) -> str:
    caller = demo_caller(OFFICER, key="demo")
    return await use_case(caller, given, idempotent(caller, f"incident {use_case.__name__}", [use_case.__name__]))
