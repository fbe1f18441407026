"""C4, end to end: risk is assessed by the table in force, reproducibly, and a new level changes the handling (G5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from documents.reckoning.days import add_months
from documents.reckoning.working_time import SHANGHAI
from resolvers.chapters.identification import risk
from tests.api import Api, demo
from tests.chapters.credit.credit import ERRORS, done, new_customer, refused
from tests.chapters.identification.identification import ASSESS_RISK, ENTERPRISE_LOW, assessed, risk_inputs

ACTIVATE = f"""mutation($i: ActivateRiskTableInput!) {{ activateRiskTable(input: $i) {{ {ERRORS} riskTable {{
  id number state }} }} }}"""
TABLES = """{ riskTables(filter: { appliesTo: { eq: ENTERPRISE } }) { nodes { id number state appliesTo mediumFrom
  highFrom factors { name otherwise missing } rules { factor operator operand points } } } }"""
REPRODUCE = "query($id: ID!) { reproduceRiskAssessment(id: $id) { id equal differing tableNumber level score } }"
HANDLED = """query($c: ID!) { customer(id: $c) {
  recentHandlingChanges { cause causeRecord riskLevel reviewMonths needsApproval } } }"""
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("risk")) as api:
        yield api


async def table_in_force(api: Api) -> dict[str, Any]:
    nodes = (await api.ask("demo.creditmanager", TABLES))["data"]["riskTables"]["nodes"]
    [table] = (node for node in nodes if node["state"] == "ACTIVE")
    return dict(table)


def as_input(table: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in ("id", "number", "state")} | more


async def reproduced(api: Api, assessment: str) -> dict[str, Any]:
    answer = await api.ask("demo.credit", REPRODUCE, {"id": assessment})
    again: dict[str, Any] = answer["data"]["reproduceRiskAssessment"]
    return again


@pytest.mark.parametrize(
    ("values", "level", "score"),
    [
        ({}, "LOW", 4),
        ({"industry": "real_estate", "credit_record": "late_payments"}, "MEDIUM", 30),
        ({"state_of_business": "suspended", "credit_record": None}, "HIGH", 74),
        ({"years_established": "0.5", "overdue_count": "5"}, "MEDIUM", 54),
        (dict.fromkeys(ENTERPRISE_LOW), "HIGH", 62),
    ],
)
async def test_c4_industry_state_of_business_and_credit_record_give_a_level(
    api: Api, values: dict[str, str | None], level: str, score: int
) -> None:
    """By the points of the table in force; what is not known counts as the table says."""
    customer = await new_customer(api)
    made = await assessed(api, customer, **values)
    assert (made["level"], made["score"]) == (level, score)
    assert sum(row["points"] for row in made["points"]) == score
    assert {row["factor"] for row in made["points"]} == ENTERPRISE_LOW.keys()
    assert made["createdBy"]["username"] == "demo.credit"
    assert made["validUntil"] == add_months(datetime.now(SHANGHAI).date(), risk.VALID_MONTHS).isoformat()
    query = f'{{ customer(id: "{customer}") {{ recentRiskAssessments {{ id level }} }} }}'
    answer = await api.ask("demo.credit", query)
    assert answer["data"]["customer"]["recentRiskAssessments"] == [{"id": made["id"], "level": level}]


async def test_c4_what_it_was_made_from_is_sealed(api: Api) -> None:
    """Inputs, points and score are ciphertext at rest."""
    customer = await new_customer(api)
    await assessed(api, customer)
    [row] = await api.services.database["risk_assessments"].find({"customer": customer}).to_list()
    assert all(isinstance(row[name], bytes) for name in ("inputs", "points", "score"))


async def test_c4_an_assessment_is_reproduced_under_the_table_that_made_it(api: Api) -> None:
    """Also after another table is in force, and told apart when somebody changed the level in the database."""
    made = await assessed(api, await new_customer(api))
    former = await table_in_force(api)
    await done(api, "demo.creditmanager", ACTIVATE, **as_input(former, mediumFrom=1, highFrom=2))
    again = await reproduced(api, made["id"])
    assert again == {
        "id": made["id"],
        "equal": True,
        "differing": [],
        "tableNumber": former["number"],
        "level": "LOW",
        "score": 4,
    }
    stricter = await assessed(api, await new_customer(api))
    assert (stricter["level"], stricter["tableNumber"]) == ("HIGH", former["number"] + 1)
    await done(api, "demo.creditmanager", ACTIVATE, **as_input(former))
    rows = api.services.database["risk_assessments"]
    changed = await rows.update_one({"customer": made["customer"]["id"]}, {"$set": {"level": "high"}})
    assert changed.modified_count == 1
    again = await reproduced(api, made["id"])
    assert (again["equal"], again["differing"]) == (False, ["level"])


async def test_c4_nothing_is_recomputed_for_who_may_not_read_it(api: Api) -> None:
    """The manager sees the level alone; agents nothing: the same answer whether there is one or not."""
    made = await assessed(api, await new_customer(api))
    answer = await api.ask("demo.manager", REPRODUCE, {"id": made["id"]}, purpose=BUSINESS)
    assert answer["data"] == {"reproduceRiskAssessment": None}
    assert answer["errors"][0]["extensions"]["code"] == "READ_DENIED"
    seen = await api.ask(
        "demo.manager",
        f'{{ riskAssessment(id: "{made["id"]}") {{ level score inputs {{ value }} }} }}',
        purpose=BUSINESS,
    )
    assert seen["data"]["riskAssessment"] == {"level": "LOW", "score": None, "inputs": None}
    nothing = [
        await api.ask("demo.agent", REPRODUCE, {"id": assessment})
        for assessment in (made["id"], "risk_assessment_" + "0" * 24)
    ]
    assert nothing == [{"data": {"reproduceRiskAssessment": None}}] * 2


async def test_c4_a_new_table_is_a_new_version_and_only_managers_and_administrators_make_one(api: Api) -> None:
    """The former one stays, superseded; a table that contradicts itself is none."""
    before = await table_in_force(api)
    errors = await refused(api, "demo.credit", ACTIVATE, **as_input(before))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    for broken in (
        {"highFrom": before["mediumFrom"]},
        {"factors": [*before["factors"], before["factors"][0]]},
        {"factors": [*before["factors"], dict(before["factors"][0], name=f" {before['factors'][0]['name']}")]},
        {"rules": [dict(before["rules"][0], factor="weather")]},
        {"rules": [{"factor": "overdue_count", "operator": "AT_LEAST", "operand": "many", "points": 1}]},
    ):
        [error] = await refused(api, "demo.creditmanager", ACTIVATE, **as_input(before, **broken))
        assert (error["code"], error["rule"]) == ("RULE_BROKEN", "risk_table.invalid")
    for who in ("demo.creditmanager", "demo.admin"):
        made = await done(api, who, ACTIVATE, **as_input(before))
        former = await api.ask("demo.creditmanager", f'{{ riskTable(id: "{before["id"]}") {{ state }} }}')
        assert former["data"]["riskTable"] == {"state": "SUPERSEDED"}
        before = await table_in_force(api)
        assert (before["id"], before["number"]) == (made["id"], made["number"])


async def test_c4_inputs_that_the_table_does_not_know_are_refused(api: Api) -> None:
    """An unknown factor, one twice, a text where a number is compared; of another's customer nothing is said."""
    customer = await new_customer(api)
    for inputs, rule in (
        (risk_inputs({"weather": "fine"}), "input.unknown_factor"),
        (risk_inputs({"industry": "finance"}) * 2, "factor.twice"),
        (risk_inputs({"years_established": "many"}), "input.not_a_number"),
        (risk_inputs({"years_established": "NaN"}), "input.not_a_number"),
    ):
        [error] = await refused(api, "demo.credit", ASSESS_RISK, customer=customer, inputs=inputs)
        assert error["rule"] == rule
    errors = await refused(api, "demo.manager", ASSESS_RISK, customer=customer, inputs=risk_inputs({"weather": "fine"}))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    assert await api.services.database["risk_assessments"].count_documents({"customer": customer}) == 0


async def test_g5_a_new_risk_level_changes_the_handling_at_once(api: Api) -> None:
    """From low to high: reviewed every three months, contracts approved by a second person, and why."""
    customer = await new_customer(api)
    low = await assessed(api, customer)
    high = await assessed(api, customer, state_of_business="abnormal_list", credit_record="default")
    answer = await api.ask("demo.credit", HANDLED, {"c": customer})
    newest, first = answer["data"]["customer"]["recentHandlingChanges"]
    assert (first["cause"], first["causeRecord"], first["riskLevel"]) == ("RISK_LEVEL", low["id"], "LOW")
    assert (newest["causeRecord"], newest["riskLevel"], newest["reviewMonths"]) == (high["id"], "HIGH", 3)


async def test_c4_a_kill_between_assessment_and_handling_leaves_neither(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails after the assessment was written takes it along."""
    customer = await new_customer(api)

    async def killed(*_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("killed")

    monkeypatch.setattr(risk, "handling_after", killed)
    given = {"i": {"customer": customer, "inputs": risk_inputs(ENTERPRISE_LOW)}}
    answer = await api.ask("demo.credit", ASSESS_RISK, given, key="risk-1")
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    monkeypatch.undo()
    database = api.services.database
    for collection in ("risk_assessments", "handling_changes"):
        assert await database[collection].count_documents({"customer": customer}) == 0
    ids = {
        (await api.ask("demo.credit", ASSESS_RISK, given, key="risk-1"))["data"]["assessRisk"]["riskAssessment"]["id"]
        for _ in range(2)
    }
    assert len(ids) == 1
    assert await database["risk_assessments"].count_documents({"customer": customer}) == 1


async def test_c4_without_a_table_nobody_is_assessed(api: Api) -> None:
    """A kind of customer whose table is gone is not judged by that of another kind."""
    query = "{ customers(first: 1, kinds: [INSTITUTION]) { nodes { id } } }"
    [customer] = (await api.ask("demo.credit", query))["data"]["customers"]["nodes"]
    await api.services.database["risk_tables"].delete_many({"applies_to": "institution"})
    [error] = await refused(api, "demo.credit", ASSESS_RISK, customer=customer["id"], inputs=[])
    assert error["rule"] == "risk_table.none"
