"""The demo's logins and staff fit each other and the rules that Dossier comes with."""

from __future__ import annotations

from demo.accounts import DEMO_ACCOUNTS, DEMO_DEPARTMENTS, DEMO_STAFF, owners
from documents.access.plan import Purpose
from tests.policies.rule_sets import default_rules


def test_the_logins_are_there() -> None:
    """Those that the README names, and no other."""
    assert [account.username for account in DEMO_ACCOUNTS] == [
        f"demo.{name}"
        for name in (
            "agent",
            "lead",
            "complaints",
            "trainer",
            "manager",
            "credit",
            "creditmanager",
            "collector",
            "archivist",
            "inspector",
            "auditor",
            "security",
            "policy",
            "policy2",
            "admin",
            "customer",
            "partner",
        )
    ]


def test_shares_of_the_staff_make_a_hundred() -> None:
    """They are percentages."""
    assert sum(person.share for person in DEMO_STAFF) == len(owners()) == 100


def test_departments_are_declared() -> None:
    """Nobody belongs to a department that is not there."""
    codes = {department.code for department in DEMO_DEPARTMENTS}
    assert len(codes) == len(DEMO_DEPARTMENTS)
    assert {person.department for person in DEMO_STAFF} <= codes
    assert {account.department for account in DEMO_ACCOUNTS if account.department} <= codes


def test_whoever_is_login_and_staff_is_one_person() -> None:
    """Same name, same department: ownership and the department scope rest on it."""
    staff = {person.username: person for person in DEMO_STAFF}
    both = [account for account in DEMO_ACCOUNTS if account.username in staff]
    assert {account.username for account in both} == {"demo.agent", "demo.manager"}
    for account in both:
        person = staff[account.username]
        assert (person.display_name, person.department) == (account.display_name, account.department)


def test_every_login_has_roles_that_the_default_rules_know() -> None:
    """A role that no rule names would see nothing, and the demo would show nothing."""
    known = {rule.role for rule in default_rules().rules} & default_rules().roles
    for account in DEMO_ACCOUNTS:
        assert set(account.roles) <= known
        assert account.roles


def test_the_manager_states_either_purpose_and_everybody_else_one() -> None:
    """Who has one purpose need not name it in a request."""
    purposes = {account.username: account.purposes for account in DEMO_ACCOUNTS}
    assert purposes.pop("demo.manager") == (Purpose.BUSINESS_OPERATION, Purpose.CUSTOMER_SERVICE)
    assert all(len(each) == 1 for each in purposes.values())


def test_each_login_says_in_one_line_what_it_sees() -> None:
    lines = [account.sees for account in DEMO_ACCOUNTS]
    assert len(set(lines)) == len(lines)
    assert all(line and "\n" not in line and len(line) <= 100 for line in lines)
