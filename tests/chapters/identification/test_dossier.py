"""C5, end to end: one query gives the dossier as far as the caller may see it, and says what it lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from bson import ObjectId

from demo.invented.numbers import credit_check_character
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import CustomerRecord, plural
from documents.registry import CATALOGUE, RECORD_CLASSES
from schema.build import build_schema
from tests.api import Api, demo
from tests.chapters.credit.credit import done, invoiced, new_customer, paid, purpose_of, rated, signed
from tests.chapters.credit.test_credit_cost import commands, metrics
from tests.chapters.identification.identification import RECORD, assessed, verification, verified

STATE = """query($c: ID!) { dossier(customer: $c) { customer { id } state
  missing { section code labelEn labelZh } unknown { section code } } }"""
SECTIONS = [camel_case(plural(cls.kind)) for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)]
WHOLE = f"""query($c: ID!) {{ dossier(customer: $c) {{ customer {{ id name }} state missing {{ code }}
  {" ".join(f"{name}(first: 3) {{ nodes {{ id createdAt }} totalCount }}" for name in SECTIONS)} }} }}"""
UPDATE = """mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { customer { id version }
  userErrors { code field rule } } }"""
OPEN = "mutation($i: OpenTicketInput!) { openTicket(input: $i) { ticket { id } userErrors { code } } }"
COMPLETE = {
    "taxRegistrationNumber": "320303123456789",
    "legalForm": "LEGAL_PERSON",
    "size": "MEDIUM",
    "industry": "机械制造",
    "businessScope": "工程机械及配件的制造和销售",
    "legalRepresentative": "李建国",
    "telephone": "0516-83701234",
}
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("dossier")) as api:
        yield api


async def dossier(api: Api, who: str, customer: str, query: str = STATE, **variables: Any) -> dict[str, Any]:
    purpose = None if who in ("demo.inspector", "demo.complaints", "demo.archivist") else purpose_of(who)
    answer = await api.ask(who, query, {"c": customer, **variables}, purpose=purpose)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["dossier"]
    return found


def codes(parts: list[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(part["section"], part["code"]) for part in parts]


async def completed(api: Api, customer: str, **more: Any) -> None:
    """Gives the customer all the information that a dossier needs; credit codes are one customer's each."""
    body = f"91320300MA{int(customer[-12:], 16) % 10**7:07}"
    await change(api, customer, **COMPLETE, unifiedSocialCreditCode=body + credit_check_character(body), **more)


async def change(api: Api, customer: str, **values: Any) -> None:
    current = await api.ask("demo.manager", f'{{ customer(id: "{customer}") {{ version }} }}', purpose=BUSINESS)
    version = current["data"]["customer"]["version"]
    given = {"enterprise": {"id": customer, "version": version, "sourceChannel": "CONTRACT", **values}}
    answer = await api.ask("demo.manager", UPDATE, {"i": given}, purpose=BUSINESS)
    assert answer["data"]["updateCustomer"]["userErrors"] == [], answer


async def test_c5_a_dossier_says_what_it_lacks_until_it_is_complete(api: Api) -> None:
    """Information, verification, assessment: each part goes from the list when it is there, and the last completes it.

    A manager may see all of it, and assessments as far as that they exist."""
    customer = await new_customer(api)
    first = await dossier(api, "demo.manager", customer)
    assert first["state"] == "INCOMPLETE"
    assert first["unknown"] == []
    assert codes(first["missing"]) == [
        ("INFORMATION", "unifiedSocialCreditCode"),
        ("INFORMATION", "taxRegistrationNumber"),
        ("INFORMATION", "legalForm"),
        ("INFORMATION", "size"),
        ("INFORMATION", "industry"),
        ("INFORMATION", "businessScope"),
        ("INFORMATION", "legalRepresentative"),
        ("INFORMATION", "contact"),
        ("VERIFICATION", "missing"),
        ("ASSESSMENT", "missing"),
    ]
    labels = {part["code"]: (part["labelEn"], part["labelZh"]) for part in first["missing"]}
    assert labels["unifiedSocialCreditCode"] == ("Unified social credit code", "统一社会信用代码")
    assert labels["contact"] == ("A way to reach the customer", "联系方式")
    await completed(api, customer)
    made = await done(api, "demo.manager", RECORD, **verification(customer))
    waiting = await dossier(api, "demo.manager", customer)
    assert codes(waiting["missing"]) == [("VERIFICATION", "missing"), ("ASSESSMENT", "missing")]
    assert made["state"] == "RECORDED"
    await verified(api, customer)
    await assessed(api, customer)
    whole = await dossier(api, "demo.manager", customer)
    assert (whole["state"], whole["missing"], whole["unknown"]) == ("COMPLETE", [], [])


async def test_c5_what_has_run_out_is_told_from_what_was_never_there(api: Api) -> None:
    """A licence, a verification and an assessment that are over make an expired dossier; a mismatch is no proof."""
    customer = await new_customer(api)
    await completed(api, customer, licenceExpiresOn="2020-01-01")
    await verified(api, customer, result="NOT_MATCHED")
    parts = (await dossier(api, "demo.manager", customer))["missing"]
    assert ("VERIFICATION", "missing") in codes(parts)
    await verified(api, customer, verifiedAt="2024-01-01T00:00:00Z", expiresOn="2024-12-31")
    await assessed(api, customer)
    database = api.services.database
    await database["risk_assessments"].update_one({"customer": customer}, {"$set": {"valid_until": "2024-12-31"}})
    ran_out = [("INFORMATION", "licence_expired"), ("VERIFICATION", "expired"), ("ASSESSMENT", "expired")]
    found = await dossier(api, "demo.manager", customer)
    assert (found["state"], codes(found["missing"])) == ("EXPIRED", ran_out)
    await change(api, customer, size=None)
    found = await dossier(api, "demo.manager", customer)
    assert (found["state"], codes(found["missing"])) == ("INCOMPLETE", [("INFORMATION", "size"), *ran_out])


async def test_c5_one_query_gives_every_section_and_each_is_paged(api: Api) -> None:
    """Newest first, forwards and backwards, filtered; a cursor of one customer opens no page of another."""
    customer, other = await new_customer(api), await new_customer(api)
    tickets = [
        (await done(api, "demo.agent", OPEN, customer=customer, subject=f"咨询{number}"))["id"] for number in range(5)
    ]
    await done(api, "demo.agent", OPEN, customer=other, subject="另一位客户")
    query = """query($c: ID!, $after: String, $before: String, $first: Int, $last: Int) { dossier(customer: $c) {
      tickets(first: $first, after: $after, last: $last, before: $before) { nodes { id customer { id } }
        pageInfo { hasNextPage endCursor startCursor } totalCount } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = (await dossier(api, "demo.agent", customer, query, first=2, after=after))["tickets"]
        assert page["totalCount"] == 5
        assert {node["customer"]["id"] for node in page["nodes"]} == {customer}
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == tickets[::-1]
    back = (await dossier(api, "demo.agent", customer, query, last=2, before=page["pageInfo"]["startCursor"]))[
        "tickets"
    ]
    assert [node["id"] for node in back["nodes"]] == seen[2:4]
    stolen = await api.ask("demo.agent", query, {"c": other, "first": 2, "after": after})
    assert stolen["data"]["dossier"] == {"tickets": None}
    assert stolen["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
    found = 'query($c: ID!) { dossier(customer: $c) { tickets(search: "咨询3") { nodes { subject } totalCount } } }'
    page = (await dossier(api, "demo.agent", customer, found))["tickets"]
    assert page == {"nodes": [{"subject": "咨询3"}], "totalCount": 1}


async def test_c5_everything_that_the_caller_may_see_in_one_query(api: Api) -> None:
    """Each section holds what its list holds of the customer, for each caller."""
    customer = await new_customer(api)
    await verified(api, customer)
    await assessed(api, customer)
    await rated(api, customer)
    contract = await signed(api, customer)
    await invoiced(api, contract["id"], "FP-1", "10.00", "2026-02-10")
    await paid(api, customer, "10.00")
    await done(api, "demo.agent", OPEN, customer=customer, subject="咨询")
    full = {"verifications", "riskAssessments", "creditAssessments", "contracts", "receivables", "payments", "tickets"}
    mine = await dossier(api, "demo.manager", customer, WHOLE)
    assert {name for name in SECTIONS if mine[name]["totalCount"]} == full | {"handlingChanges"}
    agent = await dossier(api, "demo.agent", customer, WHOLE)
    assert {name for name in SECTIONS if agent[name]["totalCount"]} == {"verifications", "tickets"}
    officer = await dossier(api, "demo.credit", customer, WHOLE)
    assert {name for name in SECTIONS if officer[name]["totalCount"]} == (full | {"handlingChanges"}) - {"tickets"}


async def test_c5_each_section_costs_one_command(api: Api) -> None:
    """Whatever it holds; and its rows are built without a resolver per field."""
    customer = await new_customer(api)
    for number in range(3):
        await done(api, "demo.agent", OPEN, customer=customer, subject=f"咨询{number}")
        await verified(api, customer)
    query = """query($c: ID!) { dossier(customer: $c) { state tickets { nodes { id subject state } }
      verifications { nodes { id result referenceNumber } } contracts { nodes { id number amount } } } }"""
    await dossier(api, "demo.manager", customer, query)
    before = await metrics(api)
    await api.services.database.command("profile", 2)
    found = await dossier(api, "demo.manager", customer, query)
    await api.services.database.command("profile", 0)
    after = await metrics(api)
    assert (len(found["tickets"]["nodes"]), len(found["verifications"]["nodes"])) == (3, 3)
    counts = await commands(api)
    assert (counts["tickets"], counts["contracts"]) == (1, 1)
    assert (counts["verifications"], counts["risk_assessments"]) == (2, 1)  # one each for the state
    assert after["dossier_rows_bailed_total"] == before["dossier_rows_bailed_total"]
    assert after["dossier_rows_unplanned_total"] == before["dossier_rows_unplanned_total"]


async def test_c5_of_what_a_caller_may_not_read_a_dossier_says_nothing(api: Api) -> None:
    """An agent gets the same answer, byte by byte, whatever is stored in fields and records that are closed to it:
    they are unknown, neither missing nor there. So does an archivist of what is closed to archivists."""
    customer = await new_customer(api)
    await completed(api, customer)
    row_id = ObjectId(customer.split("_")[1])
    customers, database = api.services.database["customers"], api.services.database
    before = {who: await _raw(api, who, customer) for who in ("demo.agent", "demo.archivist")}
    agent = await dossier(api, "demo.agent", customer)
    assert ("ASSESSMENT", "missing") in codes(agent["unknown"])
    assert ("INFORMATION", "unifiedSocialCreditCode") in codes(agent["unknown"])
    assert not {("ASSESSMENT", "missing"), ("INFORMATION", "industry")} & set(codes(agent["missing"]))
    kept = await customers.find_one({"_id": row_id})
    assert kept is not None
    # Closed to agents: identity, business, financial. Closed to archivists as well: what is personal.
    for closed, who in (
        (("tax_registration_number", "legal_form", "size", "industry", "legal_representative"), "demo.agent"),
        (("legal_representative",), "demo.archivist"),
    ):
        await customers.update_one({"_id": row_id}, {"$unset": dict.fromkeys(closed, "")})
        assert await _raw(api, who, customer) == before[who]
        await customers.replace_one({"_id": row_id}, kept)
    await customers.update_one({"_id": row_id}, {"$set": {"licence_expires_on": "2020-01-01"}})
    assert await _raw(api, "demo.agent", customer) == before["demo.agent"]
    await assessed(api, customer)
    await rated(api, customer)
    await customers.replace_one({"_id": row_id}, kept)
    assert await _raw(api, "demo.agent", customer) == before["demo.agent"]
    assert await _raw(api, "demo.archivist", customer) != before["demo.archivist"]  # who may see that there is one
    assert await database["risk_assessments"].count_documents({"customer": customer}) == 1


async def _raw(api: Api, who: str, customer: str) -> bytes:
    token = await api.login(who)
    whole = WHOLE.replace(
        "missing { code }", "missing { section code labelEn labelZh } unknown { section code labelEn }"
    )
    body = {"query": whole, "variables": {"c": customer}}
    response = await api.http.post("/graphql", json=body, headers={"authorization": f"Bearer {token}"})
    assert "errors" not in response.json(), response.text
    return response.content


async def test_c5_the_dossier_of_a_customer_out_of_sight_is_none(api: Api) -> None:
    """As that of one that does not exist, for every caller who sees no such customer, and for nobody at all."""
    customer = await new_customer(api)
    for identifier in (customer, "enterprise_" + "0" * 24, "nothing"):
        answer = await api.ask("demo.customer", STATE, {"c": identifier})
        assert answer == {"data": {"dossier": None}}
    answer = await api.ask(None, STATE, {"c": customer})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_c5_a_customer_sees_its_own_dossier_and_a_partner_none(api: Api) -> None:
    """The customer as far as the rules go; a partner not even of one who shares with it."""
    mine = await api.ask("demo.customer", "{ customers { nodes { id } } }")
    [own] = mine["data"]["customers"]["nodes"]
    found = (await api.ask("demo.customer", WHOLE, {"c": own["id"]}))["data"]["dossier"]
    assert found["customer"]["id"] == own["id"]
    assert found["verifications"] == found["contracts"] == {"nodes": [], "totalCount": 0}
    shared = await api.ask("demo.partner", "{ customers(first: 1) { nodes { id } } }")
    [customer] = shared["data"]["customers"]["nodes"]
    assert await api.ask("demo.partner", STATE, {"c": customer["id"]}) == {"data": {"dossier": None}}


async def test_c5_a_section_gives_no_condition_that_its_list_refuses(api: Api) -> None:
    """A filter by a field that the caller may not find by is refused in the dossier too, and takes no other section
    along."""
    customer = await new_customer(api)
    query = """query($c: ID!) { dossier(customer: $c) { customer { id }
      verifications(filter: { referenceNumber: { eq: "XZ-2026-00071234" } }) { totalCount }
      tickets { totalCount } } }"""
    answer = await api.ask("demo.agent", query, {"c": customer})
    assert answer["errors"][0]["extensions"]["code"] == "FILTER_DENIED"
    assert answer["data"]["dossier"] == {
        "customer": {"id": customer},
        "verifications": None,
        "tickets": {"totalCount": 0},
    }


def test_every_record_of_a_customer_is_a_section() -> None:
    """A new kind of customer record is in the dossier by its declaration alone."""
    core: Any = build_schema(CATALOGUE).core
    fields = core.type_map["Dossier"].fields
    for cls in RECORD_CLASSES:
        if issubclass(cls, CustomerRecord):
            section = fields[camel_case(plural(cls.kind))]
            assert section.type.name == f"{pascal_case(cls.kind.value)}Connection"
