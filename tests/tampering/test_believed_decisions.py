"""Nothing opens by a record that Dossier did not write as it is: what is decided by it × every stored field edited or
removed × a copy put in × an older state put back, in the process that ended it and in one that has met none of its
states.

Each test changes rows with a client of its own, beside the running product, and then does, by the product, what the
record allows while it is genuine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.information.shared_customers import SharedPage, SharingRepository
from documents.declaring.kind import Kind
from documents.registry import RECORD_CLASSES
from documents.storing.public_ids import new_customer_id
from documents.writing.records import RecordWrites
from policies.authorize import READ
from policies.principal import Principal
from settings import Settings
from tests.api import PASSWORD_HASH, Api, application_database, running
from tests.chapters.policies.test_policy_administration import (
    APPROVE,
    AUTHOR,
    END,
    GRANT,
    NO_TELEPHONE,
    SECOND,
    SUPERVISION,
    act,
    approved,
    done,
    seen,
)
from tests.tampering.changes import changes, numbered, put
from tests.units import AUTHOR as TESTS

COLLECTIONS = {record.kind: record.collection for record in RECORD_CLASSES}
NAMES = numbered("person")
Row = dict[str, Any]


class Decision(ABC):
    """What is decided by a record of `kind`."""

    kind: Kind

    @abstractmethod
    async def make(self, api: Api) -> ObjectId:
        """A record that opens something; its id."""

    @abstractmethod
    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        """Whether it does."""

    @abstractmethod
    async def close(self, api: Api, row_id: ObjectId) -> None:
        """Has the product end it, so that it opens nothing any more."""

    async def seen(self, api: Api, row_id: ObjectId) -> dict[str, Any]:
        """What names the record as it stands to a mutation."""
        row = await api.services.database[COLLECTIONS[self.kind]].find_one({"_id": row_id}) or {}
        version = row.get("version")
        return {"id": f"{self.kind.value}_{row_id}", "version": version if isinstance(version, int) else 1}


async def mutated(api: Api, username: str, operation: str, given: Row, purpose: str) -> Any:
    """The payload of a mutation: its record's id, or the errors."""
    record = operation.removeprefix("sign").removeprefix("end").removeprefix("give").removeprefix("withdraw")
    text = f"mutation($i: {operation[0].upper()}{operation[1:]}Input!) {{ {operation}(input: $i) {{ "
    shown = f"{record[0].lower()}{record[1:]} {{ id version }} userErrors {{ code rule }}"
    answer = await api.ask(username, f"{text}{shown} }} }}", {"i": given}, purpose=purpose)
    payload = answer["data"][operation]
    assert payload["userErrors"] == []
    return payload[f"{record[0].lower()}{record[1:]}"]


def at(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


class Shared(Decision):
    """Which customers a partner sees: by a consent and an agreement, one of which is tampered with."""

    partners: dict[ObjectId, tuple[str, ObjectId]]

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.partners = {}

    async def make(self, api: Api) -> ObjectId:
        customer = (await mine(api))[0]
        partner = f"partner_{new_customer_id()}"
        signed = {"partner": partner, "signedAt": at(-1), "expiresAt": at(30)}
        agreement = await mutated(api, "demo.security", "signSharingAgreement", signed, SUPERVISION)
        given = {"customer": customer, "partner": partner, "fields": ["name"], "givenAt": at(-1), "expiresAt": at(30)}
        consent = await mutated(api, "demo.manager", "giveConsent", given, "business_operation")
        made = ObjectId((consent if self.kind is Kind.CONSENT else agreement)["id"][-24:])
        self.partners[made] = partner, ObjectId(customer[-24:])
        return made

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        partner, customer = self.partners.get(row_id) or next(reversed(self.partners.values()))
        sharing: SharingRepository = api.services.use_cases.information.shared_customers._sharing
        now = datetime.now(UTC)
        one = await sharing.one(partner, now, customer)
        page = await sharing.shared_with(partner, now, SharedPage(10))
        count = await sharing.count(partner, now, [Kind.INDIVIDUAL, Kind.ENTERPRISE, Kind.INSTITUTION])
        assert (one is not None) == bool(page) == bool(count)
        return one is not None

    async def close(self, api: Api, row_id: ObjectId) -> None:
        named = await self.seen(api, row_id)
        if self.kind is Kind.CONSENT:
            await mutated(api, "demo.manager", "withdrawConsent", named, "business_operation")
        else:
            await mutated(api, "demo.security", "endSharingAgreement", named, SUPERVISION)


async def mine(api: Api) -> list[str]:
    query = '{ customers(filter: { accountManager: { eq: "demo.manager" } }) { nodes { id } } }'
    answer = await api.ask("demo.manager", query, purpose="business_operation")
    return [node["id"] for node in answer["data"]["customers"]["nodes"]]


class Cleared(Decision):
    """Until when somebody has access: by all their undertakings together."""

    kind = Kind.UNDERTAKING

    def __init__(self) -> None:
        self.staff: dict[ObjectId, str] = {}

    async def make(self, api: Api) -> ObjectId:
        name = await person(api)
        text = "mutation { signUndertaking(input: { textVersion: 1 }) { undertaking { id } userErrors { rule } } }"
        payload = (await api.ask(name, text))["data"]["signUndertaking"]
        made = ObjectId(payload["undertaking"]["id"][-24:])
        self.staff[made] = name
        return made

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        name = self.staff.get(row_id) or next(reversed(self.staff.values()))
        plan = await api.services.engine.authorize(
            Principal("demo.security", frozenset({"security_officer"}), frozenset({Purpose.SUPERVISION})),
            SUPERVISION,
            READ,
            Kind.UNDERTAKING.value,
        )

        async def work(writes: RecordWrites) -> str:
            await api.services.use_cases.information.undertakings._clear(writes, plan, name, datetime.now(UTC))
            return ""

        await api.services.storage.record_writer.run(TESTS, work)
        account = await api.services.accounts.get(name)
        assert account is not None
        return account.cleared_until is not None and account.cleared_until > datetime.now(UTC)

    async def close(self, api: Api, row_id: ObjectId) -> None:
        named = await self.seen(api, row_id)
        await mutated(api, "demo.security", "withdrawUndertaking", named, SUPERVISION)


async def person(api: Api) -> str:
    """An account of somebody who serves customers."""
    name = next(NAMES)
    await api.services.accounts.add(
        NewAccount(
            name,
            display_name=name,
            roles=["service_agent"],
            purposes=[Purpose.CUSTOMER_SERVICE],
            department="service",
            password_hash=PASSWORD_HASH,
        )
    )
    return name


async def has(api: Api, username: str, role: str) -> bool:
    account = await api.services.accounts.get(username)
    assert account is not None
    return role in account.roles


class Activated(Decision):
    """Which rules are in force: by an approved draft."""

    kind = Kind.RULE_DRAFT

    async def make(self, api: Api) -> ObjectId:
        return ObjectId((await approved(api, NO_TELEPHONE))["id"][-24:])

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        before = api.services.store.compiler.version
        await act(api, AUTHOR, "activateDraft", await self.seen(api, row_id))
        await api.services.store.refresh()
        return api.services.store.compiler.version > before

    async def close(self, api: Api, row_id: ObjectId) -> None:
        await done(api, AUTHOR, "discardDraft", await self.seen(api, row_id))


class Approved(Activated):
    """What is approved: a draft as it was submitted."""

    async def make(self, api: Api) -> ObjectId:
        content = {"comment": "x", "csv": await rules(api), "tests": []}
        draft = await done(api, AUTHOR, "submitDraft", seen(await done(api, AUTHOR, "createDraft", content)))
        return ObjectId(draft["id"][-24:])

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        payload = await act(api, SECOND, "approveDraft", await self.seen(api, row_id))
        return payload["ruleDraft"] is not None


async def rules(api: Api) -> str:
    answer = await api.ask(AUTHOR, "{ ruleSet { csv } }", purpose=SUPERVISION)
    return str(answer["data"]["ruleSet"]["csv"])


class Granted(Decision):
    """Which roles somebody has for a time: by a grant that waits for approval."""

    kind = Kind.ROLE_GRANT
    person = ""

    async def make(self, api: Api) -> ObjectId:
        self.person = await person(api)
        given = {"staff": self.person, "role": "complaint_handler", "reason": "holidays"}
        answer = await api.ask(AUTHOR, GRANT, {"i": given}, purpose=SUPERVISION)
        return ObjectId(answer["data"]["grantRole"]["roleGrant"]["id"][-24:])

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        answer = await api.ask(SECOND, APPROVE, {"i": await self.seen(api, row_id)}, purpose=SUPERVISION)
        return answer["data"]["approveRoleGrant"]["roleGrant"] is not None or await has(
            api, self.person, "complaint_handler"
        )

    async def close(self, api: Api, row_id: ObjectId) -> None:
        answer = await api.ask(AUTHOR, END, {"i": await self.seen(api, row_id)}, purpose=SUPERVISION)
        assert answer["data"]["endRoleGrant"]["userErrors"] == []


class RightsSet(Decision):
    """Which rights somebody has for good: by a change of their account that waits for approval."""

    kind = Kind.ACCOUNT_CHANGE
    person = ""

    async def make(self, api: Api) -> ObjectId:
        self.person = await person(api)
        given = {"username": self.person, "roles": ["service_agent", "archivist"], "reason": "holidays"}
        return ObjectId((await self.done(api, AUTHOR, "setAccountRoles", given))["id"][-24:])

    async def opens(self, api: Api, row_id: ObjectId) -> bool:
        return await self.done(
            api, SECOND, "approveAccountChange", await self.seen(api, row_id)
        ) is not None or await has(api, self.person, "archivist")

    async def close(self, api: Api, row_id: ObjectId) -> None:
        assert await self.done(api, AUTHOR, "discardAccountChange", await self.seen(api, row_id)) is not None

    async def done(self, api: Api, username: str, operation: str, given: Row) -> Any:
        text = f"mutation($i: {operation[0].upper()}{operation[1:]}Input!) {{ {operation}(input: $i) {{ "
        text += "accountChange { id } userErrors { code rule } } }"
        return (await api.ask(username, text, {"i": given}, purpose=SUPERVISION))["data"][operation]["accountChange"]


DECISIONS = {
    "a partner sees by a consent": Shared(Kind.CONSENT),
    "a partner sees by an agreement": Shared(Kind.SHARING_AGREEMENT),
    "clearance is given": Cleared(),
    "a draft is approved": Approved(),
    "a draft activates": Activated(),
    "a role is given": Granted(),
    "rights are set": RightsSet(),
}
every_decision = pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)


@pytest.fixture(scope="module")
async def processes(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Api, Api]]:
    """Two processes on one installation; approval is needed, as it is by default."""
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=tmp_path_factory.mktemp("decisions"), database=database, jobs="worker")
        async with running(settings, mongodb_uri) as api:
            await api.seed_demo(10, with_records=False)
            async with running(settings, mongodb_uri) as other:
                other.tokens = api.tokens
                yield api, other


@every_decision
async def test_nothing_opens_by_a_record_changed_in_any_field(processes: tuple[Api, Api], decision: Decision) -> None:
    """Whichever stored field is edited, removed or added; and the record as it was opens again."""
    api, _ = processes
    rows, row_id = api.services.database[COLLECTIONS[decision.kind]], await decision.make(api)
    row = await rows.find_one({"_id": row_id}) or {}
    declared = next(record.model_fields for record in RECORD_CLASSES if record.kind is decision.kind)
    for change in changes(sorted({*declared, *row} - {"_id"})):
        if change.removes and change.path not in row:
            continue
        await change.make(rows, row_id)
        assert not await decision.opens(api, row_id), str(change)
        await put(rows, row)
    assert await decision.opens(api, row_id)


@every_decision
async def test_nothing_opens_by_a_record_that_is_put_in_or_put_back(
    processes: tuple[Api, Api], decision: Decision
) -> None:
    """Neither by a copy of one that was ended, under another id, nor by that one as it was before; nor by removing it.
    Not in the process that ended it, and not in another."""
    api, other = processes
    rows, row_id = api.services.database[COLLECTIONS[decision.kind]], await decision.make(api)
    before = await rows.find_one({"_id": row_id}) or {}
    await decision.close(api, row_id)
    ended, copied = await rows.find_one({"_id": row_id}) or {}, new_customer_id()
    await rows.insert_one({**before, "_id": copied})
    for process in processes:
        assert not await decision.opens(process, copied)
        assert not await decision.opens(process, row_id)
    await rows.delete_one({"_id": copied})
    await put(rows, before)
    for process in (other, api):
        assert not await decision.opens(process, row_id)
    await rows.delete_one({"_id": row_id})
    for process in (other, api):
        assert not await decision.opens(process, row_id)
    await put(rows, ended)


@pytest.mark.parametrize("kind", [Kind.CONSENT, Kind.SHARING_AGREEMENT])
async def test_a_process_that_met_an_older_state_asks_the_trail_again(
    processes: tuple[Api, Api], kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was shared there before it ended elsewhere, and was put back, is shared no more once it asked."""
    api, other = processes
    decision = Shared(kind)
    rows, row_id = api.services.database[COLLECTIONS[kind]], await decision.make(api)
    assert await decision.opens(other, row_id)
    before = await rows.find_one({"_id": row_id}) or {}
    await decision.close(api, row_id)
    await put(rows, before)
    newest = other.services.storage.readers[kind].store.storage.newest
    monkeypatch.setattr(newest, "_again_seconds", 0)
    assert not await decision.opens(other, row_id)


@pytest.mark.parametrize("customer", [["x"], {"x": 1}, "x", None, 7], ids=repr)
async def test_forged_consents_of_whatever_type_hide_no_genuine_one(processes: tuple[Api, Api], customer: Any) -> None:
    """However many stand before it."""
    api, _ = processes
    decision = Shared(Kind.CONSENT)
    rows, row_id = api.services.database[COLLECTIONS[Kind.CONSENT]], await decision.make(api)
    row = await rows.find_one({"_id": row_id}) or {}
    forged = [{**row, "_id": new_customer_id(), "customer_id": customer} for _ in range(12)]
    await rows.insert_many(forged)
    assert await decision.opens(api, row_id)
    await rows.delete_many({"_id": {"$in": [one["_id"] for one in forged]}})


async def test_nobody_is_told_what_a_forged_draft_would_do(processes: tuple[Api, Api]) -> None:
    """Whoever approves goes by it: another draft could be shown meanwhile in the place of the one that is approved."""
    api, _ = processes
    rows, row_id = api.services.database[COLLECTIONS[Kind.RULE_DRAFT]], await Approved().make(api)
    row = await rows.find_one({"_id": row_id}) or {}

    async def told() -> Any:
        text = "query($d: ID!) { draftEffects(draft: $d) { base } }"
        return (await api.ask(SECOND, text, {"d": f"rule_draft_{row_id}"}, purpose=SUPERVISION))["data"]["draftEffects"]

    for change in changes(["rules", "inheritance", "base", "tests", "comment", "_new"]):
        if change.path in row or not change.removes:
            await change.make(rows, row_id)
            assert await told() is None, str(change)
            await put(rows, row)
    assert await told() == {"base": row["base"]}
