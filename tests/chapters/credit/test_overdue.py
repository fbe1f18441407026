"""Invoices, payments, ageing and collection end to end (K7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import app
from documents.declaring.kind import Kind
from settings import Settings
from tests.api import Api, seeded
from tests.bound_rows import rewritten
from tests.chapters.credit.credit import (
    ERRORS,
    INVOICE,
    PAY,
    done,
    invoiced,
    new_customer,
    paid,
    rated,
    refused,
    signed,
)
from tests.patience import patience
from tests.units import in_unit

STEPS = """query($c: ID!) { collectionSteps(filter: { receivable: { eq: $c } }) { nodes {
  id version stage state plannedOn doneOn doneBy { username } result letter } } }"""
RECORD = f"""mutation($i: RecordCollectionStepInput!) {{ recordCollectionStep(input: $i) {{ {ERRORS}
  collectionStep {{ id version state doneOn doneBy {{ username }} result }} }} }}"""
LETTER = f"""mutation($i: PrepareCollectionLetterInput!) {{ prepareCollectionLetter(input: $i) {{ {ERRORS}
  collectionStep {{ id version letter }} }} }}"""
RECEIVABLE = "query($id: ID!) { receivable(id: $id) { balance state paidOn collectionStage } }"
AGEING = "query($d: String, $on: Date) { ageing(department: $d, on: $on) { bucket currency amount count } }"
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    settings = settings_of(tmp_path_factory.mktemp("collection"))
    async with seeded(settings, mongodb_uri) as api:
        yield api


def settings_of(data_dir: Path) -> Settings:
    return Settings(
        data_dir=data_dir,
        database="collection_test",
        jobs="worker",
        company_name="徐州彭城设备有限公司",
        company_address="徐州市泉山区淮海西路1号",
        company_telephone="0516-80000000",
        company_account="中国银行徐州分行 4700000000000000",
    )


async def customer_with_contract(api: Api) -> tuple[str, str]:
    customer = await new_customer(api)
    await rated(api, customer)
    return customer, (await signed(api, customer))["id"]


async def plan_steps(api: Api, on: str) -> None:
    """What the daily job does on the day."""
    collection, day = api.services.use_cases.credit.collection, date.fromisoformat(on)
    after: str | None = None
    while page := await collection.overdue(day, after, 20):
        await in_unit(api.services.storage.units, partial(collection.plan_steps, receivables=page, on=day))
        after = page[-1].id


async def steps_of(api: Api, receivable: str) -> list[dict[str, Any]]:
    answer = await api.ask("demo.manager", STEPS, {"c": receivable}, purpose=BUSINESS)
    assert "errors" not in answer, answer
    nodes: list[dict[str, Any]] = answer["data"]["collectionSteps"]["nodes"]
    return sorted(nodes, key=lambda node: node["plannedOn"])


async def receivable_of(api: Api, receivable: str) -> dict[str, Any]:
    answer = await api.ask("demo.manager", RECEIVABLE, {"id": receivable}, purpose=BUSINESS)
    found: dict[str, Any] = answer["data"]["receivable"]
    return found


async def test_k7_an_invoice_is_of_a_contract_in_force_and_in_its_currency(api: Api) -> None:
    """Its balance is its amount; of an ended contract nothing is invoiced, and nothing is due before it is issued."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-100", "12345.67", "2026-02-10")
    assert (made["balance"], made["currency"], made["state"], made["isOverLimit"]) == ("12345.67", "CNY", "OPEN", False)
    given = {"contract": contract, "number": "FP-101", "amount": "1", "issuedOn": "2026-02-10", "dueOn": "2026-02-09"}
    [error] = await refused(api, "demo.manager", INVOICE, **given)
    assert error["rule"] == "invoice.due_before_issued"
    await rewritten(api.services, Kind.CONTRACT, {}, {"$set": {"state": "ended"}})
    contracts = api.services.database["contracts"]
    row = await contracts.find_one({"state": "ended"})
    assert row is not None
    [error] = await refused(
        api, "demo.manager", INVOICE, **{**given, "contract": f"contract_{row['_id']}", "dueOn": "2026-03-01"}
    )
    assert error["rule"] == "invoice.contract_not_in_force"
    await rewritten(api.services, Kind.CONTRACT, {"_id": row["_id"]}, {"$set": {"state": "in_force"}})


async def test_k5_an_invoice_above_the_limit_does_not_go_unnoticed(api: Api) -> None:
    """It is a fact, so it is recorded, and marked."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-OVER", "750000.01", "2026-02-10")
    assert made["isOverLimit"] is True


async def test_k7_a_payment_pays_the_oldest_first_and_conserves_its_sum(api: Api) -> None:
    """Allocations and the rest are the payment; the rest of an overpayment is not lost."""
    customer, contract = await customer_with_contract(api)
    late = await invoiced(api, contract, "FP-2", "200.00", "2026-03-10")
    early = await invoiced(api, contract, "FP-1", "100.10", "2026-02-10")
    made = await paid(api, customer, "150.00")
    assert made["allocations"] == [
        {"receivable": early["id"], "amount": "100.10"},
        {"receivable": late["id"], "amount": "49.90"},
    ]
    assert (await receivable_of(api, early["id"]))["state"] == "PAID"
    assert (await receivable_of(api, late["id"]))["balance"] == "150.10"
    rest = await paid(api, customer, "151.00")
    assert Decimal(rest["unallocated"]) == Decimal("0.90")


async def test_k7_a_payment_pays_the_named_and_no_other(api: Api) -> None:
    """In the order named; a receivable of another customer, or in another currency, is refused."""
    customer, contract = await customer_with_contract(api)
    first = await invoiced(api, contract, "FP-1", "100", "2026-02-10")
    second = await invoiced(api, contract, "FP-2", "100", "2026-03-10")
    made = await paid(api, customer, "150", receivables=[second["id"]])
    assert [share["receivable"] for share in made["allocations"]] == [second["id"]]
    assert Decimal(made["unallocated"]) == 50
    other, _ = await customer_with_contract(api)
    given = {"customer": other, "amount": "1", "currency": "CNY", "receivedOn": "2026-03-01"}
    [error] = await refused(api, "demo.manager", PAY, **given, receivables=[first["id"]])
    assert error["rule"] == "payment.unknown_receivable"
    dollars = {**given, "customer": customer, "currency": "USD"}
    [error] = await refused(api, "demo.manager", PAY, **dollars, receivables=[first["id"]])
    assert error["rule"] == "currency.mixed"
    unnamed = await done(api, "demo.manager", PAY, **dollars)
    assert (unnamed["allocations"], Decimal(unnamed["unallocated"])) == ([], Decimal(1))


async def test_k7_payments_at_once_never_allocate_more_than_is_open(api: Api) -> None:
    """Eight of them on one receivable: together they pay it once, and what is left over is theirs."""
    customer, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-1", "100.00", "2026-02-10")
    payments = await asyncio.gather(*(paid(api, customer, "30.00") for _ in range(8)))
    allocated = sum(Decimal(share["amount"]) for payment in payments for share in payment["allocations"])
    left = sum(Decimal(payment["unallocated"]) for payment in payments)
    assert (allocated, left) == (100, 140)
    found = await receivable_of(api, made["id"])
    assert (Decimal(found["balance"]), found["state"]) == (Decimal(0), "PAID")


async def test_k7_a_kill_between_the_writes_of_a_payment_leaves_none(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment is written before the balances; what fails in between takes it along."""
    customer, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-1", "100.00", "2026-02-10")

    async def killed(*_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(api.services.use_cases.credit.collection, "follow", killed)
    given = {"customer": customer, "amount": "100", "currency": "CNY", "receivedOn": "2026-03-01"}
    answer = await api.ask("demo.manager", PAY, {"i": given}, purpose=BUSINESS)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    monkeypatch.undo()
    assert await api.services.database["payments"].count_documents({"customer": customer}) == 0
    assert (await receivable_of(api, made["id"]))["balance"] == "100.00"


async def test_k7_ages_are_summed_under_the_plan_by_currency_and_bucket(api: Api) -> None:
    """A manager sums own customers, a credit officer all; the agent is shown nothing, the inspector refused."""
    customer, contract = await customer_with_contract(api)
    before = await ages(api, "demo.manager")
    await invoiced(api, contract, "FP-A", "10.10", "2026-03-31")
    await invoiced(api, contract, "FP-B", "20.20", "2026-02-01")
    after = await ages(api, "demo.manager")
    assert after["DAYS_1_TO_30"] - before.get("DAYS_1_TO_30", Decimal(0)) == Decimal("10.10")
    assert after["DAYS_31_TO_60"] - before.get("DAYS_31_TO_60", Decimal(0)) == Decimal("20.20")
    assert await ages(api, "demo.credit") == after  # nobody else has invoiced
    assert await ages(api, "demo.credit", d="sales-east") == after
    assert await ages(api, "demo.credit", d="sales-west") == {}
    answer = await api.ask("demo.agent", AGEING)
    assert answer["data"] == {"ageing": []}
    answer = await api.ask("demo.inspector", AGEING)
    assert answer["data"] == {"ageing": None}
    assert answer["errors"][0]["extensions"]["code"] == "FILTER_DENIED"
    assert customer


async def ages(api: Api, who: str, **given: Any) -> dict[str, Decimal]:
    purpose = BUSINESS if who == "demo.manager" else None
    answer = await api.ask(who, AGEING, {"on": "2026-04-01", **given}, purpose=purpose)
    assert "errors" not in answer, answer
    rows = answer["data"]["ageing"]
    assert {row["currency"] for row in rows} <= {"CNY"}
    return {row["bucket"]: Decimal(row["amount"]) for row in rows}


async def test_k7_steps_go_from_telephone_to_letter_to_visit_each_in_its_time(api: Api) -> None:
    """The job plans one step at a time and none twice; each is done with a date, a person and a result."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-STEPS", "500", "2026-02-01")
    await plan_steps(api, "2026-02-03")
    assert await steps_of(api, made["id"]) == []
    for _ in range(2):
        await plan_steps(api, "2026-02-04")
    [step] = await steps_of(api, made["id"])
    assert (step["stage"], step["state"], step["plannedOn"]) == ("TELEPHONE", "PLANNED", "2026-02-04")
    await plan_steps(api, "2026-02-20")  # the letter would be due, but nobody has telephoned
    assert len(await steps_of(api, made["id"])) == 1
    given = {"id": step["id"], "doneOn": "2026-02-05", "result": "承诺月底付款"}
    called = await done(api, "demo.manager", RECORD, **given, version=step["version"])
    assert (called["state"], called["doneBy"]["username"]) == ("DONE", "demo.manager")
    [error] = await refused(api, "demo.manager", RECORD, **given, version=called["version"])
    assert error["rule"] == "step.not_next"
    for on, stage in (("2026-02-16", "LETTER"), ("2026-03-03", "VISIT")):
        await plan_steps(api, on)
        planned = (await steps_of(api, made["id"]))[-1]
        assert planned["stage"] == stage
        given = {"id": planned["id"], "doneOn": on, "result": "已送达"}
        await done(api, "demo.collector", RECORD, **given, version=planned["version"])
    await plan_steps(api, "2026-06-01")
    assert [step["stage"] for step in await steps_of(api, made["id"])] == ["TELEPHONE", "LETTER", "VISIT"]


async def test_k7_a_step_before_its_day_or_without_a_right_is_refused(api: Api) -> None:
    """A done day before the day on which it was due; and a credit officer reads steps, but does none."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-EARLY", "500", "2026-02-01")
    await plan_steps(api, "2026-02-04")
    [step] = await steps_of(api, made["id"])
    given = {"id": step["id"], "version": step["version"], "result": "x"}
    [error] = await refused(api, "demo.manager", RECORD, **given, doneOn="2026-02-03")
    assert error["rule"] == "step.too_early"
    errors = await refused(api, "demo.credit", RECORD, **given, doneOn="2026-02-04")
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}


async def test_k7_paid_stops_collection(api: Api) -> None:
    """What was planned is cancelled with the payment, and never comes back."""
    customer, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-STOP", "500", "2026-02-01")
    await plan_steps(api, "2026-02-04")
    await paid(api, customer, "499.99")
    [step] = await steps_of(api, made["id"])
    assert step["state"] == "PLANNED"
    await paid(api, customer, "0.01")
    [step] = await steps_of(api, made["id"])
    assert step["state"] == "CANCELLED"
    given = {"id": step["id"], "version": step["version"], "result": "x", "doneOn": "2026-03-04"}
    [error] = await refused(api, "demo.manager", RECORD, **given)
    assert error["rule"] == "collection.paid"
    await plan_steps(api, "2026-06-01")
    assert len(await steps_of(api, made["id"])) == 1
    assert (await receivable_of(api, made["id"]))["collectionStage"] is None


async def test_k7_the_letter_is_a_pdf_kept_with_the_customer(api: Api) -> None:
    """Made for a planned letter alone, sealed, and had by whoever may have the customer's attachments."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-LETTER", "500.50", "2026-02-01")
    await plan_steps(api, "2026-02-04")
    [step] = await steps_of(api, made["id"])
    [error] = await refused(api, "demo.manager", LETTER, id=step["id"], version=step["version"])
    assert error["rule"] == "step.not_allowed"
    given = {"id": step["id"], "version": step["version"], "doneOn": "2026-02-04", "result": "无人接听"}
    await done(api, "demo.manager", RECORD, **given)
    await plan_steps(api, "2026-02-16")
    step = (await steps_of(api, made["id"]))[-1]
    written = await done(api, "demo.manager", LETTER, id=step["id"], version=step["version"])
    headers = {"authorization": f"Bearer {await api.login('demo.manager')}", "dossier-purpose": BUSINESS}
    response = await api.http.get(f"/attachments/{written['letter']}", headers=headers)
    assert response.status_code == 200, response.text
    assert response.content.startswith(b"%PDF-")
    query = f'{{ attachment(id: "{written["letter"]}") {{ category mediaType }} }}'
    answer = await api.ask("demo.manager", query, purpose=BUSINESS)
    assert answer["data"]["attachment"]["category"] == "LETTER"


async def test_k7_the_daily_job_plans_what_is_overdue(api: Api) -> None:
    """The job as workers run it, from the ledger, for the day of its tick; run again it plans nothing."""
    _, contract = await customer_with_contract(api)
    made = await invoiced(api, contract, "FP-JOB", "500", "2026-02-01")
    services = api.services
    engine = app.job_engine(settings_of(Path()), services)
    tick = datetime(2026, 2, 10, 22, tzinfo=UTC)
    async with engine.running():
        for attempt in range(2):
            job_id = await services.ledger.enqueue("credit.collection_steps", key=f"test-{attempt}", scheduled_at=tick)
            async with patience():
                async for record in services.jobs.watch(job_id):
                    if record.state.is_finished:
                        assert record.state.value == "succeeded", record.error
                        break
    [step] = await steps_of(api, made["id"])
    assert step["stage"] == "TELEPHONE"
