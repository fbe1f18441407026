"""What a frontend is told before it has read anything: every kind, its fields, their types, labels and rights."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLList, GraphQLSchema, get_named_type, get_nullable_type

from demo.accounts import DEMO_ACCOUNTS
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import plural
from documents.registry import CATALOGUE, FULL_CATALOGUE, RECORD_CATALOGUES
from schema.build import build_schema
from tests.api import Api

AGENT, MANAGER, SELF = "demo.agent", "demo.manager", "demo.customer"
HAN = re.compile(r"[\u4e00-\u9fff]")
ORDERS = re.compile(r"SortField$")  # the values are fields, which have labels of their own

KINDS = "{ viewer { kinds { kind labelEn labelZh isCustomer readable } } }"
VOCABULARY = "{ viewer { vocabulary { enum values { value labelEn labelZh } } } }"
FIELDS = """query($k: RecordKind!) { viewer { access(kind: $k) {
    field type list maxLength maskable operators required creatable values { value labelEn labelZh }
    level writable operable filterable sortable revealable
    byScope { level writable operable filterable sortable revealable } } } }"""
RIGHTS = ("level", "writable", "operable", "filterable", "sortable", "revealable")
NOT_IN_DEMO = {
    Kind.REVIEW,
    Kind.REVELATION,
    Kind.REMINDER,
    Kind.ATTACHMENT,
    Kind.JOB,
    Kind.COLLECTION_STEP,
    Kind.RULE_DRAFT,
    Kind.ROLE_GRANT,
    Kind.ACCOUNT_CHANGE,
}
"""The kinds of which the demo has no records."""
LEVELS = ("DENIED", "MASKED", "PLAIN")
LOGINS = [(account.username, purpose.value) for account in DEMO_ACCOUNTS for purpose in account.purposes]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(CATALOGUE).core


async def fields(api: Api, username: str, kind: Kind, purpose: str | None = None) -> dict[str, Any]:
    """The entries of `viewer.access` by field."""
    answer = await api.ask(username, FIELDS, {"k": kind.name}, purpose=purpose)
    assert "errors" not in answer, answer
    return {entry["field"]: entry for entry in answer["data"]["viewer"]["access"]}


class TestEnums:
    def test_every_enum_of_the_schema_is_labelled(self, schema: GraphQLSchema) -> None:
        """Two labels each, the Chinese one in Chinese, none given twice in one enum; the SDL says them."""
        for name, served in schema.type_map.items():
            if not isinstance(served, GraphQLEnumType) or name.startswith("__") or ORDERS.search(name):
                continue
            texts = [value.description or "" for value in served.values.values()]
            found = [re.fullmatch(r"(.+) \((.+)\)\.", text) for text in texts]
            assert all(one is not None and HAN.search(one[2]) for one in found), (name, texts)
            for place in (1, 2):
                labels = [one[place].strip() for one in found if one is not None]
                assert all(labels), (name, labels)
                assert len(set(labels)) == len(labels), (name, labels)

    async def test_one_query_brings_the_labels_of_all(self, demo_api: Api, schema: GraphQLSchema) -> None:
        """By GraphQL name, values as the API spells them."""
        answer = await demo_api.ask(AGENT, VOCABULARY)
        enums = {entry["enum"]: entry["values"] for entry in answer["data"]["viewer"]["vocabulary"]}
        expected = {
            name: list(served.values)
            for name, served in schema.type_map.items()
            if isinstance(served, GraphQLEnumType) and not name.startswith("__") and not ORDERS.search(name)
        }
        assert {name: [one["value"] for one in values] for name, values in enums.items()} == expected
        assert {"value": "FEMALE", "labelEn": "Female", "labelZh": "女"} in enums["Gender"]
        assert {"value": "TICKET", "labelEn": "Ticket", "labelZh": "服务工单"} in enums["RecordKind"]


class TestKinds:
    async def test_every_kind_is_named(self, demo_api: Api) -> None:
        """All that rules can speak of, with labels, whoever asks."""
        for username in (AGENT, SELF):
            answer = await demo_api.ask(username, KINDS)
            kinds = {entry["kind"]: entry for entry in answer["data"]["viewer"]["kinds"]}
            assert kinds.keys() == {kind.name for kind in FULL_CATALOGUE.by_kind}
            assert {name for name, entry in kinds.items() if entry["isCustomer"]} == {k.name for k in CUSTOMER_KINDS}
            assert all(entry["labelEn"] and HAN.search(entry["labelZh"]) for entry in kinds.values())

    @pytest.mark.parametrize(("username", "purpose"), LOGINS)
    async def test_readable_is_what_has_a_readable_field(self, demo_api: Api, username: str, purpose: str) -> None:
        """`readable` says of every kind what `access` says field by field; what is refused altogether is not."""
        answer = await demo_api.ask(username, KINDS, purpose=purpose)
        for entry in answer["data"]["viewer"]["kinds"]:
            told = await demo_api.ask(username, FIELDS, {"k": entry["kind"]}, purpose=purpose)
            if "errors" in told:
                assert told["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
                assert not entry["readable"]
            else:
                levels = {field["level"] for field in told["data"]["viewer"]["access"]}
                assert entry["readable"] == (not levels <= {"DENIED"}), entry["kind"]

    async def test_without_a_purpose_the_names_are_had_and_nothing_is_readable(self, demo_api: Api) -> None:
        """Who has several purposes learns them, and all names, before it states one."""
        answer = await demo_api.ask(MANAGER, "{ viewer { displayName purposes kinds { kind readable } } }")
        viewer = answer["data"]["viewer"]
        assert "errors" not in answer
        assert viewer["displayName"] == "赵明轩"
        assert len(viewer["purposes"]) == 2
        assert viewer["kinds"]
        assert not any(entry["readable"] for entry in viewer["kinds"])

    async def test_deletable_is_said_to_those_alone_who_may_delete_a_customer_whole(self, demo_api: Api) -> None:
        """The administrator of the demo; of customers only, for other records are not deleted by themselves."""
        for username, expected in ((MANAGER, set()), ("demo.admin", {kind.name for kind in CUSTOMER_KINDS})):
            question = "{ viewer { kinds { kind deletable } } }"
            answer = await demo_api.ask(username, question, purpose="business_operation")
            kinds = answer["data"]["viewer"]["kinds"]
            assert {entry["kind"] for entry in kinds if entry["deletable"]} == expected

    async def test_nobody_is_told_nothing(self, demo_api: Api) -> None:
        answer = await demo_api.ask(None, VOCABULARY)
        assert answer["data"] == {"viewer": None}


class TestFields:
    async def test_a_form_knows_how_long_a_text_may_be(self, demo_api: Api) -> None:
        """As declared: a line, a page; nothing of what has rules of its own."""
        told = await fields(demo_api, "demo.inspector", Kind.INDIVIDUAL)
        lengths = {name: told[name]["maxLength"] for name in ("name", "notes", "idNumber", "telephone", "birthDate")}
        assert lengths == {"name": 200, "notes": 4000, "idNumber": None, "telephone": None, "birthDate": None}

    @pytest.mark.parametrize("kind", [*CUSTOMER_KINDS, *RECORD_CATALOGUES])
    async def test_what_is_told_of_a_field_is_what_the_sdl_says(
        self, demo_api: Api, schema: GraphQLSchema, kind: Kind
    ) -> None:
        """Type, list and values of the object type; operators of the filter of its kind; what creating it needs."""
        told = await fields(demo_api, "demo.inspector", kind)
        served: Any = schema.type_map[pascal_case(kind.value)]
        conditions: Any = schema.type_map["CustomerFilter" if kind in CUSTOMER_KINDS else f"{served.name}Filter"]
        specs = {spec.public_name: spec for spec in FULL_CATALOGUE.fields(kind).values()}
        assert told.keys() == specs.keys()
        for name, entry in told.items():
            output = get_nullable_type(served.fields[name].type)
            assert entry["type"] == str(output), name
            assert entry["list"] == isinstance(output, GraphQLList), name
            named = get_named_type(output)
            values = list(named.values) if isinstance(named, GraphQLEnumType) else None
            assert (entry["values"] and [one["value"] for one in entry["values"]]) == values, name
            operators: Any = conditions.fields[name].type.fields if name in conditions.fields else {}
            assert entry["operators"] == list(operators), name
            assert entry["maskable"] == (specs[name].mask is not None)
            assert entry["required"] == specs[name].required

    async def test_what_only_an_operation_gives_is_told(self, demo_api: Api) -> None:
        """So that it is offered to whom it is open, and to nobody else who looks on."""
        text = "{ viewer { access(kind: VAULT_KEY) { operable creatable writable } } }"
        officer = await demo_api.ask("demo.security", text, purpose="supervision")
        assert {(one["operable"], one["creatable"]) for one in officer["data"]["viewer"]["access"]} == {(True, False)}
        text = "{ viewer { access(kind: JOB) { operable } } }"
        onlooker = await demo_api.ask("demo.admin", text, purpose="business_operation")
        assert not any(one["operable"] for one in onlooker["data"]["viewer"]["access"])

    @pytest.mark.parametrize("kind", RECORD_CATALOGUES)
    async def test_no_record_allows_more_than_is_told_of_its_kind(self, demo_api: Api, kind: Kind) -> None:
        """Whoever reads under whatever purpose: each record's `access` is that of a set of scopes told ahead, and what
        is told at the top is the most of those."""
        own = f"{{ {camel_case(plural(kind))}(first: 20) {{ nodes {{ access {{ field {' '.join(RIGHTS)} }} }} }} }}"
        seen = 0
        for username, purpose in LOGINS:
            told = await demo_api.ask(username, FIELDS, {"k": kind.name}, purpose=purpose)
            answer = await demo_api.ask(username, own, purpose=purpose)
            if "errors" in told:  # the kind is closed to the caller: so are its records
                assert answer["errors"][0]["extensions"] == told["errors"][0]["extensions"]
                continue
            ahead = {entry["field"]: entry for entry in told["data"]["viewer"]["access"]}
            for entry in ahead.values():
                by_scope = entry["byScope"]
                assert entry["level"] == max((one["level"] for one in by_scope), key=LEVELS.index)
                for right in ("writable", "filterable", "revealable"):
                    assert entry[right] == any(one[right] for one in by_scope)
                assert entry["operable"] or not any(one["operable"] for one in by_scope)  # or it can be given at first
                assert entry["sortable"] == all(one["sortable"] for one in by_scope)
            for record in (answer["data"][camel_case(plural(kind))] or {"nodes": []})["nodes"]:
                seen += 1
                assert {cell["field"] for cell in record["access"]} == ahead.keys()
                for cell in record["access"]:
                    allowed = [tuple(one[right] for right in RIGHTS) for one in ahead[cell["field"]]["byScope"]]
                    assert tuple(cell[right] for right in RIGHTS) in allowed, (username, purpose, cell)
        assert seen or kind in NOT_IN_DEMO

    async def test_what_only_the_system_sets_is_not_offered_to_whoever_creates(self, demo_api: Api) -> None:
        """A form shows what its operation takes."""
        ticket = await fields(demo_api, AGENT, Kind.TICKET)
        assert ticket["subject"]["creatable"]
        assert ticket["subject"]["required"]
        assert not ticket["state"]["creatable"]
        assert not ticket["createdAt"]["creatable"]

    async def test_who_may_have_operations_change_what_they_alone_set_is_told_so(self, demo_api: Api) -> None:
        """An agent leads tickets from state to state without writing the state; a complaint handler only reads it."""
        state = (await fields(demo_api, AGENT, Kind.TICKET))["state"]
        assert (state["writable"], state["operable"]) == (False, True)
        assert not (await fields(demo_api, "demo.complaints", Kind.TICKET))["state"]["operable"]

    async def test_what_was_asked_of_customers_is_asked_as_before(self, demo_api: Api) -> None:
        """The literal spelling of `CustomerKind`."""
        answer = await demo_api.ask(
            AGENT, "{ viewer { access(kind: INDIVIDUAL) { field type level values { value } } } }"
        )
        told = {entry["field"]: entry for entry in answer["data"]["viewer"]["access"]}
        assert told["telephone"]["type"] == "PhoneNumber"
        assert told["accountManager"]["type"] == "Staff"
        assert told["otherTelephones"]["type"] == "[PhoneNumber!]"
        assert [one["value"] for one in told["gender"]["values"]] == ["FEMALE", "MALE", "UNSTATED"]


async def test_the_version_of_the_rules_is_that_of_the_first_event(demo_api: Api) -> None:
    """A page that was loaded under other rules than it follows learns of it by comparing the two."""
    answer = await demo_api.ask(MANAGER, "{ viewer { ruleSet } }")
    assert answer["data"]["viewer"]["ruleSet"] == demo_api.services.store.compiler.version
