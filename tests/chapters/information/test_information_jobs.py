"""I2, I4, I7: who is reminded of what ends or is due, once for each thing and day; and when it was seen to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId

import app
from documents.chapters.jobs.kinds import JobState
from documents.declaring.kind import Kind
from documents.reckoning.working_time import SHANGHAI
from jobs.chapters import reminders as information
from jobs.chapters.reminders import (
    remind_of_agreements,
    remind_of_consents,
    remind_of_reviews,
    remind_of_undertakings,
)
from jobs.definition import JobDefinition
from jobs.registry import JobResources
from jobs.runner import JobRunner, Worker
from tests.api import Api, demo
from tests.bound_rows import bound, rewritten
from tests.units import in_unit

BUSINESS = "business_operation"
LIST = """{ reminders(first: 100) { nodes { id version about what dueOn state doneAt forPerson { username } }
  totalCount } }"""
COMPLETE = """mutation($i: CompleteReminderInput!) { completeReminder(input: $i) {
  reminder { state doneAt } userErrors { code rule } } }"""
HAND_OVER = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { userErrors { code } } }"
REVIEW = """mutation($i: RecordReviewInput!) { recordReview(input: $i) { review { id } userErrors { code } } }"""
PURPOSES = {"demo.manager": BUSINESS}


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("reminders")) as api:
        for consent in await api.services.database["consents"].find().to_list():
            await rewritten(api.services, Kind.CONSENT, {"_id": consent["_id"]}, {"$set": {"expires_at": in_days(100)}})
        yield api


async def run(api: Api, definition: JobDefinition[JobResources]) -> int:
    """Has a worker run the job once; how many records it dealt with."""
    services = api.services
    job_id = await services.ledger.enqueue(definition.name)
    runner = JobRunner(services.ledger, [definition], app.job_resources(services), Worker("test", tuple))
    while (handed_out := await services.ledger.hand_out([definition.name], timedelta(seconds=30))) is not None:
        await runner.run(handed_out)
    record = await services.jobs.get(job_id)
    assert record.state is JobState.SUCCEEDED, record
    return record.done


async def reminders(api: Api, user: str, about: str | None = None) -> list[dict[str, Any]]:
    answer = await api.ask(user, LIST, purpose=PURPOSES.get(user))
    nodes: list[dict[str, Any]] = answer["data"]["reminders"]["nodes"]
    return [node for node in nodes if about in (None, node["about"])]


async def change(api: Api, collection: str, condition: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Makes a row what the test needs; its public id."""
    rows = api.services.database[collection]
    row = await rows.find_one_and_update(condition, {"$set": values}, sort=[("_id", 1)])
    assert row is not None
    if Kind(row["kind"]) in api.services.storage.readers:
        await rewritten(api.services, Kind(row["kind"]), {"_id": row["_id"]}, {"$set": values})
    return f"{row['kind']}_{row['_id']}"


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def day(days: int) -> str:
    return (datetime.now(SHANGHAI).date() + timedelta(days=days)).isoformat()


async def reviewed_on(api: Api, days: int, skip: int = 0) -> str:
    """A customer of demo.manager whose review is due on a day."""
    mine = {"account_manager": "demo.manager", "status": {"$ne": "closed"}}
    row = await api.services.database["customers"].find_one(mine, sort=[("_id", 1)], skip=skip)
    assert row is not None
    return await change(api, "customers", {"_id": row["_id"]}, {"next_review_on": day(days)})


async def test_i4_whose_undertaking_ends_within_thirty_days_is_reminded_once(api: Api) -> None:
    """The signer, and nobody else; twice run it is one reminder; whoever has signed again is not reminded."""
    ends = in_days(20)
    about = await change(api, "undertakings", {"staff": "demo.agent"}, {"expires_at": ends})
    await change(api, "undertakings", {"staff": "demo.lead"}, {"expires_at": in_days(40)})
    await change(api, "undertakings", {"staff": "demo.trainer"}, {"expires_at": in_days(10)})
    renewed = await api.services.database["undertakings"].find_one({"staff": "demo.trainer"})
    assert renewed is not None
    later = {**renewed, "_id": ObjectId(), "expires_at": in_days(365)}
    await api.services.database["undertakings"].insert_one(bound(api.services, later))
    for _ in range(2):
        assert await run(api, remind_of_undertakings) == 2
    [reminder] = await reminders(api, "demo.agent")
    assert (reminder["about"], reminder["what"], reminder["state"]) == (about, "UNDERTAKING_EXPIRES", "OPEN")
    assert reminder["dueOn"] == ends.astimezone(SHANGHAI).date().isoformat()
    assert reminder["forPerson"]["username"] == "demo.agent"
    for user in ("demo.lead", "demo.trainer", "demo.collector"):
        assert await reminders(api, user) == []
    signed = await api.services.database["undertakings"].find_one({"staff": "demo.agent"})
    assert signed is not None
    again = {**signed, "_id": ObjectId(), "expires_at": in_days(365)}
    await api.services.database["undertakings"].insert_one(bound(api.services, again))
    await run(api, remind_of_undertakings)
    assert [one["state"] for one in await reminders(api, "demo.agent")] == ["DONE"]


async def test_i7_consents_and_agreements_that_end_within_a_fortnight_are_reminded_of_once(api: Api) -> None:
    """The customer's manager of a consent, whoever recorded it of an agreement; what has ended already is none."""
    consent = await change(api, "consents", {}, {"expires_at": in_days(7)})
    gone = {"_id": {"$ne": ObjectId(consent.rpartition("_")[2])}}
    withdrawn = await change(api, "consents", gone, {"expires_at": in_days(7), "withdrawn_at": in_days(-1)})
    agreement = await change(api, "sharing_agreements", {}, {"expires_at": in_days(13)})
    for _ in range(2):
        assert await run(api, remind_of_consents) == 1
        assert await run(api, remind_of_agreements) == 1
    assert [one["what"] for one in await reminders(api, "demo.manager", consent)] == ["CONSENT_EXPIRES"]
    assert await reminders(api, "demo.manager", withdrawn) == []
    assert [one["what"] for one in await reminders(api, "demo.security", agreement)] == ["AGREEMENT_EXPIRES"]
    await change(api, "consents", {"_id": ObjectId(consent.rpartition("_")[2])}, {"expires_at": in_days(10)})
    await run(api, remind_of_consents)
    assert len(await reminders(api, "demo.manager", consent)) == 2  # another day is another thing to do


async def test_i2_reviews_that_are_due_or_overdue_are_reminded_of_once(api: Api) -> None:
    """Due within a fortnight, and overdue, which puts an end to the reminder that it is due; a review ends both."""
    due, overdue, far = await reviewed_on(api, 5), await reviewed_on(api, -3, 1), await reviewed_on(api, 30, 2)
    for _ in range(2):
        assert await run(api, remind_of_reviews) == 2
    assert [one["what"] for one in await reminders(api, "demo.manager", due)] == ["REVIEW_DUE"]
    assert [one["what"] for one in await reminders(api, "demo.manager", overdue)] == ["REVIEW_OVERDUE"]
    assert await reminders(api, "demo.manager", far) == []
    given = {"customer": due, "result": "CONFIRMED"}
    answer = await api.ask("demo.manager", REVIEW, {"i": given}, purpose=BUSINESS)
    assert answer["data"]["recordReview"]["userErrors"] == []
    assert [one["state"] for one in await reminders(api, "demo.manager", due)] == ["DONE"]
    await run(api, remind_of_reviews)
    assert [one["state"] for one in await reminders(api, "demo.manager", due)] == ["DONE"]


async def test_i2_when_a_review_becomes_overdue_that_it_is_due_is_old_news(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One open reminder of a customer at a time; and small batches deal with everybody, each once."""
    customers = [await reviewed_on(api, 1, skip) for skip in range(3, 8)]
    monkeypatch.setattr(information, "_BATCH", 2)
    await run(api, remind_of_reviews)
    later = datetime.now(UTC) + timedelta(days=3)
    use_case = api.services.use_cases.reminders
    after = None
    found: list[str] = []
    while page := await use_case.reviews(later, after, 2):
        found += [one.about for one in page]
        after = page[-1].id
        await in_unit(api.services.storage.units, partial(use_case.remind, due=page))
    assert len(found) == len(set(found))
    assert set(customers) <= set(found)
    for customer in customers:
        states = {one["what"]: one["state"] for one in await reminders(api, "demo.manager", customer)}
        assert states == {"REVIEW_DUE": "DONE", "REVIEW_OVERDUE": "OPEN"}


async def test_i2_whoever_takes_a_customer_over_is_reminded_in_place_of_the_former(api: Api) -> None:
    """The reminder goes to the new manager, and is not made anew."""
    customer = await reviewed_on(api, 2, 8)
    await run(api, remind_of_reviews)
    assert len(await reminders(api, "demo.manager", customer)) == 1
    row = await api.services.database["customers"].find_one({"_id": ObjectId(customer.rpartition("_")[2])})
    assert row is not None
    given = {"id": customer, "version": row["version"], "sourceChannel": "FEEDBACK", "accountManager": "wu.haiyan"}
    answer = await api.ask("demo.admin", HAND_OVER, {"i": {row["kind"]: given}})
    assert answer["data"]["updateCustomer"]["userErrors"] == []
    for job in (None, remind_of_reviews):  # it follows the customer at once, whatever the job finds afterwards
        if job is not None:
            await run(api, job)
        assert await reminders(api, "demo.manager", customer) == []
        stored = await api.services.database["reminders"].find({"about": customer}).to_list()
        assert [(one["for_person"], one["_owner"]) for one in stored] == [("wu.haiyan", "wu.haiyan")]
    remove = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
    answer = await api.ask("demo.admin", remove, {"i": {"id": customer, "version": row["version"] + 1}})
    assert answer["data"]["deleteCustomer"]["userErrors"] == []
    assert await api.services.database["reminders"].count_documents({"about": customer}) == 0


async def test_i2_a_reminder_is_completed_by_the_person_concerned_and_nobody_else(api: Api) -> None:
    """Others do not know that it is there; done, it is done."""
    customer = await reviewed_on(api, 4, 9)
    await run(api, remind_of_reviews)
    [reminder] = await reminders(api, "demo.manager", customer)
    seen = {"id": reminder["id"], "version": reminder["version"]}
    foreign = (await api.ask("demo.agent", COMPLETE, {"i": seen}))["data"]["completeReminder"]
    assert [error["code"] for error in foreign["userErrors"]] == ["NOT_FOUND"]
    done = (await api.ask("demo.manager", COMPLETE, {"i": seen}, purpose=BUSINESS))["data"]["completeReminder"]
    assert done["reminder"]["state"] == "DONE"
    assert date.fromisoformat(done["reminder"]["doneAt"][:10])
    again = {**seen, "version": reminder["version"] + 1}
    refused = (await api.ask("demo.manager", COMPLETE, {"i": again}, purpose=BUSINESS))["data"]["completeReminder"]
    assert [error["rule"] for error in refused["userErrors"]] == ["step.finished"]


async def test_i2_what_is_due_is_found_in_the_order_of_an_index(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also among a million customers: no row is looked at that is not due, on the first page and on those behind it."""
    due = [await reviewed_on(api, 1, skip) for skip in range(6)]
    monkeypatch.setattr(information, "_BATCH", 2)
    database = api.services.database
    await database.command("profile", 2)
    try:
        assert await run(api, remind_of_reviews) >= len(due)
    finally:
        await database.command("profile", 0)
    wanted = {"ns": f"{database.name}.customers", "command.limit": 3}  # one more tells whether there are more
    seen = await database["system.profile"].find(wanted).to_list()
    await database["system.profile"].drop()
    assert len(seen) > len(due) / 2
    for entry in seen:
        assert "IXSCAN" in entry["planSummary"]
        assert not entry.get("hasSortStage")
        assert entry["docsExamined"] <= entry["nreturned"] + 3  # one more of each kind


async def test_i7_the_demo_partner_sees_what_was_consented_to(api: Api) -> None:
    """demo.partner can be tried: a few customers of demo.manager, with the fields of each consent."""
    answer = await api.ask("demo.partner", "{ customers { nodes { id name telephone region } totalCount } }")
    found = answer["data"]["customers"]["nodes"]
    assert 3 <= len(found) == answer["data"]["customers"]["totalCount"] <= 6
    assert all(one["name"] and one["region"] is None for one in found)
