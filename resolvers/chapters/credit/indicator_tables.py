"""Tables of credit indicators (K1, K4): what a stored table declares, and how the ones that the product comes with are
stored.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import NotRequired, TypedDict

from documents.chapters.credit.default_rating_schemes import DEFAULT_RATING_SCHEMES
from documents.chapters.credit.kinds import IndicatorTable
from documents.chapters.credit.rating import Band, GradeRule, Indicator, IndicatorGroup, RatingScheme
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.reckoning.money import Money
from documents.writing.idempotency import IdempotentRequest
from resolvers.caller import Caller
from resolvers.operations import RecordOperations
from resolvers.versioned_tables import ActivateTable, KnownTable, VersionedTables

HUNDRED = Decimal(100)


class GivenIndicator(TypedDict):
    name: str
    group: str
    weight: str
    below: NotRequired[str | None]
    missing: NotRequired[str | None]


class GivenBand(TypedDict):
    indicator: str
    at_least: str
    score: str


class GivenGrade(TypedDict):
    grade: str
    at_least: str
    fixed: NotRequired[str | None]
    share_of_revenue: NotRequired[str | None]
    ceiling: NotRequired[str | None]


class ActivateIndicatorTable(ActivateTable):
    currency: NotRequired[str | None]
    greatest_adjustment: NotRequired[str | None]
    indicators: list[GivenIndicator]
    bands: list[GivenBand]
    grades: list[GivenGrade]


class _KnownIndicator(TypedDict):
    name: str
    group: str
    weight: str
    below: str
    missing: str


class _KnownBand(TypedDict):
    indicator: str
    at_least: str
    score: str


class _KnownGrade(TypedDict):
    grade: str
    at_least: str
    fixed: str | None
    share_of_revenue: str | None
    ceiling: str | None


class KnownIndicatorTable(KnownTable):
    currency: str
    greatest_adjustment: str
    indicators: list[_KnownIndicator]
    bands: list[_KnownBand]
    grades: list[_KnownGrade]


class IndicatorTables(VersionedTables[ActivateIndicatorTable, KnownIndicatorTable]):
    """Tables of indicators under policy."""

    def __init__(self, operations: RecordOperations) -> None:
        defaults = map(stored_form, DEFAULT_RATING_SCHEMES.values())
        super().__init__(operations, Kind.INDICATOR_TABLE, KnownIndicatorTable, scheme_of, defaults)

    async def activate(self, caller: Caller, given: ActivateIndicatorTable, request: IdempotentRequest | None) -> str:
        """Puts a new table in force; what is left out is as the record declares it."""
        whole: ActivateIndicatorTable = {
            "currency": _default("currency"),
            "greatest_adjustment": _default("greatest_adjustment"),
            **given,
        }
        return await super().activate(caller, whole, request)


def _default(name: str) -> str:
    return str(IndicatorTable.model_fields[name].default)


def scheme_of(table: KnownIndicatorTable) -> RatingScheme:
    """The scheme that a table declares. Raises RuleBrokenError: `indicator_table.weights` where the weights do not sum
    to 100, `indicator_table.groups` where a group has no indicator, `indicator_table.invalid` for any other fault."""
    indicators, currency = table["indicators"], table["currency"]
    if sum((Decimal(row["weight"]) for row in indicators), Decimal(0)) != HUNDRED:
        raise RuleBrokenError("indicator_table.weights", "indicators")
    if {row["group"] for row in indicators} != {group.value for group in IndicatorGroup}:
        raise RuleBrokenError("indicator_table.groups", "indicators")
    bands: dict[str, list[Band]] = defaultdict(list)
    for row in table["bands"]:
        bands[row["indicator"]].append(Band(Decimal(row["at_least"]), Decimal(row["score"])))
    if bands.keys() - {row["name"] for row in indicators}:
        raise RuleBrokenError("indicator_table.invalid", "bands")
    try:
        return RatingScheme(
            version=table["number"],
            kind=Kind(table["applies_to"]),
            indicators=tuple(_indicator(row, tuple(bands[row["name"]])) for row in indicators),
            grades=tuple(_grade(row, currency) for row in table["grades"]),
            currency=currency,
            greatest_adjustment=Decimal(table["greatest_adjustment"]),
        )
    except ValueError as error:
        raise RuleBrokenError("indicator_table.invalid") from error


def stored_form(scheme: RatingScheme) -> ActivateIndicatorTable:
    """The values of a table that declares `scheme`."""
    return {
        "applies_to": scheme.kind.value,
        "currency": scheme.currency,
        "greatest_adjustment": str(scheme.greatest_adjustment),
        "indicators": [
            {
                "name": one.name,
                "group": one.group.value,
                "weight": str(one.weight),
                "below": str(one.below),
                "missing": str(one.missing),
            }
            for one in scheme.indicators
        ],
        "bands": [
            {"indicator": one.name, "at_least": str(band.at_least), "score": str(band.score)}
            for one in scheme.indicators
            for band in one.bands
        ],
        "grades": [
            {
                "grade": str(rule.grade),
                "at_least": str(rule.at_least),
                "fixed": str(rule.fixed.amount) if rule.fixed is not None else None,
                "share_of_revenue": str(rule.share_of_revenue) if rule.share_of_revenue is not None else None,
                "ceiling": str(rule.ceiling.amount) if rule.ceiling is not None else None,
            }
            for rule in scheme.grades
        ],
    }


def _indicator(row: _KnownIndicator, bands: tuple[Band, ...]) -> Indicator:
    group, weight = IndicatorGroup(row["group"]), Decimal(row["weight"])
    return Indicator(row["name"], group, weight, bands, Decimal(row["below"]), Decimal(row["missing"]))


def _grade(row: _KnownGrade, currency: str) -> GradeRule:
    fixed, ceiling = _number(row["fixed"]), _number(row["ceiling"])
    return GradeRule(
        grade=row["grade"],
        at_least=Decimal(row["at_least"]),
        fixed=Money(fixed, currency) if fixed is not None else None,
        share_of_revenue=_number(row["share_of_revenue"]),
        ceiling=Money(ceiling, currency) if ceiling is not None else None,
    )


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
