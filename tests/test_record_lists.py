"""Every list of every kind of record walks an index, whatever is asked of it: read from the database's own profiler."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.declaring.fields import FieldSpec, Search, ValueType
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import plural
from documents.registry import RECORD_CATALOGUES, RECORD_CLASSES
from documents.storing.layout import Belonging
from policies.principal import FOREVER
from settings import Settings
from tests.api import PASSWORD_HASH, Api, running

KINDS = [cls.kind for cls in RECORD_CLASSES]
SCOPES = {"reads.all": "all", "reads.own": "own", "reads.department": "department"}
HEX = "0" * 24


def rules() -> str:
    roles = {name.replace(".", "_"): scope for name, scope in SCOPES.items()}
    lines = [f"g, {role}, everyone" for role in roles]
    lines += [
        f"p, {role}, {scope}, {kind.value}, *, {action}, *, allow"
        for role, scope in roles.items()
        for kind in KINDS
        for action in ("read", "filter")
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("lists"), database="record_lists_test", jobs="worker")
    async with running(settings, mongodb_uri) as api:
        await api.services.accounts.put_department("east", name_en="East", name_zh="东")
        for name in SCOPES:
            await api.services.accounts.add(
                NewAccount(
                    name,
                    display_name=name,
                    roles=[name.replace(".", "_")],
                    department="east",
                    purposes=[Purpose.CUSTOMER_SERVICE],
                    password_hash=PASSWORD_HASH,
                    cleared_until=FOREVER,
                )
            )
        await api.services.store.activate(rules(), by="tests")
        yield api


async def profiled(api: Api, kind: Kind, username: str, arguments: str) -> dict[str, Any]:
    """What the database did for one page."""
    database = api.services.database
    reader = api.services.use_cases.records._readers[kind]
    await api.login(username)
    await database.command("profile", 2)
    try:
        answer = await api.ask(username, f"{{ {camel_case(plural(kind))}(first: 50{arguments}) {{ nodes {{ id }} }} }}")
    finally:
        await database.command("profile", 0)
    assert "errors" not in answer, (arguments, answer)
    namespace = f"{database.name}.{reader.store.layout.collection}"
    seen = await database["system.profile"].find({"ns": namespace, "op": "query"}).to_list()
    await database["system.profile"].drop()
    assert len(seen) == 1, (arguments, seen)
    return dict(seen[0])


def literal(spec: FieldSpec) -> str:
    if spec.choices is not None:
        return str(next(iter(spec.choices)).name)
    return {
        ValueType.DATE: '"2026-01-01"',
        ValueType.DATETIME: '"2026-01-01T00:00:00Z"',
        ValueType.DECIMAL: '"5"',
        ValueType.INTEGER: "5",
        ValueType.BOOLEAN: "true",
        ValueType.PHONE_NUMBER: '"13812345678"',
        ValueType.CUSTOMER: f'"individual_{HEX}"',
    }.get(spec.value_type, f'"ticket_{HEX}"')


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in KINDS])
async def test_every_order_of_every_list_is_that_of_an_index(api: Api, kind: Kind) -> None:
    """In every scope, in both directions, no page sorts in memory or scans the collection."""
    orders = [name.upper() for name, s in RECORD_CATALOGUES[kind].fields(kind).items() if s.declaration.sortable]
    sorts = [f", sort: {{ field: {name}, direction: {way} }}" for name in orders for way in ("ASC", "DESC")]
    nobodys = api.services.storage.readers[kind].store.layout.belonging is Belonging.NOBODYS
    for username, scope in SCOPES.items():
        if nobodys and scope != "all":  # the database is not asked for what nobody can own
            continue
        for arguments in ("", *sorts):
            done = await profiled(api, kind, username, arguments)
            assert "COLLSCAN" not in done["planSummary"], (username, arguments, done["planSummary"])
            assert not done.get("hasSortStage"), (username, arguments, done["planSummary"])


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in KINDS])
async def test_every_filter_of_every_list_uses_an_index(api: Api, kind: Kind) -> None:
    """And an equality filter leaves the list in the order of its index."""
    for spec in RECORD_CATALOGUES[kind].fields(kind).values():
        asked = []
        if Search.EQUALITY in spec.search:
            asked.append(f"eq: {literal(spec)}")
        if Search.RANGE in spec.search:
            asked.append(f"gte: {literal(spec)}")
        if Search.NAME in spec.search:
            asked.append('matches: "zhang"')
        for condition in asked:
            arguments = f", filter: {{ {spec.public_name}: {{ {condition} }} }}"
            done = await profiled(api, kind, "reads.all", arguments)
            assert "COLLSCAN" not in done["planSummary"], (arguments, done["planSummary"])
            if condition.startswith("eq") and not spec.encrypted:
                assert not done.get("hasSortStage"), (arguments, done["planSummary"])


def test_every_kind_of_record_has_a_list() -> None:
    """None is left out because its name is made differently."""
    assert {pascal_case(kind.value) for kind in KINDS} == {cls.__name__ for cls in RECORD_CLASSES}
