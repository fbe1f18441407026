"""The use cases on tables of credit indicators (K1, K4): a table is activated, the one in force is found.

A table is a record that is never edited: a change is a new one, and the one in force is the newest that is active.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from documents.access_plan import AccessPlan, Purpose
from documents.credit import IndicatorTable, TableState
from documents.errors import FieldAccessError, RuleBrokenError
from documents.fields import Kind
from documents.procedures.credit_rating import Band, GradeRule, Indicator, IndicatorGroup, RatingScheme
from documents.procedures.default_rating_schemes import DEFAULT_RATING_SCHEMES
from documents.procedures.money import Money
from documents.records import Record
from documents.repositories.idempotency import IdempotentRequest
from documents.repositories.record_writes import RecordWrites
from policies.authorize import CREATE, READ
from policies.errors import PolicyError
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.handling import SYSTEM_ACTIONS
from resolvers.record_operations import RecordOperations

log = logging.getLogger(__name__)

HUNDRED = Decimal(100)
PARTS = ("number", "applies_to", "currency", "greatest_adjustment", "indicators", "bands", "grades")


class IndicatorTables:
    """Tables of indicators under policy."""

    def __init__(self, operations: RecordOperations) -> None:
        self._operations = operations

    async def activate(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Puts a new table in force for `given["applies_to"]`, in place of the one that was."""
        operations = self._operations
        plan = await operations.plan(caller, Kind.INDICATOR_TABLE, CREATE)
        given = {**_defaults(), **given}
        scheme_of({**given, "number": 1})

        async def work(writes: RecordWrites) -> str:
            return await self._activated(writes, plan, given, by=caller.username)

        return await operations.run(work, request)

    async def install_defaults(self) -> None:
        """Puts the tables that the product comes with in force, each where there is none for its kind of customer.

        Where the rules in force do not let the system do so, none is put there, and the log says it."""
        try:
            await self._install_defaults()
        except (PolicyError, FieldAccessError):
            log.warning("no table of credit indicators was installed: the rules in force do not let `system` do it")

    async def _install_defaults(self) -> None:
        caller = Caller(SYSTEM, Purpose.RISK_ASSESSMENT.value)
        plan = await self._operations.plan(caller, Kind.INDICATOR_TABLE, CREATE)

        async def work(writes: RecordWrites) -> str:
            made = ""
            for kind, scheme in DEFAULT_RATING_SCHEMES.items():
                condition = {"applies_to": kind.value}
                if not await writes.find(plan, Kind.INDICATOR_TABLE, condition):
                    made = await self._activated(writes, plan, stored_form(scheme), by=SYSTEM.username)
            return made

        # The key holds when several processes start at once; later ones find the tables.
        request = IdempotentRequest(SYSTEM.username, "indicator tables", b"1")
        await self._operations.run(work, request)

    async def in_force(self, writes: RecordWrites, plan: AccessPlan, kind: Kind) -> Record:
        """The table for customers of `kind`, as the system knows it. Raises RuleBrokenError `indicator_table.none`."""
        own = await self._operations.system_plan(plan, Kind.INDICATOR_TABLE, READ)
        condition = {"applies_to": kind.value, "state": TableState.ACTIVE.value}
        found = await writes.find(own, Kind.INDICATOR_TABLE, condition, *PARTS)
        if not found:
            raise RuleBrokenError("indicator_table.none")
        newest: Record = max(found, key=lambda record: record["number"])
        return newest

    async def _activated(self, writes: RecordWrites, plan: AccessPlan, given: Mapping[str, Any], *, by: str) -> str:
        own = await self._operations.system_plan(plan, Kind.INDICATOR_TABLE, SYSTEM_ACTIONS)
        condition = {"applies_to": given["applies_to"]}
        earlier = await writes.find(own, Kind.INDICATOR_TABLE, condition, "number", "state")
        newest = max((record["number"] for record in earlier), default=0)
        for record in earlier:
            if record["state"] == TableState.ACTIVE.value:  # two at once meet here, and one is done anew
                superseded = {"state": TableState.SUPERSEDED.value}
                await writes.update(own, Kind.INDICATOR_TABLE, record["id"], superseded)
        derived = {"number": newest + 1, "state": TableState.ACTIVE.value}
        return await writes.insert(plan, Kind.INDICATOR_TABLE, given, derived=derived, by=by)


def _defaults() -> dict[str, Any]:
    fields = IndicatorTable.model_fields
    return {name: str(fields[name].default) for name in ("currency", "greatest_adjustment")}


def scheme_of(table: Mapping[str, Any]) -> RatingScheme:
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


def stored_form(scheme: RatingScheme) -> dict[str, Any]:
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


def _indicator(row: Mapping[str, Any], bands: tuple[Band, ...]) -> Indicator:
    below, missing = _number(row.get("below")), _number(row.get("missing"))
    group, weight = IndicatorGroup(row["group"]), Decimal(row["weight"])
    return Indicator(row["name"], group, weight, bands, below or Decimal(0), missing or Decimal(0))


def _grade(row: Mapping[str, Any], currency: str) -> GradeRule:
    fixed, ceiling = _number(row.get("fixed")), _number(row.get("ceiling"))
    return GradeRule(
        grade=row["grade"],
        at_least=Decimal(row["at_least"]),
        fixed=Money(fixed, currency) if fixed is not None else None,
        share_of_revenue=_number(row.get("share_of_revenue")),
        ceiling=Money(ceiling, currency) if ceiling is not None else None,
    )


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
