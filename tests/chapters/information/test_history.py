"""I1 and I2, end to end: every value knows its source, every change its history, under the policy of the field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from documents.declaring.kind import Kind
from documents.registry import RECORD_CLASSES
from tests.api import Api, demo

HISTORY = """query($id: ID!, $field: String, $after: String) {
  history(record: $id, field: $field, first: 2, after: $after) { hasNextPage endCursor nodes {
    field level version at by { username } channel important before after } } }"""
UPDATE = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { customer { version } userErrors { code } } }"
MINE = """{ customers(kinds: [INDIVIDUAL], filter: { accountManager: { eq: "demo.manager" } }) {
  nodes { id version telephone } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("history")) as api:
        yield api


async def changed(api: Api, place: int, **values: Any) -> dict[str, Any]:
    """A customer of the manager, after a change of it."""
    nodes = (await api.ask("demo.manager", MINE, purpose="business_operation"))["data"]["customers"]["nodes"]
    customer: dict[str, Any] = [node for node in nodes if node["telephone"]][place]
    given = {"id": customer["id"], "version": customer["version"], "sourceChannel": "QUESTIONNAIRE", **values}
    answer = await api.ask("demo.manager", UPDATE, {"i": {"individual": given}}, purpose="business_operation")
    assert answer["data"]["updateCustomer"]["userErrors"] == []
    return customer


async def history(api: Api, username: str, purpose: str, customer: str, **more: Any) -> Any:
    answer = await api.ask(username, HISTORY, {"id": customer, **more}, purpose=purpose)
    return answer["data"]["history"] if "errors" not in answer else answer


async def test_i2_an_important_change_is_kept_with_what_stood_there_before(api: Api) -> None:
    """A new telephone: before, after, by whom, by which channel, and that it is important."""
    customer = await changed(api, 0, telephone="13900001111", region="测试区")
    page = await history(api, "demo.manager", "business_operation", customer["id"])
    entries = {entry["field"]: entry for entry in page["nodes"]}
    telephone = entries["telephone"]
    assert (telephone["before"], telephone["after"]) == ([customer["telephone"]], ["+8613900001111"])
    assert telephone["important"]
    assert not entries["region"]["important"]
    assert (telephone["by"]["username"], telephone["channel"]) == ("demo.manager", "QUESTIONNAIRE")
    assert telephone["version"] == customer["version"] + 1


async def test_i2_history_is_under_the_policy_of_the_field(api: Api) -> None:
    """Masked where the field is masked; where it is denied there is no entry, not even that something changed."""
    customer = await changed(api, 1, telephone="13900002222", annualIncome="123456.00")
    page = await history(api, "demo.inspector", "supervision", customer["id"], field="telephone")
    [entry] = page["nodes"]
    assert (entry["level"], entry["after"]) == ("MASKED", ["139****2222"])
    for field in ("annualIncome", None):
        page = await history(api, "demo.archivist", "archive_keeping", customer["id"], field=field)
        assert page == {"hasNextPage": False, "endCursor": None, "nodes": []}


async def test_i2_history_is_sealed_like_the_field_and_goes_with_the_customer(api: Api) -> None:
    """No plaintext of an encrypted field is in it, and a deleted customer has none."""
    customer = await changed(api, 2, telephone="13900003333")
    rows = await api.services.database["customer_history"].find({"field": "telephone"}).to_list()
    assert rows
    assert all(isinstance(row[side], bytes) for row in rows for side in ("before", "after") if side in row)
    remove = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
    given = {"id": customer["id"], "version": customer["version"] + 1}
    answer = await api.ask("demo.admin", remove, {"i": given})
    assert answer["data"]["deleteCustomer"]["userErrors"] == []
    row_id = customer["id"].split("_")[1]
    left = await api.services.database["customer_history"].find().to_list()
    assert all(str(row["customer_id"]) != row_id for row in left)


async def test_i2_what_did_not_change_is_not_in_the_history(api: Api) -> None:
    """The same telephone given again, found by its blind index, is no change."""
    customer = await changed(api, 3, region="测试二区")
    again = await changed(api, 3, telephone=customer["telephone"])
    page = await history(api, "demo.manager", "business_operation", again["id"], field="telephone")
    assert page["nodes"] == []


async def test_i2_history_is_paged_and_a_wrong_field_is_named(api: Api) -> None:
    """Pages go on behind a cursor; an unknown field is answered with the nearest."""
    for number in range(3):
        customer = await changed(api, 4, region=f"区{number}")
    first = await history(api, "demo.manager", "business_operation", customer["id"], field="region")
    assert [entry["after"] for entry in first["nodes"]] == [["区2"], ["区1"]]
    rest = await history(
        api, "demo.manager", "business_operation", customer["id"], field="region", after=first["endCursor"]
    )
    assert [entry["after"] for entry in rest["nodes"]] == [["区0"]]
    wrong = await history(api, "demo.manager", "business_operation", customer["id"], field="telefone")
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "telephone" in wrong["errors"][0]["message"]


async def test_i2_the_history_of_a_customer_out_of_scope_is_that_of_none(api: Api) -> None:
    """What cannot be seen has no history."""
    customer = await changed(api, 0, region="测试三区")
    hidden = await history(api, "demo.policy", "supervision", customer["id"])
    absent = await history(api, "demo.policy", "supervision", "individual_" + "0" * 24)
    assert hidden == absent


async def test_i1_each_value_knows_its_source(api: Api) -> None:
    """The channel of the last write stands at the value."""
    customer = await changed(api, 1, occupation="教师")
    query = "query($id: ID!) { customer(id: $id) { sources { field channel } } }"
    answer = await api.ask("demo.manager", query, {"id": customer["id"]}, purpose="business_operation")
    sources = {source["field"]: source["channel"] for source in answer["data"]["customer"]["sources"]}
    assert sources["occupation"] == "QUESTIONNAIRE"


RECORD_HISTORY = """query($id: ID!, $field: String) { history(record: $id, field: $field) { nodes {
  field version by { username } channel before after level } } }"""


async def test_i2_the_history_of_a_record_is_under_the_policy_of_the_record(api: Api) -> None:
    """Field by field for whoever sees the record, nothing for others; and of nobody where it is not bound to it."""
    database = api.services.database
    own = await database["tickets"].distinct("_id", {"_owner": "demo.manager"})
    kept = await database["record_history"].find_one({"row_id": {"$in": own}, "field": "state"})
    assert kept is not None
    ticket, who = f"ticket_{kept['row_id']}", ("demo.manager", "customer_service")
    asked = await api.ask(who[0], RECORD_HISTORY, {"id": ticket, "field": "state"}, purpose=who[1])
    assert "errors" not in asked, asked
    assert asked["data"]["history"]["nodes"], asked
    assert {node["field"] for node in asked["data"]["history"]["nodes"]} == {"state"}
    assert {node["channel"] for node in asked["data"]["history"]["nodes"]} == {"FEEDBACK"}
    foreign = await api.ask("demo.archivist", RECORD_HISTORY, {"id": ticket}, purpose="archive_keeping")
    assert (foreign.get("data") or {}).get("history") in (None, {"nodes": []})
    nobody = await api.ask(who[0], RECORD_HISTORY, {"id": "ticket_" + "0" * 24}, purpose=who[1])
    assert nobody["data"]["history"] is None
    await database["record_history"].update_many({"row_id": kept["row_id"]}, {"$set": {"_bound": bytes(16)}})
    asked = await api.ask(who[0], RECORD_HISTORY, {"id": ticket}, purpose=who[1])
    assert asked["data"]["history"]["nodes"] == [], "what is not bound to the record is not its history"


async def test_i2_whatever_was_changed_in_the_demo_has_its_history(api: Api) -> None:
    """Of every kind of record, by whom, and how it came; the values of encrypted fields as they are sealed."""
    database = api.services.database
    changed: set[str] = set()
    for record in RECORD_CLASSES:
        if record.kind in (Kind.JOB, Kind.REMINDER):
            continue
        async for row in database[record.collection].find({"version": {"$gt": 1}}):
            kept = await database["record_history"].find({"row_id": row["_id"]}).to_list()
            assert {one["version"] for one in kept} <= set(range(2, row["version"] + 1)), record
            assert kept, record
            assert {one["channel"] for one in kept} == {record.source.value}
            assert all(one.get("customer_id") == row.get("customer_id") for one in kept)
            changed.add(record.collection)
    assert len(changed) > 3
