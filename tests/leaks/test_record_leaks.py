"""The leak matrix of records: kind × caller × channel, from the declarations and the rules in force.

What the caller may not learn is another value in world B, or a row that is not there. Every answer must be the same in
both.

`make test` asks of every kind the lists and the search, and one in eight of all other questions; `make test-slow` asks
all of them. In both, callers are drawn; `make nightly` (`DOSSIER_FULL_LEAK_MATRIX=1`) asks as every role under every
purpose.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from documents.access.plan import AccessPlan, Level, Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.sessions import SessionRepository
from documents.declaring.kind import Kind
from documents.declaring.names import SYSTEM, camel_case, pascal_case
from documents.declaring.record import CustomerRecord, SourceChannel, plural
from documents.reading.filters import Operator
from documents.registry import CATALOGUE, RECORD_CATALOGUES, RECORD_CLASSES
from documents.storing.layout import CustomerReference
from documents.writing.customers import Change
from policies.authorize import ALL_ACTIONS, CREATE
from policies.errors import PurposeNotAllowedError
from policies.principal import Principal
from resolvers.reads import RECENT
from schema.build import build_schema
from settings import Settings
from tests.accounts import change_account
from tests.api import Api, running
from tests.leaks.channels import FULL, selection
from tests.leaks.matrix import UNASKED
from tests.leaks.records import RecordRow, RecordWorlds
from tests.leaks.values import spelled
from tests.leaks.worlds import ABROAD, CALLER, FAR, HOME, STAFF, STRANGER
from tests.units import in_unit

KINDS = [cls.kind for cls in RECORD_CLASSES]
OF_CUSTOMERS = [cls.kind for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)]
SCHEMA = build_schema(CATALOGUE).core
CALLERS_PER_KIND = 1
ALWAYS, STEP = 3, 16  # asked in any case: so many questions, and of the others one in so many
NOBODY = "auditor_of_nothing"
RANGES = {Operator.LT.value, Operator.LTE.value, Operator.GT.value, Operator.GTE.value}


def operations() -> dict[str, Kind]:
    """The mutations that answer with a record, and its kind."""
    assert SCHEMA.mutation_type is not None
    found = {}
    for name, field in SCHEMA.mutation_type.fields.items():
        payload: Any = get_named_type(field.type)
        for kind in KINDS:
            if payload.name == f"{pascal_case(kind.value)}Payload":
                found[name] = kind
    return found


OPERATIONS = operations()


@dataclass
class Stage:
    """One application with customers in every relation to the caller."""

    api: Api
    customers: list[tuple[CustomerReference, Any]]


@pytest.fixture(scope="module")
async def stage(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    directory: Path = tmp_path_factory.mktemp("record_leaks")
    settings = Settings(
        data_dir=directory,
        database="record_leaks",
        jobs="worker",
        access_token_seconds=86_400,
        max_aliases=1_000,
        max_tokens=100_000,
        max_cost=1_000_000,
        max_depth=20,
    )
    async with running(settings, mongodb_uri) as api:
        services = api.services
        for code in (HOME, ABROAD, FAR):
            await services.accounts.put_department(code, name_en=code, name_zh=code)
        for username, home in STAFF:
            await services.accounts.add(NewAccount(username, display_name=username, department=home))
        administrator = Principal("tests", frozenset({"administrator"}), frozenset({Purpose.BUSINESS_OPERATION}))
        plan = await services.engine.authorize(administrator, Purpose.BUSINESS_OPERATION.value, CREATE)
        places = [(owner, home) for owner in (CALLER, STRANGER) for home in (HOME, ABROAD)]
        changes = [
            Change(Kind.INDIVIDUAL, {"name": f"客户{i}", "account_manager": o, "department": d}, SourceChannel.CONTRACT)
            for i, (o, d) in enumerate(places)
        ]
        writer, units = services.storage.writer, services.storage.units
        ids = await in_unit(units, lambda unit: writer.import_many(unit, plan, changes))
        keys = await services.storage.keyring.data_keys(ids)
        customers = [
            (CustomerReference(Kind.INDIVIDUAL, row_id, owner, home), keys[row_id])
            for row_id, (owner, home) in zip(ids, places, strict=True)
        ]
        yield Stage(api, customers)


async def callers(stage: Stage, kind: Kind) -> list[tuple[str, Purpose]]:
    """(role, purpose) of those to whom the rules open something of the kind, and of one who gets nothing."""
    compiler = stage.api.services.store.compiler
    found = [
        (role, purpose)
        for role in sorted(compiler.roles - {SYSTEM})
        for purpose in Purpose
        if compiler._judge.relevant(frozenset({role}), kind, purpose) and compiler.is_open((frozenset({role}), purpose))
    ]
    drawn = found if FULL else Random(kind.value).sample(found, min(CALLERS_PER_KIND, len(found)))
    return [*drawn, (NOBODY, Purpose.ARCHIVE_KEEPING)]


class Asker:
    """One caller, and everything that it asks of one kind."""

    def __init__(self, stage: Stage, kind: Kind, role: str, purpose: Purpose) -> None:
        self._stage = stage
        self._kind = kind
        self._role = role
        self.purpose = purpose
        self._headers: dict[str, str] = {}
        self.random = Random(f"{kind}/{role}/{purpose}")

    async def log_in(self) -> AccessPlan | None:
        services = self._stage.api.services
        own = str(self._stage.customers[0][0].row_id)
        account: dict[str, Any] = {"cleared_until": datetime(2100, 1, 1, tzinfo=UTC)}
        account |= {"roles": [self._role], "purposes": [purpose.value for purpose in Purpose], "customer_id": own}
        await change_account(services.accounts, CALLER, **account)
        session = await SessionRepository(services.accounts.sets, lifetime=timedelta(days=1)).open(CALLER)
        token = services.use_cases.accounts.sessions._access_tokens.issue(CALLER, session.session_id)
        self._headers = {"authorization": f"Bearer {token}", "dossier-purpose": self.purpose.value}
        principal = Principal(CALLER, frozenset({self._role}), frozenset(Purpose), HOME, own)
        try:
            return await services.engine.authorize(principal, self.purpose.value, ALL_ACTIONS, self._kind.value)
        except PurposeNotAllowedError:
            return None

    async def ask(self, document: str) -> bytes:
        """The answer's bytes. Raises AssertionError for a fault of ours."""
        response = await self._stage.api.http.post("/graphql", json={"query": document}, headers=self._headers)
        codes = {error.get("extensions", {}).get("code") for error in response.json().get("errors", ())}
        assert not codes & UNASKED, (document, response.text)
        return response.content

    async def answers(self, rows: list[RecordRow], step: int) -> list[tuple[str, bytes]]:
        """Every document asked, and its answer."""
        documents = list(self.documents(rows))
        asked = [*documents[:ALWAYS], *documents[ALWAYS::step]]
        return [(document, await self.ask(document)) for document in asked]

    def documents(self, rows: list[RecordRow]) -> Iterator[str]:
        kind = self._kind
        everything = selection(SCHEMA, pascal_case(kind.value), depth=2)
        listed, one = camel_case(plural(kind)), camel_case(kind.value)
        page = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        yield f"{{ {listed}(first: 100) {{ nodes {{ {everything} }} edges {{ cursor }} {page} }} }}"
        yield f"{{ {listed}(last: 3) {{ edges {{ cursor node {{ {everything} }} }} {page} }} }}"
        yield f'{{ {listed}(search: "内容") {{ nodes {{ id }} totalCount }} }}'
        for row in rows:
            yield f'{{ {one}(id: "{row.id}") {{ {everything} }} }}'
            yield f'{{ node(id: "{row.id}") {{ __typename ... on {pascal_case(kind.value)} {{ {everything} }} }} }}'
        for name in (name for name, (of, _) in RECENT.items() if of is kind):
            yield f"{{ customers {{ nodes {{ id {camel_case(name)} {{ {everything} }} }} }} }}"
        if kind in OF_CUSTOMERS:
            for customer, _ in self._stage.customers:
                section = f"{listed}(first: 100) {{ nodes {{ {everything} }} {page} }}"
                judged = "state missing { code } unknown { code }"
                yield f'{{ dossier(customer: "{customer.public_id}") {{ {judged} {section} }} }}'
        yield from self._orders(listed)
        yield from self._conditions(listed, rows)

    def _orders(self, listed: str) -> Iterator[str]:
        fields: Any = SCHEMA.type_map[f"{pascal_case(self._kind.value)}SortField"]
        assert isinstance(fields, GraphQLEnumType)
        for field in fields.values:
            order = f"{{ field: {field}, direction: DESC }}"
            yield f"{{ {listed}(first: 3, sort: {order}) {{ edges {{ cursor node {{ id }} }} }} }}"

    def _conditions(self, listed: str, rows: list[RecordRow]) -> Iterator[str]:
        declared = SCHEMA.type_map[f"{pascal_case(self._kind.value)}Filter"]
        assert isinstance(declared, GraphQLInputObjectType)
        for public, definition in declared.fields.items():
            named = get_named_type(definition.type)
            if named is declared or not isinstance(named, GraphQLInputObjectType):
                continue
            spec = next(s for s in RECORD_CATALOGUES[self._kind].fields(self._kind).values() if s.public_name == public)
            values = [v for row in rows[:3] for v in (row.values.get(spec.name), row.others.get(spec.name)) if v]
            for operator, argument in named.fields.items():
                for value in values[:2]:
                    given = str(value)[-4:] if operator == "lastFour" else spelled(spec, value)
                    given = given[0] if isinstance(given, list) else given
                    literal = given if spec.choices is not None and operator not in ("lastFour", "matches") else None
                    text = literal or (str(given).lower() if isinstance(given, bool) else None) or _literal(given)
                    inner = argument.type.of_type if isinstance(argument.type, GraphQLNonNull) else argument.type
                    text = f"[{text}]" if isinstance(inner, GraphQLList) else text
                    for condition in (
                        f"{public}: {{ {operator}: {text} }}",
                        f"not: {{ {public}: {{ {operator}: {text} }} }}",
                    ):
                        yield f"{{ {listed}(filter: {{ {condition} }}) {{ nodes {{ id }} totalCount }} }}"


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


@pytest.mark.slow
@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in KINDS])
async def test_worlds_of_records_cannot_be_told_apart(stage: Stage, kind: Kind) -> None:
    """Lists, singles, conditions, orders, searches, counts, cursors and what customers carry: the same in both."""
    await _worlds_are_the_same(stage, kind, step=1)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in KINDS])
async def test_some_questions_do_not_tell_worlds_of_records_apart(stage: Stage, kind: Kind) -> None:
    """The same, with some of the questions."""
    await _worlds_are_the_same(stage, kind, step=STEP)


async def _worlds_are_the_same(stage: Stage, kind: Kind, step: int) -> None:
    services = stage.api.services
    reader = services.use_cases.records._readers[kind]
    collection = services.database[reader.store.layout.collection]
    differing = 0
    for role, purpose in await callers(stage, kind):
        asker = Asker(stage, kind, role, purpose)
        plan = await asker.log_in()
        rows = RecordWorlds(reader, stage.customers, asker.random).rows(plan)
        in_a = await _asked(asker, rows, collection, [row.a for row in rows], step)
        in_b = await _asked(asker, rows, collection, [row.b for row in rows if row.b is not None], step)
        for (document, a), (_, b) in zip(in_a, in_b, strict=True):
            assert a == b, (
                f"{role} for {purpose} tells the worlds of {kind} apart by\n{document}\n{a[:600]!r}\n{b[:600]!r}"
            )
        _check_nothing_denied_is_shown(rows, b"\n".join(answer for _, answer in in_a), role)
        differing += sum(len(row.others) for row in rows)
    assert differing, "the worlds are the same"


async def _asked(
    asker: Asker, rows: list[RecordRow], collection: Any, stored: list[Any], step: int = STEP
) -> list[tuple[str, bytes]]:
    await collection.delete_many({})
    await collection.insert_many(stored)
    try:
        return await asker.answers(rows, step)
    finally:
        await collection.delete_many({})


def _check_nothing_denied_is_shown(rows: list[RecordRow], shown: bytes, role: str) -> None:
    permitted = {
        str(value)
        for row in rows
        for name, value in row.values.items()
        if row.grants.is_visible and row.grants.level(name) is not Level.DENIED
    }
    for row in rows:
        for name, value in row.values.items():
            level = row.grants.level(name) if row.grants.is_visible else Level.DENIED
            if level is Level.DENIED and isinstance(value, str) and value.startswith("内容") and value not in permitted:
                assert value.encode() not in shown, f"{role} is shown {row.a['kind']}.{name}"


async def test_a_denied_value_would_be_found(stage: Stage) -> None:
    """The test itself: with a projection that lets everything through, the worlds differ."""
    kind = Kind.TICKET
    services = stage.api.services
    reader = services.use_cases.records._readers[kind]
    collection = services.database[reader.store.layout.collection]
    asker = Asker(stage, kind, "inspector", Purpose.SUPERVISION)
    rows = RecordWorlds(reader, stage.customers, asker.random).rows(await asker.log_in())
    assert any(row.others for row in rows)
    codec = reader.store.codec
    compile_reader = codec._compile
    with pytest.MonkeyPatch.context() as patch:
        projection = reader._projections.projection
        patch.setattr(
            reader._projections,
            "projection",
            lambda plan, kinds, wanted: {**projection(plan, kinds, wanted), "description": 1},
        )

        def everything(of: Kind, grants: Any, selected: Any, fetched: Any) -> Any:
            all_plain = replace(grants, plain=frozenset(codec._fields[of]), masked=frozenset())
            return compile_reader(of, all_plain, selected, fetched)

        patch.setattr(codec, "_compile", everything)
        codec._readers.clear()
        reader._memo._answers.clear()
        in_a = await _asked(asker, rows, collection, [row.a for row in rows])
        in_b = await _asked(asker, rows, collection, [row.b for row in rows if row.b is not None])
    codec._readers.clear()
    reader._memo._answers.clear()
    assert [a for _, a in in_a] != [b for _, b in in_b]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in OPERATIONS])
async def test_operations_tell_nothing_of_hidden_records(stage: Stage, name: str) -> None:
    """What an operation refuses, and how, is the same whether the record is hidden or was never there; and a caller
    without a right writes nothing."""
    kind = OPERATIONS[name]
    services = stage.api.services
    reader = services.use_cases.records._readers[kind]
    collection = services.database[reader.store.layout.collection]
    for role, purpose in await callers(stage, kind):
        asker = Asker(stage, kind, role, purpose)
        rows = RecordWorlds(reader, stage.customers, asker.random).rows(await asker.log_in())
        chosen = [row for row in rows if row.b is None] + rows[:1]
        documents = [operation_document(name, row, stage) for row in chosen]
        in_a = [await _carried_out(asker, collection, [row.a for row in rows], text) for text in documents]
        b = [row.b for row in rows if row.b is not None]
        in_b = [await _carried_out(asker, collection, b, text) for text in documents]
        assert in_a == in_b, f"{role} for {purpose} tells the worlds apart by {name}"
        if role == NOBODY:
            assert not any(wrote for _, wrote in in_a), f"{role} wrote by {name}"


async def _carried_out(asker: Asker, collection: Any, stored: list[Any], document: str) -> tuple[bytes, bool]:
    """The answer, and whether the collection is another afterwards."""
    await collection.delete_many({})
    await collection.insert_many(stored)
    answer = await asker.ask(document)
    after = await collection.find().sort("_id", 1).to_list()
    await collection.delete_many({})
    return answer, after != sorted(stored, key=lambda row: row["_id"])


def operation_document(name: str, row: RecordRow, stage: Stage) -> str:
    assert SCHEMA.mutation_type is not None
    field = SCHEMA.mutation_type.fields[name]
    given = input_literal(get_named_type(field.args["input"].type), row, stage)
    return f"mutation {{ {name}(input: {given}) {{ __typename userErrors {{ code field rule message }} }} }}"


def input_literal(declared: Any, row: RecordRow, stage: Stage, name: str = "") -> str:
    """A value of the input type, as far as the type tells; ids are those of the row and its customer."""
    if isinstance(declared, GraphQLNonNull):
        return input_literal(declared.of_type, row, stage, name)
    if isinstance(declared, GraphQLList):
        return f"[{input_literal(declared.of_type, row, stage, name)}]"
    if isinstance(declared, GraphQLInputObjectType):
        parts = (f"{key}: {input_literal(part.type, row, stage, key)}" for key, part in declared.fields.items())
        return f"{{ {', '.join(parts)} }}"
    if isinstance(declared, GraphQLEnumType):
        return str(next(iter(declared.values)))
    if name == "customer":
        return f'"{stage.customers[-1][0].public_id}"'
    literals = {
        "ID": f'"{row.id}"',
        "Int": "1",
        "Boolean": "true",
        "Decimal": '"5"',
        "Date": '"2026-01-02"',
        "DateTime": '"2026-01-02T03:04:05Z"',
        "PhoneNumber": '"13912345678"',
    }
    return literals.get(declared.name, '"内容"')


def test_every_kind_of_record_is_in_the_matrix() -> None:
    """Root fields of records are made from the declarations, and so is the matrix."""
    assert SCHEMA.query_type is not None
    roots = {name for kind in KINDS for name in (camel_case(kind.value), camel_case(plural(kind)))}
    assert roots <= SCHEMA.query_type.fields.keys()
