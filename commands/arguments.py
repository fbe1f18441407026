"""Every command with its arguments and help texts, and where in this package it is carried out: `module:function`.

It must never import what carries a command out. The whole product takes seconds to import, and `--help` or a wrong
argument is answered before.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from documents.access.plan import Purpose

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


def parser() -> ArgumentParser:
    """Parses to a namespace whose `command` names the function that carries it out."""
    dossier = ArgumentParser(prog="dossier", description="Customer records under policy.", allow_abbrev=False)
    commands = dossier.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "demo", "Start with invented customers and demo logins.", "port:demo")
    _add(commands, "serve", "Start for production.", "port:serve")
    _add(commands, "worker", "Run background jobs in a process of their own.", "server:work")
    _add(commands, "migrate", "Bring the database to the layout of this version.", "migrating:migrate")
    _add_jobs(commands)
    _add_keys(commands)
    _add_audit(commands)
    _add_policy(commands)
    _add(commands, "schema", "Print the GraphQL schema.", "server:print_schema")
    _add_department(commands)
    _add_account(commands)
    return dossier


def _add_jobs(commands: Commands) -> None:
    jobs = _add(
        commands, "jobs", "Show what runs in the background, what is due, and what failed and why.", "jobs:list_jobs"
    ).add_subparsers(metavar="COMMAND")
    for name, text, command in (
        ("show", "Show everything about one job.", "jobs:show_job"),
        ("watch", "Follow one job to its end.", "jobs:watch"),
        ("retry", "Run a failed or dead job again, from where it stopped.", "jobs:retry"),
    ):
        _add(jobs, name, text, command).add_argument("id")


def _add_keys(commands: Commands) -> None:
    keys = _add(
        commands, "keys", "Show where the keys stand: which wraps, and how much.", "encryption:show_keys"
    ).add_subparsers(metavar="COMMAND")
    _add(keys, "rotate", "Make a new vault key; a background job wraps every data key with it.", "encryption:rotate")
    _add(
        keys, "rotate-root", "Make a new local root key; the file of the one before is kept.", "encryption:rotate_root"
    )


def _add_audit(commands: Commands) -> None:
    audit = _group(commands, "audit", "Verify the audit trail.")
    verify = _add(
        audit, "verify", "Find whatever was changed in the trail; exit code 1 if anything was.", "audit:verify"
    )
    verify.add_argument("--heads", type=Path, help="signed heads (default: audit-heads.ndjson of the data directory)")
    verify.add_argument("--key", type=Path, help="public keys, PEM (default: audit-key.pem of the data directory)")
    _add(audit, "key", "Print the public key that verifies the trail.", "audit:print_key")
    prove = _add(
        audit,
        "prove",
        "Write what the trail holds of a customer, or of a period, as a proof for outsiders.",
        "audit:prove",
    )
    prove.add_argument("file", type=Path, help="the proof, JSON; it must not exist yet")
    prove.add_argument("--customer", help="the id of the customer (default: all)")
    prove.add_argument("--since", type=_time, help="the first time, ISO 8601 with its zone")
    prove.add_argument("--until", type=_time, help="the first time that is too late")
    check = _add(
        audit,
        "check-proof",
        "Check a proof without any database; exit code 1 if it does not hold.",
        "audit:check_proof",
    )
    check.add_argument("file", type=Path)
    check.add_argument("--key", type=Path, required=True, help="the public keys that are trusted, PEM")


def _time(text: str) -> datetime:
    """An instant. Raises ValueError where it has no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at


def _add_policy(commands: Commands) -> None:
    policy = _group(commands, "policy", "Test, compare, export and import access rules.")
    test = _add(policy, "test", "Run the policy tests; exit code 1 if one fails.", "policies:test")
    test.add_argument("path", type=Path, nargs="?", help="policy.csv, or its directory (default: the rules in force)")
    diff = _add(policy, "diff", "Show which roles gain or lose what by the rules of a file.", "policies:compare")
    diff.add_argument("path", type=Path, help="policy.csv, or its directory")
    reaches = _add(
        policy, "reach", "Show who reaches a declared field, for what, and by which rule.", "policies:show_reach"
    )
    reaches.add_argument("field", metavar="KIND.FIELD")
    reaches.add_argument("--rules", type=Path, help="policy.csv, or its directory (default: the rules in force)")
    _add(policy, "history", "List the versions of the rules.", "policies:list_versions")
    export = _add(policy, "export", "Write model.conf, policy.csv and the policy tests.", "policies:export")
    export.add_argument("directory", type=Path)
    export.add_argument("--version", type=int, help="default: the version in force")
    bring = _add(
        policy, "import", "Make a draft of the rules of a file, to be submitted and approved.", "policies:import_rules"
    )
    bring.add_argument("path", type=Path, help="policy.csv, or its directory")
    bring.add_argument("--why", required=True, help="kept with the draft")
    who = bring.add_mutually_exclusive_group(required=True)
    who.add_argument("--as", dest="username", help="the account whose draft it is, under its rights")
    who.add_argument("--restore", action="store_true", help="in force at once, where nobody can change rules any more")


def _add_department(commands: Commands) -> None:
    departments = _group(commands, "department", "Manage departments.")
    put = _add(departments, "add", "Add a department, or rename it.", "accounts:put_department")
    put.add_argument("code")
    put.add_argument("--en", required=True, help="its English name")
    put.add_argument("--zh", required=True, help="its Chinese name")


def _add_account(commands: Commands) -> None:
    accounts = _group(commands, "account", "Manage who can log in.")
    _add(accounts, "list", "List the accounts.", "accounts:list_accounts")
    disable = _add(accounts, "disable", "Disable an account and end its sessions.", "accounts:disable")
    disable.add_argument("username")
    _add_why(disable)
    new = _add(accounts, "add", "Add an account; its password is asked for, or read from stdin.", "accounts:add")
    new.add_argument("username")
    new.add_argument("--name", help="as others see it (default: the username)")
    new.add_argument("--role", action="append", required=True, help="may be repeated")
    new.add_argument("--department", help="the code of the department")
    new.add_argument("--purpose", action="append", required=True, choices=[purpose.value for purpose in Purpose])
    new.add_argument("--customer", help="the id of the customer whose own login this is")
    _add_why(new)


def _add_why(command: ArgumentParser) -> None:
    command.add_argument("--why", default="a command on the host", help="shown to the administrators with the change")


def _group(commands: Commands, name: str, text: str) -> Commands:
    return commands.add_parser(name, help=text).add_subparsers(required=True, metavar="COMMAND")


def _add(commands: Commands, name: str, text: str, command: str) -> ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(command=f"commands.{command}")
    return parser
