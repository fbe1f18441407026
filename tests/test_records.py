"""Records of the regulation, end to end: written under policy, sealed, read under policy, with their customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api import Api, demo

OPEN = """mutation($i: OpenTicketInput!) { openTicket(input: $i) {
  ticket { id subject description callbackTelephone state createdBy { username }
    customer { id name recentTickets { subject } } }
  userErrors { code field message rule } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("records")) as api:
        yield api


async def some_customer(api: Api, username: str, condition: str = "") -> dict[str, Any]:
    answer = await api.ask(username, f"{{ customers(first: 1{condition}) {{ nodes {{ id name version }} }} }}")
    customer: dict[str, Any] = answer["data"]["customers"]["nodes"][0]
    return customer


async def opened(api: Api, **given: Any) -> dict[str, Any]:
    customer = await some_customer(api, "demo.agent")
    answer = await api.ask("demo.agent", OPEN, {"i": {"customer": customer["id"], "subject": "发票", **given}})
    ticket: dict[str, Any] = answer["data"]["openTicket"]["ticket"]
    return ticket


async def test_a_record_comes_back_as_it_was_given_with_its_customer(api: Api) -> None:
    """What an agent opens is read back in the same answer, and hangs on its customer."""
    customer = await some_customer(api, "demo.agent")
    given = {"customer": customer["id"], "subject": "发票问题", "callbackTelephone": "13812345678"}
    answer = await api.ask("demo.agent", OPEN, {"i": given})
    assert "errors" not in answer, answer
    payload = answer["data"]["openTicket"]
    assert payload["userErrors"] == []
    assert payload["ticket"]["callbackTelephone"] == "+8613812345678"
    assert payload["ticket"]["createdBy"]["username"] == "demo.agent"
    assert payload["ticket"]["customer"]["id"] == customer["id"]
    assert payload["ticket"]["customer"]["recentTickets"][0]["subject"] == "发票问题"


async def test_an_encrypted_field_of_a_record_is_ciphertext_at_rest_and_found_by_its_blind_index(api: Api) -> None:
    """The database holds no plaintext, and the filter finds the row all the same."""
    ticket = await opened(api, description="机密内容", callbackTelephone="13912345678")
    rows = await api.services.database["tickets"].find().to_list()
    assert "机密内容".encode() not in b"".join(row["description"] for row in rows if "description" in row)
    query = '{ tickets(filter: { callbackTelephone: { eq: "13912345678" } }) { nodes { id } totalCount } }'
    answer = await api.ask("demo.agent", query)
    assert [node["id"] for node in answer["data"]["tickets"]["nodes"]] == [ticket["id"]]


async def test_a_masked_field_of_a_record_is_masked_and_said_to_be(api: Api) -> None:
    """An inspector sees the telephone masked, the description not at all, and is told so."""
    ticket = await opened(api, description="x", callbackTelephone="13712345678")
    answer = await api.ask(
        "demo.inspector", f'{{ ticket(id: "{ticket["id"]}") {{ subject description callbackTelephone }} }}'
    )
    assert answer["data"]["ticket"] == {"subject": "发票", "description": None, "callbackTelephone": "137****5678"}
    assert {(entry["kind"], entry["field"], entry["level"]) for entry in answer["extensions"]["access"]} == {
        ("TICKET", "callbackTelephone", "MASKED"),
        ("TICKET", "description", "DENIED"),
    }


async def test_a_record_out_of_scope_cannot_be_told_from_none(api: Api) -> None:
    """A manager reads tickets of own customers only; of others the answer is that of a record that never was."""
    query = "query($id: ID!) { ticket(id: $id) { id } node(id: $id) { id } }"
    seen = await api.ask("demo.manager", "{ customers { nodes { id } } }", purpose="business_operation")
    assert seen["data"]["customers"]["nodes"]
    foreign = await opened(api)
    absent = await api.ask("demo.archivist", query, {"id": "ticket_" + "0" * 24})
    hidden = await api.ask("demo.archivist", query, {"id": foreign["id"]})
    assert absent == hidden == {"data": {"ticket": None, "node": None}}


async def test_a_refused_write_of_a_record_names_the_fields_and_writes_nothing(api: Api) -> None:
    """An inspector may not open tickets."""
    customer = await some_customer(api, "demo.inspector")
    before = await api.services.database["tickets"].count_documents({})
    given = {"i": {"customer": customer["id"], "subject": "x"}}
    answer = await api.ask("demo.inspector", OPEN, given, language="zh-CN")
    [error] = answer["data"]["openTicket"]["userErrors"]
    assert (error["code"], error["field"]) == ("ACCESS_DENIED", ["ticket", "subject"])
    assert "主题" in error["message"]
    assert await api.services.database["tickets"].count_documents({}) == before


async def test_records_follow_their_customer_to_another_manager_and_go_with_it(api: Api) -> None:
    """The copies by which scopes go are changed in the transaction that changes the customer."""
    ticket = await opened(api)
    customer_id = ticket["customer"]["id"]
    kind = customer_id.split("_")[0]
    update = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { userErrors { code field } } }"
    version = (await api.ask("demo.admin", f'{{ customer(id: "{customer_id}") {{ version }} }}'))["data"]["customer"]
    given = {"id": customer_id, "sourceChannel": "FEEDBACK", "accountManager": "hu.xinyue", **version}
    answer = await api.ask("demo.admin", update, {"i": {kind: given}})
    assert answer["data"]["updateCustomer"]["userErrors"] == []
    rows = await api.services.database["tickets"].find({"customer": customer_id}).to_list()
    assert {row["_owner"] for row in rows} == {"hu.xinyue"}
    remove = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
    await api.ask("demo.admin", remove, {"i": {"id": customer_id, "version": version["version"] + 1}})
    assert await api.services.database["tickets"].count_documents({"customer": customer_id}) == 0


async def test_the_same_idempotency_key_opens_one_ticket(api: Api) -> None:
    """A retry gets the first answer; another content under the same key is refused."""
    customer = await some_customer(api, "demo.agent")
    given = {"i": {"customer": customer["id"], "subject": "重试"}}
    first = await api.ask("demo.agent", OPEN, given, key="retry-1")
    second = await api.ask("demo.agent", OPEN, given, key="retry-1")
    assert first["data"]["openTicket"]["ticket"]["id"] == second["data"]["openTicket"]["ticket"]["id"]
    other = await api.ask("demo.agent", OPEN, {"i": {**given["i"], "subject": "另一件"}}, key="retry-1")
    assert other["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
