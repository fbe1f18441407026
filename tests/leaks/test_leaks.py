"""The leak matrix: kind × role × purpose × field × channel, generated from the declarations and the rules in force.

World B differs from world A in values only that the caller may not learn. Every answer of every channel must be the
same in both, byte by byte, and show nothing that is denied.

`make test` runs a cover of case × channel: every case in every area of channels (reads, conditions, changes), every
channel under each rule set, and every seeded fault. `make test-slow` runs the rest of the matrix. In both, fields are
drawn under a fixed seed; `make nightly` (`DOSSIER_FULL_LEAK_MATRIX=1`) runs every field of every channel and every pair
of roles.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from graphql import get_introspection_query

from documents.declaring.names import camel_case
from documents.declaring.record import plural
from documents.registry import CATALOGUE
from schema.build import build_schema
from tests.leaks.arena import Arena
from tests.leaks.cases import DEFAULT, SYNTHETIC, SYNTHETIC_CSV, cases
from tests.leaks.channels import CHANNELS, FULL, Channel, filter_operators, whole
from tests.leaks.conditions import COMPARING, ORDERING
from tests.leaks.faults import FAULTS, FETCHES, KEYS, Fault
from tests.leaks.fetches import check_list, check_single, observed, selections
from tests.leaks.matrix import SAMPLE, Leak, Run, check_nothing_denied_is_shown, run
from tests.leaks.opening import arena
from tests.leaks.test_record_leaks import KINDS, OPERATIONS
from tests.leaks.worlds import CALLER, Case, Phase

STEP = 8
"""One in so many pairs of case and channel is in `make test`."""


def matrix() -> Iterator[tuple[Case, Channel, bool]]:
    """Every case with every channel, and whether the pair is in the cover: in turn, within each rule set."""
    places = Counter[str]()
    for case in cases():
        for place, channel in enumerate(CHANNELS.values(), places[case.rule_set]):
            yield case, channel, place % STEP == 0
        places[case.rule_set] += 1


MATRIX = [
    pytest.param(case, channel, id=f"{case}-{channel}", marks=() if covered else pytest.mark.slow)
    for case, channel, covered in matrix()
]


class Arenas:
    """The worlds of each rule set, opened when first asked for."""

    def __init__(self, uri: str, directory: Path, stack: AsyncExitStack) -> None:
        self._uri = uri
        self._directory = directory
        self._stack = stack
        self._opened: dict[str, Arena] = {}

    async def of(self, case: Case) -> Arena:
        name = case.rule_set
        if name not in self._opened:
            rules = None if name == DEFAULT else SYNTHETIC_CSV
            opened = arena(self._uri, self._directory / name, rules)
            self._opened[name] = await self._stack.enter_async_context(opened)
        return self._opened[name]


@pytest.fixture(scope="module")
async def arenas(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arenas]:
    async with AsyncExitStack() as stack:
        yield Arenas(mongodb_uri, tmp_path_factory.mktemp("leaks"), stack)


@pytest.mark.parametrize(("case", "channel"), MATRIX)
async def test_worlds_cannot_be_told_apart(arenas: Arenas, case: Case, channel: Channel) -> None:
    """Whatever the caller asks through this channel, the answers are those of the other world."""
    found = await leak_of(await arenas.of(case), case, channel)
    if found is not None:
        pytest.fail(found[:3000], pytrace=False)


async def leak_of(arena: Arena, case: Case, channel: Channel, sample: int = SAMPLE) -> str | None:
    """What a run finds, in words; None where that is nothing."""
    try:
        await arena.enter(case, Phase.UNKNOWN)
        await run(arena, channel, sample)
        # A change answers with the same readers as a read, whose channels all run in the second phase as well.
        if arena.has_findable and not channel.compares and (FULL or not channel.changes):
            await arena.enter(case, Phase.FINDABLE)
            await run(arena, channel, sample)
    except Leak as leak:
        return str(leak)
    return None


def test_the_cover_leaves_out_no_case_no_channel_and_no_pair_of_their_kinds() -> None:
    """What `make test` asks: each case in each area of channels, each channel under each rule set."""
    areas, rule_sets = defaultdict[object, set[object]](set), defaultdict[object, set[object]](set)
    for case, channel, covered in matrix():
        if covered:
            areas[case].add(channel.script.__module__)
            rule_sets[channel.name].add(case.rule_set)
    everywhere = {channel.script.__module__ for channel in CHANNELS.values()}
    assert len(everywhere) == 3
    assert areas == dict.fromkeys(cases(), everywhere)
    assert rule_sets == {name: {DEFAULT, SYNTHETIC} for name in CHANNELS}


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case)) for case in cases()])
async def test_fetch_and_decryption_follow_the_mask(arenas: Arenas, mongodb_uri: str, case: Case) -> None:
    """No command names a field that is denied in every scope, no reply holds one that is denied in its row, and just
    the granted values of the page are decrypted."""
    arena = await arenas.of(case)
    await arena.enter(case, Phase.UNKNOWN)
    if arena.plan is None:  # nothing is asked of the database then: the matrix shows it
        return
    await check_fetches(arena, mongodb_uri)


async def check_fetches(arena: Arena, uri: str) -> None:
    """Raises Leak."""
    assert arena.plan is not None
    names = sorted({name for fields in CATALOGUE.by_kind.values() for name in fields})
    async with observed(arena, uri) as watch:
        for selection in selections(names if FULL else arena.random.sample(names, 6)):
            await check_list(arena, arena.plan, watch, selection)
        for row in {(row.kind, row.scopes): row for row in arena.rows}.values():
            await check_single(arena, arena.plan, watch, row)


SLOWEST = {
    "filters_are_not_narrowed",
    "rows_are_copied_whole",
    "search_ignores_the_right_to_find",
    "writes_are_not_checked",
}
"""The faults that take longest to find; the others show in `make test` that the matrix can fail."""


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, id=str(one), marks=pytest.mark.slow if one.name in SLOWEST else ()) for one in FAULTS],
)
async def test_matrix_finds_a_seeded_fault(
    arenas: Arenas, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """With one defence gone the same machinery that passes without it must fail, in the channels meant for it."""
    case = next(case for case in cases() if str(case).startswith(fault.case))
    arena = await arenas.of(case)
    await arena.enter(case, Phase.UNKNOWN)
    KEYS.update(arena.keys)
    for name in fault.channels:
        assert await found_by(name, arena, mongodb_uri) is None, "the product itself has a fault"
    arena.forget()
    fault.seed(monkeypatch)
    try:
        for name in fault.channels:
            assert await found_by(name, arena, mongodb_uri) is not None, f"{name} did not find it"
    finally:
        monkeypatch.undo()
        arena.forget()
        arena.dirty = True


async def found_by(name: str, arena: Arena, uri: str) -> str | None:
    """What the channel, or the check of fetches, finds in the arena's case; None where that is nothing."""
    assert arena.case is not None
    if name != FETCHES:
        return await leak_of(arena, arena.case, CHANNELS[name], sample=12)
    try:
        await check_fetches(arena, uri)
    except Leak as leak:
        return str(leak)
    return None


async def test_a_denied_value_in_an_answer_is_found(arenas: Arenas) -> None:
    """The second check: a value that both worlds show, plain, in national form, or as a token of its index."""
    case = next(case for case in cases() if str(case).startswith("default-archivist"))
    arena = await arenas.of(case)
    await arena.enter(case, Phase.UNKNOWN)
    row = next(row for row in arena.rows if row.values.get("telephone", "").startswith("+8613"))
    token = bytes(row.document["_tokens"]["telephone"][0])
    telephone = row.values["telephone"]
    forms = (telephone, telephone.removeprefix("+86"), token.hex(), base64.b64encode(token).decode())
    for form in forms:
        with pytest.raises(Leak):
            check_nothing_denied_is_shown(arena, CHANNELS["list_read"], Run(shown={f'"… {form} …"'.encode()}))
    check_nothing_denied_is_shown(arena, CHANNELS["list_read"], Run(shown={row.values["name"].encode()}))


RECORD_ROOTS = {f"Query.{camel_case(name)}" for kind in KINDS for name in (kind.value, plural(kind))}
ELSEWHERE = {
    "Subscription.accessChanged": "tests/chapters/policies/test_access_changed.py",
    "Subscription.customerChanged": "tests/test_subscriptions.py",
    "Subscription.handlingChangeChanged": "tests/chapters/test_handling.py",
    "Subscription.jobChanged": "tests/jobs/test_followers.py",
    "Subscription.ticketChanged": "tests/test_subscriptions.py",
    "Mutation.reveal": "tests/chapters/information/test_reveal.py",
    "Mutation.stepUp": "tests/chapters/information/test_reveal.py",
    "Query.ageing": "tests/chapters/credit/test_overdue.py",
    "Query.auditChains": "tests/chapters/audit/test_audit_trail.py",
    "Query.auditTrail": "tests/chapters/audit/test_audit_trail.py",
    "Query.channelCounts": "tests/chapters/service/test_figures.py",
    "Query.departmentPerformance": "tests/chapters/service/test_figures.py",
    "Query.exposure": "tests/chapters/credit/test_credit.py",
    "Query.reproduceCreditAssessment": "tests/chapters/credit/test_credit.py",
    "Query.satisfactionFigures": "tests/chapters/service/test_figures.py",
    "Query.servicePerformance": "tests/chapters/service/test_figures.py",
    "Query.trainingDue": "tests/chapters/service/test_training.py",
    "Query.history": "tests/chapters/information/test_history.py",
    "Query.dossier": "tests/chapters/identification/test_dossier.py",
    "Query.keys": "tests/chapters/test_keys.py",
    "Query.incidentReport": "tests/chapters/test_incidents.py",
    "Query.reproduceRiskAssessment": "tests/chapters/identification/test_risk.py",
    "Query.draftEffects": "tests/chapters/policies/test_policy_administration.py",
    "Query.draftConflicts": "tests/chapters/policies/test_policy_administration.py",
    "Query.ruleSetEffects": "tests/chapters/policies/test_policy_administration.py",
    "Query.policyTests": "tests/chapters/policies/test_policy_administration.py",
    "Query.policyMatrix": "tests/chapters/policies/test_policy_administration.py",
    "Query.policyRights": "tests/chapters/policies/test_policy_administration.py",
    "Query.ruleDecisions": "tests/chapters/policies/test_policy_administration.py",
    "Query.policyVocabulary": "tests/chapters/policies/test_policy_administration.py",
    "Query.accountRoles": "tests/chapters/policies/test_policy_administration.py",
    "Query.viewAs": "tests/chapters/policies/test_policy_administration.py",
    "Query.replayDraft": "tests/chapters/policies/test_policy_administration.py",
    "Query.ruleSets": "tests/chapters/policies/test_policy_administration.py",
    "Query.ruleSet": "tests/chapters/policies/test_policy_administration.py",
    "Query.undertakingText": "tests/chapters/information/test_confidentiality_and_sharing.py",
}
"""Root fields that are not asked in two worlds, and the tests that show what they keep to themselves."""
SESSIONS = frozenset({"Mutation.login", "Mutation.refreshSession", "Mutation.logout"})


def test_every_root_field_and_argument_has_a_channel() -> None:
    """A root field, or an argument of the list, that no channel uses is a door that nobody watches."""
    schema = build_schema(CATALOGUE).core
    covered = frozenset[str]().union(*(channel.covers for channel in CHANNELS.values())) | SESSIONS
    roots = {
        f"{root.name}.{name}"
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
        if root is not None
        for name in root.fields
    }
    assert schema.query_type is not None
    # Records are made from their declarations, and so is their matrix (tests/leaks/test_record_leaks.py).
    roots -= {f"Mutation.{name}" for name in OPERATIONS} | RECORD_ROOTS | ELSEWHERE.keys()
    arguments = {f"customers({name}:)" for name in schema.query_type.fields["customers"].args}
    assert covered == roots | arguments


def test_every_operator_of_every_filter_is_asked() -> None:
    """An operator that is neither known to compare nor known to order is in no channel."""
    operators = {name for names in filter_operators(build_schema(CATALOGUE).core).values() for name in names}
    assert operators == COMPARING | ORDERING


async def test_every_field_differs_between_the_worlds_of_some_caller(arenas: Arenas) -> None:
    """The matrix is not empty: each field of each kind but the version is another in world B for somebody."""
    missing = {(kind, name) for kind, fields in CATALOGUE.by_kind.items() for name in fields if name != "version"}
    scope_sets = set()
    for case in cases():
        arena = await arenas.of(case)
        await arena.enter(case, Phase.UNKNOWN)
        missing -= {(row.kind, name) for row in arena.rows for name in row.changes}
        scope_sets |= {row.scopes for row in arena.rows if row.scopes}
    assert not missing
    assert len(scope_sets) == 8  # every combination of own, department and self


async def test_sessions_tell_nothing_of_customers(arenas: Arenas) -> None:
    """The mutations of sessions answer the same in both worlds."""
    arena = await arenas.of(cases()[0])
    for field, given in (
        ("login", {"username": "nobody", "password": "wrong wrong wrong"}),
        ("refreshSession", {"refreshToken": "0" * 32 + "." + "A" * 43}),
    ):
        kind = f"{field[0].upper()}{field[1:]}Input!"
        document = f"mutation($i: {kind}) {{ {field}(input: $i) {{ accessToken userErrors {{ code message }} }} }}"
        answers = [
            (await world.post({"query": document, "variables": {"i": given}}, {})).content
            for world in (arena.a, arena.b)
        ]
        assert answers[0] == answers[1]
    logouts = [
        (await world.post({"query": "mutation { logout { __typename } }"}, {})).content for world in (arena.a, arena.b)
    ]
    assert logouts[0] == logouts[1]


@pytest.mark.parametrize("step", [pytest.param(4, marks=pytest.mark.slow), 16])
async def test_schema_is_one_for_all(arenas: Arenas, step: int) -> None:
    """Introspection and the SDL document are the same for each role and for nobody, in both worlds."""
    seen = set()
    callers: list[Case | None] = [None, *[case for case in cases() if case.rule_set == DEFAULT][::step]]
    for case in callers:
        arena = await arenas.of(case or cases()[0])
        headers = {}
        if case is not None:
            await arena.enter(case, Phase.UNKNOWN)
            headers = {"authorization": f"Bearer {arena.tokens[CALLER]}", "dossier-purpose": case.purpose.value}
        for world in (arena.a, arena.b):
            answer = await world.post({"query": get_introspection_query()}, headers)
            document = await world.http.get("/schema.graphql", headers=headers)
            assert answer.status_code == document.status_code == 200
            seen.add((answer.content, document.content))
    assert len(seen) == 1


async def test_callers_at_once_get_their_own_answers(arenas: Arenas) -> None:
    """Requests of all roles at the same moment, over the same rows: each is answered as it is alone."""
    asked = [case for case in cases() if case.rule_set == DEFAULT]
    arena = await arenas.of(asked[0])
    await arena.enter(asked[0], Phase.UNKNOWN)
    everything = " ".join(whole(arena.schema, kind) for kind in CATALOGUE.by_kind)
    documents = [
        f"{{ customers(first: 100) {{ nodes {{ {everything} }} }} }}",
        *(f'{{ customer(id: "{row.public_id}") {{ {whole(arena.schema, row.kind)} }} }}' for row in arena.rows[::12]),
    ]
    requests = []
    for case in asked:
        token = await arena.log_in_as(f"at.once.{'.'.join(case.roles)}.{case.purpose.value}.{case.own_row}"[:60], case)
        headers = {"authorization": f"Bearer {token}", "dossier-purpose": case.purpose.value}
        requests += [({"query": document}, headers) for document in documents]
    alone = [(await arena.a.post(*request)).content for request in requests]
    for _ in range(2):
        at_once = await asyncio.gather(*(arena.a.post(*request) for request in requests))
        assert [answer.content for answer in at_once] == alone
    assert len(set(alone)) > len(documents)
