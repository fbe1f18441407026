"""The audit trail over the API: what leaves an entry, what the entry says, and that nothing is served without one."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import bson
import httpx
import orjson
import pytest
from graphql import GraphQLField, get_named_type

from documents.audit.blocks import COLLECTION, all_blocks, links
from documents.audit.entries import Outcome
from documents.audit.heads import read_heads
from documents.chapters.audit.queries import AuditQueries, TrailEntry, TrailQuery
from documents.chapters.audit.verification import Claim, claims_of_heads, claims_of_links, verify
from documents.declaring.kind import Kind
from documents.registry import CATALOGUE
from schema.build import build_schema
from tests.api import Api
from tests.chapters.customers.test_customers import (
    ADMIN,
    AGENT,
    CREATE,
    DELETE,
    MANAGER,
    UPDATE,
    create,
    person,
    some_resident_id,
)
from tests.test_incremental_delivery import PARTS

LIST = """query List { customers(first: 7, kinds: [INDIVIDUAL]) {
    nodes { id name telephone ... on Individual { idNumber } } } }"""
ONE = "query($id: ID!) { customer(id: $id) { id name } }"
INSPECTOR = {"username": "demo.inspector", "purpose": "supervision"}
TRAIL = """query($p: String, $c: ID, $f: String, $k: RecordKind, $o: AuditOutcome, $s: DateTime, $n: Int, $a: String) {
  auditTrail(person: $p, customer: $c, field: $f, kind: $k, outcome: $o, since: $s, first: $n, after: $a) {
    nodes { chain sequence time username roles purpose operation { type name documentHash } outcome codes
      ruleSetVersions ruleSetHashes customers fields touches { act kind customers plain masked denied } }
    pageInfo { hasNextPage endCursor } } }"""
NOBODY = "individual_" + "0" * 24
LEVELS: Final[tuple[Literal["plain", "masked", "denied"], ...]] = ("plain", "masked", "denied")


async def ask(api: Api, who: dict[str, str], query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of the answer."""
    return await api.ask(who["username"], query, variables, purpose=who["purpose"])


@asynccontextmanager
async def recorded(api: Api) -> AsyncIterator[list[TrailEntry]]:
    """The entries that come within the context, oldest first; they are there when it ends."""
    queries = AuditQueries(api.services.storage.trail.blocks)
    before = await queries.find(TrailQuery(), limit=1)
    found: list[TrailEntry] = []
    yield found
    for entry in await queries.find(TrailQuery(), limit=1000):
        if before and (entry.chain, entry.sequence) == (before[0].chain, before[0].sequence):
            break
        operation = entry.entry["operation"]
        if operation["type"] != "job" and operation.get("name") != "login":  # which is of an account alone
            found.insert(0, entry)


def ids(customers: list[dict[str, Any]]) -> list[str]:
    return [customer["id"].partition("_")[2] for customer in customers]


class TestReads:
    async def test_a_list_leaves_exactly_one_entry_that_says_who_what_and_why(self, demo_api: Api) -> None:
        """Account, roles, purpose, session, operation, rule set, rows in their order, fields by their level."""
        async with recorded(demo_api) as entries:
            answer = await ask(demo_api, AGENT, LIST)
        (found,) = entries
        entry = found.entry
        assert entry["username"] == "demo.agent"
        assert entry["roles"] == ["service_agent"]
        assert entry["purpose"] == "customer_service"
        assert entry["session"]
        assert entry["operation"]["type"] == "query"
        assert entry["operation"]["name"] == "List"
        assert len(entry["operation"]["document"]) == 32
        in_force = demo_api.services.store.compiler
        assert entry["rules"] == [{"version": in_force.version, "hash": in_force.rule_set.digest}]
        assert entry["outcome"] == "ok"
        (touch,) = entry["touches"]
        assert (touch["act"], touch["kind"]) == ("read", "individual")
        assert [str(customer) for customer in touch["customers"]] == ids(answer["data"]["customers"]["nodes"])
        assert touch["plain"] == ["name"]
        assert touch["masked"] == ["telephone"]
        assert touch["denied"] == ["id_number"]
        assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_rows_that_were_served_differently_are_told_apart(self, demo_api: Api) -> None:
        """A manager's own customers are plain, the others masked: each row stands where it belongs."""
        async with recorded(demo_api) as entries:
            answer = await ask(demo_api, MANAGER, LIST.replace("first: 7", "first: 60"))
        (found,) = entries
        level = {
            str(customer): level
            for touch in found.entry.get("touches", ())
            for level in LEVELS
            if "telephone" in touch.get(level, ())
            for customer in touch["customers"]
        }
        shown = {node["id"].partition("_")[2]: node["telephone"] for node in answer["data"]["customers"]["nodes"]}
        assert set(level.values()) == {"plain", "masked"}
        assert level.keys() == shown.keys()
        assert all(("*" in text) == (level[row] == "masked") for row, text in shown.items() if text)

    async def test_what_was_looked_for_is_named_and_never_its_value(self, demo_api: Api) -> None:
        """Fields of filter, order and search; the trail's bytes hold neither texts nor numbers."""
        query = """query($s: String, $f: CustomerFilter) { customers(search: $s, filter: $f,
            sort: {field: NAME, direction: ASC}) { nodes { id } } }"""
        secret = "测试不存在的名字"
        async with recorded(demo_api) as entries:
            await ask(demo_api, MANAGER, query, variables={"s": secret, "f": {"region": {"eq": "310000"}}})
        (found,) = entries
        assert found.entry["filtered"] == ["region"]
        assert found.entry["sorted"] == ["name"]
        assert "name" in found.entry["searched"]
        assert secret not in repr(found.entry)
        assert "310000" not in repr(found.entry)

    async def test_a_customer_that_is_not_there_for_the_caller_is_noted_as_sought(self, demo_api: Api) -> None:
        """Whether it does not exist or is out of scope: who tried is on record."""
        async with recorded(demo_api) as entries:
            await ask(demo_api, AGENT, ONE, variables={"id": NOBODY})
        (touch,) = entries[0].entry["touches"]
        assert (touch["act"], touch["kind"], [str(row) for row in touch["customers"]]) == (
            "sought",
            "individual",
            ["0" * 24],
        )

    async def test_each_part_of_an_answer_is_recorded_before_it_leaves(self, demo_api: Api) -> None:
        """`@defer` of a second list: two entries, each with what its part brought."""
        query = """{ a: customers(first: 1, kinds: [INDIVIDUAL]) { nodes { id name } }
            ... @defer { b: customers(first: 2, kinds: [ENTERPRISE]) { nodes { id name } } } }"""
        token = await demo_api.login("demo.agent")
        headers = {"authorization": f"Bearer {token}", "accept": PARTS, "dossier-purpose": "customer_service"}
        async with recorded(demo_api) as entries:
            answer = await demo_api.http.post("/graphql", json={"query": query}, headers=headers)
        assert answer.headers["content-type"].startswith("multipart/mixed")
        touched = [touch["kind"] for found in entries for touch in found.entry["touches"]]
        assert sorted(touched) == ["enterprise", "individual"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("who", "query", "code", "named"),
        [
            (AGENT, '{ customers(filter: {idNumber: {eq: "x"}}) { nodes { id } } }', "FILTER_DENIED", "filtered"),
            (AGENT, "{ customers(sort: {field: ANNUAL_REVENUE, direction: ASC}) { nodes { id } } }", None, None),
        ],
        ids=["filter", "validation"],
    )
    async def test_a_refused_condition_leaves_an_entry_with_its_code(
        self, demo_api: Api, who: dict[str, str], query: str, code: str | None, named: str | None
    ) -> None:
        """What the policy refused is on record; what was never a question to it is not."""
        async with recorded(demo_api) as entries:
            answer = await ask(demo_api, who, query)
        assert "errors" in answer
        if code is None or named is None:
            assert entries == []
            return
        (found,) = entries
        assert (found.entry["outcome"], found.entry["codes"]) == ("refused", [code])
        assert {**found.entry}[named] == ["id_number"]

    async def test_a_refused_purpose_leaves_an_entry(self, demo_api: Api) -> None:
        """One that exists is named; a text that is none is not repeated."""
        async with recorded(demo_api) as entries:
            await demo_api.ask("demo.agent", LIST, purpose="risk_assessment")
            await demo_api.ask("demo.agent", LIST, purpose="13812345678")
        first, second = (found.entry for found in entries)
        assert (first["codes"], first["purpose"]) == (["PURPOSE_NOT_ALLOWED"], "risk_assessment")
        assert second["codes"] == ["PURPOSE_UNKNOWN"]
        assert "purpose" not in second

    async def test_whoever_is_nobody_leaves_none(self, demo_api: Api) -> None:
        """Requests without a login reach no customer data; logging in tells of the account alone."""
        async with recorded(demo_api) as entries:
            await demo_api.ask(None, LIST)
            demo_api.tokens.pop("demo.credit", None)
            await demo_api.login("demo.credit")
            await demo_api.ask("demo.credit", "{ viewer { username access(kind: INDIVIDUAL) { field level } } }")
        assert entries == []


class TestChanges:
    async def test_a_change_says_which_fields_and_whether_it_was_made(self, demo_api: Api) -> None:
        """Creating, changing, being refused, deleting: acts, rows, field names, refused fields."""
        async with recorded(demo_api) as entries:
            customer = (await create(demo_api, telephone="+8613912345678"))["customer"]
            given = {"id": customer["id"], "version": 1, "sourceChannel": "FEEDBACK", "email": "a@example.com"}
            await ask(demo_api, MANAGER, UPDATE, variables={"i": {"individual": given}})
            await ask(demo_api, AGENT, UPDATE, variables={"i": {"individual": {**given, "version": 2}}})
            removal = {"i": {"id": customer["id"], "version": 2}}
            await ask(demo_api, ADMIN, DELETE, variables=removal)
        row = customer["id"].partition("_")[2]
        told = [
            (found.entry, touch)
            for found in entries
            for touch in found.entry.get("touches", ())
            if touch["act"] in {"create", "write", "delete"}
        ]
        changes = [touch for _, touch in told]
        assert [(change["act"], change.get("code")) for change in changes] == [
            ("create", None),
            ("write", None),
            ("write", "ACCESS_DENIED"),
            ("delete", None),
        ]
        assert all([str(of) for of in change["customers"]] == [row] for change in changes)
        assert {"name", "telephone"} <= set(changes[0]["written"])
        assert changes[1]["written"] == ["email"]
        assert changes[2]["refused"] == ["email"]
        assert [entry["outcome"] for entry, _ in told] == ["ok", "ok", "refused", "ok"]
        assert [change.get("versions") for change in changes] == [[1], [2], None, [3]]
        assert [entry.get("change") for entry, _ in told] == [True, True, None, True]
        assert told[2][0]["codes"] == ["ACCESS_DENIED"]

    async def test_what_a_change_answers_with_is_a_read(self, demo_api: Api) -> None:
        """The payload's customer is on record as served, in an entry of its own after that of the change."""
        async with recorded(demo_api) as entries:
            await create(demo_api)
        assert [[touch["act"] for touch in found.entry["touches"]] for found in entries] == [["create"], ["read"]]
        assert entries[0].entry["operation"] == entries[1].entry["operation"]


class TestSecrecy:
    async def test_no_value_of_a_customer_is_anywhere_in_the_stored_trail(self, demo_api: Api) -> None:
        """Values that were written, read, filtered by, searched for and refused: none is in the collection's bytes."""
        number, telephone, email = some_resident_id(), f"+86139{secrets.randbelow(10**8):08}", "geheim@example.com"
        name = f"密名{secrets.token_hex(4)}"
        customer = (await create(demo_api, name=name, idNumber=number, telephone=telephone, email=email))["customer"]
        await ask(demo_api, MANAGER, LIST)
        for text in (number, telephone, name):
            search = "query($s: String) { customers(search: $s) { nodes { id name telephone } } }"
            await ask(demo_api, MANAGER, search, variables={"s": text})
        condition = {"f": {"telephone": {"eq": telephone}}}
        await ask(
            demo_api,
            MANAGER,
            "query($f: CustomerFilter) { customers(filter: $f) { nodes { id } } }",
            variables=condition,
        )
        refused = {"id": customer["id"], "version": 1, "sourceChannel": "FEEDBACK", "idNumber": number, "email": email}
        await ask(demo_api, AGENT, UPDATE, variables={"i": {"individual": refused}})
        broken = person(name=name, telephone="not-a-number-4711")
        await ask(demo_api, MANAGER, CREATE, variables={"i": broken})
        blocks = [raw async for raw in all_blocks(demo_api.services.storage.trail.blocks)]
        entries = [entry for raw in blocks for entry in bson.decode(raw)["body"]["entries"]]
        assert customer["id"].partition("_")[2] in {
            str(of) for entry in entries for touch in entry.get("touches", ()) for of in touch.get("customers", ())
        }
        stored = b"".join(blocks)
        for session in {entry.get("session", "") for entry in entries}:  # digits by chance
            stored = stored.replace(session.encode(), b"")
        for value in (number, telephone, telephone.removeprefix("+86"), email, name, "not-a-number-4711", number[-4:]):
            assert value.encode() not in stored, value


class TestUnavailable:
    @asynccontextmanager
    async def refusing(self, api: Api) -> AsyncIterator[None]:
        """The database refuses every block meanwhile."""
        await ask(api, AGENT, LIST)  # the collection exists
        rule = {"$jsonSchema": {"required": ["never"]}}
        await api.services.database.command("collMod", COLLECTION, validator=rule)
        try:
            yield
        finally:
            await api.services.database.command("collMod", COLLECTION, validator={})

    async def post(self, api: Api, who: dict[str, str], query: str, **more: Any) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {await api.login(who['username'])}",
            "dossier-purpose": who["purpose"],
            **more.pop("headers", {}),
        }
        return await api.http.post("/graphql", json={"query": query, **more}, headers=headers)

    async def test_nothing_is_served_that_cannot_be_recorded(self, demo_api: Api) -> None:
        """503 with the published code in both languages, without data; and afterwards all is well again."""
        async with self.refusing(demo_api):
            english = await self.post(demo_api, AGENT, LIST)
            chinese = await self.post(demo_api, AGENT, LIST, headers={"accept-language": "zh-CN"})
            viewer = await self.post(demo_api, AGENT, "{ viewer { username } }")
        for answer in (english, chinese):
            assert answer.status_code == 503
            body = answer.json()
            assert body.keys() == {"errors"}
            assert body["errors"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"
        assert "nothing is served" in english.text
        assert "may have been made" not in english.text
        assert "不提供任何数据" in chinese.text
        assert viewer.json()["data"]["viewer"] == {"username": "demo.agent"}
        assert "errors" not in await ask(demo_api, AGENT, LIST)

    async def test_a_change_that_cannot_be_recorded_says_that_it_may_have_been_made(self, demo_api: Api) -> None:
        """The code is the same; the text tells the client to look before it tries again."""
        async with self.refusing(demo_api):
            answer = await self.post(demo_api, MANAGER, CREATE, variables={"i": person()})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"
        assert "may have been made" in answer.text

    async def test_a_part_that_cannot_be_recorded_does_not_leave(self, demo_api: Api) -> None:
        """An answer in parts that begins with customer data does not begin at all; one that comes to it later ends."""
        later = "{ viewer { username } ... @defer { customers(first: 2) { nodes { id name } } } }"
        at_once = "{ customers(first: 1) { nodes { id } } ... @defer { viewer { username } } }"
        async with self.refusing(demo_api):
            ended = await self.post(demo_api, AGENT, later, headers={"accept": PARTS})
            never = await self.post(demo_api, AGENT, at_once, headers={"accept": PARTS})
        assert ended.status_code == 200
        assert "TRAIL_UNAVAILABLE" in ended.text
        assert '"name"' not in ended.text
        assert never.status_code == 503
        assert orjson.loads(never.content).keys() == {"errors"}


class TestQuestions:
    async def test_who_saw_whose_identity_number_between_two_times(self, demo_api: Api) -> None:
        """Reads in plain and masked count, refused and denied ones do not."""
        since = datetime.now(UTC) - timedelta(milliseconds=1)
        query = "{ customers(first: 3, kinds: [INDIVIDUAL]) { nodes { id ... on Individual { idNumber } } } }"
        answer = await demo_api.ask("demo.credit", query, purpose="risk_assessment")
        await ask(demo_api, AGENT, query)
        until = datetime.now(UTC) + timedelta(milliseconds=2)
        queries = AuditQueries(demo_api.services.storage.trail.blocks)
        asked = TrailQuery(field="id_number", username="demo.credit", since=since, until=until)
        reads = (await queries.examine(asked)).reads
        assert {str(read.customer) for read in reads} == set(ids(answer["data"]["customers"]["nodes"]))
        assert all(read.plain and read.times == 1 and read.kind is Kind.INDIVIDUAL for read in reads)
        assert (await queries.examine(replace(asked, username="demo.agent"))).reads == []

    async def test_refusals_can_be_asked_for(self, demo_api: Api) -> None:
        """The newest comes first."""
        await demo_api.ask("demo.agent", LIST, purpose="risk_assessment")
        query = TrailQuery(username="demo.agent", outcome=Outcome.REFUSED)
        (found,) = await AuditQueries(demo_api.services.storage.trail.blocks).find(query, limit=1)
        assert found.entry["codes"] == ["PURPOSE_NOT_ALLOWED"]


class TestWhole:
    async def test_the_trail_of_a_running_application_verifies(self, demo_api: Api) -> None:
        """With the heads file beside the database, and the key that is printed."""
        await ask(demo_api, AGENT, LIST)
        trail = demo_api.services.storage.trail
        keys = {trail.key.key_id: trail.key.public}
        claims = [*claims_of_heads(read_heads(trail.heads_path), keys), *claims_of_links(await links(trail.blocks))]
        blocks = [raw async for raw in all_blocks(trail.blocks)]
        good = [claim for claim in claims if isinstance(claim, Claim)]
        assert good == claims
        assert list(verify(blocks, good, keys)) == []
        assert list(verify(blocks[:-1], good, keys)) != []
        assert trail.heads_path.stat().st_mode & 0o777 == 0o600

    async def test_every_query_that_serves_records_is_recorded(self, demo_api: Api) -> None:
        """Every root field that gives a record or a page of records, whatever kind is declared tomorrow."""
        core = build_schema(CATALOGUE).core
        assert core.query_type is not None
        for name, field in core.query_type.fields.items():
            if not _serves_records(field):
                continue
            question = _question(name, field)
            async with recorded(demo_api) as entries:
                await demo_api.ask("demo.inspector", question, purpose="supervision")
            digest = hashlib.sha256(question.encode()).digest()
            of_it = [found.entry for found in entries if found.entry["operation"].get("document") == digest]
            assert len(of_it) == 1, (name, of_it)


def _serves_records(field: GraphQLField) -> bool:
    given: Any = get_named_type(field.type)
    is_node = given.name in {"Node", "Customer"} or "Node" in {of.name for of in getattr(given, "interfaces", ())}
    return is_node or given.name.endswith("Connection")


def _question(name: str, field: GraphQLField) -> str:
    """A query for one root field that serves records: by id, or a page."""
    kind = "individual" if name in {"customer", "node"} else re.sub("([A-Z])", r"_\1", name).lower()
    shape = "{ __typename }"
    if "nodes" in getattr(get_named_type(field.type), "fields", {}):
        shape = "{ nodes { __typename } }"
    arguments = []
    for argument, given in field.args.items():
        if str(given.type).endswith("!"):
            arguments.append(f'{argument}: "{"individual" if argument == "customer" else kind}_{"0" * 24}"')
    return f"{{ {name}{'(' + ', '.join(arguments) + ')' if arguments else ''} {shape} }}"


class TestInspection:
    async def test_an_inspector_finds_who_saw_a_customers_field(self, demo_api: Api) -> None:
        """By person, customer, field and kind, over GraphQL."""
        answer = await ask(demo_api, AGENT, LIST)
        customer = answer["data"]["customers"]["nodes"][0]["id"]
        asked = {"p": "demo.agent", "c": customer, "f": "telephone", "k": "INDIVIDUAL", "n": 1}
        trail = (await ask(demo_api, INSPECTOR, TRAIL, asked))["data"]["auditTrail"]
        (entry,) = trail["nodes"]
        assert entry["username"] == "demo.agent"
        assert entry["outcome"] == "OK"
        assert entry["operation"]["name"] == "List"
        assert customer.partition("_")[2] in entry["customers"]
        assert "individual.telephone" in entry["fields"]
        (touch,) = entry["touches"]
        assert (touch["act"], touch["kind"], touch["masked"]) == ("READ", "INDIVIDUAL", ["telephone"])
        assert customer in touch["customers"]

    async def test_pages_go_on_where_they_ended(self, demo_api: Api) -> None:
        """Two pages of one are a page of two, though looking makes entries meanwhile."""
        for _ in range(3):
            await ask(demo_api, AGENT, LIST)
        asked: dict[str, Any] = {"p": "demo.agent", "n": 2}
        whole = (await ask(demo_api, INSPECTOR, TRAIL, asked))["data"]["auditTrail"]
        first = (await ask(demo_api, INSPECTOR, TRAIL, asked | {"n": 1}))["data"]["auditTrail"]
        after = asked | {"n": 1, "a": first["pageInfo"]["endCursor"]}
        second = (await ask(demo_api, INSPECTOR, TRAIL, after))["data"]["auditTrail"]
        assert first["pageInfo"]["hasNextPage"]
        assert first["nodes"] + second["nodes"] == whole["nodes"]

    async def test_looking_at_the_trail_is_an_entry_of_it(self, demo_api: Api) -> None:
        """With the fields that were looked at and looked for."""
        async with recorded(demo_api) as entries:
            await ask(demo_api, INSPECTOR, TRAIL, {"p": "demo.agent", "n": 1})
        (found,) = entries
        assert found.entry["filtered"] == ["username"]
        (touch,) = found.entry["touches"]
        assert (touch["act"], touch["kind"]) == ("read", "audit_entry")
        assert {"time", "username", "customers", "fields"} <= set(touch["plain"])

    @pytest.mark.parametrize("who", [AGENT, MANAGER, ADMIN], ids=lambda who: who["username"])
    async def test_whom_no_rule_allows_sees_nothing_of_it(self, demo_api: Api, who: dict[str, str]) -> None:
        """An empty list, with conditions and without, and no chain."""
        for variables in ({}, {"p": who["username"]}):
            answer = await ask(demo_api, who, TRAIL, variables)
            assert answer["data"]["auditTrail"]["nodes"] == []
        chains = await ask(demo_api, who, "{ auditChains { chain entries } }")
        assert chains["data"]["auditChains"] == []

    async def test_chains_show_their_newest_signed_head(self, demo_api: Api) -> None:
        """As many entries as the head says, signed by the key of the installation."""
        await ask(demo_api, AGENT, LIST)
        query = "{ auditChains { chain begunAt entries blocks lastAt lastHash key signature } }"
        chain = (await ask(demo_api, INSPECTOR, query))["data"]["auditChains"][0]
        newest = (await ask(demo_api, INSPECTOR, TRAIL, {"n": 2}))["data"]["auditTrail"]["nodes"]
        assert chain["entries"] == newest[1]["sequence"]
        assert chain["key"] == demo_api.services.storage.trail.key.key_id.hex()

    @pytest.mark.parametrize(
        ("variables", "code"),
        [({"n": 0}, "BAD_USER_INPUT"), ({"c": "nobody"}, "BAD_USER_INPUT"), ({"a": "x"}, "INVALID_CURSOR")],
    )
    async def test_a_question_that_is_none_is_refused(
        self, demo_api: Api, variables: dict[str, Any], code: str
    ) -> None:
        """Sizes, ids and cursors that do not exist."""
        answer = await ask(demo_api, INSPECTOR, TRAIL, variables)
        assert answer["errors"][0]["extensions"]["code"] == code
