"""Revealing one masked field (`stepUp`, `reveal`): who may, after what, what is kept of it, and what is fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from demo.accounts import SERVICE as SERVICE_DEPARTMENT
from documents.access.plan import Action
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.errors import RecordNotFoundError
from documents.reading.reveals import CustomerReveals
from documents.writing.records import RecordWrites
from policies.rules.rule_set import RuleSet
from tests.accounts import change_session
from tests.api import PASSWORD, Api, demo
from tests.chapters.audit.test_audit_trail import recorded
from tests.policies.rule_sets import default_rules

STEP_UP = """mutation($i: StepUpInput!) { stepUp(input: $i) {
  until retryAfter userErrors { code message field rule } } }"""
REVEAL = """mutation($i: RevealInput!) { reveal(input: $i) {
  value values level revelation userErrors { code message field rule } } }"""
FOUND = "query($id: ID!) { customer(id: $id) { telephone email access { field level revealable } } }"
REVELATIONS = """query($f: RevelationFilter) { revelations(filter: $f) { nodes {
  id field reason revealedBy { username } revealedAt customer { id } } } }"""
AGENT, SERVICE = "demo.agent", "customer_service"
MANAGER, BUSINESS = "demo.manager", "business_operation"
REASON = "客户来电要求回电，需核对号码"
NOBODY = "individual_" + "0" * 24
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"


@dataclass
class Desk:
    """The demo, and customers of another department than the agent's."""

    api: Api
    customers: list[str]

    async def token(self, username: str = AGENT) -> str:
        """The access token of a new session."""
        given = {"username": username, "password": PASSWORD}
        answer = await self.api.http.post("/graphql", json={"query": LOGIN, "variables": {"i": given}})
        token: str = answer.json()["data"]["login"]["accessToken"]
        return token

    async def post(
        self, token: str, query: str, given: dict[str, Any], purpose: str = SERVICE, key: str | None = None
    ) -> Any:
        """The answer of one request in the session of `token`."""
        headers = {"authorization": f"Bearer {token}", "dossier-purpose": purpose, "accept-language": "en"}
        headers |= {"idempotency-key": key} if key is not None else {}
        return await self.api.http.post("/graphql", json={"query": query, "variables": {"i": given}}, headers=headers)

    async def stepped_up(self, username: str = AGENT) -> str:
        """The access token of a new session that is stepped up."""
        token = await self.token(username)
        answer = (await self.post(token, STEP_UP, {"password": PASSWORD})).json()
        assert answer["data"]["stepUp"]["userErrors"] == []
        return token

    async def reveal(self, token: str, purpose: str = SERVICE, key: str | None = None, **given: str) -> dict[str, Any]:
        """The payload of `reveal`, of the first customer's telephone unless stated otherwise."""
        named = {"customer": self.customers[0], "field": "telephone", "reason": REASON} | given
        answer = (await self.post(token, REVEAL, named, purpose, key)).json()
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"]["reveal"]
        return payload

    async def kept(self, **condition: Any) -> list[dict[str, Any]]:
        """The records of reveals as an inspector reads them."""
        answer = await self.api.ask("demo.inspector", REVELATIONS, {"f": condition or None}, purpose="supervision")
        nodes: list[dict[str, Any]] = answer["data"]["revelations"]["nodes"]
        return nodes

    async def stored(self) -> int:
        return int(await self.api.services.database["revelations"].count_documents({}))

    async def plain(self, customer: str, field: str = "telephone") -> Any:
        """The field in full, as one who may read it has it."""
        row = await self.api.services.database["customers"].find_one({"_id": _row_id(customer)})
        assert row is not None
        key = (await self.api.services.storage.keyring.data_keys([row["_id"]]))[row["_id"]]
        return decrypt_value(key, FieldContext("customers", field), row[field])


def _row_id(customer: str) -> ObjectId:
    return ObjectId(customer.rpartition("_")[2])


@pytest.fixture(scope="module")
async def desk(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("reveal")) as api:
        rows = api.services.database["customers"].find(
            {
                "kind": "individual",
                "department": {"$ne": SERVICE_DEPARTMENT},
                "account_manager": {"$ne": MANAGER},
                **{name: {"$type": "binData"} for name in ("telephone", "email", "id_number")},
            }
        )
        customers = [f"individual_{row['_id']}" async for row in rows]
        answer = await api.ask(AGENT, FOUND, {"id": customers[0]}, purpose=SERVICE)
        assert "*" in answer["data"]["customer"]["telephone"]
        yield Desk(api, customers)


def codes(payload: dict[str, Any]) -> list[str]:
    """The codes of the errors; nothing may be shown beside any."""
    if payload["userErrors"]:
        assert (payload["value"], payload["values"], payload["level"], payload["revelation"]) == (None,) * 4
    return [error["code"] for error in payload["userErrors"]]


class TestRevealing:
    async def test_a_masked_field_is_opened_after_step_up_for_a_reason(self, desk: Desk) -> None:
        """The value in full, at level PLAIN, and the record of it."""
        payload = await desk.reveal(await desk.stepped_up())
        expected = await desk.plain(desk.customers[0])
        assert (payload["value"], payload["values"], payload["level"]) == (expected, [expected], "PLAIN")
        assert "*" not in payload["value"]
        [kept] = await desk.kept(customer={"eq": desk.customers[0]})
        assert kept["id"] == payload["revelation"]
        assert (kept["field"], kept["reason"], kept["revealedBy"]["username"]) == ("telephone", REASON, AGENT)
        assert kept["customer"]["id"] == desk.customers[0]
        assert abs(datetime.fromisoformat(kept["revealedAt"]) - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_a_list_is_given_as_its_values(self, desk: Desk) -> None:
        """One text each, and all as one."""
        rows = desk.api.services.database["customers"].find(
            {"other_telephones": {"$type": "binData"}, "department": {"$ne": SERVICE_DEPARTMENT}}
        )
        row = await rows.to_list(1)
        customer = f"{row[0]['kind']}_{row[0]['_id']}"
        payload = await desk.reveal(await desk.stepped_up(), customer=customer, field="otherTelephones")
        assert payload["values"] == await desk.plain(customer, "other_telephones")
        assert payload["value"] == ", ".join(payload["values"])

    async def test_the_reason_is_ciphertext_at_rest_and_goes_with_the_customer(self, desk: Desk) -> None:
        """It may hold personal data: sealed under the customer's key, deleted with it."""
        customer = desk.customers[-1]
        await desk.reveal(await desk.stepped_up(), customer=customer)
        condition = {"customer_id": _row_id(customer)}
        row = await desk.api.services.database["revelations"].find_one(condition)
        assert row is not None
        assert isinstance(row["reason"], bytes)
        assert REASON.encode() not in row["reason"]
        found = await desk.api.services.database["customers"].find_one({"_id": _row_id(customer)})
        assert found is not None
        remove = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
        answer = await desk.api.ask("demo.admin", remove, {"i": {"id": customer, "version": found["version"]}})
        assert answer["data"]["deleteCustomer"]["userErrors"] == []
        assert await desk.api.services.database["revelations"].find_one(condition) is None

    async def test_what_is_plain_anyhow_is_given_as_it_is(self, desk: Desk) -> None:
        """Of the own customers a manager reads everything: no password, no record."""
        row = await desk.api.services.database["customers"].find_one(
            {"account_manager": MANAGER, "id_number": {"$type": "binData"}}
        )
        assert row is not None
        customer, before = f"individual_{row['_id']}", await desk.stored()
        async with recorded(desk.api) as entries:
            payload = await desk.reveal(await desk.token(MANAGER), BUSINESS, customer=customer, field="idNumber")
        assert payload["value"] == await desk.plain(customer, "id_number")
        assert (payload["level"], payload["revelation"], payload["userErrors"]) == ("PLAIN", None, [])
        assert await desk.stored() == before
        assert [touch["act"] for touch in entries[0].entry["touches"]] == ["read"]

    async def test_who_may_reveal_knows_before(self, desk: Desk) -> None:
        """`revealable` of each record, of the kind, and in the payload of a change."""
        answer = await desk.api.ask(AGENT, FOUND, {"id": desk.customers[0]}, purpose=SERVICE)
        cells = answer["data"]["customer"]["access"]
        assert {cell["field"] for cell in cells if cell["revealable"]} == {"telephone", "otherTelephones", "email"}
        assert all(cell["level"] == "MASKED" for cell in cells if cell["revealable"])
        kinds = "{ viewer { access(kind: INDIVIDUAL) { field revealable byScope { scopes revealable } } } }"
        fields = (await desk.api.ask(AGENT, kinds, purpose=SERVICE))["data"]["viewer"]["access"]
        found = {cell["field"]: cell for cell in fields if cell["revealable"]}
        assert found.keys() == {"telephone", "otherTelephones", "email"}
        by_scope = {tuple(each["scopes"]): each["revealable"] for each in found["telephone"]["byScope"]}
        assert by_scope == {("ALL",): True, ("ALL", "DEPARTMENT"): False}


class TestStepUp:
    async def test_without_step_up_nothing_is_opened(self, desk: Desk) -> None:
        """A login by itself is none: the code says what is missing, and nothing is kept."""
        before = await desk.stored()
        payload = await desk.reveal(await desk.token())
        assert codes(payload) == ["STEP_UP_REQUIRED"]
        assert await desk.stored() == before

    async def test_it_is_of_one_session_and_of_every_process(self, desk: Desk) -> None:
        """Another session of the same account is not stepped up; what the session has is in the database."""
        one, other = await desk.stepped_up(), await desk.token()
        assert codes(await desk.reveal(one)) == []
        assert codes(await desk.reveal(other)) == ["STEP_UP_REQUIRED"]

    async def test_it_runs_out(self, desk: Desk) -> None:
        """After its five minutes."""
        token = await desk.stepped_up()
        sessions = desk.api.services.database["sessions"]
        [session] = await sessions.find({"stepped_up_until": {"$ne": None}}).sort("issued_at", -1).to_list(1)
        until = session["stepped_up_until"]
        assert timedelta(minutes=4) < until - datetime.now(UTC) <= timedelta(minutes=5)
        ago = until - timedelta(minutes=5)
        await change_session(desk.api.services.accounts, session["_id"], stepped_up_until=ago)
        assert codes(await desk.reveal(token)) == ["STEP_UP_REQUIRED"]

    async def test_a_wrong_password_is_refused_and_limited(self, desk: Desk) -> None:
        """Ten tries; then the right one has to wait too, here and at the login."""
        token = await desk.token("demo.credit")
        for _ in range(10):
            answer = (await desk.post(token, STEP_UP, {"password": "wrong"})).json()["data"]["stepUp"]
            assert [error["code"] for error in answer["userErrors"]] == ["INVALID_CREDENTIALS"]
            assert answer["until"] is None
        answer = (await desk.post(token, STEP_UP, {"password": PASSWORD})).json()["data"]["stepUp"]
        assert [error["code"] for error in answer["userErrors"]] == ["TOO_MANY_ATTEMPTS"]
        assert 0 < answer["retryAfter"] <= 300
        payload = await desk.reveal(token, "risk_assessment")
        assert codes(payload) == ["STEP_UP_REQUIRED"]

    async def test_nobody_steps_up_or_reveals(self, desk: Desk) -> None:
        """Both ask who it is first."""
        for query, given in (
            (STEP_UP, {"password": PASSWORD}),
            (REVEAL, {"customer": desk.customers[0], "field": "telephone", "reason": REASON}),
        ):
            answer = await desk.api.ask(None, query, {"i": given})
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


class TestRefusals:
    async def test_what_is_denied_or_masked_for_good_is_not_opened(self, desk: Desk) -> None:
        """An agent gets no identity number and no address, an inspector no telephone: even stepped up."""
        agent, inspector, before = await desk.stepped_up(), await desk.stepped_up("demo.inspector"), await desk.stored()
        for token, purpose, field in (
            (agent, SERVICE, "idNumber"),
            (agent, SERVICE, "address"),
            (agent, SERVICE, "bankAccounts"),
            (inspector, "supervision", "telephone"),
            (inspector, "supervision", "idNumber"),
        ):
            payload = await desk.reveal(token, purpose, field=field)
            assert codes(payload) == ["ACCESS_DENIED"]
            [error] = payload["userErrors"]
            assert (error["rule"], error["field"]) == ("reveal.not_allowed", ["revelation", "field"])
        assert await desk.stored() == before

    async def test_a_customer_out_of_sight_answers_like_none(self, desk: Desk) -> None:
        """Byte by byte, whatever the field, and an unknown one too."""
        token = await desk.stepped_up("demo.customer")
        for field in ("telephone", "idNumber", "notes", "nonsense"):
            answers = [
                await desk.post(token, REVEAL, {"customer": customer, "field": field, "reason": REASON})
                for customer in (desk.customers[0], NOBODY)
            ]
            assert answers[0].content == answers[1].content
            payload = answers[0].json()["data"]["reveal"]
            assert codes(payload) == (["INVALID_VALUE"] if field == "nonsense" else ["NOT_FOUND"])

    async def test_an_unknown_field_is_told_with_the_nearest(self, desk: Desk) -> None:
        """The fields of a kind are no secret."""
        [error] = (await desk.reveal(await desk.stepped_up(), field="telefone"))["userErrors"]
        assert (error["code"], error["rule"]) == ("INVALID_VALUE", "value.unknown_field")
        assert "telephone" in error["message"]

    @pytest.mark.parametrize("reason", ["", "  ", "no", " a ", "x" * 501])
    async def test_a_reason_that_says_nothing_opens_nothing(self, desk: Desk, reason: str) -> None:
        """From 3 to 500 characters."""
        before = await desk.stored()
        payload = await desk.reveal(await desk.stepped_up(), reason=reason)
        assert codes(payload) == ["INVALID_VALUE"]
        assert payload["userErrors"][0]["field"] == ["revelation", "reason"]
        assert await desk.stored() == before

    async def test_another_purpose_opens_nothing(self, desk: Desk) -> None:
        """A rule holds for its purpose: a manager reveals in business, and nobody without a purpose of theirs."""
        token = await desk.stepped_up(MANAGER)
        assert codes(await desk.reveal(token, BUSINESS)) == []
        given = {"customer": desk.customers[0], "field": "telephone", "reason": REASON}
        answer = (await desk.post(token, REVEAL, given, "supervision")).json()
        assert answer["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"

    async def test_a_rule_that_is_taken_away_or_denied_ends_it(self, desk: Desk) -> None:
        """A deny outweighs, of `reveal`, of `read`; the field stays masked."""
        rules, store, token = default_rules(), desk.api.services.store, await desk.stepped_up()
        without = replace(rules, rules=tuple(rule for rule in rules.rules if rule.action != Action.REVEAL.value))
        deny = rules.rules[-1]._replace(
            role="employee", scope="all", kind="*", field="telephone", purpose="*", effect="deny"
        )
        changed: list[RuleSet] = [
            without,
            replace(rules, rules=(*rules.rules, deny._replace(action="reveal"))),
            replace(rules, rules=(*rules.rules, deny._replace(action="read"))),
        ]
        try:
            for one in changed:
                await store.activate(one, "tests")
                assert codes(await desk.reveal(token)) == ["ACCESS_DENIED"]
                answer = await desk.api.ask(AGENT, FOUND, {"id": desk.customers[0]}, purpose=SERVICE)
                assert "*" in answer["data"]["customer"]["telephone"]
        finally:
            await store.activate(rules, "tests")
        assert codes(await desk.reveal(token)) == []


class TestWhatIsKept:
    async def test_the_trail_says_which_field_was_revealed_and_where_the_reason_is(self, desk: Desk) -> None:
        """Act `reveal` of the one field, and the record of it; neither value nor reason is in the entry."""
        token = await desk.stepped_up()
        async with recorded(desk.api) as entries:
            payload = await desk.reveal(token, field="email")
        of_record, found = entries
        made = {touch["act"]: touch for one in entries for touch in one.entry["touches"]}
        row_id = _row_id(desk.customers[0])
        assert made["reveal"] == {"act": "reveal", "kind": "individual", "customers": [row_id], "plain": ["email"]}
        assert made["create"]["kind"] == "revelation"
        assert made["create"]["records"] == [_row_id(payload["revelation"])]
        assert made.keys() == {"reveal", "create"}
        for one in (of_record, found):
            assert one.entry["outcome"] == "ok"
            assert REASON not in repr(one.entry)
            assert payload["value"] not in repr(one.entry)

    async def test_the_trail_has_refusals_too(self, desk: Desk) -> None:
        """Denied, out of sight, not stepped up: who tried which field of whom."""
        token = await desk.token()
        for given, code, refused in (
            ({"field": "idNumber"}, "ACCESS_DENIED", ["id_number"]),
            ({"customer": NOBODY}, "NOT_FOUND", None),
            ({}, "STEP_UP_REQUIRED", None),
        ):
            async with recorded(desk.api) as entries:
                await desk.reveal(token, **given)
            [touch] = entries[0].entry["touches"]
            assert (touch["act"], touch["code"], touch.get("refused")) == ("reveal", code, refused)
            assert entries[0].entry["outcome"] == "refused"

    async def test_a_retry_leaves_one_record_and_the_same_answer(self, desk: Desk) -> None:
        """With the same idempotency key; the key of another question is refused."""
        token, before = await desk.stepped_up(), await desk.stored()
        first, second = [await desk.reveal(token, key="reveal-once") for _ in range(2)]
        assert first == second
        assert await desk.stored() == before + 1
        given = {"customer": desk.customers[0], "field": "email", "reason": REASON}
        answer = (await desk.post(token, REVEAL, given, key="reveal-once")).json()
        assert answer["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"

    async def test_the_record_is_stored_before_the_value_is_fetched(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server that dies between the two leaves the record; where it cannot be stored nothing is fetched."""
        token, before = await desk.stepped_up(), await desk.stored()
        opened: list[Any] = []

        async def dies(*arguments: Any, **_more: Any) -> None:
            opened.append(arguments)
            raise RuntimeError("killed")

        with monkeypatch.context() as patch:
            patch.setattr(CustomerReveals, "open", dies)
            given = {"customer": desk.customers[0], "field": "telephone", "reason": REASON}
            assert "errors" in (await desk.post(token, REVEAL, given)).json()
        assert opened
        assert await desk.stored() == before + 1
        opened.clear()
        with monkeypatch.context() as patch:
            patch.setattr(CustomerReveals, "open", dies)
            patch.setattr(RecordWrites, "insert", refuses)
            assert codes(await desk.reveal(token)) == ["NOT_FOUND"]
        assert not opened
        assert await desk.stored() == before + 1

    async def test_only_inspectors_read_what_was_revealed(self, desk: Desk) -> None:
        """Neither who revealed it nor who manages the customer sees the records."""
        await desk.reveal(await desk.stepped_up())
        assert await desk.kept(revealedBy={"eq": AGENT})
        for username, purpose in ((AGENT, SERVICE), (MANAGER, BUSINESS), ("demo.admin", BUSINESS)):
            answer = await desk.api.ask(username, "{ revelations { nodes { id } } }", purpose=purpose)
            assert "errors" in answer or answer["data"]["revelations"]["nodes"] == []


async def refuses(*_arguments: Any, **_more: Any) -> None:
    raise RecordNotFoundError


class TestWhatIsFetched:
    async def test_only_the_one_field_is_fetched_and_decrypted(self, desk: Desk) -> None:
        """No other field of the customer leaves the database; one value is opened."""
        token, database = await desk.stepped_up(), desk.api.services.database
        with watched_decryption(desk) as opened:
            await database.command({"profile": 2})
            try:
                await desk.reveal(token)
            finally:
                await database.command({"profile": 0})
        assert opened == ["telephone"]
        commands = await database["system.profile"].find({"command.find": "customers"}).to_list()
        await database["system.profile"].drop()
        named = set().union(*(entry["command"]["projection"].keys() for entry in commands))
        assert named == {"kind", "account_manager", "department", "telephone"}

    async def test_where_it_is_refused_no_value_is_fetched(self, desk: Desk) -> None:
        """Denied, not stepped up, no reason: the field is not even named to the database."""
        stepped_up, fresh, database = await desk.stepped_up(), await desk.token(), desk.api.services.database
        with watched_decryption(desk) as opened:
            await database.command({"profile": 2})
            try:
                await desk.reveal(stepped_up, field="idNumber")
                await desk.reveal(fresh)
                await desk.reveal(stepped_up, reason="x")
            finally:
                await database.command({"profile": 0})
        assert opened == []
        commands = await database["system.profile"].find({"command.find": "customers"}).to_list()
        await database["system.profile"].drop()
        assert commands
        named = set().union(*(entry["command"]["projection"].keys() for entry in commands))
        assert named == {"kind", "account_manager", "department"}


@contextmanager
def watched_decryption(desk: Desk) -> Iterator[list[str]]:
    """The fields of customers that are decrypted within."""
    codec = desk.api.services.use_cases.information.reveals._reveals._codec
    opened: list[str] = []

    def decrypt(key: DataKey, context: FieldContext, stored: bytes) -> Any:
        opened.append(context.path)
        return decrypt_value(key, context, stored)

    before, codec._decrypt = codec._decrypt, decrypt
    codec._readers.clear()
    try:
        yield opened
    finally:
        codec._decrypt = before
        codec._readers.clear()
