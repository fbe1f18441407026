"""Changing accounts (D5): who may log in, and which rights an account has for good. Part of the chapter of policies."""

from __future__ import annotations

from typing import Final

from documents.access.plan import Purpose
from documents.declaring.kind import Kind
from schema.roots.operations import Arguments, Operation

KIND: Final = Kind.ACCOUNT_CHANGE
WHOM: Final[Arguments] = {"username": (str, "Whose account.")}
RIGHTS: Final[Arguments] = {
    "roles": (list[str] | None, "All of them; left out: those that the account has. Grants stay."),
    "purposes": (list[Purpose] | None, "All that may be stated; left out: those that the account has."),
    "department": (str | None, "Its code, null for none; left out: the one that the account has."),
}

OPERATIONS: Final = (
    Operation(
        "disable_account",
        KIND,
        lambda use_cases: use_cases.accounts.changes.disable,
        "Shuts somebody out, with every open session and page, everywhere within a second.",
        fields=("reason!",),
        more=WHOM,
    ),
    Operation(
        "enable_account",
        KIND,
        lambda use_cases: use_cases.accounts.changes.enable,
        "Lets somebody log in again; where approval is needed it waits.",
        fields=("reason!",),
        more=WHOM,
    ),
    Operation(
        "end_sessions",
        KIND,
        lambda use_cases: use_cases.accounts.changes.end_sessions,
        "Logs somebody out everywhere within a second. They may log in again.",
        fields=("reason!",),
        more=WHOM,
    ),
    Operation(
        "set_account_roles",
        KIND,
        lambda use_cases: use_cases.accounts.changes.set_rights,
        "Replaces somebody's lasting roles, purposes or department; where approval is needed, what gives waits.",
        fields=("reason!",),
        more={**WHOM, **RIGHTS},
    ),
    Operation(
        "approve_account_change",
        KIND,
        lambda use_cases: use_cases.accounts.changes.approve,
        "Makes a change count that another person asked for.",
        on="record",
    ),
    Operation(
        "discard_account_change",
        KIND,
        lambda use_cases: use_cases.accounts.changes.discard,
        "Ends a change that waits for approval.",
        on="record",
    ),
)
