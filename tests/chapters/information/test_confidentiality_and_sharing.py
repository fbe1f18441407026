"""I4 and I7, end to end: no access without an undertaking; partners see what was consented to, as long as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from tests.api import PASSWORD_HASH, Api, demo
from tests.patience import until

SIGN = """mutation { signUndertaking(input: { textVersion: 1 }) {
  undertaking { staff { username } expiresAt textDigest } userErrors { code rule message } } }"""
LIST = "{ customers(first: 3) { nodes { id name telephone } totalCount } }"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("sharing")) as api:
        accounts = api.services.accounts
        for username, role, purpose in (
            ("new.agent", "service_agent", Purpose.CUSTOMER_SERVICE),
            ("safe.officer", "security_officer", Purpose.SUPERVISION),
        ):
            await accounts.add(
                NewAccount(
                    username,
                    display_name=username,
                    roles=[role],
                    purposes=[purpose],
                    department="service",
                    password_hash=PASSWORD_HASH,
                )
            )
        await api.ask("safe.officer", SIGN)
        yield api


async def test_i4_without_an_undertaking_there_is_no_access_at_all(api: Api) -> None:
    """Not to lists, single customers, records or the question what one may see; and the answer says what to do."""
    for query in (LIST, "{ tickets { nodes { id } } }", "{ viewer { access(kind: INDIVIDUAL) { field } } }"):
        answer = await api.ask("new.agent", query, language="zh-CN")
        assert answer["errors"][0]["extensions"]["code"] == "UNDERTAKING_REQUIRED", answer
        assert "保密承诺书" in answer["errors"][0]["message"]


async def test_i4_signing_opens_access_and_withdrawing_ends_it(api: Api) -> None:
    """Who signs the current text has access; whose undertaking is withdrawn has none any more."""
    wrong = await api.ask("new.agent", SIGN.replace("textVersion: 1", "textVersion: 7"))
    assert wrong["data"]["signUndertaking"]["userErrors"][0]["rule"] == "undertaking.text_version"
    signed = (await api.ask("new.agent", SIGN))["data"]["signUndertaking"]
    assert signed["undertaking"]["staff"]["username"] == "new.agent"
    text = (await api.ask("new.agent", "{ undertakingText { digest textZh } }"))["data"]["undertakingText"]
    assert signed["undertaking"]["textDigest"] == text["digest"]

    async def has_access() -> bool:
        return "errors" not in await api.ask("new.agent", LIST)

    assert await has_access()
    listed = '{ undertakings(filter: { staff: { eq: "new.agent" } }) { nodes { id version } } }'
    [known] = (await api.ask("safe.officer", listed))["data"]["undertakings"]["nodes"]
    withdraw = """mutation($i: WithdrawUndertakingInput!) { withdrawUndertaking(input: $i) { userErrors { code } } }"""
    refused = await api.ask("demo.inspector", withdraw, {"i": known})
    assert refused["data"]["withdrawUndertaking"]["userErrors"][0]["code"] == "ACCESS_DENIED"
    done = await api.ask("safe.officer", withdraw, {"i": {**known, "withdrawalReason": "调离"}})
    assert done["data"]["withdrawUndertaking"]["userErrors"] == []

    async def has_none() -> bool:
        return not await has_access()

    await until(has_none)


async def test_i4_nobody_sees_or_signs_the_undertaking_of_another(api: Api) -> None:
    """Staff see their own undertakings, and no others."""
    seen = (await api.ask("demo.agent", "{ undertakings { nodes { staff { username } } } }"))["data"]["undertakings"]
    assert {node["staff"]["username"] for node in seen["nodes"]} == {"demo.agent"}


class Partner:
    """A partner with an agreement, a login, and customers of demo.manager who may consent."""

    def __init__(self, api: Api, name: str) -> None:
        self.api = api
        self.name = name
        self.id = ""
        self.agreement: dict[str, Any] = {}

    async def begin(self, fields: list[str] | None = None) -> None:
        added = await self.api.ask(
            "safe.officer",
            "mutation($i: AddPartnerInput!) { addPartner(input: $i) { partner { id } userErrors { code } } }",
            {"i": {"name": f"合作方{self.name}"}},
        )
        self.id = added["data"]["addPartner"]["partner"]["id"]
        sign = """mutation($i: SignSharingAgreementInput!) { signSharingAgreement(input: $i) {
          sharingAgreement { id version } userErrors { code rule field message } } }"""
        given = {"partner": self.id, "signedAt": at(-1), "expiresAt": at(30), "fields": fields}
        answer = await self.api.ask("safe.officer", sign, {"i": {k: v for k, v in given.items() if v is not None}})
        self.agreement = answer["data"]["signSharingAgreement"]["sharingAgreement"]
        await self.api.services.accounts.add(
            NewAccount(
                self.name,
                display_name=self.name,
                roles=["partner"],
                purposes=[Purpose.BUSINESS_OPERATION],
                password_hash=PASSWORD_HASH,
                partner=self.id,
            )
        )

    async def consent(self, customer: str, fields: list[str], days: int = 30) -> dict[str, Any]:
        give = """mutation($i: GiveConsentInput!) { giveConsent(input: $i) {
          consent { id version } userErrors { code rule field message } } }"""
        given = {"customer": customer, "partner": self.id, "fields": fields, "givenAt": at(-1), "expiresAt": at(days)}
        answer = await self.api.ask("demo.manager", give, {"i": given}, purpose="business_operation")
        payload: dict[str, Any] = answer["data"]["giveConsent"]
        return payload

    async def sees(self, query: str = LIST) -> Any:
        return (await self.api.ask(self.name, query))["data"]


def at(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def own_customers(api: Api) -> list[dict[str, Any]]:
    mine = 'kinds: [INDIVIDUAL], filter: { accountManager: { eq: "demo.manager" } }'
    query = f"{{ customers({mine}) {{ nodes {{ id name telephone }} }} }}"
    answer = await api.ask("demo.manager", query, purpose="business_operation")
    return [node for node in answer["data"]["customers"]["nodes"] if node["telephone"]]


async def test_i7_a_partner_sees_the_consented_fields_of_the_consented_customers_and_nothing_else(api: Api) -> None:
    """Two customers with different consents: each shows its own fields; all others do not exist."""
    partner = Partner(api, "partner.one")
    await partner.begin()
    first, second, third, *_ = await own_customers(api)
    assert (await partner.sees())["customers"] == {"nodes": [], "totalCount": 0}
    await partner.consent(first["id"], ["name", "telephone"])
    await partner.consent(second["id"], ["name"])
    seen = (await partner.sees())["customers"]
    assert seen["totalCount"] == 2
    assert {node["id"]: (node["name"], node["telephone"]) for node in seen["nodes"]} == {
        first["id"]: (first["name"], first["telephone"]),
        second["id"]: (second["name"], None),
    }
    one = "query($id: ID!) { customer(id: $id) { id } }"
    assert (await api.ask(partner.name, one, {"id": third["id"]}))["data"]["customer"] is None
    narrowed = await api.ask(partner.name, '{ customers(filter: { region: { eq: "x" } }) { nodes { id } } }')
    assert narrowed["errors"][0]["extensions"]["code"] == "FILTER_DENIED"
    for query in ("{ tickets { nodes { id } } }", "{ consents { nodes { id } } }"):
        answer = await api.ask(partner.name, query)
        assert all(not page["nodes"] for page in answer["data"].values())


async def test_i7_either_one_ending_ends_the_sharing_at_once(api: Api) -> None:
    """Withdrawing a consent ends that customer; ending the agreement ends them all."""
    partner = Partner(api, "partner.two")
    await partner.begin()
    first, second, *_ = await own_customers(api)
    given = (await partner.consent(first["id"], ["name"]))["consent"]
    await partner.consent(second["id"], ["name"])
    withdraw = "mutation($i: WithdrawConsentInput!) { withdrawConsent(input: $i) { userErrors { code rule } } }"
    await api.ask("demo.manager", withdraw, {"i": given}, purpose="business_operation")
    assert [node["id"] for node in (await partner.sees())["customers"]["nodes"]] == [second["id"]]
    again = await api.ask("demo.manager", withdraw, {"i": {**given, "version": 2}}, purpose="business_operation")
    assert again["data"]["withdrawConsent"]["userErrors"][0]["rule"] == "sharing.ended_already"
    end = "mutation($i: EndSharingAgreementInput!) { endSharingAgreement(input: $i) { userErrors { code } } }"
    await api.ask("safe.officer", end, {"i": partner.agreement})
    assert (await partner.sees())["customers"] == {"nodes": [], "totalCount": 0}


async def test_i7_an_agreement_for_some_fields_narrows_every_consent(api: Api) -> None:
    """What the agreement does not cover is not shared, whatever was consented to."""
    partner = Partner(api, "partner.three")
    await partner.begin(["name"])
    first, *_ = await own_customers(api)
    await partner.consent(first["id"], ["name", "telephone"])
    [seen] = (await partner.sees())["customers"]["nodes"]
    assert (seen["name"], seen["telephone"]) == (first["name"], None)


async def test_i7_a_consent_names_fields_that_exist_and_customers_of_ones_own(api: Api) -> None:
    """A wrong name is refused with the nearest; another's customer cannot be given away."""
    partner = Partner(api, "partner.four")
    await partner.begin()
    first, *_ = await own_customers(api)
    [error] = (await partner.consent(first["id"], ["telefone"]))["userErrors"]
    assert (error["rule"], "telephone" in error["message"]) == ("value.unknown_field", True)
    query = '{ customers(filter: { accountManager: { eq: "hu.xinyue" } }, first: 1) { nodes { id } } }'
    foreign = (await api.ask("demo.manager", query, purpose="business_operation"))["data"]["customers"]["nodes"][0]
    payload = await partner.consent(foreign["id"], ["name"])
    assert {error["code"] for error in payload["userErrors"]} == {"ACCESS_DENIED"}
    assert payload["consent"] is None


async def test_i7_pages_of_shared_customers_go_both_ways(api: Api) -> None:
    """A cursor goes on where it stands, and back."""
    partner = Partner(api, "partner.five")
    await partner.begin()
    customers = (await own_customers(api))[:3]
    for customer in customers:
        await partner.consent(customer["id"], ["name"])
    page = "{ customers(%s) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } }"
    ids = sorted(customer["id"] for customer in customers)
    first = (await partner.sees(page % "first: 2"))["customers"]
    assert ([node["id"] for node in first["nodes"]], first["pageInfo"]["hasNextPage"]) == (ids[:2], True)
    cursor = first["pageInfo"]["endCursor"]
    rest = (await partner.sees(page % f'first: 2, after: "{cursor}"'))["customers"]
    assert ([node["id"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (ids[2:], False)
    cursor = rest["pageInfo"]["startCursor"]
    back = (await partner.sees(page % f'last: 1, before: "{cursor}"'))["customers"]
    assert [node["id"] for node in back["nodes"]] == [ids[1]]
