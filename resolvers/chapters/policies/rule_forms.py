"""The rules of a draft between their forms: as given, as stored, and as the policy layer reads them.

Every line that does not hold is refused with its reason and the nearest name, all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict, cast

from documents.declaring.catalogue import Catalogue
from documents.errors import RuleBrokenError, RulesBrokenError
from policies.changing.policy_tests import PolicyTest, Violation, read_tests
from policies.errors import PolicyTestError, RuleError
from policies.rules.rule_set import Inheritance, Line, Rule, RuleSet, csv_lines, read_lines, rejected_lines

NO_NAME = "–"


class RuleRow(TypedDict):
    """A rule as it is given and stored."""

    role: str
    scope: str
    kind: str
    field: str
    action: str
    purpose: str
    effect: str


class RoleRow(TypedDict):
    """A role, and whose rules it inherits, as it is given and stored."""

    role: str
    parent: str


class RuleRows(TypedDict):
    """A rule set as rows."""

    inheritance: list[RoleRow]
    rules: list[RuleRow]


def read_csv(text: str, catalogue: Catalogue) -> RuleSet:
    """The rule set of a `policy.csv`. Raises RulesBrokenError, one for each line that is rejected."""
    return _read(csv_lines(text), catalogue, roles=None)


def read_rows(rows: RuleRows, catalogue: Catalogue) -> RuleSet:
    """The rule set of rows. Raises RulesBrokenError; a row is counted in its own list, from 1."""
    tokens = [("g", *_texts(row, Inheritance._fields)) for row in rows["inheritance"]]
    tokens += [("p", *_texts(row, Rule._fields)) for row in rows["rules"]]
    return _read(list(enumerate(tokens, start=1)), catalogue, roles=len(rows["inheritance"]))


def rows_of(rule_set: RuleSet) -> RuleRows:
    """The rule set as a draft stores it."""
    return {
        "inheritance": [cast("RoleRow", link._asdict()) for link in rule_set.inheritance],
        "rules": [cast("RuleRow", rule._asdict()) for rule in rule_set.rules],
    }


def checked_tests(texts: Sequence[str], catalogue: Catalogue, rule_set: RuleSet) -> list[PolicyTest]:
    """The policy tests, read against the roles of the draft. Raises RulesBrokenError, one for each that is none."""
    broken: list[RuleBrokenError] = []
    tests: list[PolicyTest] = []
    for number, text in enumerate(texts, start=1):
        try:
            tests += read_tests([text], catalogue, rule_set.roles)
        except PolicyTestError as error:
            rule = "policy_test.sentence" if error.what == "sentence" else "policy_test.unknown_name"
            nearest = error.nearest or NO_NAME
            broken.append(RuleBrokenError(rule, "tests", number=str(number), name=error.name[:64], nearest=nearest))
    if broken:
        raise RulesBrokenError(broken)
    return tests


def failed_tests(violations: Sequence[Violation]) -> RulesBrokenError:
    """The refusal of a draft that breaks its tests."""
    return RulesBrokenError(
        RuleBrokenError("policy_test.failed", "tests", test=found.test, cell=cell_of(found)) for found in violations
    )


def cell_of(violation: Violation) -> str:
    """Where a test fails, in names of rules: `clerk: individual.name, customer_service, all+own (p, clerk, …)`."""
    place = [f"{violation.kind.value}.{violation.field}"]
    if violation.purpose is not None:
        place.append(violation.purpose.value)
    place.append("+".join(sorted(violation.scopes)))
    because = f" (p, {', '.join(violation.rule)})" if violation.rule is not None else ""
    return f"{'+'.join(violation.roles)}: {', '.join(place)}{because}"


def _texts(row: Mapping[str, object], names: Sequence[str]) -> Iterator[str]:
    return (str(row.get(name) or "").strip() for name in names)


def _read(lines: Sequence[Line], catalogue: Catalogue, roles: int | None) -> RuleSet:
    rejected = rejected_lines(lines, catalogue)
    if rejected:
        raise RulesBrokenError(_broken(error, roles) for error in rejected)
    return read_lines(lines, catalogue)


def _broken(error: RuleError, roles: int | None) -> RuleBrokenError:
    """`roles` rows come before those of rules; None where the lines are of one text."""
    field, line = "rules", error.line
    if roles is not None and line <= roles:
        field = "inheritance"
    elif roles is not None:
        line -= roles
    if not error.name or error.reason == "circle":
        return RuleBrokenError(f"rules.{error.reason}", field, line=str(line))
    nearest = error.nearest or NO_NAME
    return RuleBrokenError(f"rules.unknown_{error.reason}", field, line=str(line), name=error.name, nearest=nearest)
