"""G2 and I6, end to end: what law and regulator demand is shown from the system's own records."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api import Api, demo

TRAIL = """query($customer: ID, $field: String) { auditTrail(customer: $customer, field: $field, first: 20) {
  nodes { username purpose outcome operation { type name } } } }"""
MINE = """{ customers(kinds: [INDIVIDUAL], first: 1, filter: { accountManager: { eq: "demo.manager" } }) {
  nodes { id } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("lawfulness")) as api:
        yield api


async def a_customer(api: Api) -> str:
    answer = await api.ask("demo.manager", MINE, purpose="business_operation")
    customer: str = answer["data"]["customers"]["nodes"][0]["id"]
    return customer


async def test_g2_who_saw_an_identity_number_and_why_is_a_question_of_one_query(api: Api) -> None:
    """The inspector is told by whom, for what purpose and by which operation it was read; never the number."""
    customer = await a_customer(api)
    read = "query WhoIsIt($id: ID!) { customer(id: $id) { ... on Individual { idNumber } } }"
    seen = await api.ask("demo.manager", read, {"id": customer}, purpose="business_operation")
    number = seen["data"]["customer"]["idNumber"]
    answer = await api.ask("demo.inspector", TRAIL, {"customer": customer, "field": "id_number"})
    newest = answer["data"]["auditTrail"]["nodes"][0]
    assert (newest["username"], newest["purpose"]) == ("demo.manager", "business_operation")
    assert newest["operation"]["name"] == "WhoIsIt"
    assert number not in str(answer)


async def test_g2_every_member_of_staff_with_a_login_is_shown_to_be_bound(api: Api) -> None:
    """The undertakings in force, by person, with the digest of the text that was signed."""
    query = "{ undertakings(first: 100) { nodes { staff { username } textDigest expiresAt withdrawnAt } } }"
    nodes = (await api.ask("demo.inspector", query))["data"]["undertakings"]["nodes"]
    bound = {node["staff"]["username"] for node in nodes if node["withdrawnAt"] is None}
    assert {"demo.agent", "demo.manager", "demo.credit", "demo.archivist", "demo.inspector"} <= bound
    assert len({node["textDigest"] for node in nodes}) == 1


async def test_i6_each_access_states_its_purpose_and_another_is_refused(api: Api) -> None:
    """A purpose that is not the caller's is refused, and the refusal is in the trail; one is asked for where several
    are open."""
    listed = "{ customers(first: 1) { nodes { id } } }"
    refused = await api.ask("demo.agent", listed, purpose="risk_assessment")
    assert refused["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
    unstated = await api.ask("demo.manager", listed)
    assert unstated["errors"][0]["extensions"]["code"] == "PURPOSE_MISSING"
    unknown = await api.ask("demo.agent", listed, purpose="marketing")
    assert unknown["errors"][0]["extensions"]["code"] == "PURPOSE_UNKNOWN"
    trail = '{ auditTrail(person: "demo.agent", outcome: REFUSED, first: 5) { nodes { outcome codes } } }'
    nodes = (await api.ask("demo.inspector", trail))["data"]["auditTrail"]["nodes"]
    assert ["PURPOSE_NOT_ALLOWED"] in [node["codes"] for node in nodes]
