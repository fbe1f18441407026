"""The rules that the product comes with, as the sentences that they are meant to be."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import casbin
import pytest

from documents.access.plan import Action, FieldGrants, Level, Purpose, Reason, Scope
from documents.declaring.fields import Sensitivity
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import CustomerRecord
from documents.registry import CATALOGUE, RECORD_CLASSES
from policies import default
from policies.authorize import ALL_ACTIONS, PolicyEngine
from policies.default import rules_text
from policies.errors import PurposeNotAllowedError, RuleError
from policies.judging.judge import MODEL_TEXT
from policies.rules.rule_set import Rule
from tests.policies.rule_sets import default_rules, engine_of, plan_of, principal_of

ALL = frozenset({Scope.ALL})
DEPARTMENT, OWN, SELF = ALL | {Scope.DEPARTMENT}, ALL | {Scope.OWN}, ALL | {Scope.SELF}
EVERY = frozenset(Scope)
BUSINESS, SERVICE, RISK = Purpose.BUSINESS_OPERATION, Purpose.CUSTOMER_SERVICE, Purpose.RISK_ASSESSMENT
ARCHIVE, SUPERVISION = Purpose.ARCHIVE_KEEPING, Purpose.SUPERVISION
PERSON, FIRM, BODY = Kind.INDIVIDUAL, Kind.ENTERPRISE, Kind.INSTITUTION
PLAIN, MASKED, DENIED = Level.PLAIN, Level.MASKED, Level.DENIED

READS = [
    # a service agent
    ("service_agent", SERVICE, PERSON, ALL, "name", PLAIN),
    ("service_agent", SERVICE, PERSON, ALL, "telephone", MASKED),
    ("service_agent", SERVICE, FIRM, ALL, "email", MASKED),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, "telephone", PLAIN),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, "email", MASKED),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, "address", DENIED),
    ("service_agent", SERVICE, PERSON, EVERY, "id_number", DENIED),
    ("service_agent", SERVICE, FIRM, EVERY, "bank_accounts", DENIED),
    ("service_agent", SERVICE, FIRM, EVERY, "registered_capital", DENIED),
    # who heads the service department, who handles complaints
    ("service_manager", SERVICE, PERSON, ALL, "telephone", MASKED),
    ("service_manager", SERVICE, PERSON, EVERY, "id_number", DENIED),
    ("complaint_handler", SERVICE, PERSON, ALL, "telephone", PLAIN),
    ("complaint_handler", SERVICE, PERSON, EVERY, "id_number", DENIED),
    # an account manager
    ("account_manager", BUSINESS, PERSON, OWN, "id_number", PLAIN),
    ("account_manager", SERVICE, FIRM, OWN, "notes", PLAIN),
    ("account_manager", BUSINESS, PERSON, ALL, "name", PLAIN),
    ("account_manager", BUSINESS, PERSON, ALL, "telephone", MASKED),
    ("account_manager", BUSINESS, PERSON, ALL, "id_number", DENIED),
    ("account_manager", BUSINESS, FIRM, DEPARTMENT, "notes", DENIED),
    # a sales manager
    ("sales_manager", BUSINESS, FIRM, DEPARTMENT, "annual_revenue", PLAIN),
    ("sales_manager", BUSINESS, FIRM, OWN, "annual_revenue", PLAIN),
    ("sales_manager", BUSINESS, FIRM, ALL, "annual_revenue", DENIED),
    # a credit officer
    ("credit_officer", RISK, PERSON, ALL, "id_number", PLAIN),
    ("credit_officer", RISK, FIRM, ALL, "bank_accounts", PLAIN),
    ("credit_officer", RISK, FIRM, ALL, "telephone", MASKED),
    ("credit_officer", RISK, PERSON, EVERY, "notes", DENIED),
    ("credit_officer", RISK, PERSON, EVERY, "birth_date", DENIED),
    # an archivist
    ("archivist", ARCHIVE, FIRM, ALL, "unified_social_credit_code", MASKED),
    ("archivist", ARCHIVE, FIRM, ALL, "industry", PLAIN),
    ("archivist", ARCHIVE, FIRM, ALL, "telephone", DENIED),
    # supervision
    ("inspector", SUPERVISION, PERSON, ALL, "id_number", MASKED),
    ("inspector", SUPERVISION, PERSON, ALL, "name", PLAIN),
    ("inspector", SUPERVISION, PERSON, ALL, "address", DENIED),  # declares no mask
    ("auditor", SUPERVISION, BODY, ALL, "institution_type", PLAIN),
    ("auditor", SUPERVISION, BODY, ALL, "telephone", DENIED),
    # an administrator
    ("administrator", BUSINESS, PERSON, EVERY, "status", PLAIN),
    ("administrator", BUSINESS, PERSON, EVERY, "id_number", DENIED),
    # a customer
    ("customer", SERVICE, PERSON, SELF, "id_number", PLAIN),
    ("customer", SERVICE, PERSON, SELF, "notes", DENIED),
    ("customer", SERVICE, PERSON, ALL, "name", DENIED),
    ("customer", SERVICE, PERSON, ALL | {Scope.OWN, Scope.DEPARTMENT}, "name", DENIED),
]

ACTS = [
    ("service_agent", SERVICE, PERSON, ALL, Action.FILTER, "telephone", True),
    ("service_agent", SERVICE, PERSON, EVERY, Action.FILTER, "id_number", False),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, Action.WRITE, "email", True),
    ("service_agent", SERVICE, PERSON, ALL, Action.WRITE, "email", False),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, Action.WRITE, "name", False),
    ("account_manager", BUSINESS, PERSON, OWN, Action.WRITE, "id_number", True),
    ("account_manager", BUSINESS, PERSON, OWN, Action.WRITE, "version", False),
    ("account_manager", BUSINESS, PERSON, OWN, Action.CREATE, "id_number", True),
    ("account_manager", BUSINESS, PERSON, ALL, Action.CREATE, "name", False),
    ("account_manager", BUSINESS, PERSON, EVERY, Action.DELETE, "name", False),
    ("sales_manager", BUSINESS, PERSON, DEPARTMENT, Action.WRITE, "account_manager", True),
    ("credit_officer", RISK, PERSON, EVERY, Action.WRITE, "annual_income", False),
    ("archivist", ARCHIVE, PERSON, ALL, Action.EXPORT, "id_number", True),
    ("inspector", SUPERVISION, PERSON, EVERY, Action.EXPORT, "name", False),
    ("administrator", BUSINESS, FIRM, ALL, Action.CREATE, "bank_accounts", True),
    ("administrator", BUSINESS, FIRM, ALL, Action.DELETE, "bank_accounts", True),
    ("administrator", BUSINESS, FIRM, ALL, Action.WRITE, "department", True),
    ("administrator", BUSINESS, FIRM, ALL, Action.WRITE, "telephone", False),
    ("customer", SERVICE, PERSON, SELF, Action.WRITE, "telephone", True),
    ("customer", SERVICE, PERSON, SELF, Action.WRITE, "id_number", False),
    ("service_agent", SERVICE, PERSON, ALL, Action.REVEAL, "telephone", True),
    ("service_agent", SERVICE, PERSON, DEPARTMENT, Action.REVEAL, "telephone", False),  # plain already
    ("service_agent", SERVICE, PERSON, EVERY, Action.REVEAL, "id_number", False),
    ("service_agent", SERVICE, PERSON, ALL, Action.REVEAL, "emergency_telephone", False),  # not even masked
    ("account_manager", BUSINESS, FIRM, ALL, Action.REVEAL, "contact_telephone", True),
    ("account_manager", BUSINESS, PERSON, ALL, Action.REVEAL, "id_number", False),
    ("credit_officer", RISK, FIRM, ALL, Action.REVEAL, "email", True),
    ("archivist", ARCHIVE, FIRM, ALL, Action.REVEAL, "unified_social_credit_code", False),
    ("inspector", SUPERVISION, PERSON, ALL, Action.REVEAL, "telephone", False),
]

WORKERS = [
    ("service_agent", SERVICE),
    ("service_manager", SERVICE),
    ("complaint_handler", SERVICE),
    ("account_manager", BUSINESS),
    ("account_manager", SERVICE),
    ("sales_manager", BUSINESS),
    ("sales_manager", SERVICE),
    ("credit_officer", RISK),
    ("archivist", ARCHIVE),
    ("inspector", SUPERVISION),
    ("auditor", SUPERVISION),
    ("administrator", BUSINESS),
]


@pytest.fixture(scope="module")
def engine() -> PolicyEngine:
    return engine_of(default_rules())


@pytest.mark.parametrize(("role", "purpose", "kind", "scopes", "field", "level"), READS)
async def test_what_is_read(
    engine: PolicyEngine, role: str, purpose: Purpose, kind: Kind, scopes: Any, field: str, level: Level
) -> None:
    """Who sees which field of whose record, and how much of it."""
    assert field in CATALOGUE.fields(kind)
    plan = await plan_of(engine, (role,), purpose)
    assert plan.grants(kind, scopes).level(field) is level


@pytest.mark.parametrize(("role", "purpose", "kind", "scopes", "action", "field", "allowed"), ACTS)
async def test_what_is_done(
    engine: PolicyEngine,
    role: str,
    purpose: Purpose,
    kind: Kind,
    scopes: Any,
    action: Action,
    field: str,
    allowed: bool,
) -> None:
    """Who finds by, writes, creates, deletes, exports and reveals which field of whose record."""
    assert field in CATALOGUE.fields(kind)
    grants = (await plan_of(engine, (role,), purpose)).grants(kind, scopes)
    assert (field in _granted(grants, action)) is allowed


def _granted(grants: FieldGrants, action: Action) -> frozenset[str]:
    return {
        Action.FILTER: grants.filterable,
        Action.WRITE: grants.writable,
        Action.CREATE: grants.creatable,
        Action.DELETE: grants.deletable,
        Action.EXPORT: grants.exportable,
        Action.REVEAL: grants.revealable,
    }[action]


@pytest.mark.parametrize(("role", "purpose"), WORKERS)
async def test_everyone_who_works_with_lists_can_order_them(engine: PolicyEngine, role: str, purpose: Purpose) -> None:
    """Name, status and the two times can be filtered and sorted by, in every scope and kind."""
    plan = await plan_of(engine, (role,), purpose)
    for kind in CUSTOMER_KINDS:
        assert plan.grants(kind, ALL).filterable >= {"name", "status", "created_at", "updated_at"}


@pytest.mark.parametrize("purpose", [BUSINESS, SERVICE])
@pytest.mark.parametrize("role", ["account_manager", "sales_manager"])
async def test_no_second_role_opens_identity_numbers_or_money_to_a_service_agent(
    engine: PolicyEngine, role: str, purpose: Purpose
) -> None:
    """A service agent never reads individual.id_number, not even masked, and no financial field: the deny outweighs."""
    plan = await plan_of(engine, ("service_agent", role), purpose)
    for kind in CUSTOMER_KINDS:
        grants = plan.grants(kind, EVERY)
        financial = {n for n, spec in CATALOGUE.fields(kind).items() if spec.sensitivity is Sensitivity.FINANCIAL}
        for name in financial | ({"id_number"} if kind is PERSON else set()):
            assert grants.level(name) is DENIED
            assert grants.reason(name) is Reason.DENIED_BY_RULE
            assert name not in grants.filterable


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_policy_administrators_see_no_customer_whatever_else_they_are(
    engine: PolicyEngine, purpose: Purpose
) -> None:
    """Alone the role opens no purpose; beside another it closes every field."""
    with pytest.raises(PurposeNotAllowedError):
        await engine.authorize(principal_of("policy_administrator"), purpose.value, ALL_ACTIONS)
    roles = tuple({role for role, open_purpose in WORKERS if open_purpose is purpose})
    plan = await plan_of(engine, ("policy_administrator", *roles), purpose)
    for kind in CUSTOMER_KINDS:
        grants = plan.grants(kind, EVERY)
        assert grants == FieldGrants(forbidden=frozenset(CATALOGUE.fields(kind)))
        assert not grants.is_visible


@pytest.mark.parametrize(("role", "purpose"), WORKERS)
async def test_roles_are_closed_under_every_other_purpose(engine: PolicyEngine, role: str, purpose: Purpose) -> None:
    """A role is good for its own purposes only, even where the account could state others."""
    own = {open_purpose for other, open_purpose in WORKERS if other == role}
    for other in set(Purpose) - own:
        with pytest.raises(PurposeNotAllowedError):
            await engine.authorize(principal_of(role), other.value)


CUSTOMER_RECORDS = [cls.kind for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)]


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_policy_administrators_see_no_record_of_a_customer_whatever_else_they_are(
    engine: PolicyEngine, purpose: Purpose
) -> None:
    """Beside every other role at once."""
    principal = principal_of(*sorted(default_rules().roles))
    for kind in CUSTOMER_RECORDS:
        plan = await engine.authorize(principal, purpose.value, ALL_ACTIONS, kind.value)
        assert not any(grants.is_visible for grants in plan.kinds[kind].by_scope_set.values())


@pytest.mark.parametrize("role", ["inspector", "auditor"])
async def test_supervision_changes_no_record_of_a_customer_whatever_else_it_is(engine: PolicyEngine, role: str) -> None:
    """Beside every other role but that of policy administrators, who may do nothing anyway."""
    others = default_rules().roles - {"policy_administrator"}
    for kind in CUSTOMER_RECORDS:
        for purpose in Purpose:
            plan = await engine.authorize(principal_of(role, *others), purpose.value, ALL_ACTIONS, kind.value)
            for grants in plan.kinds[kind].by_scope_set.values():
                assert not grants.writable | grants.creatable | grants.deletable


def test_casbin_reads_the_default_rules_as_we_do(tmp_path: Path) -> None:
    """Put together they are Casbin's own policy.csv: its file adapter finds the same rules, line by line."""
    file = tmp_path / "policy.csv"
    file.write_text(rules_text(), encoding="utf-8")
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL_TEXT), casbin.FileAdapter(str(file)))
    assert enforcer.get_policy() == [list(rule) for rule in default_rules().rules]
    assert enforcer.get_grouping_policy() == [list(link) for link in default_rules().inheritance]


def test_every_file_is_read_and_every_rule_is_there_once() -> None:
    """A chapter that is not named in the order would be forgotten; a column of several names is a rule for each."""
    directory = Path(default.__file__).parent
    assert {path.stem for path in directory.glob("*.csv")} - {"roles"} <= set(default.CHAPTERS)
    assert {path.stem for path in directory.glob("*.txt")} <= set(default.CHAPTERS)
    rules = default_rules().rules
    assert len(set(rules)) == len(rules)
    for action in ("read", "filter"):
        for purpose in ("business_operation", "customer_service"):
            assert Rule("account_manager", "all", "*", "@basic", action, purpose, "allow") in rules


def test_a_default_rule_without_a_name_in_a_column_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It does not vanish."""
    shutil.copytree(Path(default.__file__).parent, tmp_path, dirs_exist_ok=True)
    (tmp_path / "jobs.csv").write_text("p, administrator, all, job, , read, business_operation, allow\n")
    monkeypatch.setattr(default, "_DIRECTORY", tmp_path)
    with pytest.raises(RuleError, match="empty name"):
        default_rules()
