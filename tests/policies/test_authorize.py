"""Principal and purpose to plan: what is refused, and what a plan says about the caller."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from documents.access.plan import Purpose, RowScope, Scope
from documents.declaring.kind import Kind
from policies.authorize import READ, WRITE, PolicyEngine
from policies.errors import (
    NotAuthenticatedError,
    PurposeMissingError,
    PurposeNotAllowedError,
    PurposeUnknownError,
)
from policies.principal import SYSTEM
from tests.policies.rule_sets import default_rules, engine_of, principal_of

SERVICE, SUPERVISION = Purpose.CUSTOMER_SERVICE, Purpose.SUPERVISION
ALL = frozenset({Scope.ALL})


@pytest.fixture(scope="module")
def engine() -> PolicyEngine:
    return engine_of(default_rules())


async def test_nobody_is_not_authenticated(engine: PolicyEngine) -> None:
    """Without a principal there is no plan, whatever the purpose."""
    with pytest.raises(NotAuthenticatedError):
        await engine.authorize(None, SERVICE.value)


async def test_the_only_purpose_of_a_caller_needs_no_saying(engine: PolicyEngine) -> None:
    """One purpose is taken for granted."""
    caller = principal_of("service_agent", purposes=frozenset({SERVICE}))
    assert (await engine.authorize(caller, None)).purpose is SERVICE


@pytest.mark.parametrize("purposes", [frozenset(), frozenset({SERVICE, SUPERVISION})])
async def test_a_purpose_is_missing_where_the_caller_has_none_or_several(
    engine: PolicyEngine, purposes: frozenset[Purpose]
) -> None:
    """Several purposes are offered, none is guessed."""
    with pytest.raises(PurposeMissingError) as caught:
        await engine.authorize(principal_of("service_agent", purposes=purposes), None)
    assert set(caught.value.offered) == purposes


@pytest.mark.parametrize("text", ["", "marketing", "CUSTOMER_SERVICE", "customer_service ", "*"])
async def test_an_unknown_purpose_is_refused_with_the_known_ones(engine: PolicyEngine, text: str) -> None:
    """Names are exact; the empty text and `*` are no purposes."""
    with pytest.raises(PurposeUnknownError) as caught:
        await engine.authorize(principal_of("service_agent"), text)
    assert set(caught.value.offered) == set(Purpose)
    assert "`customer_service`" in str(caught.value)


async def test_a_purpose_that_the_account_may_not_state_is_refused(engine: PolicyEngine) -> None:
    """Rules that would allow it do not help."""
    caller = principal_of("service_agent", "auditor", purposes=frozenset({SERVICE}))
    with pytest.raises(PurposeNotAllowedError) as caught:
        await engine.authorize(caller, SUPERVISION.value)
    assert caught.value.offered == (SERVICE,)


async def test_a_purpose_under_which_the_roles_are_allowed_nothing_is_refused(engine: PolicyEngine) -> None:
    """An account that may state a purpose still needs a role that is good for it."""
    with pytest.raises(PurposeNotAllowedError):
        await engine.authorize(principal_of("service_agent"), SUPERVISION.value)


@pytest.mark.parametrize("roles", [(), ("intern",), ("service_agent,account_manager",), ("*",), ("",)])
async def test_roles_that_no_rule_set_declares_are_nothing(engine: PolicyEngine, roles: tuple[str, ...]) -> None:
    """Neither unknown roles nor names made to be read as several roles open anything."""
    with pytest.raises(PurposeNotAllowedError):
        await engine.authorize(principal_of(*roles), SERVICE.value)


async def test_the_plan_says_who_the_caller_is_and_what_decided(engine: PolicyEngine) -> None:
    """Row scope, purpose and rule-set version come with the grants."""
    plan = await engine.authorize(principal_of("service_agent", "intern"), SERVICE.value)
    assert plan.row_scope == RowScope("wang.fang", "D01", "65f000000000000000000001")
    assert plan.rule_set_version == 0
    assert plan.key[:3] == (frozenset({"service_agent"}), SERVICE, 0)


async def test_a_scope_without_an_attribute_of_the_caller_does_not_exist(engine: PolicyEngine) -> None:
    """An agent of no department gets the grants of ALL for every row, and no DEPARTMENT in the plan."""
    caller = principal_of("service_agent")
    for department in (None, ""):
        plan = await engine.authorize(replace(caller, department=department), SERVICE.value)
        assert plan.row_scope.department is None
        grants = plan.kinds[Kind.INDIVIDUAL]
        assert set(grants.by_scope_set) == {ALL}
        assert plan.grants(Kind.INDIVIDUAL, ALL | {Scope.DEPARTMENT}) == grants.by_scope_set[ALL]
    whole = await engine.authorize(caller, SERVICE.value)
    assert set(whole.kinds[Kind.INDIVIDUAL].by_scope_set) == {ALL, ALL | {Scope.DEPARTMENT}}


async def test_the_system_gets_the_plan_that_the_rules_give_it() -> None:
    """What its role may read under the purpose, and nothing else; under another purpose nothing at all."""
    engine = engine_of("g, system, everyone\np, system, all, individual, name, read, business_operation, allow\n")
    plan = await engine.authorize(SYSTEM, Purpose.BUSINESS_OPERATION.value)
    assert plan.grants(Kind.INDIVIDUAL, ALL).plain == frozenset({"name"})
    assert plan.row_scope.username == SYSTEM.username
    with pytest.raises(PurposeNotAllowedError):
        await engine.authorize(SYSTEM, SUPERVISION.value)


async def test_plans_that_differ_have_keys_that_differ(engine: PolicyEngine) -> None:
    """Whoever keeps things by a plan's key never mixes up two callers' grants."""
    agent = principal_of("service_agent")
    plans = [
        await engine.authorize(agent, SERVICE.value, READ),
        await engine.authorize(agent, SERVICE.value, WRITE),
        await engine.authorize(replace(agent, department=None), SERVICE.value, READ),
        await engine.authorize(principal_of("account_manager"), SERVICE.value, READ),
    ]
    assert len({plan.key for plan in plans}) == len(plans)


async def test_a_warm_authorization_does_not_suspend(engine: PolicyEngine) -> None:
    """The second call returns within one step of the event loop, with the very same grants."""
    caller = principal_of("archivist")
    first = await engine.authorize(caller, Purpose.ARCHIVE_KEEPING.value)
    steps = engine.authorize(caller, Purpose.ARCHIVE_KEEPING.value)
    with pytest.raises(StopIteration) as returned:
        steps.send(None)
    assert returned.value.value.kinds is first.kinds
    assert asyncio.get_running_loop().is_running()
