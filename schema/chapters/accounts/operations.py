"""Changing accounts (D5): who may log in, and which rights an account has for good. Part of the chapter of policies."""

from __future__ import annotations

from typing import Any

from documents.access.plan import Purpose
from documents.declaring.kind import Kind
from schema.roots.chapter import Vocabulary
from schema.roots.operations import Operation
from schema.vocabulary.record_inputs import operation_input

KIND = Kind.ACCOUNT_CHANGE


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of accounts."""
    enums = vocabulary.enums
    whom = {"username": (str, "Whose account.")}
    rights: dict[str, tuple[Any, str]] = {
        "roles": (list[str] | None, "All of them; left out: those that the account has. Grants stay."),
        "purposes": (list[Purpose] | None, "All that may be stated; left out: those that the account has."),
        "department": (str | None, "Its code, null for none; left out: the one that the account has."),
    }

    def changing(name: str, more: dict[str, tuple[Any, str]] | None = None) -> Any:
        given = {**whom, **(more or {})}
        return operation_input(f"{name}Input", KIND, enums, ("reason",), required_fields=("reason",), more=given)

    def deciding(name: str) -> Any:
        return operation_input(f"{name}Input", KIND, enums, (), of_record=True)

    return [
        Operation(
            "disable_account",
            KIND,
            changing("DisableAccount"),
            lambda use_cases: use_cases.accounts.changes.disable,
            "Shuts somebody out, with every open session and page, everywhere within a second.",
        ),
        Operation(
            "enable_account",
            KIND,
            changing("EnableAccount"),
            lambda use_cases: use_cases.accounts.changes.enable,
            "Lets somebody log in again; where approval is needed it waits.",
        ),
        Operation(
            "end_sessions",
            KIND,
            changing("EndSessions"),
            lambda use_cases: use_cases.accounts.changes.end_sessions,
            "Logs somebody out everywhere within a second. They may log in again.",
        ),
        Operation(
            "set_account_roles",
            KIND,
            changing("SetAccountRoles", rights),
            lambda use_cases: use_cases.accounts.changes.set_rights,
            "Replaces somebody's lasting roles, purposes or department; where approval is needed, what gives waits.",
        ),
        Operation(
            "approve_account_change",
            KIND,
            deciding("ApproveAccountChange"),
            lambda use_cases: use_cases.accounts.changes.approve,
            "Makes a change count that another person asked for.",
        ),
        Operation(
            "discard_account_change",
            KIND,
            deciding("DiscardAccountChange"),
            lambda use_cases: use_cases.accounts.changes.discard,
            "Ends a change that waits for approval.",
        ),
    ]
