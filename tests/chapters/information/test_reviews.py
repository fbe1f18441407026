"""I2, end to end: when a customer's information is due for review, and what a review does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from documents.reckoning.working_time import SHANGHAI
from tests.api import Api, demo

REVIEW = """mutation($i: RecordReviewInput!) { recordReview(input: $i) {
  review { reviewedOn nextReviewOn result customer { nextReviewOn } } userErrors { code field } } }"""
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("reviews")) as api:
        yield api


async def due(api: Api, before: date) -> list[dict[str, Any]]:
    query = """query($before: Date!) { customers(
      filter: { accountManager: { eq: "demo.manager" }, nextReviewOn: { lt: $before } },
      sort: { field: NEXT_REVIEW_ON }) { nodes { id kind nextReviewOn } } }"""
    answer = await api.ask("demo.manager", query, {"before": before.isoformat()}, purpose=BUSINESS)
    nodes: list[dict[str, Any]] = answer["data"]["customers"]["nodes"]
    return nodes


async def test_i2_each_kind_is_due_after_its_own_period(api: Api) -> None:
    """A new individual in two years, enterprises and institutions in one; the list of what is due is in that order."""
    today = datetime.now(SHANGHAI).date()
    assert await due(api, today) == []
    within = await due(api, today + timedelta(days=800))
    days = {node["kind"]: (date.fromisoformat(node["nextReviewOn"]) - today).days for node in within}
    assert days["INDIVIDUAL"] > 720
    assert 360 < days["ENTERPRISE"] < 370
    assert [node["nextReviewOn"] for node in within] == sorted(node["nextReviewOn"] for node in within)


async def test_i2_an_overdue_customer_is_listed_until_it_is_reviewed(api: Api) -> None:
    """Found by its day, and no more once the review is recorded, which sets the next one."""
    today = datetime.now(SHANGHAI).date()
    [customer, *_] = await due(api, today + timedelta(days=800))
    row_id = customer["id"].split("_")[1]
    customers = api.services.database["customers"]
    overdue = (today - timedelta(days=3)).isoformat()
    row = next(row for row in await customers.find().to_list() if str(row["_id"]) == row_id)
    await customers.update_one({"_id": row["_id"]}, {"$set": {"next_review_on": overdue}})
    assert [node["id"] for node in await due(api, today)] == [customer["id"]]
    missed = await api.ask(
        "demo.manager", REVIEW, {"i": {"customer": customer["id"], "result": "UNREACHABLE"}}, purpose=BUSINESS
    )
    assert missed["data"]["recordReview"]["userErrors"] == []
    assert [node["id"] for node in await due(api, today)] == [customer["id"]]
    given = {"customer": customer["id"], "result": "CORRECTED", "corrected": ["telephone"], "note": "已核实"}
    answer = await api.ask("demo.manager", REVIEW, {"i": given}, purpose=BUSINESS)
    review = answer["data"]["recordReview"]["review"]
    assert review["nextReviewOn"] == review["customer"]["nextReviewOn"] > today.isoformat()
    assert await due(api, today) == []


async def test_i2_nobody_sets_the_day_of_a_review_by_hand(api: Api) -> None:
    """It is no field of the input, and a review of a customer of others is refused."""
    query = '{ customers(filter: { accountManager: { eq: "hu.xinyue" } }, first: 1) { nodes { id } } }'
    [foreign] = (await api.ask("demo.manager", query, purpose=BUSINESS))["data"]["customers"]["nodes"]
    given = {"customer": foreign["id"], "result": "CONFIRMED"}
    answer = await api.ask("demo.manager", REVIEW, {"i": given}, purpose=BUSINESS)
    assert {error["code"] for error in answer["data"]["recordReview"]["userErrors"]} == {"ACCESS_DENIED"}
    update = """mutation { updateCustomer(input: { individual: { id: "x", version: 1, sourceChannel: FEEDBACK,
      nextReviewOn: "2030-01-01" } }) { userErrors { code } } }"""
    refused = await api.ask("demo.manager", update, purpose=BUSINESS)
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
