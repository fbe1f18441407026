"""Service, end to end: contacts (S1), standards (S2), channels (S5), complaints (S6), satisfaction (G3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.chapters.service.clock import service_clocks
from documents.declaring.kind import Kind
from documents.reckoning.working_time import WorkingCalendar
from documents.writing.records import RecordWrites
from settings import Settings
from tests.api import Api, demo
from tests.chapters.service.service_desk import changed, customer_of, do, done, opened, refused, row_id

CONTACT = "id content channel direction occurredAt handledBy { username } summary outcome ticket"
STEPS = ("acceptComplaint", "investigateComplaint", "resolveComplaint", "answerComplaint")


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("service")) as api:
        yield api


async def filed(api: Api, who: str = "demo.agent", **given: Any) -> Any:
    customer = given.pop("customer", None) or await customer_of(api, "service")
    return await done(api, who, "fileComplaint", {"customer": customer, "subject": "投诉", **given}, "complaint")


def stepped(complaint: Any, name: str) -> dict[str, Any]:
    given = {"id": complaint["id"], "version": complaint["version"], "note": f"{name} 记录"}
    return given | ({"answer": "已退款"} if name == "answerComplaint" else {})


class TestContacts:
    async def test_s1_every_contact_is_recorded_with_its_content(self, api: Api) -> None:
        """What about, by which channel, when, who, and what came of it; sealed at rest; newest with the customer."""
        customer = await customer_of(api, "service")
        given = {
            "customer": customer,
            "content": "RECOMMENDATION",
            "channel": "EMAIL",
            "direction": "OUTBOUND",
            "occurredAt": "2026-06-01T02:00:00Z",
            "summary": "推荐年度套餐",
            "outcome": "客户考虑中",
        }
        contact = await done(api, "demo.agent", "recordContact", given, "serviceContact", fields="id")
        # Whoever keeps the customer sees it whole.
        whole = await done(
            api, "demo.complaints", "recordContact", {**given, "content": "OTHER"}, "serviceContact", fields=CONTACT
        )
        assert whole["summary"] == "推荐年度套餐"
        assert whole["handledBy"]["username"] == "demo.complaints"
        row = await api.services.database["service_contacts"].find_one({"_id": row_id(contact["id"])})
        assert row is not None
        assert row["content"] == "recommendation"
        assert row["occurred_at"] == datetime(2026, 6, 1, 2, tzinfo=UTC)
        assert "推荐年度套餐".encode() not in row["summary"]
        query = f'{{ customer(id: "{customer}") {{ recentServiceContacts {{ id }} }} }}'
        answer = await api.ask("demo.agent", query)
        assert contact["id"] in [one["id"] for one in answer["data"]["customer"]["recentServiceContacts"]]

    async def test_s1_a_contact_is_now_and_by_the_caller_unless_it_says_otherwise(self, api: Api) -> None:
        """And never in the future."""
        customer = await customer_of(api, "service")
        given = {"customer": customer, "content": "CONSULTATION", "channel": "TELEPHONE"}
        contact = await done(api, "demo.complaints", "recordContact", given, "serviceContact", fields=CONTACT)
        assert contact["direction"] == "INBOUND"
        assert contact["handledBy"]["username"] == "demo.complaints"
        late = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        error = await refused(api, "demo.agent", "recordContact", {**given, "occurredAt": late}, "serviceContact")
        assert error == ("RULE_BROKEN", "contact.in_future")

    async def test_s1_nobody_but_the_manager_records_a_contact_for_somebody_else(self, api: Api) -> None:
        """Who handled it is who records it."""
        given = {"content": "OTHER", "channel": "ONLINE", "handledBy": "guo.peng"}
        given["customer"] = await customer_of(api, "service")
        error = await refused(api, "demo.agent", "recordContact", given, "serviceContact")
        assert error == ("ACCESS_DENIED", None)
        await done(api, "demo.lead", "recordContact", given, "serviceContact")

    async def test_s1_a_contact_refers_to_a_ticket_of_the_same_customer_only(self, api: Api) -> None:
        """A ticket of another customer is as unknown as one that never was."""
        ticket = await opened(api)
        given = {"content": "AFTER_SALES", "channel": "ONLINE", "ticket": ticket["id"]}
        own, other = await customer_of(api, "service"), await customer_of(api, "sales-west")
        await done(api, "demo.agent", "recordContact", {"customer": own, **given}, "serviceContact")
        for customer, reference in ((other, ticket["id"]), (own, "ticket_" + "0" * 24)):
            wrong = {"customer": customer, **given, "ticket": reference}
            error = await refused(api, "demo.agent", "recordContact", wrong, "serviceContact")
            assert error == ("INVALID_VALUE", "value.unknown_record")

    async def test_s1_what_was_said_is_seen_in_the_own_department_only(self, api: Api) -> None:
        """An agent sees of contacts of other departments that they were."""
        for department, shown in (("service", "内容"), ("sales-west", None)):
            given = {"customer": await customer_of(api, department), "content": "OTHER", "channel": "ONLINE"}
            made = await done(
                api,
                "demo.agent",
                "recordContact",
                {**given, "summary": "内容"},
                "serviceContact",
                fields="summary channel",
            )
            assert made == {"summary": shown, "channel": "ONLINE"}


class TestTickets:
    async def test_s2_a_ticket_promises_reply_and_resolution_in_working_time(self, api: Api) -> None:
        """By the most specific standard in force, whatever day and hour it is."""
        calendar = WorkingCalendar()
        for priority, hours in (("NORMAL", (4, 40)), ("URGENT", (1, 8))):
            ticket = await opened(api, priority=priority)
            start = datetime.fromisoformat(ticket["openedAt"])
            due = [calendar.due_after(start, timedelta(hours=each)) for each in hours]
            assert [datetime.fromisoformat(ticket[name]) for name in ("replyBy", "resolveBy")] == due
            assert ticket["standing"] == "WITHIN"
            near = calendar.due_after(start, timedelta(hours=hours[0] * 0.8))
            assert datetime.fromisoformat(ticket["nextDueAt"]) == near

    async def test_s2_administrators_set_standards_for_what_is_opened_from_then_on(self, api: Api) -> None:
        """The one before ends; what was promised under it stays."""
        kind, fields = "serviceStandard", "id inForce replyWithin"
        before = await opened(api, category="OTHER", priority="LOW")
        given = {"category": "OTHER", "priority": "LOW", "replyWithin": 30, "resolveWithin": 60}
        first = await done(api, "demo.admin", "setServiceStandard", given, kind, fields=fields)
        second = await done(api, "demo.admin", "setServiceStandard", {**given, "replyWithin": 45}, kind, fields=fields)
        after = await opened(api, category="OTHER", priority="LOW")
        rows = {row["_id"]: row async for row in api.services.database["tickets"].find({"category": "other"})}
        assert [rows[row_id(one["id"])]["reply_within"] for one in (before, after)] == [480, 45]
        listed = await api.ask("demo.admin", "{ serviceStandards { nodes { id inForce } } }")
        in_force = {node["id"]: node["inForce"] for node in listed["data"]["serviceStandards"]["nodes"]}
        assert (in_force[first["id"]], in_force[second["id"]]) == (False, True)
        error = await refused(api, "demo.agent", "setServiceStandard", given, kind)
        assert error[0] == "ACCESS_DENIED"

    async def test_s2_of_standards_set_at_once_one_is_in_force(self, api: Api) -> None:
        """However they interleave."""
        given = {"category": "RECOMMENDATION", "resolveWithin": 600}
        await asyncio.gather(
            *(
                done(api, "demo.admin", "setServiceStandard", {**given, "replyWithin": minutes}, "serviceStandard")
                for minutes in range(10, 16)
            )
        )
        standards = api.services.database["service_standards"]
        wanted = {"category": "recommendation", "priority": None, "customer_kind": None}
        assert await standards.count_documents({**wanted, "in_force": True}) == 1
        assert await standards.count_documents({**wanted, "in_force": False}) == 5

    async def test_s2_the_first_reply_stops_its_clock_and_is_a_contact(self, api: Api) -> None:
        """In one operation: state, clock, who works on it, and what was said."""
        ticket = await opened(api, channel="ONLINE")
        given = {"id": ticket["id"], "version": ticket["version"], "summary": "已告知进度", "channel": "TELEPHONE"}
        replied = await done(api, "demo.agent", "replyToTicket", given)
        assert (replied["state"], replied["assignee"]["username"]) == ("IN_PROGRESS", "demo.agent")
        assert (replied["replyMinutes"], replied["replyInTime"]) == (0, True)
        contacts = await api.services.database["service_contacts"].find({"ticket": ticket["id"]}).to_list()
        assert [(one["direction"], one["channel"], one["content"]) for one in contacts] == [
            ("outbound", "telephone", "consultation")
        ]
        again = {**given, "version": replied["version"]}
        assert (await done(api, "demo.agent", "replyToTicket", again))["firstReplyAt"] == replied["firstReplyAt"]

    async def test_s2_a_ticket_goes_from_state_to_state_and_no_other_way(self, api: Api) -> None:
        """What the state does not offer is refused, with a text for the caller."""
        ticket = await opened(api)
        for action in ("CLOSE", "WAIT", "RESOLVE", "REOPEN"):
            wrong = {"id": ticket["id"], "version": ticket["version"], "action": action}
            payload = await do(api, "demo.agent", "changeTicketState", wrong, language="zh-CN")
            [error] = payload["userErrors"]
            assert (error["code"], error["rule"]) == ("RULE_BROKEN", "step.not_allowed")
            assert "状态" in error["message"]
        ticket = await changed(api, ticket, "START")
        ticket = await changed(api, ticket, "WAIT")
        assert (ticket["state"], ticket["resolveBy"], ticket["waits"][0]["ends"]) == (
            "WAITING_FOR_CUSTOMER",
            None,
            None,
        )
        ticket = await changed(api, ticket, "RESOLVE")
        assert ticket["waits"][0]["ends"] is not None
        assert (ticket["resolvedInTime"], ticket["nextDueAt"]) == (True, None)
        ticket = await done(api, "demo.agent", "closeTicket", {"id": ticket["id"], "version": ticket["version"]})
        assert ticket["state"] == "CLOSED"
        ticket = await changed(api, ticket, "REOPEN")
        assert (ticket["state"], ticket["resolvedAt"], ticket["resolutionMinutes"]) == ("IN_PROGRESS", None, None)

    async def test_s2_managers_assign_and_agents_do_not(self, api: Api) -> None:
        """The refusal names the field; an old version is refused too."""
        ticket = await opened(api)
        given = {"id": ticket["id"], "version": ticket["version"], "assignee": "guo.peng"}
        assert await refused(api, "demo.agent", "assignTicket", given) == ("ACCESS_DENIED", None)
        assigned = await done(api, "demo.lead", "assignTicket", given)
        assert assigned["assignee"]["username"] == "guo.peng"
        assert await refused(api, "demo.lead", "assignTicket", given) == ("STALE_VERSION", None)
        unknown = {**given, "version": assigned["version"], "assignee": "nobody"}
        assert await refused(api, "demo.lead", "assignTicket", unknown) == ("INVALID_VALUE", "value.unknown_staff")

    async def test_s2_rights_are_asked_before_the_rule(self, api: Api) -> None:
        """Whoever may not change a ticket does not learn by trying which steps it offers."""
        ticket = await opened(api)
        for action in ("START", "CLOSE"):
            given = {"id": ticket["id"], "version": ticket["version"], "action": action}
            assert await refused(api, "demo.inspector", "changeTicketState", given) == ("ACCESS_DENIED", None)
        absent = {"id": "ticket_" + "0" * 24, "version": 1, "action": "START"}
        assert await refused(api, "demo.inspector", "changeTicketState", absent) == ("NOT_FOUND", None)

    async def test_s2_a_kill_between_the_two_writes_of_a_reply_leaves_neither(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The contact is the second write; without it the ticket is as it was, and a retry does both."""
        ticket = await opened(api)
        before = await api.services.database["tickets"].find_one({"_id": row_id(ticket["id"])})
        given = {"id": ticket["id"], "version": ticket["version"], "summary": "答复"}

        async def killed(*_arguments: Any, **_more: Any) -> str:
            raise SystemError("killed")

        with monkeypatch.context() as patch:
            patch.setattr(RecordWrites, "insert", killed)
            query = "mutation($i: ReplyToTicketInput!) { replyToTicket(input: $i) { ticket { id } } }"
            answer = await api.ask("demo.agent", query, {"i": given}, key="killed-reply")
            assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
        assert await api.services.database["tickets"].find_one({"_id": row_id(ticket["id"])}) == before
        for _ in range(2):
            await done(api, "demo.agent", "replyToTicket", given, key="killed-reply")
        contacts = api.services.database["service_contacts"]
        assert await contacts.count_documents({"ticket": ticket["id"]}) == 1

    async def test_s2_the_stored_clock_is_the_clock(self, api: Api) -> None:
        """What is stored beside what happened is what follows from it."""
        ticket = await opened(api, priority="HIGH")
        row = await api.services.database["tickets"].find_one({"_id": row_id(ticket["id"])})
        assert row is not None
        clocks = service_clocks(Settings().ticket_escalation, Settings().complaint_escalation)
        expected = clocks[Kind.TICKET].fields(row, row["opened_at"])
        stored = {name: row.get(name) for name in expected}
        assert stored == {name: list(v) if isinstance(v, list) else v for name, v in expected.items()}


class TestComplaints:
    async def test_s6_complaint_steps_are_strict_and_none_is_skipped(self, api: Api) -> None:
        """At each stage exactly one step is possible; each says by whom, when and what."""
        complaint = await filed(api)
        assert complaint["state"] == "FILED"
        for position, name in enumerate(STEPS):
            for other in STEPS:
                if other != name:
                    error = await refused(api, "demo.complaints", other, stepped(complaint, other), "complaint")
                    assert error == ("RULE_BROKEN", "step.not_next"), (name, other)
            complaint = await done(api, "demo.complaints", name, stepped(complaint, name), "complaint")
            assert len(complaint["steps"]) == position + 1
        assert [step["stage"] for step in complaint["steps"]] == ["ACCEPTED", "INVESTIGATED", "RESOLVED", "ANSWERED"]
        assert {step["by"] for step in complaint["steps"]} == {"demo.complaints"}
        times = [datetime.fromisoformat(step["at"]) for step in complaint["steps"]]
        assert times == sorted(times)
        assert [note["note"] for note in complaint["notes"]] == [f"{name} 记录" for name in STEPS]
        assert (complaint["state"], complaint["answer"]) == ("ANSWERED", "已退款")
        for name in STEPS:
            error = await refused(api, "demo.complaints", name, stepped(complaint, name), "complaint")
            assert error == ("RULE_BROKEN", "step.finished")

    async def test_s6_a_step_without_a_note_is_none(self, api: Api) -> None:
        """Blanks are no note; nothing is written."""
        complaint = await filed(api)
        given = {**stepped(complaint, "acceptComplaint"), "note": "  "}
        error = await refused(api, "demo.complaints", "acceptComplaint", given, "complaint")
        assert error == ("RULE_BROKEN", "step.note_missing")
        row = await api.services.database["complaints"].find_one({"_id": row_id(complaint["id"])})
        assert row is not None
        assert (row["state"], row["version"], row["steps"]) == ("filed", 1, [])

    async def test_s6_notes_and_answer_are_sealed_and_seen_by_whom_they_concern(self, api: Api) -> None:
        """Neither is in the database in plain; an agent of another department and an inspector see no note."""
        complaint = await filed(api, customer=await customer_of(api, "sales-west"), callbackTelephone="13812345678")
        complaint = await done(
            api, "demo.complaints", "acceptComplaint", stepped(complaint, "acceptComplaint"), "complaint"
        )
        row = await api.services.database["complaints"].find_one({"_id": row_id(complaint["id"])})
        assert row is not None
        assert "记录".encode() not in row["notes"]
        query = (
            f'{{ complaint(id: "{complaint["id"]}") {{ state callbackTelephone notes {{ note }} steps {{ by }} }} }}'
        )
        agent = (await api.ask("demo.agent", query))["data"]["complaint"]
        inspector = (await api.ask("demo.inspector", query))["data"]["complaint"]
        assert agent == {
            "state": "ACCEPTED",
            "callbackTelephone": None,
            "notes": None,
            "steps": [{"by": "demo.complaints"}],
        }
        assert inspector == {**agent, "callbackTelephone": "138****5678"}

    async def test_s6_agents_file_complaints_and_take_no_step(self, api: Api) -> None:
        """Steps are those of the handlers."""
        complaint = await filed(api)
        error = await refused(api, "demo.agent", "acceptComplaint", stepped(complaint, "acceptComplaint"), "complaint")
        assert error == ("ACCESS_DENIED", None)

    async def test_s6_the_same_key_takes_one_step(self, api: Api) -> None:
        """A retry of an acceptance gets the first answer."""
        complaint = await filed(api)
        given = stepped(complaint, "acceptComplaint")
        for _ in range(2):
            taken = await done(api, "demo.complaints", "acceptComplaint", given, "complaint", key="accept-1")
            assert len(taken["steps"]) == 1
