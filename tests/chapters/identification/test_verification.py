"""C3, end to end: verifications are recorded, confirmed by a second person, withdrawn, and found before they expire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from documents.declaring.kind import Kind
from settings import Settings
from tests.api import Api, demo, running
from tests.bound_rows import rewritten
from tests.chapters.credit.credit import done, new_customer, refused
from tests.chapters.identification.identification import CONFIRM, RECORD, WITHDRAW, verification, verified

BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("verification")) as api:
        yield api


async def uploaded(api: Api, customer: str) -> str:
    """The id of a document of the customer, added by its manager."""
    headers = {
        "authorization": f"Bearer {await api.login('demo.manager')}",
        "dossier-purpose": BUSINESS,
        "content-type": "application/pdf",
        "content-disposition": "attachment; filename=licence.pdf",
    }
    response = await api.http.post(
        "/attachments",
        params={"customer": customer, "category": "identification"},
        content=b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n",
        headers=headers,
    )
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["id"])


async def stored(api: Api, record_id: str) -> dict[str, Any]:
    rows = await api.services.database["verifications"].find().to_list()
    return next(dict(row) for row in rows if record_id.endswith(str(row["_id"])))


async def test_c3_result_method_verifier_and_date_are_kept(api: Api) -> None:
    """With the documents that proved it; the verifier is who recorded it, the reference number is sealed."""
    customer = await new_customer(api)
    document = await uploaded(api, customer)
    given = verification(customer, method="DOCUMENT", documents=[document], expiresOn="2099-12-31")
    made = await done(api, "demo.manager", RECORD, **given)
    assert (made["method"], made["result"], made["state"]) == ("DOCUMENT", "MATCHED", "RECORDED")
    assert (made["verifier"]["username"], made["documents"]) == ("demo.manager", [document])
    assert made["covers"] == ["name", "unifiedSocialCreditCode"]
    assert datetime.fromisoformat(made["verifiedAt"]) <= datetime.now(UTC)
    row = await stored(api, made["id"])
    assert isinstance(row["reference_number"], bytes)
    assert "00071234" not in repr(row)
    query = f'{{ customer(id: "{customer}") {{ recentVerifications {{ id result }} }} }}'
    answer = await api.ask("demo.manager", query, purpose=BUSINESS)
    assert answer["data"]["customer"]["recentVerifications"] == [{"id": made["id"], "result": "MATCHED"}]


async def test_c3_documents_must_be_the_customers(api: Api) -> None:
    """A document of another customer proves nothing, and is not said to exist."""
    foreign = await uploaded(api, await new_customer(api))
    customer = await new_customer(api)
    for document in (foreign, "attachment_" + "0" * 24):
        [error] = await refused(api, "demo.manager", RECORD, **verification(customer, documents=[document]))
        assert error["code"] == "NOT_FOUND"


async def test_c3_a_verification_is_confirmed_by_another_person(api: Api) -> None:
    """By a credit officer; never by the verifier, who may hold that role too; and once."""
    made = await done(api, "demo.manager", RECORD, **verification(await new_customer(api)))
    errors = await refused(api, "demo.manager", CONFIRM, id=made["id"], version=made["version"])
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    row = await stored(api, made["id"])
    await rewritten(api.services, Kind.VERIFICATION, {"_id": row["_id"]}, {"$set": {"verifier": "demo.credit"}})
    [error] = await refused(api, "demo.credit", CONFIRM, id=made["id"], version=made["version"])
    assert (error["rule"], error["field"]) == ("verification.same_person", ["verification", "confirmedBy"])
    await rewritten(api.services, Kind.VERIFICATION, {"_id": row["_id"]}, {"$set": {"verifier": "demo.manager"}})
    confirmed = await done(api, "demo.credit", CONFIRM, id=made["id"], version=made["version"])
    assert (confirmed["state"], confirmed["confirmedBy"]["username"]) == ("CONFIRMED", "demo.credit")
    [error] = await refused(api, "demo.credit", CONFIRM, id=made["id"], version=confirmed["version"])
    assert error["rule"] == "step.not_allowed"


async def test_c3_one_person_is_enough_where_the_installation_says_so(mongodb_uri: str, tmp_path: Path) -> None:
    """With DOSSIER_VERIFICATION_FOUR_EYES=false a verification counts from the beginning."""
    settings = Settings(data_dir=tmp_path, database="two_eyes_test", jobs="worker", verification_four_eyes=False)
    async with running(settings, mongodb_uri) as alone:
        await alone.seed_demo(3)
        made = await done(alone, "demo.manager", RECORD, **verification(await new_customer(alone)))
        assert (made["state"], made["confirmedBy"]) == ("CONFIRMED", None)


async def test_c3_a_withdrawn_verification_stays_with_its_reason(api: Api) -> None:
    """Confirmed or not; and is never confirmed afterwards."""
    made = await verified(api, await new_customer(api))
    given = {"id": made["id"], "withdrawalReason": "登记机关更正"}
    withdrawn = await done(api, "demo.manager", WITHDRAW, **given, version=made["version"])
    assert (withdrawn["state"], withdrawn["withdrawalReason"]) == ("WITHDRAWN", "登记机关更正")
    [error] = await refused(api, "demo.manager", WITHDRAW, **given, version=withdrawn["version"])
    assert error["rule"] == "step.not_allowed"
    [error] = await refused(api, "demo.credit", CONFIRM, id=made["id"], version=withdrawn["version"])
    assert error["rule"] == "step.not_allowed"


async def test_c3_impossible_dates_and_unknown_fields_are_refused(api: Api) -> None:
    """Nobody verified tomorrow, nothing expires before it was verified, and fields are those of the kind."""
    customer = await new_customer(api)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    [error] = await refused(api, "demo.manager", RECORD, **verification(customer, verifiedAt=tomorrow))
    assert error["rule"] == "verification.in_future"
    [error] = await refused(api, "demo.manager", RECORD, **verification(customer, expiresOn="2020-01-01"))
    assert error["rule"] == "verification.expired"
    [error] = await refused(api, "demo.manager", RECORD, **verification(customer, covers=["idNumber"]))
    assert (error["code"], error["rule"]) == ("INVALID_VALUE", "value.unknown_field")
    assert await api.services.database["verifications"].count_documents({"customer": customer}) == 0


async def test_c3_what_expires_is_listed_in_order(api: Api) -> None:
    """By filter and order on `expiresOn`, of the customers that are one's own."""
    for day in ("2031-03-01", "2031-01-01", "2031-02-01"):
        await done(api, "demo.manager", RECORD, **verification(await new_customer(api), expiresOn=day))
    query = """{ verifications(filter: { expiresOn: { gte: "2031-01-01", lt: "2031-03-01" } },
      sort: { field: EXPIRES_ON }) { nodes { expiresOn } totalCount } }"""
    answer = await api.ask("demo.manager", query, purpose=BUSINESS)
    assert answer["data"]["verifications"] == {
        "nodes": [{"expiresOn": "2031-01-01"}, {"expiresOn": "2031-02-01"}],
        "totalCount": 2,
    }


async def test_c3_an_agent_sees_that_there_is_one_and_no_reference_number(api: Api) -> None:
    """An inspector sees it masked; the agent can neither read it nor find by it, nor record one."""
    customer = await new_customer(api)
    made = await verified(api, customer)
    query = f'{{ verification(id: "{made["id"]}") {{ result state referenceNumber note }} }}'
    agent = await api.ask("demo.agent", query)
    assert agent["data"]["verification"] == {
        "result": "MATCHED",
        "state": "CONFIRMED",
        "referenceNumber": None,
        "note": None,
    }
    inspector = await api.ask("demo.inspector", query)
    assert inspector["data"]["verification"]["referenceNumber"] == "************1234"
    guess = '{ verifications(filter: { referenceNumber: { eq: "XZ-2026-00071234" } }) { totalCount } }'
    answer = await api.ask("demo.agent", guess)
    assert answer["errors"][0]["extensions"]["code"] == "FILTER_DENIED"
    errors = await refused(api, "demo.agent", RECORD, **verification(customer))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}


async def test_c3_of_a_foreign_customer_nothing_is_recorded_or_seen(api: Api) -> None:
    """Account managers verify their own; a record of another's customer does not exist for them."""
    query = '{ customers(first: 1, filter: { accountManager: { eq: "wu.haiyan" } }) { nodes { id kind } } }'
    [foreign] = (await api.ask("demo.manager", query, purpose=BUSINESS))["data"]["customers"]["nodes"]
    errors = await refused(api, "demo.manager", RECORD, **verification(foreign["id"], covers=["name"]))
    assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
    made = await done(api, "demo.manager", RECORD, **verification(await new_customer(api)))
    row = await stored(api, made["id"])
    await api.services.database["verifications"].update_one({"_id": row["_id"]}, {"$set": {"_owner": "wu.haiyan"}})
    answer = await api.ask("demo.manager", f'{{ verification(id: "{made["id"]}") {{ id }} }}', purpose=BUSINESS)
    assert answer["data"] == {"verification": None}
    given = {"id": made["id"], "version": 1, "withdrawalReason": "x"}
    [error] = await refused(api, "demo.manager", WITHDRAW, **given)
    assert error["code"] == "NOT_FOUND"


async def test_c3_the_same_idempotency_key_records_one_verification(api: Api) -> None:
    """A retry gets the first answer."""
    customer = await new_customer(api)
    given = {"i": verification(customer)}
    for _ in range(2):
        answer = await api.ask("demo.manager", RECORD, given, purpose=BUSINESS, key="verify-1")
        assert answer["data"]["recordVerification"]["userErrors"] == []
    assert await api.services.database["verifications"].count_documents({"customer": customer}) == 1


def test_four_eyes_is_the_default() -> None:
    """An installation that says nothing asks for a second person."""
    assert Settings().verification_four_eyes
    assert Settings.from_environment({"DOSSIER_VERIFICATION_FOUR_EYES": "false"}).verification_four_eyes is False
