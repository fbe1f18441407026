"""Credit end to end (K1 to K6): tables, assessments, limits, contracts, under policy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from settings import Settings
from tests.api import Api, demo, running
from tests.chapters.credit.credit import (
    ASSESS,
    ERRORS,
    EXCELLENT,
    SIGN,
    attached,
    contract_terms,
    done,
    invoiced,
    new_customer,
    paid,
    rated,
    refused,
    signed,
)

TABLES = """{ indicatorTables(filter: { appliesTo: { eq: ENTERPRISE } }) { nodes {
  id number state appliesTo currency greatestAdjustment indicators { name group weight below missing }
  bands { indicator atLeast score } grades { grade atLeast fixed shareOfRevenue ceiling } } } }"""
ACTIVATE = f"""mutation($i: ActivateIndicatorTableInput!) {{ activateIndicatorTable(input: $i) {{ {ERRORS}
  indicatorTable {{ id number state }} }} }}"""
REPRODUCE = (
    "query($id: ID!) { reproduceCreditAssessment(id: $id) { equal differing grade total creditLimit tableNumber } }"
)
EXPOSURE = """query($c: ID!) { exposure(customer: $c) { grade stopsNewCredit outcome notConverted
  limit { amount currency }
  openAmounts { amount currency } exposure { amount } headroom { amount } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("credit")) as api:
        yield api


async def table_in_force(api: Api) -> dict[str, Any]:
    answer = await api.ask("demo.creditmanager", TABLES)
    [table] = (node for node in answer["data"]["indicatorTables"]["nodes"] if node["state"] == "ACTIVE")
    return dict(table)


def as_input(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in ("id", "number", "state")}


async def test_k1_weights_per_kind_sum_to_a_hundred_over_four_groups(api: Api) -> None:
    """The table in force has all four groups; one whose weights do not sum, or that lacks a group, is refused."""
    table = await table_in_force(api)
    assert sum(Decimal(row["weight"]) for row in table["indicators"]) == 100
    assert len({row["group"] for row in table["indicators"]}) == 4
    light = as_input(table)
    light["indicators"] = [dict(light["indicators"][0], weight="14"), *light["indicators"][1:]]
    [error] = await refused(api, "demo.creditmanager", ACTIVATE, **light)
    assert (error["code"], error["rule"]) == ("RULE_BROKEN", "indicator_table.weights")
    lame = as_input(table)
    lame["indicators"] = [dict(row, group="CREDIT_RECORD") for row in lame["indicators"]]
    [error] = await refused(api, "demo.creditmanager", ACTIVATE, **lame)
    assert error["rule"] == "indicator_table.groups"


async def test_k1_a_new_table_is_a_new_record_and_only_managers_activate_one(api: Api) -> None:
    """The former table stays as it was, superseded; an officer may not replace it."""
    before = await table_in_force(api)
    errors = await refused(api, "demo.credit", ACTIVATE, **as_input(before))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    made = await done(api, "demo.creditmanager", ACTIVATE, **as_input(before))
    assert (made["number"], made["state"]) == (before["number"] + 1, "ACTIVE")
    answer = await api.ask("demo.creditmanager", f'{{ indicatorTable(id: "{before["id"]}") {{ state number }} }}')
    assert answer["data"]["indicatorTable"] == {"state": "SUPERSEDED", "number": before["number"]}
    assert (await table_in_force(api))["id"] == made["id"]


async def test_k2_evidence_is_kept_with_the_assessment_and_must_be_the_customers(api: Api) -> None:
    """An attachment of another customer, or none at all, is no evidence."""
    customer, other = await new_customer(api), await new_customer(api)
    evidence = [await attached(api, customer, "credit"), await attached(api, customer, "credit")]
    made = await rated(api, customer, evidence=evidence)
    assert made["evidence"] == evidence
    for missing in (await attached(api, other, "credit"), "attachment_" + "0" * 24):
        given = {"customer": customer, "inputs": [], "evidence": [evidence[0], missing]}
        [error] = await refused(api, "demo.credit", ASSESS, **given)
        assert error["code"] == "NOT_FOUND"


async def test_k2_inputs_are_ciphertext_at_rest(api: Api) -> None:
    """Neither values nor the judgement are stored in the clear; the limit is a Decimal128."""
    customer = await new_customer(api)
    await rated(api, customer, adjustment="1.5", judgement="独家供应商，机密")
    row = await api.services.database["credit_assessments"].find_one({"customer": customer})
    assert row is not None
    for name in ("inputs", "points", "judgement", "adjustment", "total", "annual_revenue"):
        assert isinstance(row[name], bytes), name
    assert row["credit_limit"].to_decimal() == Decimal("1500000.00")


async def test_k3_points_and_judgement_make_the_total_and_it_is_reproducible(api: Api) -> None:
    """What was recorded comes to the same again, also after the table was replaced."""
    customer = await new_customer(api)
    made = await rated(api, customer, adjustment="-5", judgement="管理层变动")
    assert Decimal(made["total"]) == Decimal(made["quantitative"]) - 5
    assert sum(Decimal(row["weighted"]) for row in made["points"]) == Decimal(made["quantitative"])
    table = as_input(await table_in_force(api))
    table["grades"] = [dict(row, fixed="1", shareOfRevenue=None, ceiling=None) for row in table["grades"]]
    restored = as_input(await table_in_force(api))
    await done(api, "demo.creditmanager", ACTIVATE, **table)
    answer = await api.ask("demo.credit", REPRODUCE, {"id": made["id"]})
    again = answer["data"]["reproduceCreditAssessment"]
    assert (again["equal"], again["differing"]) == (True, [])
    assert (again["grade"], again["total"], again["creditLimit"]) == (made["grade"], made["total"], made["creditLimit"])
    await done(api, "demo.creditmanager", ACTIVATE, **restored)


async def test_k3_a_manipulated_assessment_is_not_reproduced(api: Api) -> None:
    """Whoever changes the grade in the database is found out."""
    made = await rated(api, await new_customer(api))
    rows = api.services.database["credit_assessments"]
    await rows.update_one({"grade": made["grade"], "customer": made["customer"]["id"]}, {"$set": {"grade": "fair"}})
    answer = await api.ask("demo.credit", REPRODUCE, {"id": made["id"]})
    again = answer["data"]["reproduceCreditAssessment"]
    assert (again["equal"], again["differing"]) == (False, ["grade"])


async def test_k3_who_may_not_read_the_inputs_may_not_have_them_recomputed(api: Api) -> None:
    """The account manager sees the outcome only; the service agent nothing."""
    made = await rated(api, await new_customer(api))
    answer = await api.ask("demo.manager", REPRODUCE, {"id": made["id"]}, purpose="business_operation")
    assert answer["data"] == {"reproduceCreditAssessment": None}
    assert answer["errors"][0]["extensions"]["code"] == "READ_DENIED"
    answer = await api.ask("demo.agent", REPRODUCE, {"id": made["id"]})
    assert answer == {"data": {"reproduceCreditAssessment": None}}


async def test_k3_a_judgement_out_of_bounds_or_without_reason_is_refused(api: Api) -> None:
    """Ten points at most, and none without a word."""
    customer = await new_customer(api)
    given = {"customer": customer, "inputs": []}
    [error] = await refused(api, "demo.credit", ASSESS, **given, adjustment="10.01", judgement="x")
    assert error["rule"] == "judgement.out_of_bounds"
    [error] = await refused(api, "demo.credit", ASSESS, **given, adjustment="1")
    assert error["rule"] == "judgement.reason_missing"
    twice = [{"indicator": "current_ratio", "value": "1"}] * 2
    [error] = await refused(api, "demo.credit", ASSESS, customer=customer, inputs=twice)
    assert error["rule"] == "indicator.twice"


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        (EXCELLENT, "excellent"),
        ({**EXCELLENT, "paid_in_time_percent": "85", "current_ratio": "1.3"}, "good"),
        ({**EXCELLENT, "paid_in_time_percent": "20"}, "good"),
        ({"current_ratio": "0.1"}, "poor"),
    ],
)
async def test_k4_points_give_the_grade(api: Api, values: dict[str, str], grade: str) -> None:
    """By the thresholds of the table in force; the newest is the customer's current grade."""
    customer = await new_customer(api)
    inputs = [{"indicator": name, "value": value} for name, value in values.items()]
    made = await done(api, "demo.credit", ASSESS, customer=customer, inputs=inputs, annualRevenue="1000000")
    assert made["grade"] == grade
    query = f'{{ customer(id: "{customer}") {{ recentCreditAssessments {{ id grade state }} }} }}'
    answer = await api.ask("demo.credit", query)
    assert answer["data"]["customer"]["recentCreditAssessments"] == [
        {"id": made["id"], "grade": grade, "state": "IN_FORCE"}
    ]


async def test_k4_a_new_grade_supersedes_the_former(api: Api) -> None:
    """One assessment of a customer is in force."""
    customer = await new_customer(api)
    first, second = await rated(api, customer), await rated(api, customer)
    rows = await api.services.database["credit_assessments"].find({"customer": customer}).to_list()
    assert {f"credit_assessment_{row['_id']}": row["state"] for row in rows} == {
        first["id"]: "superseded",
        second["id"]: "in_force",
    }


async def test_k5_the_limit_follows_from_the_grade_and_exposure_from_what_is_open(api: Api) -> None:
    """Open receivables count, paid ones do not; headroom is the limit in force less them."""
    customer = await new_customer(api)
    made = await rated(api, customer, revenue="10000000")
    assert (made["creditLimit"], made["currency"], made["limitBasis"]) == ("1500000.00", "CNY", "REVENUE")
    contract = await signed(api, customer)
    await invoiced(api, contract["id"], "FP-1", "60000.50", "2026-02-10")
    await invoiced(api, contract["id"], "FP-2", "39999.50", "2026-03-10")
    await paid(api, customer, "60000.50")
    answer = await api.ask("demo.credit", EXPOSURE, {"c": customer})
    found = answer["data"]["exposure"]
    assert found["openAmounts"] == [{"amount": "39999.50", "currency": "CNY"}]
    assert found["limit"] == {"amount": "750000.00", "currency": "CNY"}  # half of it: the risk is not assessed yet
    assert Decimal(found["headroom"]["amount"]) == Decimal("710000.50")
    assert (found["grade"], found["outcome"], found["notConverted"]) == ("excellent", "OK", [])


async def test_k5_a_contract_above_the_limit_is_blocked_and_nothing_is_written(api: Api) -> None:
    """One cent too much; exactly the limit is within it."""
    customer = await new_customer(api)
    await rated(api, customer, revenue="10000000")
    before = await api.services.database["contracts"].count_documents({})
    [error] = await refused(api, "demo.manager", SIGN, **contract_terms(customer, amount="750000.01"))
    assert (error["code"], error["rule"], error["field"]) == (
        "RULE_BROKEN",
        "contract.exposure_exceeded",
        ["contract", "amount"],
    )
    assert await api.services.database["contracts"].count_documents({}) == before
    made = await done(api, "demo.manager", SIGN, **contract_terms(customer, amount="750000.00"))
    assert made["exposureOutcome"] == "WARN"  # near the limit
    assert (made["exposure"], made["limitAtSigning"]) == ("750000.00", "750000.00")


async def test_k5_a_customer_without_a_grade_has_no_limit(api: Api) -> None:
    """Nothing known is the worst assumed."""
    [error] = await refused(api, "demo.manager", SIGN, **contract_terms(await new_customer(api), amount="0.01"))
    assert error["rule"] == "contract.exposure_exceeded"


async def test_k5_currencies_are_never_mixed_silently(api: Api) -> None:
    """A contract in a currency without a rate to the limit's is refused, not left out."""
    customer = await new_customer(api)
    await rated(api, customer)
    [error] = await refused(api, "demo.manager", SIGN, **contract_terms(customer, currency="USD"))
    assert error["rule"] == "currency.no_rate"


async def test_k5_who_sees_no_money_gets_no_exposure_and_no_hint(api: Api) -> None:
    """The agent is refused alike whatever the customer owes, and may not sign to find out."""
    customer = await new_customer(api)
    answer = await api.ask("demo.agent", EXPOSURE, {"c": customer})
    assert answer["data"] == {"exposure": None}
    assert answer["errors"][0]["extensions"]["code"] == "READ_DENIED"
    errors = await refused(api, "demo.agent", SIGN, **contract_terms(customer, amount="99999999"))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    answer = await api.ask(
        "demo.agent", "{ contracts { totalCount } receivables { totalCount } payments { totalCount } }"
    )
    assert answer["data"] == {name: {"totalCount": 0} for name in ("contracts", "receivables", "payments")}


async def test_k5_exposure_of_ones_own_customers_alone(api: Api) -> None:
    """A manager sees what own customers owe, of another's nothing; of a customer that is none there is none."""
    customer = await new_customer(api)
    await rated(api, customer)
    answer = await api.ask("demo.manager", EXPOSURE, {"c": customer}, purpose="business_operation")
    assert answer["data"]["exposure"]["limit"] == {"amount": "750000.00", "currency": "CNY"}
    row = await api.services.database["customers"].find_one({"account_manager": "wu.haiyan"})
    assert row is not None
    foreign = f"{row['kind']}_{row['_id']}"
    answer = await api.ask("demo.manager", EXPOSURE, {"c": foreign}, purpose="business_operation")
    assert answer["data"] == {"exposure": None}
    assert answer["errors"][0]["extensions"]["code"] == "READ_DENIED"
    answer = await api.ask("demo.manager", EXPOSURE, {"c": "enterprise_" + "0" * 24}, purpose="business_operation")
    assert answer == {"data": {"exposure": None}}


async def test_k6_a_contract_states_credit_terms_and_liability_for_breach(api: Api) -> None:
    """Both are required; the liability is sealed."""
    customer = await new_customer(api)
    await rated(api, customer)
    made = await done(api, "demo.manager", SIGN, **contract_terms(customer, number="HT-K6"))
    assert (made["paymentDays"], made["lateDailyRate"], made["graceDays"]) == (30, "0.0005", 0)
    assert made["liability"].startswith("逾期付款")
    row = await api.services.database["contracts"].find_one({"number": "HT-K6"})
    assert row is not None
    assert isinstance(row["liability"], bytes)
    assert row["amount"].to_decimal() == 100000
    answer = await api.ask(
        "demo.manager", SIGN, {"i": {"customer": customer, "number": "x"}}, purpose="business_operation"
    )
    assert answer["errors"]


async def test_k6_the_same_number_or_a_foreign_customer_is_refused(api: Api) -> None:
    """A number is once per customer; of another manager's customer nothing is signed."""
    customer = await new_customer(api)
    await rated(api, customer)
    await done(api, "demo.manager", SIGN, **contract_terms(customer, amount="1"))
    [error] = await refused(api, "demo.manager", SIGN, **contract_terms(customer, amount="1"))
    assert error["rule"] == "contract.number_taken"
    query = '{ customers(first: 1, filter: { accountManager: { eq: "wu.haiyan" } }) { nodes { id } } }'
    found = await api.ask("demo.manager", query, purpose="business_operation")
    foreign = found["data"]["customers"]["nodes"][0]["id"]
    errors = await refused(api, "demo.manager", SIGN, **contract_terms(foreign))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}


async def test_k6_a_contract_of_a_customer_in_need_of_approval_is_approved_by_another_person(api: Api) -> None:
    """Until then nothing is invoiced; nobody approves without the right to; then it ends, once."""
    customer = await new_customer(api)
    await rated(api, customer)
    made = await done(api, "demo.manager", SIGN, **contract_terms(customer))
    assert made["state"] == "AWAITING_APPROVAL"
    approve = f"""mutation($i: ApproveContractInput!) {{ approveContract(input: $i) {{ {ERRORS}
      contract {{ state version }} }} }}"""
    errors = await refused(api, "demo.manager", approve, id=made["id"], version=made["version"])
    assert [error["field"] for error in errors] == [["contract", "approvedBy"]]
    approved = await done(api, "demo.creditmanager", approve, id=made["id"], version=made["version"])
    assert approved["state"] == "IN_FORCE"
    end = f"""mutation($i: EndContractInput!) {{ endContract(input: $i) {{ {ERRORS}
      contract {{ state version endReason }} }} }}"""
    given = {"id": made["id"], "endedOn": "2026-06-30", "endReason": "提前终止"}
    ended = await done(api, "demo.manager", end, **given, version=approved["version"])
    assert (ended["state"], ended["endReason"]) == ("ENDED", "提前终止")
    [error] = await refused(api, "demo.manager", end, **given, version=ended["version"])
    assert error["rule"] == "step.not_allowed"


async def test_the_same_idempotency_key_signs_one_contract(api: Api) -> None:
    """A retry gets the first answer."""
    customer = await new_customer(api)
    await rated(api, customer)
    given = {"i": contract_terms(customer)}
    first = await api.ask("demo.manager", SIGN, given, purpose="business_operation", key="sign-1")
    second = await api.ask("demo.manager", SIGN, given, purpose="business_operation", key="sign-1")
    assert first["data"]["signContract"]["contract"]["id"] == second["data"]["signContract"]["contract"]["id"]


APPROVE = f"""mutation($i: ApproveCreditAssessmentInput!) {{ approveCreditAssessment(input: $i) {{ {ERRORS}
  creditAssessment {{ id version state approvedBy {{ username }} }} }} }}"""


@pytest.fixture(scope="module")
async def strict(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """An installation with four eyes on assessments, and warnings in place of blocks."""
    data_dir = tmp_path_factory.mktemp("strict")
    settings = Settings(
        data_dir=data_dir, database="credit_strict_test", jobs="worker", exposure_policy="warn", credit_four_eyes=True
    )
    async with running(settings, mongodb_uri) as api:
        await api.seed_demo(10)
        yield api


async def test_k4_with_four_eyes_a_grade_is_in_force_when_another_person_approved_it(strict: Api) -> None:
    """Until then there is no limit and no handling; its maker may not approve it, nor may who lacks the right."""
    customer = await new_customer(strict)
    inputs = [{"indicator": name, "value": value} for name, value in EXCELLENT.items()]
    given = {"customer": customer, "inputs": inputs, "annualRevenue": "10000000"}
    made = await done(strict, "demo.creditmanager", ASSESS, **given)
    assert made["state"] == "AWAITING_APPROVAL"
    found = await strict.ask("demo.credit", EXPOSURE, {"c": customer})
    assert found["data"]["exposure"]["grade"] is None
    named = {"id": made["id"], "version": made["version"]}
    [error] = await refused(strict, "demo.creditmanager", APPROVE, **named)
    assert error["rule"] == "approval.same_person"
    errors = await refused(strict, "demo.credit", APPROVE, **named)
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    second = await done(strict, "demo.credit", ASSESS, **given)
    approved = await done(strict, "demo.creditmanager", APPROVE, id=second["id"], version=second["version"])
    assert (approved["state"], approved["approvedBy"]["username"]) == ("IN_FORCE", "demo.creditmanager")
    found = await strict.ask("demo.credit", EXPOSURE, {"c": customer})
    assert found["data"]["exposure"]["grade"] == "excellent"
    [error] = await refused(strict, "demo.creditmanager", APPROVE, id=second["id"], version=approved["version"])
    assert error["rule"] == "step.not_allowed"


async def test_k5_where_it_is_configured_so_a_contract_above_the_limit_is_warned_of_and_noted(strict: Api) -> None:
    """It is signed, and what it met stands in it."""
    made = await done(strict, "demo.manager", SIGN, **contract_terms(await new_customer(strict), amount="5"))
    assert (made["exposureOutcome"], made["exposure"], made["limitAtSigning"]) == ("WARN", "5", "0.00")


async def test_k5_contracts_signed_at_once_do_not_both_take_the_same_number(api: Api) -> None:
    """Whoever decides on a customer's records has its turn: the second sees what the first wrote."""
    customer = await new_customer(api)
    await rated(api, customer)
    given = {"i": contract_terms(customer, amount="1")}
    answers = await asyncio.gather(
        *(api.ask("demo.manager", SIGN, given, purpose="business_operation") for _ in range(5))
    )
    signed_ones = [answer for answer in answers if answer["data"]["signContract"]["contract"] is not None]
    assert len(signed_ones) == 1


async def test_k7_lists_of_a_hundred_thousand_use_an_index(api: Api) -> None:
    """Filters and orders of receivables, contracts and steps walk an index, whoever asks: none scans a collection."""
    queries = [
        "{ receivables(first: 50, sort: { field: DUE_ON, direction: ASC }) { nodes { id balance } } }",
        "{ receivables(first: 50, filter: { state: { eq: OPEN } }) { nodes { id } } }",
        """{ receivables(first: 50, filter: { dueOn: { lt: "2026-01-01" } }, sort: { field: DUE_ON }) {
          nodes { id } } }""",
        "{ contracts(first: 50, sort: { field: SIGNED_ON, direction: DESC }) { nodes { id amount } } }",
        '{ creditAssessments(first: 50, filter: { grade: { eq: "good" } }) { nodes { id } } }',
        "{ collectionSteps(first: 50, filter: { state: { eq: PLANNED } }) { nodes { id } } }",
        "{ payments(first: 50, sort: { field: RECEIVED_ON, direction: DESC }) { nodes { id amount } } }",
        "{ ageing { bucket amount } }",
    ]
    database = api.services.database
    for who, purpose in (("demo.credit", "risk_assessment"), ("demo.manager", "business_operation")):
        await database.command("profile", 2)
        for query in queries:
            answer = await api.ask(who, query, purpose=purpose)
            assert "errors" not in answer, answer
        await database.command("profile", 0)
        names = ("receivables", "contracts", "credit_assessments", "collection_steps", "payments")
        of_ours = {"ns": {"$in": [f"{database.name}.{name}" for name in names]}, "planSummary": {"$exists": True}}
        entries = await database["system.profile"].find(of_ours).to_list()
        await database["system.profile"].drop()
        assert len(entries) == len(queries)
        for entry in entries:
            assert "COLLSCAN" not in entry["planSummary"], entry["command"]
            assert not entry.get("hasSortStage"), entry["command"]
