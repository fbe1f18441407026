"""Changing the access rules end to end: through the API, as administrators do it, on the demo's data (D5)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from documents.declaring.kind import Kind
from settings import Settings
from tests.accounts import change_account, change_accounts
from tests.api import Api, application_database, running, seeded
from tests.bound_rows import rewritten
from tests.command import ROOT
from tests.patience import PATIENCE_SECONDS, PROCESS_SECONDS, until
from tests.policies.rule_sets import default_rules
from tests.ports import unused_port
from web.server import KEEP_ALIVE_SECONDS

AUTHOR, SECOND, AGENT = "demo.policy", "demo.policy2", "demo.agent"
SUPERVISION, SERVICE = "supervision", "customer_service"
NO_TELEPHONE = "p, service_agent, all, *, telephone, read_masked, customer_service, deny"
PAYLOAD = "userErrors { code rule field message }"
DRAFT = (
    f"ruleDraft {{ id version state base approvedBy {{ username }} activatedVersion authors {{ username }} }} {PAYLOAD}"
)
MANIFEST = {
    "calls": "query Calls { customers { nodes { id ... on Individual { name telephone } } } }",
    "names": "query Names { customers { nodes { id name } } }",
}
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@pytest.fixture(scope="module")
async def demo(mongodb_uri: str, folder: Path) -> AsyncIterator[Api]:
    """A demo of this module's own, because its tests change the rules. Approval is on, as it is by default."""
    manifest = folder / "manifest.json"
    manifest.write_bytes(orjson.dumps(MANIFEST))
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=folder, database=database, jobs="worker", trusted_documents=manifest)
        async with seeded(settings, mongodb_uri) as api:
            yield api


@pytest.fixture
async def api(demo: Api) -> Api:
    """The demo under the default rules, as a version of their own, without drafts and roles for a time."""
    await demo.services.database["rule_drafts"].delete_many({})
    await change_accounts(demo.services.accounts, {"demo": True}, disabled=False, role_terms=[])
    await demo.services.store.refresh()  # another process may have been the last to activate
    await demo.services.store.activate(default_rules(), "tests")
    return demo


def in_force(api: Api) -> int:
    return api.services.store.compiler.version


async def act(api: Api, username: str, operation: str, given: Answer, *, key: str | None = None) -> Answer:
    """The payload of a mutation on drafts."""
    kind = f"{operation[0].upper()}{operation[1:]}Input!"
    text = f"mutation($i: {kind}) {{ {operation}(input: $i) {{ {DRAFT} }} }}"
    answer = await api.ask(username, text, {"i": given}, purpose=SUPERVISION, key=key)
    assert "errors" not in answer, answer
    return dict(answer["data"][operation])


async def done(api: Api, username: str, operation: str, given: Answer) -> Answer:
    """The draft after a mutation that must succeed."""
    payload = await act(api, username, operation, given)
    assert payload["userErrors"] == []
    return dict(payload["ruleDraft"])


def seen(draft: Answer) -> Answer:
    return {"id": draft["id"], "version": draft["version"]}


async def rules_in_force(api: Api, version: int | None = None) -> str:
    text = "query($v: Int) { ruleSet(version: $v) { csv } }"
    answer = await api.ask(AUTHOR, text, {"v": version}, purpose=SUPERVISION)
    return str(answer["data"]["ruleSet"]["csv"])


async def with_lines(api: Api, *lines: str) -> str:
    return await rules_in_force(api) + "\n".join(lines) + "\n"


async def drafted(api: Api, *lines: str, username: str = AUTHOR) -> Answer:
    return await done(api, username, "createDraft", {"comment": "a test", "csv": await with_lines(api, *lines)})


async def approved(api: Api, *lines: str) -> Answer:
    draft = await done(api, AUTHOR, "submitDraft", seen(await drafted(api, *lines)))
    return await done(api, SECOND, "approveDraft", seen(draft))


async def telephone_level(api: Api) -> str:
    """What the agent's next request shows of telephones."""
    text = "{ viewer { access(kind: INDIVIDUAL) { field level } } }"
    answer = await api.ask(AGENT, text, purpose=SERVICE)
    levels = {one["field"]: one["level"] for one in answer["data"]["viewer"]["access"]}
    return str(levels["telephone"])


def rules_broken(payload: Answer) -> list[str]:
    assert payload["ruleDraft"] is None
    return [error["rule"] for error in payload["userErrors"]]


async def test_d5_a_change_goes_from_draft_over_approval_in_force(api: Api) -> None:
    """The agent's next request has the new rules; history says who, when and why; the difference is kept."""
    assert await telephone_level(api) == "PLAIN"
    version = in_force(api) + 1
    draft = await approved(api, NO_TELEPHONE)
    assert draft["approvedBy"] == {"username": SECOND}
    active = await done(api, AUTHOR, "activateDraft", seen(draft))
    assert (active["state"], active["activatedVersion"]) == ("ACTIVATED", version)
    assert await telephone_level(api) == "DENIED"
    text = f"""{{ ruleSets(first: 2) {{ version inForce activatedBy approvedBy comment draft }}
        ruleSetEffects(version: {version}) {{ added }} }}"""
    answer = await api.ask(AUTHOR, text, purpose=SUPERVISION)
    assert answer["data"]["ruleSets"][0] == {
        "version": version,
        "inForce": True,
        "activatedBy": AUTHOR,
        "approvedBy": SECOND,
        "comment": "a test",
        "draft": draft["id"],
    }
    assert [one["inForce"] for one in answer["data"]["ruleSets"]] == [True, False]
    assert answer["data"]["ruleSetEffects"]["added"] == [NO_TELEPHONE]


async def test_d5_nobody_approves_what_they_wrote_and_nothing_unapproved_is_put_in_force(api: Api) -> None:
    """Not the author, nor whoever changed it since; a change after approval has to be approved anew."""
    draft, before = await drafted(api, NO_TELEPHONE), in_force(api)
    assert rules_broken(await act(api, AUTHOR, "approveDraft", seen(draft))) == ["step.not_allowed"]
    assert rules_broken(await act(api, AUTHOR, "activateDraft", seen(draft))) == ["draft.not_approved"]
    draft = await done(api, AUTHOR, "submitDraft", seen(draft))
    assert rules_broken(await act(api, AUTHOR, "approveDraft", seen(draft))) == ["approval.same_person"]
    draft = await done(api, SECOND, "approveDraft", seen(draft))
    draft = await done(api, SECOND, "updateDraft", {**seen(draft), "comment": "another reason"})
    assert (draft["state"], draft["approvedBy"]) == ("DRAFT", None)
    assert {person["username"] for person in draft["authors"]} == {AUTHOR, SECOND}
    assert rules_broken(await act(api, AUTHOR, "activateDraft", seen(draft))) == ["draft.not_approved"]
    draft = await done(api, AUTHOR, "submitDraft", seen(draft))
    assert rules_broken(await act(api, SECOND, "approveDraft", seen(draft))) == ["approval.same_person"]
    assert in_force(api) == before


async def test_d5_every_line_that_does_not_hold_is_told_with_the_nearest_name(api: Api) -> None:
    """In both languages, by line of the file or by row; nothing is written."""
    csv = "g, clerk, everyone\np, clark, all, *, name, read, *, allow\np, clerk, all, *, nmae, raed, *, allow\n"
    payload = await act(api, AUTHOR, "createDraft", {"comment": "x", "csv": csv})
    assert rules_broken(payload) == ["rules.unknown_role", "rules.unknown_field"]
    assert payload["userErrors"][0]["message"] == "Line 2: there is no role `clark`; the nearest is `clerk`."
    row = {"role": "clerk", "scope": "al", "kind": "*", "field": "name", "action": "read", "purpose": "*"}
    given = {
        "comment": "x",
        "inheritance": [{"role": "clerk", "parent": "everyone"}],
        "rules": [{**row, "scope": "all", "effect": "allow"}, {**row, "effect": "allow"}],
    }
    text = f"mutation($i: CreateDraftInput!) {{ createDraft(input: $i) {{ {DRAFT} }} }}"
    answer = await api.ask(AUTHOR, text, {"i": given}, purpose=SUPERVISION, language="zh-CN")
    (error,) = answer["data"]["createDraft"]["userErrors"]
    assert error["field"] == ["ruleDraft", "rules"]
    assert error["message"] == "第 2 行：范围 `al` 不存在；最接近的是 `all`。"
    listed = await api.ask(AUTHOR, "{ ruleDrafts { totalCount } }", purpose=SUPERVISION)
    assert listed["data"]["ruleDrafts"]["totalCount"] == 0


async def test_d5_the_effect_of_a_draft_names_roles_people_customers_and_documents(api: Api) -> None:
    """Exactly what is lost: by whom, on how many customers of today, and in which trusted document."""
    draft = await drafted(api, NO_TELEPHONE)
    text = """query($d: ID!) { draftEffects(draft: $d) { base added removed
        roles { role changes { kind action purpose before after gained fields scopeSets { scopes } } }
        people { username customers changes { kind before after fields } }
        documents { document kind fields roles } } }"""
    answer = await api.ask(AUTHOR, text, {"d": draft["id"]}, purpose=SUPERVISION)
    effects = answer["data"]["draftEffects"]
    assert (effects["base"], effects["added"], effects["removed"]) == (in_force(api), [NO_TELEPHONE], [])
    assert {role["role"] for role in effects["roles"]} == {"service_agent", "service_manager"}
    for change in effects["roles"][0]["changes"]:
        assert (change["purpose"], change["fields"]) == ("CUSTOMER_SERVICE", ["telephone"])
        assert (change["after"], change["gained"]) == ("DENIED", False)
    levels = {(change["action"], change["before"]) for change in effects["roles"][0]["changes"]}
    assert levels == {("READ", "MASKED"), ("READ", "PLAIN"), ("REVEAL", "PLAIN")}
    people = {person["username"]: person for person in effects["people"]}
    assert people.keys() == {AGENT, "demo.lead"}
    assert people[AGENT]["customers"] == await api.services.storage.reader.count_all()
    assert effects["documents"] == [
        {
            "document": "calls",
            "kind": "INDIVIDUAL",
            "fields": ["telephone"],
            "roles": ["service_agent", "service_manager"],
        }
    ]


async def test_d5_counts_are_of_the_scopes_that_change(api: Api) -> None:
    """What changes for own customers alone counts those whom the person owns."""
    draft = await drafted(api, "p, account_manager, own, *, notes, read, business_operation, deny")
    text = "query($d: ID!) { draftEffects(draft: $d) { people { username customers } } }"
    answer = await api.ask(AUTHOR, text, {"d": draft["id"]}, purpose=SUPERVISION)
    own = await api.services.database["customers"].count_documents({"account_manager": "demo.manager"})
    assert own > 0
    assert answer["data"]["draftEffects"]["people"] == [{"username": "demo.manager", "customers": own}]


async def test_d5_a_draft_whose_tests_fail_is_not_put_in_force(api: Api) -> None:
    """The failing sentence, the cell and the rule are named; with another test it goes."""
    line = "p, archivist, all, *, telephone, read, archive_keeping, allow"
    draft = await approved(api, line)
    text = "query($d: ID) { policyTests(draft: $d) { test holds cell rule } }"
    answer = await api.ask(AUTHOR, text, {"d": draft["id"]}, purpose=SUPERVISION)
    failed = [one for one in answer["data"]["policyTests"] if not one["holds"]]
    assert [one["test"] for one in failed] == ["archivist never sees *.@contact"]
    assert failed[0]["rule"] in line
    payload = await act(api, AUTHOR, "activateDraft", seen(draft))
    assert rules_broken(payload) == ["policy_test.failed"]
    assert "archivist: individual.telephone, archive_keeping, all" in payload["userErrors"][0]["message"]
    in_force = await api.ask(AUTHOR, text, {}, purpose=SUPERVISION)
    assert len(in_force["data"]["policyTests"]) >= 20
    assert all(one["holds"] for one in in_force["data"]["policyTests"])
    wrong = {**seen(draft), "tests": ["nobody never raeds *.name"]}
    payload = await act(api, AUTHOR, "updateDraft", wrong)
    assert rules_broken(payload) == ["policy_test.unknown_name"]
    assert "`reads`" in payload["userErrors"][0]["message"]


async def test_d5_no_draft_locks_the_administrators_out(api: Api) -> None:
    """Whatever its tests say."""
    csv = await with_lines(api, "p, policy_administrator, all, rule_draft, state, write, *, deny")
    draft = await done(api, AUTHOR, "createDraft", {"comment": "x", "csv": csv, "tests": []})
    draft = await done(api, AUTHOR, "submitDraft", seen(draft))
    draft = await done(api, SECOND, "approveDraft", seen(draft))
    assert rules_broken(await act(api, AUTHOR, "activateDraft", seen(draft))) == ["draft.locks_out"]
    await api.services.accounts.disable(SECOND)
    del api.tokens[SECOND]
    harmless = await approved_by_database(api, await drafted(api, NO_TELEPHONE))
    assert rules_broken(await act(api, AUTHOR, "activateDraft", seen(harmless))) == ["draft.locks_out"]


async def approved_by_database(api: Api, draft: Answer) -> Answer:
    """The draft as if it had been approved before its approver left."""
    change = {"$set": {"state": "approved", "approved_by": SECOND}, "$inc": {"version": 1}}
    await rewritten(api.services, Kind.RULE_DRAFT, {"activated_version": None, "state": "draft"}, change)
    return {**draft, "version": draft["version"] + 1}


async def test_d5_of_two_drafts_the_later_one_is_rebased_or_refused_with_the_conflict(api: Api) -> None:
    """On other rules it goes on top, to be approved anew; on the same rule its line is shown."""
    first, second = await approved(api, NO_TELEPHONE), await approved(api, NO_TELEPHONE.replace("telephone", "email"))
    third = await approved(api, NO_TELEPHONE)
    await done(api, AUTHOR, "activateDraft", seen(first))
    assert rules_broken(await act(api, AUTHOR, "activateDraft", seen(second))) == ["draft.outdated"]
    payload = await act(api, AUTHOR, "rebaseDraft", seen(third))
    assert rules_broken(payload) == ["draft.conflict"]
    assert NO_TELEPHONE in payload["userErrors"][0]["message"]
    text = "query($d: ID!) { draftConflicts(draft: $d) }"
    shown = await api.ask(AUTHOR, text, {"d": third["id"]}, purpose=SUPERVISION)
    assert shown["data"]["draftConflicts"] == [NO_TELEPHONE]
    second = await done(api, AUTHOR, "rebaseDraft", seen(second))
    assert (second["base"], second["state"], second["approvedBy"]) == (in_force(api), "DRAFT", None)
    second = await done(api, AUTHOR, "submitDraft", seen(second))
    second = await done(api, SECOND, "approveDraft", seen(second))
    await done(api, AUTHOR, "activateDraft", seen(second))
    assert NO_TELEPHONE in await rules_in_force(api)
    assert NO_TELEPHONE.replace("telephone", "email") in await rules_in_force(api)


async def test_d5_rules_go_back_to_an_earlier_version_by_approval(api: Api) -> None:
    """A revert is a change like others: submitted, approved, and a version of its own."""
    earlier = in_force(api)
    await done(api, AUTHOR, "activateDraft", seen(await approved(api, NO_TELEPHONE)))
    draft = await done(api, AUTHOR, "revertRules", {"comment": "it was wrong", "toVersion": earlier})
    assert draft["state"] == "SUBMITTED"
    assert await telephone_level(api) == "DENIED"
    draft = await done(api, SECOND, "approveDraft", seen(draft))
    assert (await done(api, SECOND, "activateDraft", seen(draft)))["activatedVersion"] == earlier + 2
    assert await telephone_level(api) == "PLAIN"
    assert await rules_in_force(api) == await rules_in_force(api, earlier)
    payload = await act(api, AUTHOR, "revertRules", {"comment": "x", "toVersion": 999})
    assert rules_broken(payload) == ["draft.no_such_version"]


async def test_d5_the_same_key_does_it_once(api: Api) -> None:
    """A retried activation answers with the draft as it is; a retried creation makes one draft."""
    given = {"comment": "once", "csv": await with_lines(api, NO_TELEPHONE)}
    payloads = [await act(api, AUTHOR, "createDraft", given, key="one") for _ in range(2)]
    assert payloads[0] == payloads[1]
    draft = await done(api, AUTHOR, "submitDraft", seen(payloads[0]["ruleDraft"]))
    draft = await done(api, SECOND, "approveDraft", seen(draft))
    version = in_force(api) + 1
    first, again = [await act(api, AUTHOR, "activateDraft", seen(draft), key="two") for _ in range(2)]
    assert first == again
    assert in_force(api) == version


@pytest.mark.parametrize("username", [AGENT, "demo.admin", "demo.customer", "demo.partner"])
async def test_d5_nobody_else_reads_or_changes_rules(api: Api, username: str) -> None:
    """Neither drafts nor versions, nor what they do; supervision reads them and changes nothing."""
    draft = await drafted(api, NO_TELEPHONE)
    window = 'since: "2020-01-01T00:00:00Z", until: "2030-01-01T00:00:00Z"'
    purpose = {"demo.admin": "business_operation", "demo.partner": "business_operation"}.get(username, SERVICE)
    for text in (
        "{ ruleSets { version } }",
        "{ ruleSet { csv } }",
        "{ policyTests { test } }",
        "{ policyMatrix(kind: INDIVIDUAL, purpose: CUSTOMER_SERVICE) { role } }",
        "{ policyVocabulary { roles { role } } }",
        "{ policyRights { write } }",
        '{ ruleDecisions(role: "auditor", scope: ALL, kind: TICKET, field: "state", purpose: SUPERVISION) { rule } }',
        "{ accountRoles { username } }",
        f'{{ draftEffects(draft: "{draft["id"]}") {{ base }} }}',
        f'{{ viewAs(username: "{AGENT}", kind: INDIVIDUAL) {{ username }} }}',
        f'{{ replayDraft(draft: "{draft["id"]}", {window}) {{ entries }} }}',
    ):
        answer = await api.ask(username, text, purpose=purpose)
        assert not any((answer.get("data") or {}).values()), (text, answer)
        assert answer["errors"][0]["extensions"]["code"] in {"READ_DENIED", "PURPOSE_NOT_ALLOWED"}
    own = await api.ask(username, "{ ruleDrafts { totalCount } }", purpose=purpose)
    assert not (own.get("data") or {}).get("ruleDrafts") or own["data"]["ruleDrafts"]["totalCount"] == 0
    inspected = await api.ask("demo.inspector", "{ ruleDrafts { nodes { id comment } } }", purpose=SUPERVISION)
    assert inspected["data"]["ruleDrafts"]["nodes"] == [{"id": draft["id"], "comment": "a test"}]
    payload = await act(api, "demo.inspector", "submitDraft", seen(draft))
    assert [error["code"] for error in payload["userErrors"]] == ["ACCESS_DENIED"]


async def customer_of(api: Api, owner: str | None) -> str:
    condition = {"account_manager": owner} if owner is not None else {"account_manager": {"$ne": "demo.manager"}}
    row = await api.services.database["customers"].find_one({"kind": "individual", **condition})
    assert row is not None
    return f"individual_{row['_id']}"


VIEW = """query($u: String!, $c: ID, $k: RecordKind, $p: Purpose, $d: ID) {
    viewAs(username: $u, customer: $c, kind: $k, purpose: $p, draft: $d) { refusal roles ruleSet customer
        parts { scopes fields { field level reason rule decisions { action allowed rule } } } } }"""


async def test_d5_view_as_tells_the_level_and_the_rule_of_each_field_of_a_customer(api: Api) -> None:
    """Ownership counts: the manager has the number of an own customer plain, by the rule for own ones."""
    levels = {}
    for owner in ("demo.manager", None):
        given = {"u": "demo.manager", "c": await customer_of(api, owner), "p": "BUSINESS_OPERATION"}
        answer = await api.ask(AUTHOR, VIEW, given, purpose=SUPERVISION)
        (part,) = answer["data"]["viewAs"]["parts"]
        fields = {field["field"]: field for field in part["fields"]}
        levels[owner] = (fields["id_number"]["level"], fields["id_number"]["rule"])
    rule = "p, account_manager, own, *, *, read, business_operation, allow"
    assert levels == {"demo.manager": ("PLAIN", rule), None: ("DENIED", None)}


async def test_d5_view_as_is_what_that_person_would_see(api: Api) -> None:
    """The same levels as the person's own request has, for every field of every customer."""
    text = "query($c: ID!) { customer(id: $c) { access { field level writable } } }"
    for owner in ("demo.manager", None):
        customer = await customer_of(api, owner)
        own = await api.ask("demo.manager", text, {"c": customer}, purpose="business_operation")
        given = {"u": "demo.manager", "c": customer, "p": "BUSINESS_OPERATION"}
        answer = await api.ask(AUTHOR, VIEW, given, purpose=SUPERVISION)
        (part,) = answer["data"]["viewAs"]["parts"]
        assert [one["level"] for one in own["data"]["customer"]["access"]] == [one["level"] for one in part["fields"]]


async def test_d5_view_as_shows_no_customer_that_the_person_does_not_see(api: Api) -> None:
    """One out of the person's sight is none, as one that does not exist; the trail says who looked as whom."""
    hidden = await customer_of(api, None)
    for customer in (hidden, "individual_000000000000000000000000"):
        given = {"u": "demo.trainer", "c": customer, "p": "BUSINESS_OPERATION"}
        answer = await api.ask(AUTHOR, VIEW, given, purpose=SUPERVISION)
        assert answer == {"data": {"viewAs": None}}
    trail = "{ auditTrail(first: 1) { nodes { username viewedAs touches { act kind customers } } } }"
    newest = (await api.ask("demo.inspector", trail, purpose=SUPERVISION))["data"]["auditTrail"]["nodes"][0]
    assert (newest["username"], newest["viewedAs"]) == (AUTHOR, ["demo.trainer"])
    assert {"act": "VIEW_AS", "kind": "INDIVIDUAL", "customers": ["individual_000000000000000000000000"]} in newest[
        "touches"
    ]


async def test_d5_view_as_of_a_kind_goes_over_the_scopes_and_over_a_draft(api: Api) -> None:
    """Nothing of a value; what a person could not ask at all is said; a draft is tried out as anybody."""
    draft = await drafted(api, NO_TELEPHONE)
    for given, level in (({}, "PLAIN"), ({"d": draft["id"]}, "DENIED")):
        variables = {"u": AGENT, "k": "INDIVIDUAL", **given}
        answer = await api.ask(AUTHOR, VIEW, variables, purpose=SUPERVISION)
        parts = {tuple(part["scopes"]): part["fields"] for part in answer["data"]["viewAs"]["parts"]}
        assert parts.keys() == {("ALL",), ("ALL", "DEPARTMENT")}
        fields = {field["field"]: field for field in parts["ALL", "DEPARTMENT"]}
        assert fields["telephone"]["level"] == level
    wrong = await api.ask(AUTHOR, VIEW, {"u": AGENT, "k": "INDIVIDUAL", "p": "SUPERVISION"}, purpose=SUPERVISION)
    assert wrong["data"]["viewAs"]["refusal"] == "PURPOSE_NOT_ALLOWED"
    both = await api.ask(AUTHOR, VIEW, {"u": AGENT}, purpose=SUPERVISION)
    assert both["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_d5_replay_tells_which_recorded_decisions_would_have_been_others(api: Api) -> None:
    """The agent read telephones and wrote an e-mail address; under the draft the telephones would have been denied."""
    since = datetime.now(UTC) - timedelta(seconds=1)
    await api.ask(AGENT, "{ customers(first: 5) { nodes { name ... on Individual { telephone } } } }", purpose=SERVICE)
    await api.ask("demo.credit", "{ customers(first: 2) { nodes { name } } }", purpose="risk_assessment")
    draft = await drafted(api, NO_TELEPHONE)
    text = """query($d: ID!, $s: DateTime!, $u: DateTime!) { replayDraft(draft: $d, since: $s, until: $u) {
        entries decisions complete differences { kind action field before after gained certain times people } } }"""
    variables = {"d": draft["id"], "s": since.isoformat(), "u": (since + timedelta(hours=1)).isoformat()}
    answer = await api.ask(AUTHOR, text, variables, purpose=SUPERVISION)
    replay = answer["data"]["replayDraft"]
    assert replay["complete"]
    assert replay["decisions"] >= 2
    assert replay["differences"]
    for difference in replay["differences"]:
        assert (difference["kind"], difference["field"], difference["after"]) == ("INDIVIDUAL", "telephone", "DENIED")
        assert (difference["certain"], difference["gained"], difference["people"]) == (True, False, [AGENT])
    none = await drafted(api, "p, archivist, all, individual, notes, read, archive_keeping, allow")
    answer = await api.ask(AUTHOR, text, {**variables, "d": none["id"]}, purpose=SUPERVISION)
    assert answer["data"]["replayDraft"]["differences"] == []


async def test_d5_the_matrix_is_what_each_role_has_now_and_would_have(api: Api) -> None:
    """By role and set of scopes; a draft's matrix has its change in it."""
    draft = await drafted(api, NO_TELEPHONE)
    text = """query($d: ID) { policyMatrix(kind: INDIVIDUAL, purpose: CUSTOMER_SERVICE, draft: $d) {
        role scopes plain masked writable } }"""
    for given, expected in (({}, {"ALL": "masked", "DEPARTMENT": "plain"}), ({"d": draft["id"]}, {})):
        answer = await api.ask(AUTHOR, text, given, purpose=SUPERVISION)
        rows = {tuple(row["scopes"]): row for row in answer["data"]["policyMatrix"] if row["role"] == "service_agent"}
        assert rows.keys() == {("ALL",), ("ALL", "DEPARTMENT")}
        for scopes, row in rows.items():
            shown = {level for level in ("plain", "masked") if "telephone" in row[level]}
            assert shown == ({expected[scopes[-1]]} if expected else set())
        assert "email" in rows["ALL", "DEPARTMENT"]["writable"]


async def test_d5_what_decides_a_cell_of_the_matrix_is_told_with_its_rule(api: Api) -> None:
    """For every action, in force and in a draft; a role, field or draft that there is not has no cell."""
    draft = await drafted(api, NO_TELEPHONE)
    text = """query($r: String!, $f: String!, $s: Scope!, $d: ID) { ruleDecisions(role: $r, scope: $s, kind: INDIVIDUAL,
        field: $f, purpose: CUSTOMER_SERVICE, draft: $d) { action allowed rule } }"""

    async def cell(**given: Any) -> Any:
        asked = {"r": "service_agent", "f": "telephone", "s": "ALL"} | given
        found = (await api.ask(AUTHOR, text, asked, purpose=SUPERVISION))["data"]["ruleDecisions"]
        return found and {one["action"]: (one["allowed"], one["rule"]) for one in found}

    masked = "p, service_agent, all, *, telephone, read_masked, customer_service, allow"
    assert (await cell())["READ"] == (False, None)
    assert (await cell())["READ_MASKED"] == (True, masked)
    department = await cell(s="DEPARTMENT")
    assert department["READ"] == (True, masked.replace("all, *", "department, *").replace("_masked", ""))
    assert (await cell(d=draft["id"]))["READ_MASKED"] == (False, NO_TELEPHONE)
    assert (await cell(s="DEPARTMENT", d=draft["id"]))["READ"] == (False, NO_TELEPHONE)
    assert await cell(r="nobody") is None
    assert await cell(f="subject") is None
    assert await cell(d="rule_draft_000000000000000000000000") is None


async def test_d5_everyone_is_told_what_they_may_do_with_drafts(api: Api) -> None:
    """Administrators everything, supervision nothing but look, and an agent not even that."""
    text = "{ policyRights { write decide approve activate approvalRequired } }"
    for username, expected in ((AUTHOR, True), ("demo.inspector", False)):
        rights = (await api.ask(username, text, purpose=SUPERVISION))["data"]["policyRights"]
        assert rights.pop("approvalRequired") is True
        assert set(rights.values()) == {expected}, username
    answer = await api.ask(AGENT, text, purpose=SERVICE)
    assert answer["data"]["policyRights"] is None
    assert answer["errors"][0]["extensions"]["code"] == "READ_DENIED"


async def test_d5_what_rules_are_made_of_is_told(api: Api) -> None:
    """Every kind with its fields and classes, every role with its parents, every account with its roles."""
    text = """{ policyVocabulary { roles { role inherits } kinds { kind fields { field sensitivity maskable } } }
        accountRoles { username roles lastingRoles purposes } }"""
    answer = (await api.ask(AUTHOR, text, purpose=SUPERVISION))["data"]
    roles = {role["role"]: role["inherits"] for role in answer["policyVocabulary"]["roles"]}
    assert roles["service_manager"] == ["service_agent"]
    kinds = {kind["kind"]: kind["fields"] for kind in answer["policyVocabulary"]["kinds"]}
    assert kinds.keys() >= {"INDIVIDUAL", "TICKET", "AUDIT_ENTRY", "RULE_SET"}
    assert {"field": "id_number", "sensitivity": "IDENTITY", "maskable": True} in kinds["INDIVIDUAL"]
    agent = next(one for one in answer["accountRoles"] if one["username"] == AGENT)
    assert agent["lastingRoles"] == ["service_agent"]


GRANT = (
    """mutation($i: GrantRoleInput!) { grantRole(input: $i) { roleGrant { id version until } userErrors { rule } } }"""
)
APPROVE = """mutation($i: ApproveRoleGrantInput!) { approveRoleGrant(input: $i) {
    roleGrant { id version state approvedBy { username } } userErrors { rule } } }"""
END = "mutation($i: EndRoleGrantInput!) { endRoleGrant(input: $i) { roleGrant { endedAt } userErrors { rule } } }"


async def granted(api: Api, given: Answer) -> Answer:
    """A grant that the second administrator approved."""
    answer = await api.ask(AUTHOR, GRANT, {"i": given}, purpose=SUPERVISION)
    assert answer["data"]["grantRole"]["userErrors"] == []
    answer = await api.ask(SECOND, APPROVE, {"i": seen(answer["data"]["grantRole"]["roleGrant"])}, purpose=SUPERVISION)
    assert answer["data"]["approveRoleGrant"]["userErrors"] == []
    return dict(answer["data"]["approveRoleGrant"]["roleGrant"])


async def may_read_complaint_notes(api: Api) -> bool:
    answer = await api.ask(AGENT, "{ viewer { roles } }", purpose=SERVICE)
    return "complaint_handler" in answer["data"]["viewer"]["roles"]


async def may_not_read_complaint_notes(api: Api) -> bool:
    return not await may_read_complaint_notes(api)


async def ends_soon(api: Api) -> datetime:
    """Lets the role that the agent has for a time end in a second, whatever end was approved; gives when."""
    ends = datetime.now(UTC) + timedelta(seconds=1)
    row = await api.services.database["accounts"].find_one({"_id": AGENT}) or {}
    assert row["role_terms"]
    terms = [term | {"until": ends} for term in row["role_terms"]]
    await change_account(api.services.accounts, AGENT, role_terms=terms)
    return ends


async def test_d5_a_granted_role_begins_and_ends_by_itself(api: Api) -> None:
    """When its time has come; ended before it, it is over at once."""
    given = {"staff": AGENT, "role": "complaint_handler", "reason": "holidays"}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await granted(api, {**given, "until": tomorrow.isoformat()})
    await until(lambda: may_read_complaint_notes(api))
    ends = await ends_soon(api)
    await until(lambda: may_not_read_complaint_notes(api))
    assert datetime.now(UTC) >= ends
    grant = await granted(api, given)
    await until(lambda: may_read_complaint_notes(api))
    ended = {"id": grant["id"], "version": grant["version"]}
    answer = await api.ask(AUTHOR, END, {"i": ended}, purpose=SUPERVISION)
    assert answer["data"]["endRoleGrant"]["userErrors"] == []
    await until(lambda: may_not_read_complaint_notes(api))


async def test_d5_no_end_of_a_grant_leaves_nobody_to_change_the_rules(api: Api) -> None:
    """The second administrator by a grant is needed for approval; while there is a third, the grant can be ended."""
    given = {"staff": "demo.inspector", "role": "policy_administrator", "reason": "x"}
    grant = await granted(api, given)
    ended = {"i": {"id": grant["id"], "version": grant["version"]}}
    await change_account(api.services.accounts, SECOND, disabled=True)
    answer = await api.ask(AUTHOR, END, ended, purpose=SUPERVISION)
    assert answer["data"]["endRoleGrant"]["userErrors"] == [{"rule": "draft.locks_out"}]
    await change_account(api.services.accounts, SECOND, disabled=False)
    answer = await api.ask(AUTHOR, END, ended, purpose=SUPERVISION)
    assert answer["data"]["endRoleGrant"]["userErrors"] == []


async def test_d5_a_grant_counts_only_when_another_administrator_approved_it(api: Api) -> None:
    """Neither who asked for it nor who would have it; an end does not wait, and a grant that ended is not approved."""

    async def rules(username: str, grant: Answer) -> list[str]:
        answer = await api.ask(username, APPROVE, {"i": seen(grant)}, purpose=SUPERVISION)
        return [error["rule"] for error in answer["data"]["approveRoleGrant"]["userErrors"]]

    text = GRANT.replace("until }", "state approvedBy { username } }")
    given = {"staff": AGENT, "role": "complaint_handler", "reason": "holidays"}
    grant = (await api.ask(AUTHOR, text, {"i": given}, purpose=SUPERVISION))["data"]["grantRole"]["roleGrant"]
    assert (grant["state"], grant["approvedBy"]) == ("WAITING", None)
    assert not await may_read_complaint_notes(api)
    account = await api.services.accounts.get(AGENT)
    assert account is not None
    assert "complaint_handler" not in account.roles
    assert await rules(AUTHOR, grant) == ["approval.same_person"]
    assert await rules("demo.inspector", grant) == [None]  # who may look and no more
    for_second = {**given, "staff": SECOND}
    own = (await api.ask(AUTHOR, text, {"i": for_second}, purpose=SUPERVISION))["data"]["grantRole"]["roleGrant"]
    assert await rules(SECOND, own) == ["role_grant.own_account"]
    answer = await api.ask(SECOND, APPROVE, {"i": seen(grant)}, purpose=SUPERVISION)
    grant = answer["data"]["approveRoleGrant"]["roleGrant"]
    assert (grant["state"], grant["approvedBy"]) == ("GRANTED", {"username": SECOND})
    await until(lambda: may_read_complaint_notes(api))
    assert await rules(SECOND, grant) == ["step.not_allowed"]
    for ended in (grant, own):
        answer = await api.ask(AUTHOR, END, {"i": seen(ended)}, purpose=SUPERVISION)
        assert answer["data"]["endRoleGrant"]["userErrors"] == []
    await until(lambda: may_not_read_complaint_notes(api))
    assert await rules(SECOND, {**own, "version": own["version"] + 1}) == ["step.not_allowed"]


async def test_d5_nobody_grants_a_role_to_themselves_nor_one_that_is_none(api: Api) -> None:
    """Nor one that is over before it begins; others grant nothing at all."""
    given = {"staff": AUTHOR, "role": "archivist", "reason": "x"}
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for wrong, rule in (
        (given, "role_grant.own_account"),
        ({**given, "staff": AGENT, "role": "archivst"}, "role_grant.unknown_role"),
        ({**given, "staff": AGENT, "until": past}, "role_grant.ends_before_it_begins"),
    ):
        answer = await api.ask(AUTHOR, GRANT, {"i": wrong}, purpose=SUPERVISION)
        assert answer["data"]["grantRole"]["userErrors"] == [{"rule": rule}]
    answer = await api.ask("demo.inspector", GRANT, {"i": {**given, "staff": AGENT}}, purpose=SUPERVISION)
    assert answer["data"]["grantRole"]["roleGrant"] is None


@asynccontextmanager
async def another_process(api: Api, folder: Path, uri: str) -> AsyncIterator[str]:
    """The address of a server in a process of its own, on the same database and root key."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    port = unused_port()
    environ = clean | {
        "DOSSIER_DATA_DIR": str(folder),
        "DOSSIER_MONGODB_URI": uri,
        "DOSSIER_DATABASE": api.services.database.name,
        "DOSSIER_JOBS": "worker",
        "DOSSIER_REQUEST_SECONDS": str(round(PATIENCE_SECONDS)),
        "DOSSIER_PORT": str(port),
    }
    options = f"factory=True, port={port}, timeout_keep_alive={KEEP_ALIVE_SECONDS}"
    code = f"import uvicorn; uvicorn.run('app:create_app_from_environment', {options})"
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once, and is waited for below
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await until(lambda: _is_ready(http), seconds=PROCESS_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


async def _is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow
async def test_d5_what_one_server_activates_is_live_in_another_process(
    api: Api, mongodb_uri: str, folder: Path
) -> None:
    """Two processes on one database: the agent's open page at the other loses the field."""
    draft = await approved(api, NO_TELEPHONE)
    async with (
        another_process(api, folder, mongodb_uri) as address,
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as http,
    ):
        there = Api(http, api.services)
        assert await telephone_level(there) == "PLAIN"
        await done(api, AUTHOR, "activateDraft", seen(draft))

        async def is_denied() -> bool:
            return await telephone_level(there) == "DENIED"

        await until(is_denied)


async def test_d5_without_approval_one_person_is_enough(api: Api, mongodb_uri: str, folder: Path) -> None:
    """Where the installation says so, an author puts a draft in force, and a revert counts at once."""
    earlier = in_force(api)
    settings = Settings(data_dir=folder, database=api.services.database.name, jobs="worker", policy_approval=False)
    async with running(settings, mongodb_uri) as alone:
        draft = await done(alone, AUTHOR, "activateDraft", seen(await drafted(alone, NO_TELEPHONE)))
        assert draft["activatedVersion"] == earlier + 1
        given = {"comment": "back", "toVersion": earlier}
        reverted = await done(alone, AUTHOR, "revertRules", given)
        assert (reverted["state"], reverted["activatedVersion"]) == ("ACTIVATED", earlier + 2)
        assert await telephone_level(alone) == "PLAIN"
        text = GRANT.replace("until }", "state until }")
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        asked = {"staff": AGENT, "role": "archivist", "reason": "x", "until": tomorrow}
        answer = await alone.ask(AUTHOR, text, {"i": asked}, purpose=SUPERVISION)
        assert answer["data"]["grantRole"]["roleGrant"]["state"] == "GRANTED"


async def test_d5_of_two_activations_at_once_one_wins(api: Api) -> None:
    """The other draft is outdated, and stays approved for whoever rebases it."""
    drafts = [await approved(api, NO_TELEPHONE), await approved(api, NO_TELEPHONE.replace("telephone", "email"))]
    version = in_force(api)
    payloads = await asyncio.gather(*(act(api, AUTHOR, "activateDraft", seen(draft)) for draft in drafts))
    assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1]
    refused = next(payload for payload in payloads if payload["userErrors"])
    assert rules_broken(refused) == ["draft.outdated"]
    assert in_force(api) == version + 1


async def test_d5_a_kill_between_the_version_and_the_draft_leaves_neither(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules in force stay, and the same draft is put in force by the next try."""
    draft, version = await approved(api, NO_TELEPHONE), in_force(api)
    count = await api.services.database["rule_sets"].count_documents({})
    with monkeypatch.context() as patch:

        async def killed(*_: Any, **__: Any) -> None:
            raise RuntimeError("killed")

        patch.setattr("documents.writing.records.RecordWrites.update", killed)
        text = "mutation($i: ActivateDraftInput!) { activateDraft(input: $i) { ruleDraft { id } } }"
        answer = await api.ask(AUTHOR, text, {"i": seen(draft)}, purpose=SUPERVISION)
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert await api.services.database["rule_sets"].count_documents({}) == count
    assert in_force(api) == version
    assert await telephone_level(api) == "PLAIN"
    assert (await done(api, AUTHOR, "activateDraft", seen(draft)))["activatedVersion"] == version + 1


async def test_d5_the_trail_has_every_step_of_a_change(api: Api) -> None:
    """Who created, approved and activated which draft; refusals too."""
    since = datetime.now(UTC)
    draft = await approved(api, NO_TELEPHONE)
    await act(api, "demo.inspector", "activateDraft", seen(draft))
    await done(api, AUTHOR, "activateDraft", seen(draft))
    text = """query($s: DateTime) { auditTrail(kind: RULE_DRAFT, since: $s) {
        nodes { username touches { act records written code } } } }"""
    answer = await api.ask("demo.inspector", text, {"s": since.isoformat()}, purpose=SUPERVISION)
    steps = [
        (node["username"], touch["act"], touch["code"])
        for node in reversed(answer["data"]["auditTrail"]["nodes"])
        for touch in node["touches"]
        if touch["act"] in ("CREATE", "WRITE") and touch["records"] == [draft["id"]]
    ]
    assert steps == [
        (AUTHOR, "CREATE", None),
        (AUTHOR, "WRITE", None),
        (SECOND, "WRITE", None),
        ("demo.inspector", "WRITE", "ACCESS_DENIED"),
        (AUTHOR, "WRITE", None),
    ]
