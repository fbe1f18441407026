"""Risk tables (C4): what a stored table declares, and how the ones that the product comes with are stored."""

from __future__ import annotations

from collections import defaultdict
from typing import TypedDict

from documents.chapters.identification.default_risk_tables import DEFAULT_RISK_TABLES
from documents.chapters.identification.risk import PointRule, RiskFactor, RiskTable
from documents.chapters.identification.risk_conditions import Condition, Operator
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from resolvers.operations import RecordOperations
from resolvers.versioned_tables import ActivateTable, KnownTable, VersionedTables


class Factor(TypedDict):
    name: str
    otherwise: int
    missing: int


class Rule(TypedDict):
    factor: str
    operator: str
    operand: str
    points: int


class ActivateRiskTable(ActivateTable):
    medium_from: int
    high_from: int
    factors: list[Factor]
    rules: list[Rule]


class KnownRiskTable(KnownTable):
    medium_from: int
    high_from: int
    factors: list[Factor]
    rules: list[Rule]


RiskTables = VersionedTables[ActivateRiskTable, KnownRiskTable]


def risk_tables(operations: RecordOperations) -> RiskTables:
    """The risk tables under policy."""
    defaults = [stored_form(table) for table in DEFAULT_RISK_TABLES.values()]
    return RiskTables(operations, Kind.RISK_TABLE, KnownRiskTable, table_of, defaults)


def table_of(stored: KnownRiskTable) -> RiskTable:
    """The table that a record declares. Raises RuleBrokenError `risk_table.invalid` for one that contradicts itself:
    no factor, one twice, a rule of none, a number that is none, thresholds that do not rise."""
    rules: dict[str, list[PointRule]] = defaultdict(list)
    try:
        for row in stored["rules"]:
            condition = Condition(Operator(row["operator"]), (row["operand"],))
            rules[row["factor"]].append(PointRule(condition, row["points"]))
        if rules.keys() - {row["name"] for row in stored["factors"]}:
            raise RuleBrokenError("risk_table.invalid", "rules")
        return RiskTable(
            version=stored["number"],
            kind=Kind(stored["applies_to"]),
            factors=tuple(
                RiskFactor(row["name"], tuple(rules[row["name"]]), row["otherwise"], row["missing"])
                for row in stored["factors"]
            ),
            medium_from=stored["medium_from"],
            high_from=stored["high_from"],
        )
    except ValueError as error:
        raise RuleBrokenError("risk_table.invalid") from error


def stored_form(table: RiskTable) -> ActivateRiskTable:
    """The values of a record that declares `table`: of a choice of texts, each is a rule of its own."""
    return {
        "applies_to": table.kind.value,
        "factors": [{"name": one.name, "otherwise": one.otherwise, "missing": one.missing} for one in table.factors],
        "rules": [
            {
                "factor": factor.name,
                "operator": rule.condition.operator.value,
                "operand": operand,
                "points": rule.points,
            }
            for factor in table.factors
            for rule in factor.rules
            for operand in rule.condition.operands
        ],
        "medium_from": table.medium_from,
        "high_from": table.high_from,
    }
