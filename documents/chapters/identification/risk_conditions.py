"""Conditions on one input, as data that administrators edit and documents store: an operator and its operands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from documents.declaring.labels import Labelled
from documents.errors import InputError

Input = str | int | Decimal | bool


class Operator(Labelled):
    """Numbers are compared by AT_LEAST and BELOW, texts and booleans by ONE_OF (written as text, case kept)."""

    ONE_OF = "one_of", "One of", "属于其中之一"
    AT_LEAST = "at_least", "At least", "不低于"
    BELOW = "below", "Below", "低于"


@dataclass(frozen=True, slots=True)
class Condition:
    """`operands`: at least one text for ONE_OF, exactly one number otherwise (as text, so that it is stored exactly).

    Raises ValueError when made of anything else.
    """

    operator: Operator
    operands: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.operands or (self.operator is not Operator.ONE_OF and len(self.operands) != 1):
            raise ValueError("a condition has one operand, and ONE_OF one or more")
        if self.operator is not Operator.ONE_OF and not _is_number(self.operands[0]):
            raise ValueError("AT_LEAST and BELOW compare with a number")

    def holds(self, value: Input, factor: str = "") -> bool:
        """Whether `value` meets it. Raises InputError `input.not_a_number` where a number is needed."""
        if self.operator is Operator.ONE_OF:
            return as_text(value) in self.operands
        number, bound = as_number(value, factor), Decimal(self.operands[0])
        return number >= bound if self.operator is Operator.AT_LEAST else number < bound


def one_of(*texts: str) -> Condition:
    return Condition(Operator.ONE_OF, texts)


def at_least(number: int | str) -> Condition:
    return Condition(Operator.AT_LEAST, (str(number),))


def below(number: int | str) -> Condition:
    return Condition(Operator.BELOW, (str(number),))


def as_text(value: Input) -> str:
    """The text that ONE_OF compares: booleans are `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_number(value: Input, factor: str = "") -> Decimal:
    """Raises InputError `input.not_a_number` for texts, booleans, NaN and infinities."""
    if isinstance(value, bool | str):
        raise InputError("input.not_a_number", factor)
    number = Decimal(value)
    if not number.is_finite():
        raise InputError("input.not_a_number", factor)
    return number


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
