"""Dynamic management end to end (G5): grade, risk and arrears change the handling at once, and it is said why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import app
from demo.callers import demo_caller
from documents.chapters.handling.kinds import HandlingCause
from documents.chapters.identification.risk import RiskLevel
from documents.declaring.kind import Kind
from documents.writing.records import RecordWrites
from policies.authorize import READ
from resolvers.caller import Caller
from resolvers.chapters.handling import Cause, handling_after
from settings import Settings
from tests.api import Api, application_database, seeded
from tests.chapters.credit.credit import (
    ASSESS,
    SIGN,
    contract_terms,
    done,
    invoiced,
    new_customer,
    paid,
    rated,
    refused,
    signed,
)
from tests.chapters.credit.test_overdue import RECORD, plan_steps, steps_of
from tests.patience import newly_followed
from tests.web.server import served
from tests.web.subscriptions.socket_client import SocketClient, socket_client

HANDLING = """query($c: ID!) { customer(id: $c) { recentHandlingChanges { id number cause causeRecord changed
  changes { what before after why } creditLimit reviewMonths needsApproval stopsNewCredit priority grade riskLevel
  collectionStage } } }"""


@pytest.fixture(scope="module")
async def settings(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    async with application_database(mongodb_uri) as database:
        yield Settings(data_dir=tmp_path_factory.mktemp("handling"), database=database, jobs="worker")


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, settings: Settings) -> AsyncIterator[Api]:
    async with seeded(settings, mongodb_uri) as api:
        yield api


async def handlings(api: Api, customer: str, who: str = "demo.credit") -> list[dict[str, Any]]:
    answer = await api.ask(who, HANDLING, {"c": customer}, purpose="risk_assessment" if who == "demo.credit" else None)
    assert "errors" not in answer, answer
    found: list[dict[str, Any]] = answer["data"]["customer"]["recentHandlingChanges"]
    return found


async def test_g5_a_new_grade_changes_the_handling_and_says_what_and_why(api: Api) -> None:
    """A list of what changed, each with before, after and the cause; the newest is the handling in force."""
    customer = await new_customer(api)
    made = await rated(api, customer)
    [change] = await handlings(api, customer)
    assert (change["number"], change["cause"], change["causeRecord"]) == (1, "GRADE", made["id"])
    assert change["grade"] == "excellent"
    assert {item["what"]: item["why"] for item in change["changes"]}["priority"] == "grade"
    assert Decimal(change["creditLimit"]) == 750000  # half of the grade's, while the risk is not known
    await done(api, "demo.credit", ASSESS, customer=customer, inputs=[])
    newest, *_ = await handlings(api, customer)
    assert (newest["number"], newest["grade"], Decimal(newest["creditLimit"])) == (2, "poor", Decimal(0))
    [limit] = (item for item in newest["changes"] if item["what"] == "limit")
    assert (limit["before"], limit["after"]) == ("750000.00 CNY", "0.00 CNY")


async def test_g5_the_same_grade_changes_nothing(api: Api) -> None:
    """No change, no list."""
    customer = await new_customer(api)
    for _ in range(2):
        await rated(api, customer)
    assert len(await handlings(api, customer)) == 1


async def test_g5_a_risk_level_changes_the_handling_in_the_transaction_of_its_cause(api: Api) -> None:
    """What the risk assessment calls: known risk gives the whole limit, high risk half of it and a shorter review."""
    customer = await new_customer(api)
    await rated(api, customer)
    for risk in (RiskLevel.LOW, RiskLevel.HIGH):
        await risk_becomes(api, customer, risk)
    high, low, _ = await handlings(api, customer)
    assert (low["riskLevel"], Decimal(low["creditLimit"]), low["needsApproval"]) == ("LOW", Decimal(1500000), False)
    assert (high["riskLevel"], high["reviewMonths"], high["needsApproval"]) == ("HIGH", 3, True)
    assert {item["why"] for item in high["changes"]} == {"risk"}


async def risk_becomes(api: Api, customer: str, risk: RiskLevel) -> None:
    operations = api.services.use_cases.credit.contracts._operations
    caller: Caller = demo_caller("demo.credit")
    plan = await operations.plan(caller, Kind.CREDIT_ASSESSMENT, READ)
    reference = await operations.customer(caller, customer)

    async def work(writes: RecordWrites) -> str:
        turn, cause = await operations.turn(writes, plan, reference), Cause(HandlingCause.RISK_LEVEL, None)
        after = await handling_after(operations, turn, cause, lambda situation: replace(situation, risk=risk))
        return str(after.record_id)

    await operations.run(caller, work, None)


async def test_g5_an_overdue_step_stops_new_credit_and_payment_gives_it_back(api: Api) -> None:
    """From the letter on there is no new contract on credit; paid in full there is again."""
    customer = await new_customer(api)
    await rated(api, customer)
    contract = await signed(api, customer)
    made = await invoiced(api, contract["id"], "FP-1", "500", "2026-02-01")
    await plan_steps(api, "2026-02-04")
    [step] = await steps_of(api, made["id"])
    given = {"id": step["id"], "version": step["version"], "doneOn": "2026-02-04", "result": "无人接听"}
    await done(api, "demo.manager", RECORD, **given)
    await plan_steps(api, "2026-02-16")
    newest, *_ = await handlings(api, customer)
    assert (newest["cause"], newest["collectionStage"], newest["stopsNewCredit"]) == ("COLLECTION_STEP", "LETTER", True)
    assert {item["why"] for item in newest["changes"]} == {"collection"}
    [error] = await refused(api, "demo.manager", SIGN, **contract_terms(customer, number="HT-2", amount="1"))
    assert error["rule"] == "contract.exposure_exceeded"  # the limit in force is nothing
    payment = await paid(api, customer, "500")
    newest, *_ = await handlings(api, customer)
    assert (newest["cause"], newest["causeRecord"], newest["stopsNewCredit"]) == ("PAYMENT", payment["id"], False)
    await done(api, "demo.manager", SIGN, **contract_terms(customer, number="HT-2", amount="1"))


async def test_g5_nobody_writes_the_handling_and_who_sees_no_money_sees_none_of_it(api: Api) -> None:
    """There is no mutation of it; the agent does not learn that there is one."""
    customer = await new_customer(api)
    await rated(api, customer)
    assert await handlings(api, customer, "demo.agent") == []
    answer = await api.ask("demo.admin", "{ __schema { mutationType { fields { name } } } }")
    assert not [
        field["name"] for field in answer["data"]["__schema"]["mutationType"]["fields"] if "andling" in field["name"]
    ]


async def test_g5_a_kill_between_grade_and_handling_leaves_neither(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are one transaction."""
    customer = await new_customer(api)

    async def killed(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("resolvers.chapters.credit.assessments.handling_after", killed)
    answer = await api.ask("demo.credit", ASSESS, {"i": {"customer": customer, "inputs": []}})
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    monkeypatch.undo()
    database = api.services.database
    for name in ("credit_assessments", "handling_changes"):
        assert await database[name].count_documents({"customer": customer}) == 0


FOLLOW = """subscription($c: ID!) { customerChanged(customer: $c) { operation id
  customer { recentHandlingChanges { number changed } } } }"""
FOLLOW_HANDLING = """subscription($c: ID!) { handlingChangeChanged(customer: $c) { operation
  handlingChange { number cause customer { id } } } }"""


async def test_g5_followers_of_a_customer_are_told_of_its_changed_handling_if_they_may_read_it(
    api: Api, settings: Settings, mongodb_uri: str
) -> None:
    """The credit officer is told at once, of customer and change alike; the agent, who sees no money, hears nothing."""
    customer = await new_customer(api)
    async with AsyncExitStack() as stack:
        address, state = stack.enter_context(served(app.create_app(settings, mongodb_uri)))

        async def following(who: str, query: str, purpose: str) -> SocketClient:
            client = await stack.enter_async_context(socket_client(address))
            token = f"Bearer {await api.login(who)}"
            await client.begin({"authorization": token, "dossier-purpose": purpose})
            async with newly_followed(state["services"].storage.changes):
                await client.subscribe(query, variables={"c": customer})
            return client

        officer = await following("demo.credit", FOLLOW, "risk_assessment")
        of_changes = await following("demo.credit", FOLLOW_HANDLING, "risk_assessment")
        agent = await following("demo.agent", FOLLOW, "customer_service")
        await rated(api, customer)
        told = (await officer.hear())["payload"]["data"]["customerChanged"]
        assert (told["operation"], told["id"]) == ("UPDATED", customer)
        assert told["customer"]["recentHandlingChanges"][0]["number"] == 1
        change = (await of_changes.hear())["payload"]["data"]["handlingChangeChanged"]
        assert change["handlingChange"] == {"number": 1, "cause": "GRADE", "customer": {"id": customer}}
        await rated(api, customer)  # the same again changes nothing
        assert await officer.hears_nothing(0.5)
        assert await agent.hears_nothing(0.1)
