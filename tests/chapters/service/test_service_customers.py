"""What customers do themselves: own tickets, own complaints, ratings of them; nothing internal (S1, S6, G3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api import Api, demo
from tests.chapters.service.service_desk import changed, customer_of, do, done, opened, refused, row_id

WHO = "demo.customer"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("own")) as api:
        yield api


async def own(api: Api) -> str:
    answer = await api.ask(WHO, "{ customers { nodes { id } } }")
    [customer] = answer["data"]["customers"]["nodes"]
    return str(customer["id"])


async def resolved(api: Api, **given: Any) -> Any:
    """A ticket of somebody else's work that is resolved."""
    ticket = await opened(api, assignee="guo.peng", **given)
    return await changed(api, await changed(api, ticket, "START"), "RESOLVE")


async def test_s1_a_customer_opens_tickets_and_sees_how_they_stand(api: Api) -> None:
    """Of its own; not who works on them nor whom they were escalated to."""
    given = {"customer": await own(api), "subject": "改签合同", "description": "想改签", "channel": "ONLINE"}
    fields = "id state description replyBy assignee { username } escalations { role } escalationLevel"
    ticket = await done(api, WHO, "openTicket", given, fields=fields)
    assert (ticket["state"], ticket["description"]) == ("OPEN", "想改签")
    assert ticket["replyBy"] is not None
    assert (ticket["assignee"], ticket["escalations"], ticket["escalationLevel"]) == (None, None, None)
    listed = (await api.ask(WHO, "{ tickets { nodes { id customer { id } } } }"))["data"]["tickets"]["nodes"]
    assert listed[0]["id"] == ticket["id"]
    assert {node["customer"]["id"] for node in listed} == {await own(api)}


async def test_s1_a_customer_sees_and_does_nothing_beyond_itself(api: Api) -> None:
    """Tickets of others do not exist; priority, assignee and states are not the customer's."""
    foreign = await opened(api)
    answer = await api.ask(WHO, f'{{ ticket(id: "{foreign["id"]}") {{ id }} }}')
    assert answer["data"]["ticket"] is None
    other = {"customer": await customer_of(api, "service"), "subject": "x"}
    assert await refused(api, WHO, "openTicket", other) == ("NOT_FOUND", None)
    for field, value in (("priority", "URGENT"), ("assignee", "demo.agent")):
        given = {"customer": await own(api), "subject": "x", field: value}
        payload = await do(api, WHO, "openTicket", given)
        [error] = payload["userErrors"]
        assert (error["code"], error["field"]) == ("ACCESS_DENIED", ["ticket", field])
    ticket = await done(api, WHO, "openTicket", {"customer": await own(api), "subject": "x"})
    started = {"id": ticket["id"], "version": 1, "action": "START"}
    assert await refused(api, WHO, "changeTicketState", started) == ("ACCESS_DENIED", None)


async def test_s6_a_customer_complains_and_reads_the_answer_and_no_note(api: Api) -> None:
    """From the filing to the answer."""
    given = {"customer": await own(api), "subject": "服务态度", "channel": "EMAIL"}
    complaint = await done(api, WHO, "fileComplaint", given, "complaint")
    for name in ("acceptComplaint", "investigateComplaint", "resolveComplaint", "answerComplaint"):
        given = {"id": complaint["id"], "version": complaint["version"], "note": "内部记录"}
        given |= {"answer": "已道歉并退款"} if name == "answerComplaint" else {}
        complaint = await done(api, "demo.complaints", name, given, "complaint")
    query = f"""{{ complaint(id: "{complaint["id"]}") {{ state answer notes {{ note }} steps {{ by }}
        assignee {{ username }} }} }}"""
    answer = await api.ask(WHO, query)
    assert answer["data"]["complaint"] == {
        "state": "ANSWERED",
        "answer": "已道歉并退款",
        "notes": None,
        "steps": None,
        "assignee": None,
    }


async def test_g3_satisfaction_is_recorded_once_when_the_work_is_done(api: Api) -> None:
    """By the customer itself; it goes to the person whose work it was."""
    kind, fields = "satisfaction", "id score comment person { username }"
    early = await opened(api, customer=await own(api), assignee="guo.peng")
    given = {"about": early["id"], "score": 5, "comment": "很满意"}
    assert await refused(api, WHO, "recordSatisfaction", given, kind) == ("RULE_BROKEN", "satisfaction.too_early")
    ticket = await resolved(api, customer=await own(api))
    given["about"] = ticket["id"]
    made = await done(api, WHO, "recordSatisfaction", given, kind, fields=fields)
    assert (made["score"], made["comment"], made["person"]) == (5, "很满意", None)
    error = await refused(api, WHO, "recordSatisfaction", {**given, "score": 1}, kind)
    assert error == ("RULE_BROKEN", "satisfaction.already_recorded")
    stored = await api.services.database["satisfactions"].find_one({"about": ticket["id"]})
    assert stored is not None
    assert (stored["person"], stored["person_department"], stored["score"]) == ("guo.peng", "service", 5)
    assert "很满意".encode() not in stored["comment"]
    row = await api.services.database["tickets"].find_one({"_id": row_id(ticket["id"])})
    assert row is not None
    assert row["satisfaction_score"] == 5


async def test_g3_scores_are_from_one_to_five(api: Api) -> None:
    """Anything else is named with its limit."""
    ticket = await resolved(api, customer=await own(api))
    for score, rule in ((0, "value.too_small"), (6, "value.too_large")):
        given = {"about": ticket["id"], "score": score}
        assert await refused(api, WHO, "recordSatisfaction", given, "satisfaction") == ("INVALID_VALUE", rule)


async def test_g3_nobody_records_what_was_thought_of_the_own_work(api: Api) -> None:
    """And nobody rates what is not theirs to see."""
    ticket = await changed(api, await changed(api, await opened(api), "START"), "RESOLVE")
    given = {"about": ticket["id"], "score": 5}
    error = await refused(api, "demo.agent", "recordSatisfaction", given, "satisfaction")
    assert error == ("RULE_BROKEN", "satisfaction.own_work")
    for about in (ticket["id"], "ticket_" + "0" * 24, await own(api)):
        error = await refused(api, WHO, "recordSatisfaction", {**given, "about": about}, "satisfaction")
        assert error == ("INVALID_VALUE", "value.unknown_record")


async def test_g3_contacts_and_answered_complaints_are_rated_too(api: Api) -> None:
    """Contacts at once; complaints after the answer."""
    customer = await own(api)
    contact = await done(
        api,
        "demo.complaints",
        "recordContact",
        {"customer": customer, "content": "AFTER_SALES", "channel": "IN_PERSON"},
        "serviceContact",
    )
    await done(api, WHO, "recordSatisfaction", {"about": contact["id"], "score": 4}, "satisfaction")
    complaint = await done(api, WHO, "fileComplaint", {"customer": customer, "subject": "x"}, "complaint")
    given = {"about": complaint["id"], "score": 2}
    error = await refused(api, WHO, "recordSatisfaction", given, "satisfaction")
    assert error == ("RULE_BROKEN", "satisfaction.too_early")
