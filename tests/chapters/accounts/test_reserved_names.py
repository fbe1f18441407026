"""The names and the role of the product itself cannot be taken, by any way in which an account gets either."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema, get_named_type

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.declaring.names import RESERVED_USERNAMES, SYSTEM
from documents.errors import InvalidValueError, RecordNotFoundError, RuleBrokenError
from documents.registry import FULL_CATALOGUE
from policies.errors import RuleError
from policies.principal import SYSTEM as SYSTEM_PRINCIPAL
from policies.principal import principal_of
from policies.rules.rule_set import parse_csv
from settings import Settings
from tests.accounts import change_account
from tests.api import Api, application_database, running
from tests.chapters.policies.test_policy_administration import AGENT, AUTHOR, SUPERVISION
from tests.policies.rule_sets import default_rules

AS_SYSTEM = "g, auditor, system"
WAYS: dict[tuple[str, str], tuple[str, Any, str]] = {
    # mutation and the place in its input: how it is asked for, the value of that place, the rule that refuses it
    ("setAccountRoles", "roles"): ("account", [SYSTEM], "account.reserved_role"),
    ("grantRole", "role"): ("grant", SYSTEM, "account.reserved_role"),
    ("createDraft", "csv"): ("draft", None, "rules.system_role"),
    ("createDraft", "inheritance.parent"): ("draft", "inherited", "rules.system_role"),
    ("updateDraft", "csv"): ("changed", None, "rules.system_role"),
    ("updateDraft", "inheritance.parent"): ("changed", "inherited", "rules.system_role"),
}
HARMLESS = {
    ("createCourse", "roles"): "who is to be trained; gives nobody anything",
    ("createDraft", "inheritance.role"): "declares a role",
    ("updateDraft", "inheritance.role"): "declares a role",
    ("createDraft", "rules.role"): "the system's own rights are rules like all others",
    ("updateDraft", "rules.role"): "the same",
}
ROLES = {"role", "roles", "parent", "csv"}


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=tmp_path_factory.mktemp("reserved"), database=database, jobs="worker")
        async with running(settings, mongodb_uri) as api:
            await api.seed_demo(5, with_records=False)
            yield api


def places() -> Iterator[tuple[str, str]]:
    """Every mutation with each place of its input, however deep, that names a role."""
    mutations = build_schema(Path("schema/schema.graphql").read_text(encoding="utf-8")).mutation_type
    assert mutations is not None
    for name, mutation in mutations.fields.items():
        for argument in mutation.args.values():
            yield from ((name, path) for path in _paths(get_named_type(argument.type), ()))


def _paths(kind: Any, above: tuple[Any, ...]) -> Iterator[str]:
    if not isinstance(kind, GraphQLInputObjectType) or kind in above:
        return
    for name, item in kind.fields.items():
        if name in ROLES:
            yield name
        yield from (f"{name}.{path}" for path in _paths(get_named_type(item.type), (*above, kind)))


def test_every_way_to_name_a_role_is_known() -> None:
    """A new one fails here until it is tried below."""
    assert set(places()) == WAYS.keys() | HARMLESS.keys()


@pytest.mark.parametrize(("mutation", "place"), WAYS, ids=str)
async def test_no_mutation_gives_the_systems_role(api: Api, mutation: str, place: str) -> None:
    how, value, rule = WAYS[mutation, place]
    name = place.partition(".")[0]
    if value == "inherited":
        links = [link._asdict() for link in default_rules().inheritance]
        value = [*links, {"role": "auditor", "parent": SYSTEM}]
    value = value if value is not None else f"{default_rules().to_csv()}{AS_SYSTEM}\n"
    given: dict[str, Any] = {name: value}
    if how == "account":
        given |= {"username": AGENT, "reason": "a try"}
    elif how == "grant":
        given |= {"staff": AGENT, "reason": "a try"}
    elif how == "draft":
        given |= {"comment": "a try"}
    else:
        made = await _asked(api, "createDraft", {"comment": "a try"}, "ruleDraft { id version }")
        given |= made["ruleDraft"]
    payload = await _asked(api, mutation, given, "__typename")
    refused = [(error["rule"], error["field"][-1]) for error in payload["userErrors"]]
    assert refused == [(rule, "rules" if name == "csv" else name)]
    assert all(error["message"] for error in payload["userErrors"])


async def _asked(api: Api, mutation: str, given: dict[str, Any], wanted: str) -> dict[str, Any]:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    text = f"mutation($i: {kind}) {{ {mutation}(input: $i) {{ {wanted} userErrors {{ rule field message }} }} }}"
    answer = await api.ask(AUTHOR, text, {"i": given}, purpose=SUPERVISION)
    assert "errors" not in answer, answer
    return dict(answer["data"][mutation])


@pytest.mark.parametrize("username", sorted(RESERVED_USERNAMES))
async def test_no_account_has_a_name_of_the_product(api: Api, username: str) -> None:
    """The directory adds none, for whoever asks: commands and the demo go through it."""
    with pytest.raises(InvalidValueError) as refused:
        await api.services.accounts.add(NewAccount(username, display_name="A", oidc_subject="https://id.example|1"))
    assert [(item.field, item.rule) for item in refused.value.fields] == [("username", "account.reserved_name")]


async def test_no_account_is_added_with_or_given_the_systems_role(api: Api) -> None:
    accounts = api.services.accounts
    with pytest.raises(InvalidValueError) as refused:
        await accounts.add(NewAccount("li.na", display_name="A", roles=["auditor", SYSTEM]))
    assert [(item.field, item.rule) for item in refused.value.fields] == [("roles", "account.reserved_role")]
    with pytest.raises(RuleBrokenError, match="rule"):
        await accounts.set_rights(AGENT, roles=[SYSTEM], purposes=[Purpose.SUPERVISION], department=None)
    with pytest.raises(RuleBrokenError, match="rule"):
        await accounts.add_role_term(AGENT, {"role": SYSTEM, "since": "2026-01-01T00:00:00Z", "grant": "role_grant_1"})


def test_no_rule_set_of_a_file_lets_a_role_be_the_system() -> None:
    """Imports, drafts, and what is stored are read by one reader."""
    with pytest.raises(RuleError) as refused:
        parse_csv(f"{default_rules().to_csv()}{AS_SYSTEM}\n", FULL_CATALOGUE)
    assert refused.value.reason == "system_role"


@pytest.mark.parametrize("username", sorted(RESERVED_USERNAMES))
async def test_an_account_stored_under_such_a_name_is_none(api: Api, username: str) -> None:
    """It has been possible once. Nobody logs in with it, by password or identity provider, and no record names it."""
    accounts, rows = api.services.accounts, api.services.database["accounts"]
    row = await rows.find_one({"_id": AGENT}, {"_seal": 0}) or {}
    await rows.insert_one({**row, "_id": username, "oidc_subject": f"https://id.example|{username}"})
    try:
        assert await accounts.sets.seal_existing() == 1
        assert await accounts.get(username) is None
        assert await accounts.get_by_oidc_subject(f"https://id.example|{username}") is None
        assert await accounts.credentials(username) is None
        assert await accounts.staff([username]) == {}
        with pytest.raises(RecordNotFoundError):
            await accounts.enable(username)
    finally:
        await rows.delete_one({"_id": username})


async def test_an_account_stored_with_the_systems_role_gets_nothing_from_it(api: Api) -> None:
    """Neither for good nor for a time."""
    accounts = api.services.accounts
    added = await accounts.add(NewAccount("li.na", display_name="A", roles=["auditor"]))
    term = {"role": SYSTEM, "since": added.created_at, "grant": "role_grant_1"}
    await change_account(accounts, "li.na", roles=["auditor", SYSTEM], role_terms=[term])
    account = await accounts.get("li.na")
    assert account is not None
    assert account.roles == account.lasting_roles == account.base_roles == {"auditor"}
    assert not principal_of(account, None).roles & SYSTEM_PRINCIPAL.roles
