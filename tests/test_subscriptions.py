"""Subscriptions end to end: a real server, real sockets, the policy applied to every event, per subscriber (G5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId

import app
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from resolvers.chapters.accounts import access_tokens
from resolvers.services import Services
from settings import Settings
from tests.accounts import change_account, change_accounts
from tests.api import PASSWORD_HASH, Api, application_database, unhurried
from tests.bound_rows import bound
from tests.patience import PATIENCE_SECONDS, newly_followed, until
from tests.web.server import served
from tests.web.subscriptions.socket_client import SocketClient, socket_client

RULES = """
g, keeper, everyone
g, clerk, everyone
g, agent, everyone
g, reader, everyone
p, keeper, all, *, *, *, business_operation, allow
p, clerk, own, *, @basic, read, business_operation, allow
p, agent, all, *, @basic, read, customer_service, allow
p, agent, all, *, telephone, read_masked, customer_service, allow
p, agent, department, *, telephone, read, customer_service, allow
p, reader, all, *, name, read, business_operation, allow
p, keeper, all, ticket, *, *, business_operation, allow
p, clerk, own, ticket, subject, read, business_operation, allow
p, clerk, own, ticket, assignee, read, business_operation, allow
"""
STAFF = {  # username: roles, department, purpose
    "keeper": (("keeper",), "east", Purpose.BUSINESS_OPERATION),
    "clerk": (("clerk",), "east", Purpose.BUSINESS_OPERATION),
    "other": (("clerk",), "west", Purpose.BUSINESS_OPERATION),
    "agent": (("agent",), "east", Purpose.CUSTOMER_SERVICE),
    "reader": (("reader",), "east", Purpose.BUSINESS_OPERATION),
    "nobody": ((), "east", Purpose.BUSINESS_OPERATION),
}
FOLLOW = """subscription($customer: ID, $kinds: [CustomerKind!]) { customerChanged(customer: $customer, kinds: $kinds) {
  operation id customer { id kind name telephone version } } }"""
CREATE = (
    "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id version } userErrors { code } } }"
)
UPDATE = (
    "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { customer { id version } userErrors { code } } }"
)
DELETE = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { deletedId userErrors { code } } }"


@dataclass
class World:
    """One installation: a server with its own connection to the database, and ours beside it, as a second process."""

    api: Api
    address: str
    server: Services

    @asynccontextmanager
    async def following(self, username: str, query: str = FOLLOW, **variables: Any) -> AsyncIterator[SocketClient]:
        """A subscriber whose subscription has begun."""
        async with AsyncExitStack() as stack:
            async with newly_followed(self.server.storage.changes):
                client = await stack.enter_async_context(self.asking(username, query, **variables))
            yield client

    @asynccontextmanager
    async def asking(self, username: str, query: str, **variables: Any) -> AsyncIterator[SocketClient]:
        """A client that asked for a subscription."""
        token = await self.api.login(username)
        async with socket_client(self.address) as client:
            await client.begin({"authorization": f"Bearer {token}"})
            await client.subscribe(query, variables=variables)
            yield client

    async def create(self, manager: str = "clerk", kind: str = "individual", **values: Any) -> dict[str, Any]:
        """A new customer of `manager`, made by the keeper."""
        given = {"sourceChannel": "CONTRACT", "name": "测试一人", "accountManager": manager, "department": "east"}
        answer = await self.api.ask("keeper", CREATE, {"i": {kind: {**given, **values}}})
        assert answer["data"]["createCustomer"]["userErrors"] == []
        customer: dict[str, Any] = answer["data"]["createCustomer"]["customer"]
        return customer

    async def update(self, customer: dict[str, Any], **values: Any) -> None:
        """A change by the keeper; `customer` moves on with it."""
        kind = customer["id"].partition("_")[0]
        given = {"id": customer["id"], "version": customer["version"], "sourceChannel": "FEEDBACK", **values}
        answer = await self.api.ask("keeper", UPDATE, {"i": {kind: given}})
        assert answer["data"]["updateCustomer"]["userErrors"] == []
        customer["version"] += 1

    async def delete(self, customer: dict[str, Any]) -> None:
        """A deletion by the keeper."""
        answer = await self.api.ask("keeper", DELETE, {"i": customer})
        assert answer["data"]["deleteCustomer"]["userErrors"] == []

    async def activate(self, rules: str) -> None:
        """Puts rules in force, by our process and not by the server's."""
        await self.api.services.store.activate(rules, by="tests")

    async def activate_everywhere(self, rules: str) -> None:
        """The same, and waits until they are in force in the server."""
        await self.activate(rules)
        version = self.api.services.store.compiler.version
        await until(lambda: self.server.store.compiler.version >= version)


@asynccontextmanager
async def installation(uri: str, settings: Settings) -> AsyncIterator[World]:
    """An installation with `RULES` and `STAFF` in a database of its own, and no customer."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(application_database(uri))
        settings = replace(settings, database=database)
        services = await stack.enter_async_context(app.open_services(settings, uri))
        await services.store.activate(RULES, by="tests")
        for code in ("east", "west"):
            await services.accounts.put_department(code, name_en=code, name_zh=code)
        for username, (roles, department, purpose) in STAFF.items():
            await services.accounts.add(
                NewAccount(
                    username,
                    display_name=username,
                    roles=roles,
                    department=department,
                    purposes=[purpose],
                    password_hash=PASSWORD_HASH,
                )
            )
        await change_accounts(services.accounts, {}, cleared_until=datetime(2100, 1, 1, tzinfo=UTC))
        address, state = stack.enter_context(served(app.create_app(settings, uri)))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS))
        yield World(Api(http, services), address, state["services"])


@pytest.fixture(scope="module")
async def shared(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One installation for the tests that leave rules and accounts as they are."""
    async with installation(
        mongodb_uri, unhurried(Settings(data_dir=tmp_path_factory.mktemp("shared"), jobs="worker"))
    ) as world:
        yield world


@pytest.fixture
async def own(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An installation of a test that changes rules or accounts."""
    async with installation(
        mongodb_uri, unhurried(Settings(data_dir=tmp_path_factory.mktemp("own"), jobs="worker"))
    ) as world:
        yield world


async def event(client: SocketClient) -> dict[str, Any]:
    """The next event's payload of `customerChanged`."""
    answer = await client.hear()
    assert answer["type"] == "next", answer
    change: dict[str, Any] = answer["payload"]["data"]["customerChanged"]
    return change


class TestEvents:
    async def test_creation_change_and_deletion_are_told(self, shared: World) -> None:
        """To who may see the customer, as it is then."""
        async with shared.following("clerk") as client:
            customer = await shared.create()
            created = await event(client)
            assert created["operation"] == "CREATED"
            assert created["customer"]["name"] == "测试一人"
            await shared.update(customer, name="测试二人")
            updated = await event(client)
            assert (updated["operation"], updated["id"]) == ("UPDATED", customer["id"])
            assert (updated["customer"]["name"], updated["customer"]["version"]) == ("测试二人", 2)
            await shared.delete(customer)
            assert await event(client) == {"operation": "DELETED", "id": customer["id"], "customer": None}

    async def test_subscribers_with_different_rights_get_different_payloads(self, shared: World) -> None:
        """Of the same event; what is below plain is said in each."""
        customer = await shared.create(department="west")
        near = await shared.create(department="east")
        async with shared.following("agent") as agent, shared.following("keeper") as keeper:
            await shared.update(customer, telephone="13800138000")
            masked, plain = await agent.hear(), await keeper.hear()
            assert "****" in masked["payload"]["data"]["customerChanged"]["customer"]["telephone"]
            assert "13800138000" not in str(masked)
            assert masked["payload"]["extensions"]["access"] == [
                {"kind": "INDIVIDUAL", "field": "telephone", "level": "MASKED", "reason": "MASKED_BY_RULE"}
            ]
            assert plain["payload"]["data"]["customerChanged"]["customer"]["telephone"] == "+8613800138000"
            assert "extensions" not in plain["payload"]
            await shared.update(near, telephone="13900139000")
            assert (await event(agent))["customer"]["telephone"] == "+8613900139000"

    async def test_arguments_choose_customers(self, shared: World) -> None:
        """By id and by kind; an id that means nothing is as silent as one out of scope."""
        wanted = await shared.create()
        async with (
            shared.following("clerk", customer=wanted["id"]) as one,
            shared.following("clerk", kinds=["ENTERPRISE"]) as enterprises,
            shared.following("clerk", customer="individual_" + "0" * 24) as unknown,
            shared.following("clerk", customer="nonsense") as nonsense,
        ):
            await shared.create()
            enterprise = await shared.create(kind="enterprise")
            await shared.update(wanted, name="测试三人")
            assert (await event(one))["id"] == wanted["id"]
            assert (await event(enterprises))["id"] == enterprise["id"]
            for client in (one, enterprises, unknown, nonsense):
                assert await client.hears_nothing(0.3)

    async def test_every_event_told_is_in_the_trail_before_it_is_sent(self, shared: World) -> None:
        """With who, which customer and which fields; an event that is not told leaves none."""
        blocks = shared.api.services.database["audit_blocks"]
        async with shared.following("clerk") as client, shared.following("other") as stranger:
            customer = await shared.create()
            await event(client)
            assert await stranger.hears_nothing(0.3)
        row_id = ObjectId(customer["id"].partition("_")[2])
        entries = [entry for block in await blocks.find().to_list() for entry in block["body"]["entries"]]
        told = [entry for entry in entries if entry["operation"]["type"] == "subscription"]
        about = [entry for entry in told if any(row_id in t.get("customers", ()) for t in entry["touches"])]
        assert [entry["username"] for entry in about] == ["clerk"]
        assert "telephone" in about[0]["touches"][0]["denied"]


class TestNothingLeaks:
    async def test_a_customer_out_of_scope_tells_nothing(self, shared: World) -> None:
        """Neither that it came, nor that it changed, nor that it went."""
        async with shared.following("other") as client:
            customer = await shared.create("clerk")
            await shared.update(customer, name="测试二人")
            await shared.delete(customer)
            assert await client.hears_nothing()

    @pytest.mark.parametrize("username", ["clerk", "agent"])
    async def test_a_change_of_denied_fields_alone_tells_nothing(self, shared: World, username: str) -> None:
        """The keeper hears of it; nor does its new version number come along by itself."""
        customer = await shared.create()
        async with shared.following(username) as client, shared.following("keeper") as keeper:
            await shared.update(customer, occupation="教师", email="a@example.com")
            assert (await event(keeper))["customer"]["version"] == 2
            assert await client.hears_nothing()

    async def test_a_masked_field_is_readable_enough(self, shared: World) -> None:
        """Who may read a telephone masked could see it change."""
        customer = await shared.create(department="west")
        async with shared.following("agent") as agent, shared.following("clerk") as clerk:
            await shared.update(customer, telephone="13800138000")
            assert (await event(agent))["operation"] == "UPDATED"
            assert await clerk.hears_nothing()

    async def test_a_customer_that_left_the_scope_tells_nothing_any_more(self, shared: World) -> None:
        """Not that it left, not what becomes of it, not its deletion, though it was told of before."""
        customer = await shared.create("clerk")
        async with shared.following("clerk") as client, shared.following("other") as other:
            await shared.update(customer, name="测试二人")
            await event(client)
            await shared.update(customer, accountManager="other")
            assert (await event(other))["operation"] == "UPDATED"
            await shared.update(customer, name="测试三人")
            await shared.delete(customer)
            assert await client.hears_nothing()
            assert (await event(other))["operation"] == "UPDATED"
            assert (await event(other))["operation"] == "DELETED"

    async def test_a_deletion_is_told_of_those_alone_that_were_told_of(self, shared: World) -> None:
        """Of others, nobody can say any more whether they were in scope."""
        customer = await shared.create("clerk")
        async with shared.following("clerk") as client:
            await shared.delete(customer)
            assert await client.hears_nothing()

    async def test_who_may_not_know_when_a_customer_was_created_is_not_told_that_it_is_new(self, shared: World) -> None:
        """CREATED would be the time of creation."""
        query = "subscription { customerChanged { operation customer { name } } }"
        async with shared.following("reader", query) as client:
            await shared.create()
            assert (await event(client))["operation"] == "UPDATED"

    async def test_what_is_no_new_version_tells_nothing(self, shared: World) -> None:
        """Such as a value that is encrypted anew."""
        customer = await shared.create(telephone="13800138000")
        customers = shared.api.services.database["customers"]
        async with shared.following("keeper") as client:
            row_id = ObjectId(customer["id"].partition("_")[2])
            await customers.update_one({"_id": row_id}, {"$set": {"telephone": b"anew"}})
            assert await client.hears_nothing()

    async def test_who_sees_nothing_may_follow_nothing(self, shared: World) -> None:
        """Told at once, as a query would be."""
        async with shared.asking("nobody", FOLLOW) as client:
            answer = await client.hear()
            assert answer["type"] == "error"
            assert answer["payload"][0]["extensions"]["code"] in {"PURPOSE_NOT_ALLOWED", "SUBSCRIPTION_DENIED"}

    async def test_nobody_keeps_a_socket_open(self, shared: World) -> None:
        """Without a token there is nothing to follow."""
        async with socket_client(shared.address) as client:
            await client.say(type="connection_init")
            assert await client.closed() == (4403, "Forbidden")


class TestTickets:
    """Records of the regulation are told by the same decision as customers."""

    async def ticket(self, world: World, customer: dict[str, Any], **values: Any) -> ObjectId:
        """A stored ticket of the customer, as its chapter would have stored it."""
        row_id = ObjectId()
        row: dict[str, Any] = {
            "_id": row_id,
            "kind": "ticket",
            "customer_id": ObjectId(customer["id"].partition("_")[2]),
        }
        row |= {"_owner": "clerk", "_department": "east", "version": 1, "subject": "咨询", "assignee": "clerk"}
        await world.api.services.database["tickets"].insert_one(bound(world.api.services, {**row, **values}))
        return row_id

    async def change(self, world: World, row_id: ObjectId, **values: Any) -> None:
        """A new version of it."""
        tickets = world.api.services.database["tickets"]
        await tickets.update_one({"_id": row_id}, {"$set": values, "$inc": {"version": 1}})

    async def test_they_are_told_to_who_may_see_them(self, shared: World) -> None:
        """By customer and by assignee; denied fields alone and other people's tickets tell nothing."""
        query = """subscription($customer: ID, $assignee: String) {
          ticketChanged(customer: $customer, assignee: $assignee) {
            operation id ticket { subject state assignee { username } customer { name } } } }"""
        mine, another = await shared.create("clerk"), await shared.create("clerk")
        async with (
            shared.following("clerk", query) as client,
            shared.following("clerk", query, customer=mine["id"]) as of_customer,
            shared.following("clerk", query, assignee="keeper") as of_assignee,
            shared.following("other", query) as stranger,
            shared.following("keeper", query) as keeper,
        ):
            row_id = await self.ticket(shared, mine)
            for subscriber in (client, of_customer, keeper):
                told = (await subscriber.hear())["payload"]["data"]["ticketChanged"]
                assert told["id"] == f"ticket_{row_id}"
                assert told["ticket"]["subject"] == "咨询"
            assert told["operation"] == "CREATED"
            await self.change(shared, row_id, state="resolved")
            assert (await keeper.hear())["payload"]["data"]["ticketChanged"]["ticket"]["state"] == "RESOLVED"
            await self.change(shared, row_id, assignee="keeper")
            told = (await of_assignee.hear())["payload"]["data"]["ticketChanged"]["ticket"]
            assert (told["assignee"], told["state"]) == ({"username": "keeper"}, None)
            await self.ticket(shared, another)
            for expected, subscriber in ((2, client), (1, of_customer)):
                for _ in range(expected):
                    assert (await subscriber.hear())["type"] == "next"
            for subscriber in (client, of_customer, of_assignee, stranger):
                assert await subscriber.hears_nothing(0.3)

    async def test_who_may_see_none_may_not_follow_them(self, shared: World) -> None:
        """Told at once."""
        async with shared.asking("reader", "subscription { ticketChanged { id } }") as client:
            assert (await client.hear())["payload"][0]["extensions"]["code"] in {
                "PURPOSE_NOT_ALLOWED",
                "SUBSCRIPTION_DENIED",
            }


class TestLoss:
    async def test_new_rules_decide_the_next_event(self, own: World) -> None:
        """Without a new subscription."""
        customer = await own.create(department="west")
        async with own.following("agent") as client:
            await own.update(customer, telephone="13800138000")
            assert (await event(client))["customer"]["telephone"] is not None
            await own.activate_everywhere(RULES + "p, agent, all, *, telephone, read_masked, *, deny\n")
            await own.update(customer, telephone="13900139000")
            assert await client.hears_nothing()
            await own.update(customer, telephone="13700137000", name="测试二人")
            answer = await client.hear()
            assert answer["payload"]["data"]["customerChanged"]["customer"]["telephone"] is None
            assert answer["payload"]["extensions"]["access"][0]["level"] == "DENIED"

    async def test_a_deletion_under_new_rules_is_not_told(self, own: World) -> None:
        """Whether the customer was still in scope cannot be known."""
        customer = await own.create()
        async with own.following("clerk") as client:
            await own.update(customer, name="测试二人")
            await event(client)
            await own.activate_everywhere(RULES + "p, clerk, own, *, name, write, business_operation, allow\n")
            await own.delete(customer)
            assert await client.hears_nothing()

    @pytest.mark.parametrize(
        "rules",
        [
            RULES.replace("p, clerk, own, *, @basic, read, business_operation, allow\n", ""),
            RULES + "p, clerk, all, *, *, read_masked, *, deny\n",
        ],
    )
    async def test_who_can_see_nothing_any_more_is_told(self, own: World, rules: str) -> None:
        """The subscription ends; the other one of the socket's process goes on."""
        async with own.following("clerk") as client, own.following("agent") as agent:
            await own.activate_everywhere(rules)
            answer = await client.hear()
            assert answer["type"] == "error"
            assert answer["payload"][0]["extensions"]["code"] in {"PURPOSE_NOT_ALLOWED", "SUBSCRIPTION_DENIED"}
            await own.create()
            assert (await event(agent))["operation"] == "CREATED"

    async def test_a_disabled_account_ends(self, own: World) -> None:
        """The subscription is told, and the socket closed."""
        async with own.following("clerk") as client:
            await own.api.services.accounts.disable("clerk")
            answer = await client.hear()
            assert answer["payload"][0]["extensions"]["code"] == "INVALID_TOKEN"
            assert await client.closed() == (4403, "Forbidden")

    async def test_a_disabled_account_is_told_no_event_more(self, own: World) -> None:
        """Not even until it ends: events after the disabling find nobody."""
        customer = await own.create()
        async with own.following("clerk") as client:
            await asyncio.sleep(0.1)
            await own.api.services.accounts.disable("clerk")
            await asyncio.sleep(1)
            await own.update(customer, name="测试二人")
            assert [(await client.hear())["type"]] == ["error"]
            assert await client.closed() == (4403, "Forbidden")

    async def test_a_logout_ends_the_sockets_of_its_session(self, own: World) -> None:
        """With the code of a token that is good no more."""
        async with own.following("clerk") as client:
            await own.api.ask("clerk", "mutation { logout { ok: __typename } }")
            assert (await client.hear())["payload"][0]["extensions"]["code"] == "INVALID_TOKEN"

    async def test_a_purpose_that_is_taken_away_ends_the_subscription(self, own: World) -> None:
        """The account goes on, for other purposes."""
        async with own.following("clerk") as client:
            await change_account(own.api.services.accounts, "clerk", purposes=["customer_service"])
            answer = await client.hear()
            assert answer["payload"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
            await client.say(type="ping")
            assert await client.hear() == {"type": "pong"}

    @pytest.mark.slow
    async def test_a_token_that_expires_ends_the_socket(
        self,
        mongodb_uri: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It is good for as long as it is for requests."""
        monkeypatch.setattr(access_tokens, "LEEWAY", 0)
        settings = Settings(data_dir=tmp_path, jobs="worker", access_token_seconds=10)
        async with installation(mongodb_uri, settings) as world, world.following("clerk") as client:
            assert (await client.hear())["payload"][0]["extensions"]["code"] == "INVALID_TOKEN"
            assert await client.closed() == (4403, "Forbidden")
