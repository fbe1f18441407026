"""Customers end to end, over the API as a client uses it (C1, C2, D1, D2)."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from stdnum.cn import ric

from documents.declaring.kind import Kind
from documents.registry import CATALOGUE
from tests.api import Api

CREATE = """mutation($i: CreateCustomerInput!) { createCustomer(input: $i) {
  customer { id kind name version telephone email accountManager { username } department { code }
    sources { field channel } access { field level writable } ... on Individual { idNumber gender } }
  userErrors { code message field rule } } }"""
UPDATE = """mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) {
  customer { id name version telephone email ... on Individual { idNumber } }
  userErrors { code message field rule } } }"""
DELETE = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { deletedId userErrors { code field } } }"
MANAGER = {"username": "demo.manager", "purpose": "business_operation"}
AGENT = {"username": "demo.agent", "purpose": "customer_service"}
ADMIN = {"username": "demo.admin", "purpose": "business_operation"}


def person(**values: Any) -> dict[str, Any]:
    return {"individual": {"sourceChannel": "CONTRACT", "name": "测试一人", **values}}


def some_resident_id() -> str:
    body = f"3203031990{secrets.randbelow(12) + 1:02}{secrets.randbelow(28) + 1:02}{secrets.randbelow(1000):03}"
    return body + ric.calc_check_digit(body + "0")


async def create(api: Api, who: dict[str, str] = MANAGER, **values: Any) -> dict[str, Any]:
    answer = await api.ask(**who, query=CREATE, variables={"i": person(**values)})
    payload: dict[str, Any] = answer["data"]["createCustomer"]
    return payload


async def update(api: Api, who: dict[str, str], customer: dict[str, Any], **values: Any) -> dict[str, Any]:
    given = {"id": customer["id"], "version": customer["version"], "sourceChannel": "FEEDBACK", **values}
    answer = await api.ask(**who, query=UPDATE, variables={"i": {"individual": given}})
    payload: dict[str, Any] = answer["data"]["updateCustomer"]
    return payload


class TestCreating:
    async def test_a_new_customer_belongs_to_whoever_creates_it(self, demo_api: Api) -> None:
        """Account manager and department come from the caller's account when the input leaves them out."""
        customer = (await create(demo_api))["customer"]
        assert customer["accountManager"] == {"username": "demo.manager"}
        assert customer["department"] == {"code": "sales-east"}
        assert customer["version"] == 1

    async def test_values_are_stored_in_their_standard_form(self, demo_api: Api) -> None:
        """Telephones become E.164, identity numbers capitals, and each value knows how it was collected (I1)."""
        number = some_resident_id()
        payload = await create(demo_api, telephone="138 1234 5678", idNumber=number.lower())
        customer = payload["customer"]
        assert (customer["telephone"], customer["idNumber"]) == ("+8613812345678", number)
        assert {"field": "telephone", "channel": "CONTRACT"} in customer["sources"]

    async def test_the_payload_says_what_the_creator_may_do_next(self, demo_api: Api) -> None:
        """The right to create is not the right to write, and `access` speaks of the latter."""
        access = {item["field"]: item for item in (await create(demo_api))["customer"]["access"]}
        assert access["telephone"] == {"field": "telephone", "level": "PLAIN", "writable": True}
        assert not access["version"]["writable"]

    async def test_every_broken_rule_is_named_at_once_in_the_callers_language(self, demo_api: Api) -> None:
        """Field, rule and text; nothing is written, and no text repeats the value."""
        values = {"name": " ", "telephone": "123", "idNumber": "320303199001010000", "email": "nobody"}
        answer = await demo_api.ask(**MANAGER, query=CREATE, variables={"i": person(**values)}, language="zh-CN")
        errors = answer["data"]["createCustomer"]["userErrors"]
        assert {(error["field"][1], error["rule"]) for error in errors} == {
            ("name", "value.empty"),
            ("telephone", "value.phone_number"),
            ("idNumber", "value.resident_id"),
            ("email", "value.email_address"),
        }
        assert "身份证号不是有效的居民身份证号码（GB 11643）。" in [error["message"] for error in errors]
        assert "320303199001010000" not in str(errors)

    async def test_a_masked_text_is_never_stored_as_a_value(self, demo_api: Api) -> None:
        """A client that sends back what it was shown is told so."""
        payload = await create(demo_api, name="张*")
        assert [error["rule"] for error in payload["userErrors"]] == ["value.masked"]

    async def test_staff_and_departments_must_exist(self, demo_api: Api) -> None:
        """A reference to nobody is refused by name of the field."""
        answer = await demo_api.ask(
            **ADMIN, query=CREATE, variables={"i": person(accountManager="nobody", department="nowhere")}
        )
        errors = answer["data"]["createCustomer"]["userErrors"]
        assert {error["rule"] for error in errors} == {"value.unknown_staff", "value.unknown_department"}

    async def test_all_refused_fields_are_named_and_nothing_is_written(self, demo_api: Api) -> None:
        """A service agent creates nobody."""
        before = await demo_api.services.storage.reader.count_all()
        payload = await create(demo_api, AGENT, telephone="13812345678")
        assert {tuple(error["field"]) for error in payload["userErrors"]} >= {
            ("individual", "name"),
            ("individual", "telephone"),
        }
        assert {error["code"] for error in payload["userErrors"]} == {"ACCESS_DENIED"}
        assert await demo_api.services.storage.reader.count_all() == before

    async def test_an_identifier_of_a_customer_that_one_may_find_is_taken(self, demo_api: Api) -> None:
        """The manager owns the first holder, so the error may say that there is one."""
        number = some_resident_id()
        assert not (await create(demo_api, idNumber=number))["userErrors"]
        payload = await create(demo_api, idNumber=number)
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
            ("ALREADY_EXISTS", ["individual", "idNumber"])
        ]

    async def test_an_identifier_of_a_customer_that_one_may_not_find_is_contested(self, demo_api: Api) -> None:
        """Whoever cannot find the holder learns nothing: the record is kept, and noted beside the holder's claim."""
        number = some_resident_id()
        first = (await create(demo_api, idNumber=number))["customer"]
        payload = await create(demo_api, ADMIN, idNumber=number)  # administrators may not filter by identity numbers
        assert payload["userErrors"] == []
        holder = await demo_api.services.database["identifiers"].find_one({"contested_by": {"$exists": True}})
        assert holder is not None
        assert first["id"].endswith(str(holder["customer_id"]))
        assert payload["customer"]["id"].endswith(str(holder["contested_by"][0]))


class TestChanging:
    async def test_only_what_is_named_changes(self, demo_api: Api) -> None:
        """A field left out stays, null clears, and the version counts on."""
        customer = (await create(demo_api, telephone="13812345678", email="a@example.com"))["customer"]
        changed = (await update(demo_api, MANAGER, customer, telephone=None))["customer"]
        assert (changed["telephone"], changed["email"], changed["version"]) == (None, "a@example.com", 2)

    async def test_a_stale_version_is_refused_with_the_current_record(self, demo_api: Api) -> None:
        """Nothing of the stale change is written."""
        customer = (await create(demo_api))["customer"]
        await update(demo_api, MANAGER, customer, name="第一次")
        payload = await update(demo_api, MANAGER, customer, name="第二次")
        assert [error["code"] for error in payload["userErrors"]] == ["STALE_VERSION"]
        assert (payload["customer"]["name"], payload["customer"]["version"]) == ("第一次", 2)

    async def test_of_two_who_saw_the_same_version_one_wins(self, demo_api: Api) -> None:
        """Ten changes at once to one version: one is written, nine are told that they were late."""
        customer = (await create(demo_api))["customer"]
        payloads = await asyncio.gather(*(update(demo_api, MANAGER, customer, name=f"第{n}") for n in range(10)))
        codes = [[error["code"] for error in payload["userErrors"]] for payload in payloads]
        assert sorted(codes) == [[]] + [["STALE_VERSION"]] * 9

    async def test_all_refused_fields_are_named_and_none_is_written(self, demo_api: Api) -> None:
        """One allowed field beside two refused ones is not written either."""
        customer = (await create(demo_api, ADMIN, department="service", telephone="13912345678"))["customer"]
        given = {"name": "改名", "idNumber": some_resident_id(), "telephone": "13812345678"}
        payload = await update(demo_api, AGENT, customer, **given)
        assert [(error["code"], error["field"][1]) for error in payload["userErrors"]] == [
            ("ACCESS_DENIED", "idNumber"),
            ("ACCESS_DENIED", "name"),
        ]
        found = await demo_api.ask(
            **AGENT, query="query($i: ID!) { customer(id: $i) { telephone version } }", variables={"i": customer["id"]}
        )
        assert found["data"]["customer"] == {"telephone": "+8613912345678", "version": 1}

    async def test_identifiers_are_released_when_they_change(self, demo_api: Api) -> None:
        """The old number is free for another customer."""
        number = some_resident_id()
        customer = (await create(demo_api, idNumber=number))["customer"]
        await update(demo_api, MANAGER, customer, idNumber=some_resident_id())
        assert (await create(demo_api, idNumber=number))["userErrors"] == []

    async def test_a_new_name_is_found_and_the_old_one_is_not(self, demo_api: Api) -> None:
        """Search terms follow the name."""
        customer = (await create(demo_api, name="欧阳试"))["customer"]
        await update(demo_api, MANAGER, customer, name="上官验")
        query = "query($s: String!) { customers(search: $s) { nodes { id } } }"
        old = await demo_api.ask(**MANAGER, query=query, variables={"s": "ouyangshi"})
        new = await demo_api.ask(**MANAGER, query=query, variables={"s": "sgy"})
        assert customer["id"] not in str(old)
        assert customer["id"] in str(new)


class TestRetrying:
    async def test_a_retry_returns_the_first_answer_and_creates_nothing(self, demo_api: Api) -> None:
        """The same key and request, five times at once and once more later: one customer."""
        key, variables = secrets.token_hex(8), {"i": person(name="重试")}

        async def attempt() -> dict[str, Any]:
            return await demo_api.ask(**MANAGER, query=CREATE, variables=variables, key=key)

        answers = [*await asyncio.gather(*(attempt() for _ in range(5))), await attempt()]
        ids = {answer["data"]["createCustomer"]["customer"]["id"] for answer in answers}
        assert len(ids) == 1

    async def test_a_key_belongs_to_one_request(self, demo_api: Api) -> None:
        """Another request under the same key is refused and changes nothing."""
        key = secrets.token_hex(8)
        await demo_api.ask(**MANAGER, query=CREATE, variables={"i": person(name="甲")}, key=key)
        answer = await demo_api.ask(**MANAGER, query=CREATE, variables={"i": person(name="乙")}, key=key)
        assert answer["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"

    async def test_a_retried_change_is_not_stale(self, demo_api: Api) -> None:
        """The retry of a change that was made finds it made, though the version has moved on."""
        customer = (await create(demo_api))["customer"]
        given = {"id": customer["id"], "version": 1, "sourceChannel": "FEEDBACK", "name": "改了"}
        key = secrets.token_hex(8)
        for _ in range(2):
            answer = await demo_api.ask(**MANAGER, query=UPDATE, variables={"i": {"individual": given}}, key=key)
            payload = answer["data"]["updateCustomer"]
            assert (payload["userErrors"], payload["customer"]["version"]) == ([], 2)


class TestDeleting:
    async def test_a_deleted_customer_leaves_nothing_readable(self, demo_api: Api) -> None:
        """Record, data key and identifier are gone, and the number is free."""
        number = some_resident_id()
        customer = (await create(demo_api, idNumber=number))["customer"]
        variables = {"i": {"id": customer["id"], "version": 1}}
        answer = await demo_api.ask(**ADMIN, query=DELETE, variables=variables)
        assert answer["data"]["deleteCustomer"] == {"deletedId": customer["id"], "userErrors": []}
        row_id = customer["id"].split("_")[1]
        for collection in ("customers", "data_keys"):
            ids = [str(row["_id"]) async for row in demo_api.services.database[collection].find({}, {"_id": 1})]
            assert row_id not in ids
        assert (await create(demo_api, idNumber=number))["userErrors"] == []

    async def test_deleting_needs_the_right_on_every_field(self, demo_api: Api) -> None:
        """An account manager may write every field of an own customer and still not delete it."""
        customer = (await create(demo_api))["customer"]
        answer = await demo_api.ask(**MANAGER, query=DELETE, variables={"i": {"id": customer["id"], "version": 1}})
        errors = answer["data"]["deleteCustomer"]["userErrors"]
        assert {error["code"] for error in errors} == {"ACCESS_DENIED"}
        assert ["individual", "idNumber"] in [error["field"] for error in errors]


class TestActiveRecord:
    async def test_a_customer_document_does_not_write_itself(self, demo_api: Api) -> None:
        """Every door of the active record that would store it in the clear is closed."""
        kind: Any = CATALOGUE.classes[Kind.INDIVIDUAL]
        document = kind(name="自己", account_manager="demo.manager", department="service")
        for door in (document.insert, document.save, document.replace, document.update, document.save_changes):
            with pytest.raises(TypeError, match="repository"):
                await door()
        for door in (kind.insert_one, kind.insert_many):
            with pytest.raises(TypeError, match="repository"):
                await door([document])
        assert await demo_api.services.database["customers"].find_one({"name": "自己"}) is None


class TestKinds:
    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            ("individual", {"gender": "FEMALE", "maritalStatus": "MARRIED", "annualIncome": "120000.50"}),
            ("enterprise", {"legalForm": "PARTNERSHIP", "size": "MEDIUM", "registeredCapital": "5000000"}),
            ("institution", {"institutionType": "PUBLIC_INSTITUTION", "fundingSource": "FULL_BUDGET"}),
        ],
    )
    async def test_each_kind_has_fields_of_its_own(self, demo_api: Api, kind: str, values: dict[str, str]) -> None:
        """C1, C2: what one kind has, the other does not know."""
        given = {kind: {"sourceChannel": "QUESTIONNAIRE", "name": "某客户", **values}}
        type_name = kind.capitalize()
        query = f"""mutation($i: CreateCustomerInput!) {{ createCustomer(input: $i) {{
            customer {{ kind ... on {type_name} {{ {" ".join(values)} }} }} userErrors {{ code field }} }} }}"""
        answer = await demo_api.ask(**MANAGER, query=query, variables={"i": given})
        customer = answer["data"]["createCustomer"]["customer"]
        expected = {name: "5000000" if name == "registeredCapital" else value for name, value in values.items()}
        assert customer == {"kind": kind.upper(), **expected}
        other = "enterprise" if kind != "enterprise" else "institution"
        answer = await demo_api.ask(**MANAGER, query=query, variables={"i": {other: given[kind]}})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_exactly_one_kind_is_given(self, demo_api: Api) -> None:
        """`@oneOf`: two kinds, or none, are refused before anything runs."""
        for given in ({}, {**person(), "enterprise": {"sourceChannel": "CONTRACT", "name": "乙"}}):
            answer = await demo_api.ask(**MANAGER, query=CREATE, variables={"i": given})
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
