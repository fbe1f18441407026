"""The commands about who can log in: accounts, and the departments that they are in."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine
from typing import Any, Final

from rich.table import Table

from commands.errors import CommandError
from commands.services import with_services
from commands.terminal import show
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount, StoredAccount
from documents.chapters.accounts.passwords import PasswordHasher
from documents.errors import (
    DuplicateValueError,
    InvalidField,
    InvalidValueError,
    RecordNotFoundError,
    TrailUnavailableError,
)
from resolvers.services import Services
from schema.registry import WORDS
from settings import Settings

_RULES: Final = {
    "username": "a username has 1 to 64 lower-case letters, digits and `.`, `_`, `-`, `@`, and begins with one of the "
    "first two",
    "password": "a password has 12 to 256 characters",
    "display_name": "a name has 1 to 200 characters",
    "roles": "a role is named by letters, digits and `.`, `_`, `-`",
    "department": "a department code has letters, digits and `.`, `_`, `-`",
    "id": "a department code has letters, digits and `.`, `_`, `-`",
    "name_en": "a department has a name of 1 to 200 characters in each language",
    "name_zh": "a department has a name of 1 to 200 characters in each language",
    "customer_id": "a customer id has 24 hexadecimal digits",
}
"""What an operator may write, by the field that is refused."""


def put_department(settings: Settings, arguments: Namespace) -> None:
    """Adds a department, or renames it."""
    _with_services(
        settings,
        lambda services: services.accounts.put_department(arguments.code, name_en=arguments.en, name_zh=arguments.zh),
    )
    print(f"There is a department {arguments.code}.")


def list_accounts(settings: Settings, _: Namespace) -> None:
    """Prints a table of all accounts."""
    table = Table("username", "name", "roles", "department", "purposes", "state", box=None, pad_edge=False)
    for account in with_services(settings, lambda services: services.accounts.list_accounts()):
        purposes = ", ".join(sorted(account.purposes))
        roles = ", ".join(sorted(account.roles))
        table.add_row(account.username, account.display_name, roles, account.department, purposes, _state(account))
    show(table)


def disable(settings: Settings, arguments: Namespace) -> None:
    """Ends the sessions of an account, and lets nobody log in with it any more. The administrators see it."""
    try:
        username, why = arguments.username, arguments.why
        _with_services(settings, lambda services: services.use_cases.accounts.host.disable(username, why))
    except RecordNotFoundError as error:
        raise CommandError(f"there is no account `{arguments.username}`") from error
    print(f"The account {arguments.username} is disabled and its sessions are ended.")


def add(settings: Settings, arguments: Namespace) -> None:
    """Adds an account with roles that the rules in force know. The administrators see it."""
    password = _new_password()

    async def add_account(services: Services) -> None:
        unknown = sorted(set(arguments.role) - (known := await services.roles()))
        if unknown:
            raise CommandError(f"no rule knows the role `{unknown[0]}`; the roles are {', '.join(sorted(known))}")
        await services.use_cases.accounts.host.add(
            NewAccount(
                arguments.username,
                display_name=arguments.name or arguments.username,
                roles=arguments.role,
                department=arguments.department,
                customer_id=arguments.customer,
                purposes=[Purpose(purpose) for purpose in arguments.purpose],
                password_hash=await PasswordHasher().hash(password),
            ),
            arguments.why,
        )

    try:
        _with_services(settings, add_account)
    except DuplicateValueError as error:
        raise CommandError(f"there is an account `{arguments.username}` already") from error
    print(f"The account {arguments.username} can log in.")


def _with_services(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, object]]) -> None:
    try:
        with_services(settings, work)
    except InvalidValueError as error:
        raise CommandError("; ".join(_said(item) for item in error.fields)) from error
    except TrailUnavailableError as error:
        raise CommandError(
            "it may have been done, but the audit trail cannot be written now; it is told as soon as it can"
        ) from error


def _said(broken: InvalidField) -> str:
    if broken.rule == "value.unknown_department":
        return "there is no such department: `dossier department add` makes one"
    return WORDS["en"].say(broken.rule) if broken.rule.startswith("account.") else _RULES[broken.field]


def _state(account: StoredAccount) -> str:
    if account.disabled:
        return "disabled"
    if account.demo:
        return "demo"
    return "active" if account.roles else ""


def _new_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandError("the two passwords differ")
    return password
