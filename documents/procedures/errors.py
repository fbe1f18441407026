"""The errors of the regulation's procedures. They carry published rule codes and names of inputs, never values.

RuleBrokenError           what was asked is against `rule`
├── StepError             the step or transition is not the one that is due
├── CurrencyError         amounts of two currencies would be mixed
└── InputError            the inputs do not fit the table that judges them
"""

from __future__ import annotations

from documents.errors import RuleBrokenError


class StepError(RuleBrokenError):
    """The step is skipped, repeated, out of order, or not possible in the present state."""


class CurrencyError(RuleBrokenError):
    """Two currencies without a rate between them."""


class InputError(RuleBrokenError):
    """`input_name`, a factor or an indicator, is unknown to the table, or of a type that it cannot judge."""

    def __init__(self, rule: str, input_name: str) -> None:
        super().__init__(rule, input=input_name)
        self.input_name = input_name
