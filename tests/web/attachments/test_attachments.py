"""Attachments end to end: what comes in, what comes out, to whom, and that nothing half-stored stays."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from random import Random
from typing import Any
from urllib.parse import quote

import bson
import httpx
import pytest
from bson import ObjectId
from starlette.types import Message, Scope

from documents.chapters.attachments.media_types import EXTENSIONS
from documents.chapters.attachments.sealing import CHUNK_BYTES
from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError
from documents.writing.records import RecordWrites
from resolvers.caller import Caller
from settings import Settings
from tests.api import Api, application_database, seeded
from tests.documents.chapters.attachments.files import DOCX, PDF, PNG, REFUSED, TAKEN, TEXT
from web.attachments.endpoint import AttachmentEndpoint
from web.authentication.bearer import Authenticator
from web.contexts import State, record, request_context

LIMIT = 3 * CHUNK_BYTES
NAME = "营业执照.pdf"
LONG = b"%PDF-1.7\n" + Random(7).randbytes(2 * CHUNK_BYTES) + b"\n%%EOF\n"
BUSINESS = "business_operation"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The application on demo data of its own, with a small limit."""
    folder = tmp_path_factory.mktemp("attachments")
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=folder, database=database, max_attachment_bytes=LIMIT)
        async with seeded(settings, mongodb_uri) as api:
            yield api


async def customers(api: Api, *, own: bool) -> list[str]:
    """Ids of customers of demo.manager, or of others."""
    manager: Any = "demo.manager" if own else {"$ne": "demo.manager"}
    rows = await api.services.database["customers"].find({"account_manager": manager}).to_list()
    return [f"{row['kind']}_{row['_id']}" for row in rows]


@pytest.fixture(scope="module")
async def own(api: Api) -> str:
    return (await customers(api, own=True))[0]


@pytest.fixture(scope="module")
async def foreign(api: Api) -> str:
    return (await customers(api, own=False))[0]


async def headers(api: Api, username: str | None, purpose: str | None = BUSINESS, **more: str) -> dict[str, str]:
    token = {"authorization": f"Bearer {await api.login(username)}"} if username is not None else {}
    return token | ({"dossier-purpose": purpose} if purpose is not None else {}) | more


async def add(
    api: Api,
    customer: str,
    content: Any = PDF,
    *,
    username: str | None = "demo.manager",
    purpose: str | None = BUSINESS,
    media_type: str = "application/pdf",
    name: str = NAME,
    category: str = "identification",
    **more: str,
) -> httpx.Response:
    named = {"content-type": media_type, "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return await api.http.post(
        "/attachments",
        params={"customer": customer, "category": category},
        content=content,
        headers=await headers(api, username, purpose, **{**named, **more}),
    )


async def added(api: Api, customer: str, content: bytes = PDF, **how: Any) -> str:
    response = await add(api, customer, content, **how)
    assert response.status_code == 201, response.text
    attachment_id: str = response.json()["data"]["id"]
    assert response.headers["location"] == f"/attachments/{attachment_id}"
    return attachment_id


async def fetch(
    api: Api, attachment_id: str, username: str | None = "demo.manager", purpose: str | None = BUSINESS, **more: str
) -> httpx.Response:
    return await api.http.get(f"/attachments/{attachment_id}", headers=await headers(api, username, purpose, **more))


def refused(response: httpx.Response) -> tuple[int, str]:
    [error] = response.json()["errors"]
    assert error["message"]
    return response.status_code, error["extensions"]["code"]


async def stored(api: Api) -> dict[str, int]:
    names = ("attachments", "attachments.files", "attachments.chunks", "attachments.unfinished")
    return {name: await api.services.database[name].count_documents({}) for name in names}


class TestRoundTrip:
    """What was added is had as it was."""

    @pytest.mark.parametrize("media_type", TAKEN)
    async def test_a_file_of_every_type_comes_back(self, api: Api, own: str, media_type: Any) -> None:
        """Byte for byte, as a download that no browser runs."""
        name = f"证明.{EXTENSIONS[media_type][0]}"
        attachment_id = await added(api, own, TAKEN[media_type], media_type=media_type, name=name)
        response = await fetch(api, attachment_id)
        assert response.status_code == 200
        assert response.content == TAKEN[media_type]
        assert response.headers["content-type"].partition(";")[0] == media_type
        assert response.headers["content-length"] == str(len(TAKEN[media_type]))
        assert response.headers["content-disposition"].startswith("attachment; ")
        assert quote(name) in response.headers["content-disposition"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"].startswith("sandbox")
        assert response.headers["cache-control"] == "no-store"

    async def test_a_file_of_several_chunks_comes_back(self, api: Api, own: str) -> None:
        """Sent in pieces that fit no chunk."""

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(LONG), 70_001):
                yield LONG[start : start + 70_001]

        response = await add(api, own, pieces())
        assert response.status_code == 201, response.text
        assert (await fetch(api, response.json()["data"]["id"])).content == LONG

    @pytest.mark.parametrize("meanwhile", ["handed over", "logged out", "disabled", "erased"])
    async def test_what_a_sender_may_do_is_asked_again_when_the_file_is_there(self, api: Api, meanwhile: str) -> None:
        """A long upload is judged by who may add it when it ends, not by who began it; and nothing of it stays."""
        made = "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } } }"
        given = {"name": "上传中", "sourceChannel": "CONTRACT"}
        answer = await api.ask("demo.manager", made, {"i": {"individual": given}}, purpose=BUSINESS)
        customer = answer["data"]["createCustomer"]["customer"]["id"]
        before, accounts = await stored(api), api.services.accounts

        async def pieces() -> AsyncIterator[bytes]:
            yield PDF[: len(PDF) // 2]
            match meanwhile:
                case "handed over":
                    change = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { userErrors { code } } }"
                    given = {"accountManager": "wu.haiyan", "department": "sales-west", "sourceChannel": "FEEDBACK"}
                    given |= {"id": customer, "version": 1}  # type: ignore[dict-item]
                    await api.ask("demo.admin", change, {"i": {"individual": given}})
                case "logged out":
                    await accounts.end_sessions("demo.manager")
                case "disabled":
                    await accounts.disable("demo.manager")
                case _:
                    remove = "mutation($i: DeleteCustomerInput!) { deleteCustomer(input: $i) { userErrors { code } } }"
                    await api.ask("demo.admin", remove, {"i": {"id": customer, "version": 1}})
            yield PDF[len(PDF) // 2 :]

        try:
            response = await add(api, customer, pieces())
        finally:
            await accounts.enable("demo.manager")
            api.tokens.pop("demo.manager", None)
        assert response.status_code in (401, 403, 404), response.text
        assert await stored(api) == before

    async def test_the_record_says_what_the_file_is(self, api: Api, own: str) -> None:
        """Measured, not as the sender said; through GraphQL, with its customer."""
        attachment_id = await added(api, own, LONG)
        query = """query($id: ID!) { attachment(id: $id) {
          id category fileName mediaType size sha256 createdBy { username } customer { id } } }"""
        answer = await api.ask("demo.manager", query, {"id": attachment_id}, purpose=BUSINESS)
        assert answer["data"]["attachment"] == {
            "id": attachment_id,
            "category": "IDENTIFICATION",
            "fileName": NAME,
            "mediaType": "PDF",
            "size": len(LONG),
            "sha256": hashlib.sha256(LONG).hexdigest(),
            "createdBy": {"username": "demo.manager"},
            "customer": {"id": own},
        }

    async def test_the_raw_database_holds_neither_content_nor_name(self, api: Api, own: str) -> None:
        """Nor the hash, by which a known file could be recognised."""
        secret = b"a sentence that is found if it is stored"
        content = b"%PDF-1.7\n" + secret * 50 + b"\n%%EOF"
        await added(api, own, content, name="机密文件名.pdf")
        for name in await api.services.database.list_collection_names():
            async for row in api.services.database[name].find({}):
                raw = bson.encode(row)
                assert secret not in raw, name
                assert "机密文件名".encode() not in raw, name
                assert hashlib.sha256(content).hexdigest().encode() not in raw, name


class TestPolicy:
    """Who may add, who may have."""

    async def test_a_customer_out_of_scope_cannot_be_told_from_none(self, api: Api, own: str, foreign: str) -> None:
        """Neither in adding nor in having."""
        attachment_id = await added(api, own)
        absent = await fetch(api, f"attachment_{'0' * 24}", "demo.policy", "supervision")
        hidden = await fetch(api, attachment_id, "demo.policy", "supervision")
        assert refused(absent) in {(404, "NOT_FOUND"), (403, "PURPOSE_NOT_ALLOWED")}
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
        theirs = await added(api, foreign, username="demo.credit", purpose="risk_assessment")
        absent, hidden = await fetch(api, f"attachment_{'0' * 24}"), await fetch(api, theirs)
        assert refused(hidden) == (404, "NOT_FOUND")
        assert (hidden.status_code, hidden.content, hidden.headers) == (
            absent.status_code,
            absent.content,
            absent.headers,
        )
        kind = foreign.partition("_")[0]
        assert refused(await add(api, f"{kind}_{'0' * 24}")) == refused(await add(api, "nobody")) == (404, "NOT_FOUND")

    async def test_who_may_not_add_is_refused_before_a_byte_is_read(self, api: Api, foreign: str) -> None:
        """A manager sees that the other manager's customer exists, and adds nothing to it."""
        before = await stored(api)
        read = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal read
            for start in range(0, len(LONG), 1000):
                read += 1
                yield LONG[start : start + 1000]

        response = await add(api, foreign, pieces(), expect="100-continue")
        assert refused(response) == (403, "ACCESS_DENIED")
        assert read <= 1  # the test's transport fetches one before anybody asks
        assert await stored(api) == before

    async def test_who_sees_the_record_may_not_therefore_have_the_content(self, api: Api, own: str) -> None:
        """An inspector knows that there is a file, of which type and size, and no more."""
        attachment_id = await added(api, own)
        query = "query($id: ID!) { attachment(id: $id) { mediaType size fileName content sha256 } }"
        answer = await api.ask("demo.inspector", query, {"id": attachment_id})
        assert answer["data"]["attachment"] == {
            "mediaType": "PDF",
            "size": len(PDF),
            "fileName": None,
            "content": None,
            "sha256": None,
        }
        assert refused(await fetch(api, attachment_id, "demo.inspector", None)) == (403, "ACCESS_DENIED")

    async def test_nobody_and_no_purpose_are_refused_as_by_the_graphql_endpoint(self, api: Api, own: str) -> None:
        """The same codes; and a bad token is not nobody."""
        attachment_id = await added(api, own)
        assert refused(await add(api, own, username=None)) == (401, "UNAUTHENTICATED")
        assert refused(await fetch(api, attachment_id, None)) == (401, "UNAUTHENTICATED")
        assert refused(await add(api, own, purpose=None)) == (400, "PURPOSE_MISSING")
        assert refused(await fetch(api, attachment_id, purpose="curiosity")) == (400, "PURPOSE_UNKNOWN")
        assert refused(await fetch(api, attachment_id, purpose="supervision")) == (403, "PURPOSE_NOT_ALLOWED")
        bad = {"authorization": "Bearer a.b.c"}
        assert refused(await api.http.get(f"/attachments/{attachment_id}", headers=bad)) == (401, "INVALID_TOKEN")

    async def test_pages_of_other_sites_are_refused(self, api: Api, own: str) -> None:
        """Both ways."""
        attachment_id = await added(api, own)
        site = {"sec-fetch-site": "cross-site"}
        assert refused(await add(api, own, **site)) == (403, "CROSS_SITE_REQUEST")
        assert refused(await fetch(api, attachment_id, **site)) == (403, "CROSS_SITE_REQUEST")

    async def test_other_methods_are_refused(self, api: Api) -> None:
        """With those that there are."""
        for path, allowed in (("/attachments", "POST"), (f"/attachments/attachment_{'0' * 24}", "GET")):
            response = await api.http.put(path, content=b"x")
            assert refused(response) == (405, "METHOD_NOT_ALLOWED")
            assert response.headers["allow"] == allowed


class TestRefusedFiles:
    """Nothing of a file that is not taken stays."""

    @pytest.mark.parametrize("name", REFUSED)
    async def test_what_is_of_no_taken_type_is_refused(self, api: Api, own: str, name: str) -> None:
        """As a text and as a PDF."""
        before = await stored(api)
        as_text = await add(api, own, REFUSED[name], media_type="text/plain", name="a.txt")
        as_pdf = await add(api, own, REFUSED[name])
        codes = {refused(as_text), refused(as_pdf)}
        assert codes <= {(415, "ATTACHMENT_TYPE_REFUSED"), (415, "ATTACHMENT_TYPE_MISMATCH")}
        assert await stored(api) == before

    @pytest.mark.parametrize(
        ("content", "how", "expected"),
        [
            (b"", {}, (400, "ATTACHMENT_EMPTY")),
            (PNG, {}, (415, "ATTACHMENT_TYPE_MISMATCH")),
            (DOCX, {"name": "a.docx"}, (415, "ATTACHMENT_TYPE_MISMATCH")),
            (TEXT, {"media_type": "text/plain", "name": "a.bat"}, (415, "ATTACHMENT_TYPE_MISMATCH")),
            (TEXT, {"media_type": "text/plain; charset=gbk", "name": "a.txt"}, (415, "ATTACHMENT_TYPE_REFUSED")),
            (PDF, {"media_type": "application/octet-stream"}, (415, "ATTACHMENT_TYPE_REFUSED")),
            (PDF, {"content-encoding": "gzip"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
            (PDF, {"name": "../a.pdf"}, (400, "ATTACHMENT_NAME_INVALID")),
            (PDF, {"content-disposition": "attachment"}, (400, "ATTACHMENT_NAME_INVALID")),
            (PDF, {"category": "holiday"}, (400, "ATTACHMENT_CATEGORY_UNKNOWN")),
            (LONG + bytes(LIMIT), {}, (413, "ATTACHMENT_TOO_LARGE")),
        ],
        ids=["empty", "png", "docx", "bat", "gbk", "octets", "gzip", "path", "no name", "category", "too large"],
    )
    async def test_each_fault_has_its_code_in_both_languages(
        self, api: Api, own: str, content: bytes, how: Mapping[str, str], expected: tuple[int, str]
    ) -> None:
        """And leaves nothing."""
        before = await stored(api)
        assert refused(await add(api, own, content, **how)) == expected
        chinese = await add(api, own, content, **{"accept-language": "zh-CN", **how})
        assert refused(chinese) == expected
        assert not chinese.json()["errors"][0]["message"].isascii()
        assert await stored(api) == before

    async def test_a_stream_that_grows_too_large_is_stopped(self, api: Api, own: str) -> None:
        """Nobody reads an endless file to its end, and nothing of it stays."""
        before = await stored(api)
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b"%PDF-1.7\n"
            while sent < 50 * LIMIT:
                sent += 100_000
                yield bytes(100_000)

        assert refused(await add(api, own, endless())) == (413, "ATTACHMENT_TOO_LARGE")
        assert sent < 4 * LIMIT
        assert await stored(api) == before

    async def test_exactly_the_limit_is_taken(self, api: Api, own: str) -> None:
        """One byte more is not."""
        content = b"%PDF-1.7\n" + bytes(LIMIT - 15) + b"\n%%EOF"
        assert len(content) == LIMIT
        assert (await fetch(api, await added(api, own, content))).content == content
        assert refused(await add(api, own, b"%PDF-1.7\n" + content[8:])) == (413, "ATTACHMENT_TOO_LARGE")


async def by_hand(api: Api, scope: Scope, messages: list[Message], **options: float) -> list[Message]:
    """The messages by which the endpoint answers a client that sends `messages` and then nothing."""
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.sleep(3600)
        # A server goes on saying that the client has gone.
        return messages[0] if messages[0]["type"] == "http.disconnect" else messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    state = State(services=api.services, authenticator=authenticator_of(api))
    request = {"type": "http", "query_string": b"", "state": state, "client": None, **scope}
    await AttachmentEndpoint(request_context, record, **options)(request, receive, send)
    return sent


def authenticator_of(api: Api) -> Authenticator:
    accounts = api.services.use_cases.accounts
    return Authenticator(accounts.access_tokens, accounts.principals)


async def upload_by_hand(api: Api, customer: str, messages: list[Message], **options: float) -> list[Message]:
    named = {"content-type": "application/pdf", "content-disposition": "attachment; filename=a.pdf"}
    scope = {
        "method": "POST",
        "path": "/attachments",
        "query_string": f"customer={customer}&category=other".encode(),
        "headers": raw(await headers(api, "demo.manager", **named)),
    }
    return await by_hand(api, scope, messages, **options)


async def download_by_hand(api: Api, attachment_id: str) -> list[Message]:
    scope = {
        "method": "GET",
        "path": f"/attachments/{attachment_id}",
        "path_params": {"attachment_id": attachment_id},
        "headers": raw(await headers(api, "demo.manager")),
    }
    return await by_hand(api, scope, [])


def raw(named: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in named.items()]


class TestAbortedUploads:
    """A client that goes, or stops, leaves nothing."""

    @pytest.fixture
    def half(self) -> list[Message]:
        return [{"type": "http.request", "body": LONG[: CHUNK_BYTES + 5], "more_body": True}]

    async def test_a_client_that_goes_leaves_nothing(self, api: Api, own: str, half: list[Message]) -> None:
        """Although a chunk was written."""
        before = await stored(api)
        assert await upload_by_hand(api, own, [*half, {"type": "http.disconnect"}]) == []
        assert await stored(api) == before

    async def test_a_client_that_stops_sending_is_told_and_leaves_nothing(
        self, api: Api, own: str, half: list[Message]
    ) -> None:
        """After the pause that is allowed."""
        before = await stored(api)
        start, body = await upload_by_hand(api, own, half, pause_seconds=0.2)
        assert start["status"] == 408
        assert b"REQUEST_TIMEOUT" in body["body"]
        assert await stored(api) == before

    async def test_an_upload_that_is_cancelled_leaves_nothing(self, api: Api, own: str, half: list[Message]) -> None:
        """As at the end of the server."""
        before = await stored(api)
        upload = asyncio.create_task(upload_by_hand(api, own, half))
        while (await stored(api))["attachments.chunks"] == before["attachments.chunks"]:  # noqa: ASYNC110 - a database
            await asyncio.sleep(0.01)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await stored(api) == before


class TestRetries:
    """An `Idempotency-Key` makes an upload safe to repeat."""

    async def test_the_same_file_under_the_same_key_is_kept_once(self, api: Api, own: str) -> None:
        """The retry finds the first, and leaves no second file."""
        first = await added(api, own, LONG, **{"idempotency-key": "upload-1"})
        before = await stored(api)
        assert await added(api, own, LONG, **{"idempotency-key": "upload-1"}) == first
        assert await stored(api) == before

    async def test_another_file_under_the_same_key_is_refused(self, api: Api, own: str) -> None:
        """Whatever is different."""
        await added(api, own, PDF, **{"idempotency-key": "upload-2"})
        before = await stored(api)
        for content, how in ((PDF + b"\n", {}), (PDF, {"name": "b.pdf"}), (PDF, {"category": "risk"})):
            response = await add(api, own, content, **{"idempotency-key": "upload-2", **how})
            assert refused(response) == (409, "IDEMPOTENCY_KEY_REUSED")
        assert await stored(api) == before


class TestLaterOn:
    """What becomes of attachments."""

    async def test_they_follow_the_customer_to_another_manager(self, api: Api) -> None:
        """Who has the customer no longer has not its files either; whoever reads them all still does."""
        customer = (await customers(api, own=True))[1]
        attachment_id = await added(api, customer, LONG)
        seen = await api.ask("demo.admin", "query($id: ID!) { customer(id: $id) { version } }", {"id": customer})
        kind = customer.partition("_")[0]
        change = "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { userErrors { code field } } }"
        version = seen["data"]["customer"]["version"]
        owner = {"accountManager": "chen.guofeng", "department": "sales-west"}
        given = {kind: {"id": customer, "version": version, "sourceChannel": "FEEDBACK", **owner}}
        answer = await api.ask("demo.admin", change, {"i": given})
        assert answer.get("data") == {"updateCustomer": {"userErrors": []}}, answer
        assert refused(await fetch(api, attachment_id)) == (404, "NOT_FOUND")
        assert (await fetch(api, attachment_id, "demo.credit", "risk_assessment")).content == LONG

    async def test_they_are_gone_with_the_key(self, api: Api) -> None:
        """Before the records are: nothing proves any more whose they are."""
        customer = (await customers(api, own=True))[2]
        attachment_id = await added(api, customer, LONG)
        await api.services.storage.keyring.erase(ObjectId(customer.partition("_")[2]))
        response = await fetch(api, attachment_id, "demo.credit", "risk_assessment")
        assert refused(response) == (404, "NOT_FOUND")

    async def test_a_damaged_file_is_not_served(self, api: Api, own: str) -> None:
        """A first chunk that does not open is our fault, and says nothing; a later one ends the answer short."""
        chunks = api.services.database["attachments.chunks"]
        for damaged in (0, 1):
            attachment_id = await added(api, own, LONG)
            newest = await chunks.find({"n": damaged}).sort("_id", -1).limit(1).to_list()
            changed = bytearray(newest[0]["data"])
            changed[100] ^= 1
            await chunks.update_one({"_id": newest[0]["_id"]}, {"$set": {"data": bytes(changed)}})
            start, *bodies = await download_by_hand(api, attachment_id)
            given = b"".join(message["body"] for message in bodies)
            if damaged == 0:
                assert start["status"] == 500
                assert b"INTERNAL_ERROR" in given
                assert not bodies[-1].get("more_body", False)
            else:
                assert dict(start["headers"])[b"content-length"] == str(len(LONG)).encode()
                assert given == LONG[:CHUNK_BYTES]
                assert bodies[-1]["more_body"]  # the server ends the connection

    async def test_adding_and_having_are_in_the_audit_trail(self, api: Api, own: str) -> None:
        """With the customer, the attachment and the names of fields, and no value."""
        attachment_id = await added(api, own, name="审计.pdf")
        await fetch(api, attachment_id)
        record = ObjectId(attachment_id.partition("_")[2])
        entries = [
            entry
            async for block in api.services.database["audit_blocks"].find({})
            for entry in block["body"]["entries"]
            if any(record in touch.get("records", ()) for touch in entry.get("touches", ()))
        ]
        assert [entry["operation"]["name"] for entry in entries] == ["addAttachment", "downloadAttachment"]
        assert {entry["username"] for entry in entries} == {"demo.manager"}
        assert "content" in entries[0]["touches"][-1]["written"]
        assert "content" in entries[1]["touches"][0]["plain"]
        assert "审计" not in str(entries)


async def test_a_record_can_refer_only_to_attachments_of_its_customer_that_the_caller_sees(
    api: Api, own: str, foreign: str
) -> None:
    """Neither to another customer's, nor to hidden ones, nor to what is none."""
    mine, theirs = await added(api, own), await added(api, foreign, username="demo.credit", purpose="risk_assessment")
    principal = await authenticator_of(api).authenticate(f"Bearer {await api.login('demo.manager')}")
    caller = Caller(principal, BUSINESS)
    operations = api.services.use_cases.attachments._operations
    repository = api.services.use_cases.attachments.repository
    plan = await operations.plan(caller, Kind.ATTACHMENT)

    async def require(customer_id: str, *ids: str) -> str:
        customer = await operations.customer(caller, customer_id)

        async def work(writes: RecordWrites) -> str:
            await repository.require(writes, plan, customer, ids)
            return "all there"

        return await operations.run(caller, work, None)

    assert await require(own) == await require(own, mine) == await require(own, mine, mine) == "all there"
    for customer_id, ids in ((own, [mine, theirs]), (foreign, [theirs]), (foreign, [mine]), (own, ["ticket_1"])):
        with pytest.raises(RecordNotFoundError):
            await require(customer_id, *ids)
