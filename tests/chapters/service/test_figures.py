"""Figures, computed from the records alone: performance (S4), channels (S5), satisfaction (G3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from bson import ObjectId

from documents.chapters.service.performance import PerformanceSums, TicketResult, indicators, sums
from documents.chapters.service.satisfaction import satisfaction
from tests.api import Api, demo
from tests.chapters.service.service_desk import done, refused

PEOPLE = ("demo.agent", "demo.lead", "guo.peng", "xu.bohan")
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
FIGURES = (
    "person { username } tickets averageReplyMinutes averageResolutionMinutes shareWithinStandard averageSatisfaction"
)


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("figures")) as api:
        await stored_tickets(api)
        await stored_satisfactions(api)
        yield api


async def stored_tickets(api: Api) -> None:
    """Tickets of March as operations leave them, and some of the days around it; deterministic."""
    random = Random(7)
    customer = await api.services.database["customers"].find_one({}, {"_id": 1})
    assert customer is not None
    rows = []
    for _ in range(400):
        day = date(2026, 2, 20) + timedelta(days=random.randrange(50))
        opened = datetime(day.year, day.month, day.day, random.randrange(24), tzinfo=UTC)
        row: dict[str, Any] = {"assignee": random.choice(PEOPLE), "opened_at": opened, "created_at": opened}
        row |= {"channel": random.choice(("telephone", "email", "online"))}
        row |= {"_owner": "demo.manager"} if random.random() < 0.3 else {}
        if random.random() < 0.8:
            row |= {"reply_minutes": random.randrange(600), "reply_in_time": random.random() < 0.7}
            if random.random() < 0.8:
                row |= {"resolution_minutes": random.randrange(6000), "resolved_in_time": random.random() < 0.6}
                row |= {"satisfaction_score": random.randrange(1, 6)} if random.random() < 0.5 else {}
        rows.append({"_id": ObjectId(), "kind": "ticket", "customer_id": customer["_id"], "version": 1, **row})
    await api.services.database["tickets"].insert_many(rows)


async def stored_satisfactions(api: Api) -> None:
    random = Random(8)
    customer = await api.services.database["customers"].find_one({}, {"_id": 1})
    assert customer is not None
    rows = [
        {
            "_id": ObjectId(),
            "kind": "satisfaction",
            "customer_id": customer["_id"],
            "version": 1,
            "score": random.randrange(1, 6),
            "person": random.choice(PEOPLE),
            "person_department": random.choice(("service", "sales-west")),
            "channel": random.choice(("telephone", "online")),
            "recorded_at": datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=random.randrange(-200, 900)),
        }
        for _ in range(200)
    ]
    await api.services.database["satisfactions"].insert_many(rows)


async def in_march(api: Api, collection: str, field: str) -> list[dict[str, Any]]:
    """The rows of the month as China counts its days."""
    start = datetime(2026, 2, 28, 16, tzinfo=UTC)
    period = {"$gte": start, "$lt": datetime(2026, 3, 31, 16, tzinfo=UTC)}
    return await api.services.database[collection].find({field: period}).to_list()


def expected(rows: list[dict[str, Any]], person: str) -> dict[str, Any]:
    """The indicators by the plain functions, from the same rows."""
    results = [
        TicketResult(
            row["assignee"],
            row.get("reply_minutes"),
            row.get("reply_in_time"),
            row.get("resolution_minutes"),
            row.get("resolved_in_time"),
            row.get("satisfaction_score"),
        )
        for row in rows
        if "assignee" in row
    ]
    found = indicators(sums(results).get(person, PerformanceSums()))
    return {
        "person": {"username": person},
        "tickets": found.tickets,
        "averageReplyMinutes": text(found.average_reply_minutes),
        "averageResolutionMinutes": text(found.average_resolution_minutes),
        "shareWithinStandard": text(found.share_within_standard),
        "averageSatisfaction": text(found.average_satisfaction),
    }


def text(value: Any) -> str | None:
    return str(value) if value is not None else None


async def performance(api: Api, who: str, person: str, fields: str = FIGURES, **how: Any) -> Any:
    query = f'{{ servicePerformance(person: "{person}", from: "{FIRST}", to: "{LAST}") {{ {fields} }} }}'
    return await api.ask(who, query, **how)


class TestPerformance:
    async def test_s4_indicators_are_those_of_the_records(self, api: Api) -> None:
        """The database's sums are what the plain functions make of the same rows, for everybody."""
        rows = await in_march(api, "tickets", "opened_at")
        for person in ("demo.agent", "demo.lead", "guo.peng", "he.qiuju"):
            answer = await performance(api, "demo.lead", person)
            assert answer["data"]["servicePerformance"] == expected(rows, person), answer
        assert expected(rows, "demo.agent")["tickets"] > 20

    async def test_s4_managers_see_their_department_and_agents_themselves(self, api: Api) -> None:
        """A colleague, somebody of another department and nobody at all look the same: null."""
        own = await performance(api, "demo.agent", "demo.agent")
        assert own["data"]["servicePerformance"]["tickets"] > 0
        for who, person in (
            ("demo.agent", "guo.peng"),
            ("demo.agent", "nobody"),
            ("demo.lead", "xu.bohan"),
            ("demo.customer", "demo.agent"),
        ):
            assert await performance(api, who, person) == {"data": {"servicePerformance": None}}

    async def test_s4_of_a_department_only_those_are_listed_whom_the_caller_may_see(self, api: Api) -> None:
        """The manager sees everybody, an agent itself, of another department nobody."""
        query = """query($d: String!) { departmentPerformance(department: $d, from: "2026-03-01", to: "2026-03-31") {
            person { username } tickets } }"""
        seen = {}
        for who, department in (("demo.lead", "service"), ("demo.agent", "service"), ("demo.lead", "sales-west")):
            answer = await api.ask(who, query, {"d": department})
            people = [entry["person"]["username"] for entry in answer["data"]["departmentPerformance"]]
            seen[who, department] = people
        assert {"demo.agent", "demo.lead", "guo.peng"} <= set(seen["demo.lead", "service"])
        assert seen["demo.agent", "service"] == ["demo.agent"]
        assert seen["demo.lead", "sales-west"] == []

    async def test_s4_a_sum_is_refused_where_a_row_of_it_may_not_be_read(self, api: Api) -> None:
        """An inspector reads every field of the sum in every ticket; a customer lacks some, in its own ones too."""
        assert (await performance(api, "demo.inspector", "guo.peng"))["data"]["servicePerformance"]["tickets"] > 0
        query = '{ channelCounts(of: TICKET, from: "2026-03-01", to: "2026-03-31") { count } }'
        answer = await api.ask("demo.customer", query)
        assert answer["errors"][0]["extensions"]["code"] == "FILTER_DENIED"
        assert answer["data"]["channelCounts"] is None

    async def test_s4_a_review_keeps_the_computed_indicators_and_nobody_types_them_in(self, api: Api) -> None:
        """By the manager of the department, never of oneself; the input has no field for a figure."""
        kind = "performanceReview"
        given = {"person": "guo.peng", "firstDay": str(FIRST), "lastDay": str(LAST), "remarks": "按时"}
        fields = "tickets averageReplyMinutes shareWithinStandard remarks department { code }"
        made = await done(api, "demo.lead", "reviewPerformance", given, kind, fields=fields)
        found = expected(await in_march(api, "tickets", "opened_at"), "guo.peng")
        assert {name: made[name] for name in ("tickets", "averageReplyMinutes", "shareWithinStandard")} == {
            name: found[name] for name in ("tickets", "averageReplyMinutes", "shareWithinStandard")
        }
        assert (made["remarks"], made["department"]["code"]) == ("按时", "service")
        error = await refused(api, "demo.lead", "reviewPerformance", {**given, "person": "demo.lead"}, kind)
        assert error == ("RULE_BROKEN", "performance.own_review")
        error = await refused(api, "demo.lead", "reviewPerformance", {**given, "person": "xu.bohan"}, kind)
        assert error[0] == "ACCESS_DENIED"
        backwards = {**given, "firstDay": str(LAST), "lastDay": str(FIRST)}
        error = await refused(api, "demo.lead", "reviewPerformance", backwards, kind)
        assert error == ("RULE_BROKEN", "performance.period_reversed")
        march = {"first_day": {"$in": [str(FIRST), str(LAST)]}}
        assert await api.services.database["performance_reviews"].count_documents(march) == 1


class TestSatisfaction:
    @pytest.mark.parametrize("group", ["PERSON", "DEPARTMENT", "CHANNEL", "MONTH"])
    async def test_g3_averages_are_those_of_the_records(self, api: Api, group: str) -> None:
        """By person, department, channel and month, as the plain function makes them of the same scores."""
        query = f"""{{ satisfactionFigures(by: {group}, from: "{FIRST}", to: "{LAST}") {{
            key answered average shareSatisfied }} }}"""
        answer = await api.ask("demo.lead", query)
        field = {"PERSON": "person", "DEPARTMENT": "person_department", "CHANNEL": "channel"}.get(group)
        scores: dict[str, list[int]] = {}
        for row in await in_march(api, "satisfactions", "recorded_at"):
            scores.setdefault(row[field] if field else "2026-03", []).append(row["score"])
        wanted = []
        for key in sorted(scores):
            found = satisfaction(len(scores[key]), scores[key])
            average, share = text(found.average), text(found.share_satisfied)
            wanted.append({"key": key, "answered": found.answered, "average": average, "shareSatisfied": share})
        assert answer["data"]["satisfactionFigures"] == wanted

    @pytest.mark.parametrize("who", ["demo.customer", "demo.agent"])
    async def test_g3_neither_customers_nor_agents_average_by_person(self, api: Api, who: str) -> None:
        """They may not find by who was rated."""
        query = '{ satisfactionFigures(by: PERSON, from: "2026-03-01", to: "2026-03-31") { key } }'
        answer = await api.ask(who, query)
        assert answer["errors"][0]["extensions"]["code"] == "FILTER_DENIED"


class TestChannels:
    async def test_s5_contacts_tickets_and_complaints_are_counted_by_channel_and_month(self, api: Api) -> None:
        """In the months of China, from the records."""
        query = '{ channelCounts(of: TICKET, from: "2026-02-01", to: "2026-04-30") { month channel count } }'
        answer = await api.ask("demo.lead", query)
        wanted: dict[tuple[str, str], int] = {}
        async for row in api.services.database["tickets"].find(
            {"opened_at": {"$lt": datetime(2026, 4, 30, tzinfo=UTC)}}
        ):
            month = f"{row['opened_at'] + timedelta(hours=8):%Y-%m}"
            wanted[month, row["channel"]] = wanted.get((month, row["channel"]), 0) + 1
        found = {(entry["month"], entry["channel"]): entry["count"] for entry in answer["data"]["channelCounts"]}
        assert found == wanted
        assert len(found) >= 6
        for kind in ("SERVICE_CONTACT", "COMPLAINT"):
            answer = await api.ask("demo.lead", query.replace("TICKET", kind))
            assert "errors" not in answer

    async def test_s5_only_rows_in_scope_are_counted(self, api: Api) -> None:
        """An account manager counts the tickets of its own customers."""
        query = '{ channelCounts(of: TICKET, from: "2026-02-01", to: "2026-04-30") { count } }'
        answer = await api.ask("demo.manager", query, purpose="customer_service")
        own = {"_owner": "demo.manager", "opened_at": {"$lt": datetime(2026, 4, 30, tzinfo=UTC)}}
        counted = sum(entry["count"] for entry in answer["data"]["channelCounts"])
        assert counted == await api.services.database["tickets"].count_documents(own) > 20

    async def test_s5_every_channel_is_on_contacts_tickets_and_complaints(self, api: Api) -> None:
        """Telephone, e-mail, online, in person: given, stored and filtered by."""
        customer = (await api.ask("demo.agent", "{ customers(first: 1) { nodes { id } } }"))["data"]["customers"]
        given = {"customer": customer["nodes"][0]["id"]}
        for channel in ("TELEPHONE", "EMAIL", "ONLINE", "IN_PERSON"):
            for name, kind, more in (
                ("recordContact", "serviceContact", {"content": "OTHER"}),
                ("openTicket", "ticket", {"subject": "渠道"}),
                ("fileComplaint", "complaint", {"subject": "渠道"}),
            ):
                made = await done(
                    api, "demo.agent", name, {**given, **more, "channel": channel}, kind, fields="id channel"
                )
                assert made["channel"] == channel
                query = f"{{ {kind}s(first: 1, filter: {{ channel: {{ eq: {channel} }} }}) {{ nodes {{ id }} }} }}"
                answer = await api.ask("demo.agent", query)
                assert [node["id"] for node in answer["data"][f"{kind}s"]["nodes"]] == [made["id"]]
