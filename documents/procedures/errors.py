"""The errors of the regulation's procedures. They carry published rule codes, never values.

DocumentsError
└── ProcedureError        what was asked breaks `rule`
    ├── StepError         the step or transition is not the one that is due
    ├── CurrencyError     amounts of two currencies would be mixed
    └── InputError        the inputs do not fit the table that judges them
"""

from __future__ import annotations

from documents.errors import DocumentsError


class ProcedureError(DocumentsError):
    """`rule` is a published rule code; `field` the declared name or factor that it is about, or ""."""

    def __init__(self, rule: str, field: str = "") -> None:
        super().__init__(f"the procedure refuses: {rule}")
        self.rule = rule
        self.field = field


class StepError(ProcedureError):
    """The step is skipped, repeated, out of order, or not possible in the present state."""


class CurrencyError(ProcedureError):
    """Two currencies without a rate between them."""


class InputError(ProcedureError):
    """An input is unknown to the table, or of a type that its condition cannot judge."""
