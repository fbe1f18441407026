"""Who a customer is, what is lent to it, and what it owes."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Final

from tests.chapters.credit.credit import EXCELLENT, contract_terms
from tests.chapters.identification.identification import ENTERPRISE_LOW, risk_inputs, verification
from tests.faults.operations.customers import MANAGER, attached, company, seen
from tests.faults.stage import Asked, Operation, Prepare, Stage
from tests.units import in_unit

CREDIT, BOSS = "demo.credit", "demo.creditmanager"
INDICATORS = """{ indicatorTables(filter: { appliesTo: { eq: ENTERPRISE } }) { nodes { state appliesTo currency
  greatestAdjustment indicators { name group weight below missing } bands { indicator atLeast score }
  grades { grade atLeast fixed shareOfRevenue ceiling } } } }"""
RISKS = """{ riskTables(filter: { appliesTo: { eq: ENTERPRISE } }) { nodes { state appliesTo mediumFrom highFrom
  factors { name otherwise missing } rules { factor operator operand points } } } }"""


def _in_force(tables: list[dict[str, Any]]) -> dict[str, Any]:
    [table] = (table for table in tables if table.pop("state") == "ACTIVE")
    return table


def _assessment(customer: str, **more: Any) -> dict[str, Any]:
    inputs = [{"indicator": name, "value": value} for name, value in EXCELLENT.items()]
    return {"customer": customer, "inputs": inputs, "annualRevenue": "10000000", **more}


async def rated(stage: Stage, customer: str) -> None:
    """A grade in force."""
    made = await stage.done(CREDIT, "assessCredit", **_assessment(customer))
    await stage.done(BOSS, "approveCreditAssessment", **seen(made))


async def contract(stage: Stage, customer: str) -> dict[str, Any]:
    """A contract in force."""
    made = await stage.done(MANAGER, "signContract", **contract_terms(customer, f"HT-{stage.number()}"))
    query = f'{{ contract(id: "{made["id"]}") {{ id version state }} }}'
    found: dict[str, Any] = (await stage.asked(MANAGER, query))["contract"]
    if found["state"] == "AWAITING_APPROVAL":
        await stage.done(BOSS, "approveContract", **seen(found))
    return dict((await stage.asked(MANAGER, query))["contract"])


def _invoice(stage: Stage, of: dict[str, Any]) -> dict[str, Any]:
    return {
        "contract": of["id"],
        "number": f"FP-{stage.number()}",
        "amount": "100.00",
        "issuedOn": "2026-01-10",
        "dueOn": "2026-02-10",
    }


async def indebted(stage: Stage) -> tuple[str, dict[str, Any]]:
    """A customer with a receivable that is overdue."""
    customer = await company(stage)
    await rated(stage, customer)
    return customer, await stage.done(MANAGER, "recordInvoice", **_invoice(stage, await contract(stage, customer)))


async def _step(stage: Stage, receivable: str, on: str) -> dict[str, Any]:
    """The collection step of the receivable that the daily job plans on the day."""
    collection, today = stage.api.services.use_cases.credit.collection, date.fromisoformat(on)
    after: str | None = None
    while page := await collection.overdue(today, after, 20):
        planned = [one for one in page if receivable.endswith(one.id)]
        await in_unit(stage.api.services.storage.units, partial(collection.plan_steps, receivables=planned, on=today))
        after = page[-1].id
    query = (
        """query($c: ID!) { collectionSteps(filter: { receivable: { eq: $c } }) { nodes { id version plannedOn } } }"""
    )
    steps = (await stage.asked(MANAGER, query, c=receivable))["collectionSteps"]["nodes"]
    return dict(max(steps, key=lambda step: step["plannedOn"]))


async def _verify(stage: Stage) -> Operation:
    customer = await company(stage)
    return Asked(MANAGER, "recordVerification", verification(customer, documents=[await attached(stage, customer)]))


async def _verified(stage: Stage) -> dict[str, Any]:
    return await stage.done(MANAGER, "recordVerification", **verification(await company(stage)))


async def _confirm(stage: Stage) -> Operation:
    return Asked(CREDIT, "confirmVerification", seen(await _verified(stage)))


async def _withdraw(stage: Stage) -> Operation:
    return Asked(MANAGER, "withdrawVerification", {**seen(await _verified(stage)), "withdrawalReason": "有误"})


async def _risk_table(stage: Stage) -> Operation:
    return Asked(BOSS, "activateRiskTable", _in_force((await stage.asked(BOSS, RISKS))["riskTables"]["nodes"]))


async def _assess_risk(stage: Stage) -> Operation:
    """One that changes the handling of the customer."""
    return Asked(CREDIT, "assessRisk", {"customer": await company(stage), "inputs": risk_inputs(ENTERPRISE_LOW)})


async def _indicator_table(stage: Stage) -> Operation:
    found = (await stage.asked(BOSS, INDICATORS))["indicatorTables"]["nodes"]
    return Asked(BOSS, "activateIndicatorTable", _in_force(found))


async def _assess_credit(stage: Stage) -> Operation:
    customer = await company(stage)
    return Asked(CREDIT, "assessCredit", _assessment(customer, evidence=[await attached(stage, customer)]))


async def _approve_credit(stage: Stage) -> Operation:
    """What changes the handling of the customer."""
    made = await stage.done(CREDIT, "assessCredit", **_assessment(await company(stage)))
    return Asked(BOSS, "approveCreditAssessment", seen(made))


async def _sign(stage: Stage) -> Operation:
    customer = await company(stage)
    await rated(stage, customer)
    return Asked(MANAGER, "signContract", contract_terms(customer, f"HT-{stage.number()}"))


async def _approve_contract(stage: Stage) -> Operation:
    """Of a customer whose handling asks for it: its risk is high."""
    customer = await company(stage)
    await rated(stage, customer)
    high = {**ENTERPRISE_LOW, "state_of_business": "suspended", "credit_record": None}
    await stage.done(CREDIT, "assessRisk", customer=customer, inputs=risk_inputs(high))
    made = await stage.done(MANAGER, "signContract", **contract_terms(customer, f"HT-{stage.number()}"))
    return Asked(BOSS, "approveContract", seen(made))


async def _end_contract(stage: Stage) -> Operation:
    customer = await company(stage)
    await rated(stage, customer)
    made = await contract(stage, customer)
    return Asked(MANAGER, "endContract", {**seen(made), "endedOn": "2026-06-30", "endReason": "履行完毕"})


async def _record_invoice(stage: Stage) -> Operation:
    customer = await company(stage)
    await rated(stage, customer)
    return Asked(MANAGER, "recordInvoice", _invoice(stage, await contract(stage, customer)))


async def _pay(stage: Stage) -> Operation:
    """A payment of two receivables."""
    customer, _ = await indebted(stage)
    await stage.done(MANAGER, "recordInvoice", **_invoice(stage, await contract(stage, customer)))
    given = {"customer": customer, "amount": "150.00", "currency": "CNY", "receivedOn": "2026-03-01"}
    return Asked(MANAGER, "recordPayment", given)


async def _step_done(stage: Stage) -> Operation:
    _, receivable = await indebted(stage)
    step = await _step(stage, receivable["id"], "2026-02-13")
    return Asked(MANAGER, "recordCollectionStep", {**seen(step), "doneOn": "2026-02-13", "result": "无人接听"})


async def _letter(stage: Stage) -> Operation:
    """What makes a file and its record too."""
    _, receivable = await indebted(stage)
    call = await _step(stage, receivable["id"], "2026-02-13")
    await stage.done(MANAGER, "recordCollectionStep", **seen(call), doneOn="2026-02-13", result="无人接听")
    return Asked(MANAGER, "prepareCollectionLetter", seen(await _step(stage, receivable["id"], "2026-02-25")))


OPERATIONS: Final[dict[str, Prepare]] = {
    "recordVerification": _verify,
    "confirmVerification": _confirm,
    "withdrawVerification": _withdraw,
    "activateRiskTable": _risk_table,
    "assessRisk": _assess_risk,
    "activateIndicatorTable": _indicator_table,
    "assessCredit": _assess_credit,
    "approveCreditAssessment": _approve_credit,
    "signContract": _sign,
    "approveContract": _approve_contract,
    "endContract": _end_contract,
    "recordInvoice": _record_invoice,
    "recordPayment": _pay,
    "recordCollectionStep": _step_done,
    "prepareCollectionLetter": _letter,
}
