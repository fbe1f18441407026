"""The compiler against Casbin itself, on random rule sets: never wider, never narrower."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import casbin
from casbin.persist.adapters.string_adapter import StringAdapter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import policies.judging.judge
from documents.access.plan import AccessPlan, Action, FieldGrants, Level, Purpose, Scope, ScopeSet
from documents.chapters.customers.kinds import Enterprise, Individual, Institution
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import Mask, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.values import Text
from documents.registry import CATALOGUE
from policies.authorize import ALL_ACTIONS, CREATE, DELETE, EXPORT, READ, WRITE
from policies.errors import RuleError
from policies.judging.compiler import Compiler
from policies.judging.judge import matcher_functions
from policies.rules.matching import FieldPatterns
from policies.rules.rule_set import Inheritance, Rule, RuleSet, read_lines
from tests.policies.rule_sets import default_rules, engine_of, plan_of, principal_of

PURPOSE = Purpose.CUSTOMER_SERVICE
MODEL = Path(policies.judging.judge.__file__).with_name("model.conf")
ROLES = ("agent", "manager", "head", "officer")
SCOPE_SETS: list[ScopeSet] = [
    frozenset({Scope.ALL, *others})
    for size in range(4)
    for others in combinations((Scope.DEPARTMENT, Scope.OWN, Scope.SELF), size)
]
GRANTED = {
    Action.READ: "plain",
    Action.FILTER: "filterable",
    Action.WRITE: "writable",
    Action.CREATE: "creatable",
    Action.DELETE: "deletable",
    Action.EXPORT: "exportable",
}


class SmallCatalogue(Catalogue):
    """Two kinds with a field of every sort, so that Casbin can be asked everything many times over."""

    NAMES: ClassVar = {"name", "telephone", "address", "id_number", "contact_person", "contact_telephone", "notes"}

    def __init__(self) -> None:
        super().__init__((Individual, Enterprise))
        self.by_kind = MappingProxyType(
            {
                kind: MappingProxyType({name: spec for name, spec in specs.items() if name in self.NAMES})
                for kind, specs in self.by_kind.items()
            }
        )


SMALL = SmallCatalogue()


def _valid_targets() -> Iterable[tuple[str, str]]:
    """Every (kind, field) column pair that a rule over the small catalogue may have."""
    fields = ["*", "contact_*", "*_number", "individual.id_number", "enterprise.telephone", *sorted(SMALL.NAMES)]
    fields += ["@basic", "@contact", "@identity", "@financial"]
    for kind in ("*", "individual", "enterprise"):
        for field in fields:
            row = ["p", "everyone", "all", kind, field, "read", "*", "allow"]
            try:
                read_lines([(1, row)], SMALL)
            except RuleError:
                continue
            yield kind, field


TARGETS = list(_valid_targets())


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """Roles inherit from later ones or from everyone; rules are any mixture, denials included."""
    inheritance = []
    for position, role in enumerate(ROLES):
        later = [*ROLES[position + 1 :], "everyone"]
        parents = draw(st.lists(st.sampled_from(later), min_size=1, max_size=2, unique=True))
        inheritance += [Inheritance(role, parent) for parent in parents]
    rule = st.builds(
        lambda role, scope, target, action, purpose, effect: Rule(
            role, scope, target[0], target[1], action, purpose, effect
        ),
        st.sampled_from([*ROLES, "everyone"]),
        st.sampled_from(["all", "all", *(scope.value for scope in Scope)]),
        st.one_of(st.sampled_from(TARGETS), st.just(("*", "*"))),
        st.one_of(
            st.sampled_from(["*", *(action.value for action in Action)]), st.sampled_from(["read", "read_masked"])
        ),
        st.sampled_from(["*", PURPOSE.value, PURPOSE.value, Purpose.SUPERVISION.value]),
        st.sampled_from(["allow", "deny"]),
    )
    sure = Rule("everyone", "all", "*", "name", "filter", PURPOSE.value, "allow")  # so that the purpose is open
    return RuleSet((sure, *draw(st.lists(rule, min_size=2, max_size=10))), tuple(inheritance), version=7)


def full_enforcer(rule_set: RuleSet) -> Any:
    """Casbin as it comes, over the whole rule set, loaded from policy.csv by Casbin's own adapter."""
    enforcer = casbin.Enforcer(str(MODEL), StringAdapter(rule_set.to_csv()))
    for name, function in matcher_functions(enforcer, FieldPatterns(SMALL)).items():
        enforcer.add_function(name, function)
    return enforcer


def reference(rule_set: RuleSet, roles: tuple[str, ...], scopes: ScopeSet, kind: Kind, name: str, action: str) -> bool:
    """The design's sentence in plain Python: the union of the allows over the row's scopes, minus their denials."""
    held = set(roles)
    for _ in ROLES:
        held |= {link.parent for link in rule_set.inheritance if link.role in held}
    effects = set()
    for rule in rule_set.rules:
        spoken = {rule.action}
        if rule.action == "read" and rule.effect == "allow":
            spoken.add("read_masked")
        if rule.action == "read_masked" and rule.effect == "deny":
            spoken |= {"read", "reveal"}
        if rule.action == "read" and rule.effect == "deny":
            spoken.add("reveal")
        named = {
            "*",
            name,
            f"{kind}.{name}",
            f"@{SMALL.fields(kind)[name].sensitivity}",
            "contact_*" if name.startswith("contact_") else "",
            "*_number" if name.endswith("_number") else "",
        }
        if (
            rule.role in held
            and rule.scope in scopes
            and rule.kind in ("*", kind)
            and rule.field in named
            and ({"*", action} & spoken)
            and rule.purpose in ("*", PURPOSE)
        ):
            effects.add(rule.effect)
    return effects == {"allow"}


def fields_granted(grants: FieldGrants, action: Action, kind: Kind) -> frozenset[str]:
    return frozenset(getattr(grants, GRANTED[action]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_sets(), st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True))
def test_compiled_plans_equal_enforce(rule_set: RuleSet, roles: list[str]) -> None:
    """For every kind, scope set, field and action the plan says what a fresh enforcer over all rules says."""
    plan = asyncio.run(plan_of(engine_of(rule_set, SMALL), tuple(roles), PURPOSE))
    enforcer = full_enforcer(rule_set)

    def enforce(scopes: ScopeSet, kind: Kind, name: str, action: Action) -> bool:
        answer = enforcer.enforce(
            ",".join(sorted(roles)), ",".join(sorted(scopes)), kind.value, name, action.value, PURPOSE.value
        )
        assert answer == reference(rule_set, tuple(roles), scopes, kind, name, action.value)
        return bool(answer)

    for kind, specs in SMALL.by_kind.items():
        for scopes in SCOPE_SETS:
            grants = plan.grants(kind, scopes)
            for name, spec in specs.items():
                for action in GRANTED:
                    assert (name in fields_granted(grants, action, kind)) == enforce(scopes, kind, name, action)
                masked = spec.mask is not None and enforce(scopes, kind, name, Action.READ_MASKED)
                assert (name in grants.masked) == (masked and name not in grants.plain)
                may_reveal = name in grants.masked and enforce(scopes, kind, name, Action.REVEAL)
                assert (name in grants.revealable) == may_reveal
                assert grants.opened(name).plain == grants.plain | ({name} if may_reveal else set())
            assert not grants.forbidden & grants.plain


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_sets())
def test_a_plan_holds_no_other_action_than_those_asked_for(rule_set: RuleSet) -> None:
    """Each action group gets exactly the part of the whole plan that it names."""
    engine = engine_of(rule_set, SMALL)

    async def plans() -> list[AccessPlan]:
        return [await plan_of(engine, ("agent",), PURPOSE, actions) for actions in groups]

    groups = [READ, WRITE, CREATE, DELETE, EXPORT, ALL_ACTIONS]
    *parts, whole = asyncio.run(plans())
    for actions, part in zip(groups, parts, strict=False):
        for kind in SMALL.by_kind:
            for scopes in SCOPE_SETS:
                for action in GRANTED:
                    granted = fields_granted(part.grants(kind, scopes), action, kind)
                    expected = fields_granted(whole.grants(kind, scopes), action, kind)
                    assert granted == (expected if action in actions else frozenset())


async def test_concurrent_requests_ask_casbin_once_per_question(monkeypatch: Any) -> None:
    """Twenty requests at once put no question twice, and none on the event loop's thread."""
    asked: list[tuple[Any, ...]] = []
    threads: set[int] = set()
    original = casbin.Enforcer.enforce_ex

    def counting(self: Any, *request: Any) -> Any:
        asked.append(request)
        threads.add(threading.get_ident())
        return original(self, *request)

    monkeypatch.setattr(casbin.Enforcer, "enforce_ex", counting)
    engine = engine_of(default_rules())
    caller = principal_of("account_manager")
    await asyncio.gather(*(engine.authorize(caller, PURPOSE, actions) for actions in (READ, WRITE) * 10))
    fields = sum(len(specs) for specs in CATALOGUE.by_kind.values())
    assert len(asked) == len(set(asked)) == fields * 2 * len(WRITE)  # two scope sets: all, all and own
    assert threading.get_ident() not in threads
    await engine.authorize(caller, PURPOSE, WRITE)
    assert len(asked) == fields * 2 * len(WRITE)


async def test_a_cancelled_request_leaves_the_compilation_to_the_others() -> None:
    """Who waits for the same decisions gets them, though the request that began is gone."""
    engine = engine_of(default_rules())
    caller = principal_of("sales_manager")
    first = asyncio.create_task(engine.authorize(caller, PURPOSE))
    await asyncio.sleep(0)
    second = asyncio.create_task(engine.authorize(caller, PURPOSE))
    await asyncio.sleep(0)
    first.cancel()
    assert "name" in (await second).grants(Kind.INDIVIDUAL, frozenset({Scope.ALL})).plain
    assert first.cancelled()


async def test_a_failed_compilation_is_not_kept(monkeypatch: Any) -> None:
    """An error reaches the request that met it; the next one asks again."""
    engine = engine_of(default_rules())
    caller = principal_of("auditor")
    with monkeypatch.context() as patch:
        patch.setattr(Compiler, "compile", lambda *_: 1 / 0)
        try:
            await engine.authorize(caller, Purpose.SUPERVISION)
        except ZeroDivisionError:
            pass
        else:
            raise AssertionError("the failure was swallowed")
    plan = await engine.authorize(caller, Purpose.SUPERVISION)
    assert "name" in plan.grants(Kind.INDIVIDUAL, frozenset({Scope.ALL})).plain


async def test_forbidden_names_denials_by_rule_only() -> None:
    """A field that no rule speaks of is not `forbidden`; one that a deny took away is."""
    engine = engine_of(
        "g, agent, everyone\n"
        "p, agent, all, individual, name, read, *, allow\n"
        "p, agent, all, individual, telephone, read, *, allow\n"
        "p, agent, all, individual, telephone, read, *, deny\n"
        "p, agent, all, individual, id_number, read_masked, *, deny\n"
        "p, agent, all, individual, email, read, *, allow\n"
        "p, agent, all, individual, email, read_masked, *, deny\n"
    )
    grants = (await plan_of(engine, ("agent",), PURPOSE)).grants(Kind.INDIVIDUAL, frozenset({Scope.ALL}))
    assert grants.forbidden == {"telephone", "id_number", "email"}
    assert grants.plain == {"name"}
    assert grants.masked == {"telephone"}  # the deny of `read` alone leaves the masked view; of `read_masked`, nothing


async def test_a_new_field_is_denied_until_a_rule_names_it_or_its_class() -> None:
    """One more declared field is served to those alone whose rules cover it."""

    class LuckyIndividual(Individual):
        lucky_number: Annotated[
            Text | None, declare("Lucky number", "幸运号码", Sensitivity.PERSONAL, encrypted=True, mask=Mask.TAIL)
        ] = None

    catalogue = Catalogue((LuckyIndividual, Enterprise, Institution))
    assert "lucky_number" in catalogue.fields(Kind.INDIVIDUAL)
    engine = engine_of(default_rules(), catalogue)
    levels = {}
    for role in sorted(default_rules().roles - {"everyone", "employee", "policy_administrator"}):
        for purpose in Purpose:
            compiler = engine_of(default_rules(), catalogue)._source.compiler
            if not compiler.is_open((frozenset({role}), purpose)):
                continue
            plan = await plan_of(engine, (role,), purpose)
            for scopes in SCOPE_SETS:
                grants = plan.grants(Kind.INDIVIDUAL, scopes)
                levels[role, purpose, scopes] = grants.level("lucky_number")
                if role in ("service_agent", "credit_officer", "archivist", "auditor", "customer"):
                    everything = grants.filterable | grants.writable | grants.creatable | grants.deletable
                    assert "lucky_number" not in everything | grants.exportable
    seen = {(role, level) for (role, _, _), level in levels.items() if level is not Level.DENIED}
    # Those whose rules say `*`: managers in their scope, and inspectors masked.
    assert seen == {("account_manager", Level.PLAIN), ("sales_manager", Level.PLAIN), ("inspector", Level.MASKED)}
