"""I5, end to end: whom a breach concerns is found from the trail; nothing is closed before all is done and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.chapters.incidents.affected_customers import AffectedCustomers
from resolvers.chapters.incidents import scope_search as trail_scopes
from tests.api import Api, demo

OFFICER, READER, RISK = "demo.security", "demo.credit", "risk_assessment"
FIELDS = """id version state affected nextDueAt closedAt reportedBy { username }
  steps { state by } scopes { number person field entries listed deleted } trailHeads
  measures { number what by doneAt } notifications { recipient dueAt sentAt waivedReason }"""
AFFECTED = """query($i: RecordIdFilter!) { affectedCustomers(filter: { incident: $i }, first: 100) {
  nodes { scope field inFull times customer { id name } } totalCount } }"""
REPORT = """query($id: ID!) { incidentReport(id: $id) { id title whatHappened severity state affectedCustomers text
  hindrances steps { state at by } scopes { person field since until } trailHeads
  measures { what doneAt } notifications { recipient dueAt sentAt waivedReason late } closedAt discoveredAt
  reportedBy { username } suspect { username } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("incidents")) as api:
        yield api


async def act(api: Api, operation: str, given: dict[str, Any], user: str = OFFICER, key: str | None = None) -> Any:
    """The payload of an operation on incidents."""
    kind = operation[0].upper() + operation[1:] + "Input!"
    query = (
        f"mutation($i: {kind}) {{ {operation}(input: $i) {{ incident {{ {FIELDS} }} userErrors {{ code rule }} }} }}"
    )
    answer = await api.ask(user, query, {"i": given}, key=key)
    assert "errors" not in answer, answer
    return answer["data"][operation]


async def done(api: Api, operation: str, incident: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The incident after an operation that is not refused."""
    payload = await act(api, operation, {"id": incident["id"], "version": incident["version"], **given})
    assert payload["userErrors"] == []
    after: dict[str, Any] = payload["incident"]
    return after


async def rules(api: Api, operation: str, incident: dict[str, Any], **given: Any) -> list[str]:
    """The rules by which an operation is refused."""
    payload = await act(api, operation, {"id": incident["id"], "version": incident["version"], **given})
    assert payload["incident"] is None
    return [error["rule"] or error["code"] for error in payload["userErrors"]]


async def recorded(api: Api, **given: Any) -> dict[str, Any]:
    told = {
        "title": "身份证号码外泄",
        "whatHappened": "某账号短时间内大量查看身份证号码",
        "severity": "MAJOR",
        "discoveredAt": now(),
        **given,
    }
    payload = await act(api, "recordIncident", told)
    assert payload["userErrors"] == []
    incident: dict[str, Any] = payload["incident"]
    return incident


def now(hours: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def within(person: str | None = READER, field: str | None = "idNumber", **more: Any) -> dict[str, Any]:
    return {"person": person, "field": field, "since": now(-1), "until": now(), **more}


async def individuals(api: Api, count: int) -> list[str]:
    query = f"{{ customers(kinds: [INDIVIDUAL], first: {count}) {{ nodes {{ id }} }} }}"
    answer = await api.ask(READER, query, purpose=RISK)
    return [node["id"] for node in answer["data"]["customers"]["nodes"]]


async def look(api: Api, customers: list[str], field: str = "idNumber") -> None:
    """Sees a field of each of the customers, by one query each."""
    for customer in customers:
        query = f"query($id: ID!) {{ customer(id: $id) {{ ... on Individual {{ {field} }} }} }}"
        answer = await api.ask(READER, query, {"id": customer}, purpose=RISK)
        assert answer["data"]["customer"][field]


async def affected(api: Api, incident: dict[str, Any], user: str = OFFICER) -> list[dict[str, Any]]:
    answer = await api.ask(user, AFFECTED, {"i": {"eq": incident["id"]}})
    nodes: list[dict[str, Any]] = answer["data"]["affectedCustomers"]["nodes"]
    assert answer["data"]["affectedCustomers"]["totalCount"] == len(nodes)
    return nodes


async def test_i5_the_scope_is_whose_identity_numbers_an_account_read_between_two_times(api: Api) -> None:
    """Exactly the five customers whose numbers were seen; another field, person or time finds none."""
    opened = now()
    five = (await individuals(api, 9))[2:7]
    begun = now()
    await look(api, five)
    await look(api, five[:1])
    incident = await recorded(api, suspect=READER)
    assert incident["state"] == "RECORDED"
    scoped = await done(api, "scopeIncident", incident, **within(since=begun))
    assert (scoped["state"], scoped["affected"]) == ("SCOPED", 5)
    [scope] = scoped["scopes"]
    assert scope == {
        "number": 1,
        "person": READER,
        "field": "id_number",
        "entries": 6,
        "listed": 5,
        "deleted": 0,
    }
    assert scoped["trailHeads"]
    found = await affected(api, incident)
    assert {one["customer"]["id"] for one in found} == set(five)
    assert {one["customer"]["id"]: one["times"] for one in found}[five[0]] == 2
    assert all(one["inFull"] for one in found)
    for empty in (
        within(field="telephone", kind="INDIVIDUAL", since=begun),
        within(person="demo.agent", since=begun),
        within(since=opened, until=begun),
    ):
        scoped = await done(api, "scopeIncident", scoped, **empty)
        assert scoped["scopes"][-1]["listed"] == 0
    assert scoped["affected"] == 5


async def test_i5_searches_add_up_and_a_customer_counts_once(api: Api) -> None:
    """A second search that finds some of the same customers and others counts each once."""
    first, second = (await individuals(api, 5))[:2]
    begun = now()
    await look(api, [first])
    between = now()
    await look(api, [first, second])
    incident = await recorded(api)
    incident = await done(api, "scopeIncident", incident, **within(since=begun, until=between))
    assert incident["affected"] == 1
    incident = await done(api, "scopeIncident", incident, **within(since=between))
    assert incident["affected"] == 2
    assert sorted((one["scope"], one["customer"]["id"]) for one in await affected(api, incident)) == sorted(
        [(1, first), (2, first), (2, second)]
    )


async def test_i5_without_a_field_everything_that_an_account_saw_counts(api: Api) -> None:
    """A stolen account: whose data did it see at all? With neither person nor field a search has no bounds."""
    begun = now()
    [customer] = await individuals(api, 1)  # its id alone was shown
    await look(api, [customer], "name")
    incident = await recorded(api)
    incident = await done(api, "scopeIncident", incident, **within(field=None, since=begun))
    assert [one["customer"]["id"] for one in await affected(api, incident)] == [customer]
    assert await rules(api, "scopeIncident", incident, **within(None, None)) == ["incident.scope_unbounded"]
    reversed_times = within(since=now(), until=now(-1))
    assert await rules(api, "scopeIncident", incident, **reversed_times) == ["incident.scope_reversed"]
    assert await rules(api, "scopeIncident", incident, **within(person="nobody")) == ["value.unknown_staff"]
    assert await rules(api, "scopeIncident", incident, **within(field="idNumbr")) == ["value.unknown_field"]


async def test_i5_a_scope_is_never_cut_short(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """More customers than an operation can list are refused with the way out: shorter times, which add up."""
    begun = now()
    await look(api, await individuals(api, 3))
    incident = await recorded(api)
    with monkeypatch.context() as patch:
        patch.setattr(trail_scopes, "LARGEST_SCOPE", 2)
        assert await rules(api, "scopeIncident", incident, **within(since=begun)) == ["incident.scope_too_wide"]
    assert (await done(api, "scopeIncident", incident, **within(since=begun)))["affected"] == 3


async def test_i5_customers_who_exist_no_longer_are_counted(api: Api) -> None:
    """Whoever was deleted since cannot be listed, and is not forgotten; the records of the others go with them."""
    query = """{ customers(kinds: [INDIVIDUAL], filter: { accountManager: { eq: "hu.xinyue" } }, first: 2) {
      nodes { id version } } }"""
    first, second = (await api.ask("demo.admin", query))["data"]["customers"]["nodes"]
    begun = now()
    await look(api, [first["id"], second["id"]])
    delete = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
    assert (await api.ask("demo.admin", delete, {"i": first}))["data"]["deleteCustomer"]["userErrors"] == []
    incident = await done(api, "scopeIncident", await recorded(api), **within(since=begun))
    assert (incident["scopes"][0]["listed"], incident["scopes"][0]["deleted"]) == (1, 1)
    assert [one["customer"]["id"] for one in await affected(api, incident)] == [second["id"]]
    assert (await api.ask("demo.admin", delete, {"i": second}))["data"]["deleteCustomer"]["userErrors"] == []
    assert await affected(api, incident) == []


async def test_i5_steps_follow_each_other_to_the_report_and_none_is_skipped(api: Api) -> None:
    """Recorded, scoped, contained, notified, closed: refused with all hindrances until everything is done and told."""
    incident = await recorded(api, suspect=READER)
    closing = {"closingReport": "账号已停用，客户已告知。"}
    assert await rules(api, "closeIncident", incident, **closing) == [
        "incident.not_scoped",
        "incident.no_measure_done",
        "incident.notification_open",
    ]
    told = {"recipient": "CUSTOMERS"}
    assert await rules(api, "recordIncidentNotification", incident, **told) == ["incident.not_scoped"]
    incident = await done(api, "addIncidentMeasure", incident, what="停用涉事账号")
    incident = await done(api, "addIncidentMeasure", incident, what="复核访问规则")
    incident = await done(api, "completeIncidentMeasure", incident, number=1)
    assert incident["state"] == "RECORDED"
    assert await rules(api, "completeIncidentMeasure", incident, number=1) == ["incident.settled_already"]
    assert await rules(api, "completeIncidentMeasure", incident, number=9) == ["incident.no_such_measure"]
    incident = await done(api, "scopeIncident", incident, **within())
    assert incident["state"] == "CONTAINED"
    incident = await done(api, "recordIncidentNotification", incident, recipient="REGULATOR")
    again = {"recipient": "REGULATOR"}
    assert await rules(api, "recordIncidentNotification", incident, **again) == ["incident.settled_already"]
    assert await rules(api, "closeIncident", incident, **closing) == [
        "incident.notification_open",
        "incident.measure_open",
    ]
    incident = await done(api, "waiveIncidentNotification", incident, recipient="CUSTOMERS", reason="未造成外泄")
    assert (incident["state"], incident["nextDueAt"]) == ("NOTIFIED", None)
    assert await rules(api, "closeIncident", incident, **closing) == ["incident.measure_open"]
    incident = await done(api, "completeIncidentMeasure", incident, number=2)
    incident = await done(api, "closeIncident", incident, **closing)
    assert [(step["state"], step["by"]) for step in incident["steps"]] == [
        (state, OFFICER) for state in ("RECORDED", "SCOPED", "CONTAINED", "NOTIFIED", "CLOSED")
    ]
    assert incident["closedAt"]
    for operation, given in (
        ("closeIncident", closing),
        ("addIncidentMeasure", {"what": "再查"}),
        ("scopeIncident", within()),
    ):
        assert await rules(api, operation, incident, **given) == ["step.finished"]


async def test_i5_the_report_says_what_whose_by_whom_and_when(api: Api) -> None:
    """Open, it names what keeps it open; an inspector reads it; for an agent there is none."""
    [customer] = await individuals(api, 1)
    await look(api, [customer])
    incident = await recorded(api, suspect=READER)
    incident = await done(api, "scopeIncident", incident, **within())
    report = (await api.ask(OFFICER, REPORT, {"id": incident["id"]}))["data"]["incidentReport"]
    assert (report["title"], report["severity"], report["state"]) == ("身份证号码外泄", "MAJOR", "SCOPED")
    assert (report["suspect"]["username"], report["reportedBy"]["username"]) == (READER, OFFICER)
    assert report["affectedCustomers"] == incident["affected"] >= 1
    assert report["hindrances"] == ["incident.no_measure_done", "incident.notification_open"]
    assert [step["state"] for step in report["steps"]] == ["RECORDED", "SCOPED"]
    inspected = (await api.ask("demo.inspector", REPORT, {"id": incident["id"]}))["data"]["incidentReport"]
    assert inspected == report
    for user, wanted in (("demo.agent", incident["id"]), (OFFICER, "incident_" + "0" * 24), (OFFICER, customer)):
        assert (await api.ask(user, REPORT, {"id": wanted}))["data"]["incidentReport"] is None


async def test_i5_deadlines_run_from_the_discovery(api: Api) -> None:
    """The regulator within four hours, the customers within three days; what is late says so; nothing is told ahead."""
    discovered = datetime.now(UTC) - timedelta(hours=5)
    incident = await recorded(api, discoveredAt=discovered.isoformat())
    due = {one["recipient"]: datetime.fromisoformat(one["dueAt"]) for one in incident["notifications"]}
    hours = {recipient: round((at - discovered) / timedelta(hours=1)) for recipient, at in due.items()}
    assert hours == {"REGULATOR": 4, "CUSTOMERS": 72}
    report = (await api.ask(OFFICER, REPORT, {"id": incident["id"]}))["data"]["incidentReport"]
    assert {one["recipient"]: one["late"] for one in report["notifications"]} == {"REGULATOR": True, "CUSTOMERS": False}
    ahead = {"recipient": "REGULATOR", "sentAt": now(1)}
    assert await rules(api, "recordIncidentNotification", incident, **ahead) == ["incident.in_future"]
    payload = await act(
        api,
        "recordIncident",
        {"title": "x", "whatHappened": "x", "severity": "GENERAL", "discoveredAt": now(1)},
    )
    assert [error["rule"] for error in payload["userErrors"]] == ["incident.in_future"]
    open_first = "{ incidents(sort: { field: NEXT_DUE_AT }, filter: { nextDueAt: { lt: %s } }) { nodes { id } } }"
    listed = await api.ask(OFFICER, open_first % f'"{now()}"')
    assert incident["id"] in {node["id"] for node in listed["data"]["incidents"]["nodes"]}


async def test_i5_nobody_else_sees_or_touches_an_incident(api: Api) -> None:
    """Agents and managers find no incident and no affected customer; inspectors read, and change nothing."""
    [customer] = await individuals(api, 1)
    await look(api, [customer])
    incident = await done(api, "scopeIncident", await recorded(api), **within())
    listed = "{ incidents { nodes { id } totalCount } affectedCustomers { nodes { id } totalCount } }"
    for user, purpose in (("demo.agent", None), ("demo.manager", "business_operation"), ("demo.policy", None)):
        answer = await api.ask(user, listed, purpose=purpose)
        if answer.get("data") is None or answer["data"]["incidents"] is None:
            assert answer["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
            continue
        assert all(page == {"nodes": [], "totalCount": 0} for page in answer["data"].values())
    assert {one["customer"]["id"] for one in await affected(api, incident, "demo.inspector")} >= {customer}
    seen = {"id": incident["id"], "version": incident["version"]}
    for user, code in (("demo.inspector", "ACCESS_DENIED"), ("demo.agent", "NOT_FOUND")):
        payload = await act(api, "addIncidentMeasure", {**seen, "what": "x"}, user)
        assert {error["code"] for error in payload["userErrors"]} == {code}
    payload = await act(api, "scopeIncident", {**seen, **within()}, "demo.agent")
    assert {error["code"] for error in payload["userErrors"]} == {"ACCESS_DENIED"}


async def test_i5_a_scope_is_kept_whole_or_not_at_all_and_once_per_key(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between its writes nothing is left; the same request again finds what the first one wrote."""
    [customer] = await individuals(api, 1)
    await look(api, [customer])
    incident = await recorded(api)
    given = {"id": incident["id"], "version": incident["version"], **within()}

    async def killed(*_: Any) -> int:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(AffectedCustomers, "count", killed)
        query = "mutation($i: ScopeIncidentInput!) { scopeIncident(input: $i) { userErrors { code } } }"
        assert (await api.ask(OFFICER, query, {"i": given}))["errors"]
    assert await affected(api, incident) == []
    first = await act(api, "scopeIncident", given, key="once")
    again = await act(api, "scopeIncident", given, key="once")
    assert first["userErrors"] == again["userErrors"] == []
    assert len(again["incident"]["scopes"]) == 1
    listed = await affected(api, incident)
    assert len({one["customer"]["id"] for one in listed}) == len(listed) == again["incident"]["affected"]
