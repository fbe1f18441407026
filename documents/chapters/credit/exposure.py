"""Exposure: what a customer owes against the limit, and whether one more contract fits (K5).

It must never be exceeded unnoticed: no limit is a limit of nothing, and an amount in a currency without a rate is
refused rather than left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from documents.declaring.labels import Labelled
from documents.reckoning.money import Money, converted, total

_NO_RATES: Final[Mapping[str, Decimal]] = MappingProxyType({})


class ExposureOutcome(Labelled):
    OK = "ok", "Within the limit", "额度内"
    WARN = "warn", "Near the limit", "接近限额"
    BLOCK = "block", "Beyond the limit", "超出限额"


@dataclass(frozen=True, slots=True)
class ExposurePolicy:
    """What follows when the limit is exceeded. `near_share` of it used is a warning; None for no such warning."""

    over_limit: ExposureOutcome = ExposureOutcome.BLOCK
    near_share: Decimal | None = Decimal("0.9")

    def __post_init__(self) -> None:
        if self.over_limit is ExposureOutcome.OK:
            raise ValueError("a limit that is exceeded is noticed: WARN or BLOCK")


@dataclass(frozen=True, slots=True)
class ExposureCheck:
    """All in the limit's currency. `headroom` is negative by what is too much."""

    outcome: ExposureOutcome
    exposure: Money
    limit: Money
    headroom: Money


def check_exposure(
    open_amounts: Iterable[Money],
    new_amount: Money,
    limit: Money,
    policy: ExposurePolicy,
    rates: Mapping[str, Decimal] = _NO_RATES,
) -> ExposureCheck:
    """The open receivables together with `new_amount` against `limit`; exactly the limit is within it.

    `rates` gives units of the limit's currency per unit of another one. Raises CurrencyError `currency.no_rate`.
    """
    amounts = (converted(amount, limit.currency, rates) for amount in (*open_amounts, new_amount))
    exposure = total(amounts, limit.currency)
    return ExposureCheck(_outcome(exposure, limit, policy), exposure, limit, limit - exposure)


def _outcome(exposure: Money, limit: Money, policy: ExposurePolicy) -> ExposureOutcome:
    if limit < exposure:
        return policy.over_limit
    is_near = policy.near_share is not None and exposure.amount > 0 and limit.times(policy.near_share) <= exposure
    return ExposureOutcome.WARN if is_near else ExposureOutcome.OK
