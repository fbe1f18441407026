"""The commands of the command line that write."""

from __future__ import annotations

import secrets
from typing import Final

from tests.api import PASSWORD
from tests.faults.operations.customers import account
from tests.faults.stage import Command, Operation, Prepare, Stage


async def _add_account(_: Stage) -> Operation:
    given = ("--role", "archivist", "--purpose", "archive_keeping", "--department", "archives")
    return Command(("account", "add", f"staff.{secrets.token_hex(4)}", *given), f"{PASSWORD}\n")


async def _disable(stage: Stage) -> Operation:
    """Somebody who is logged in."""
    who = await account(stage)
    await stage.api.login(who)
    return Command(("account", "disable", who))


async def _department(stage: Stage) -> Operation:
    return Command(("department", "add", f"d-{stage.number()}", "--en", "Another", "--zh", "另一部门"))


async def _import_rules(stage: Stage) -> Operation:
    """As they are in force, which makes a draft all the same."""
    folder = stage.settings.data_dir / f"rules-{stage.number()}"
    exported = await stage.here(Command(("policy", "export", str(folder))), "")
    assert exported[0] == 0, exported
    return Command(("policy", "import", str(folder), "--as", "demo.policy", "--why", "a copy"))


async def _rotate(_: Stage) -> Operation:
    return Command(("keys", "rotate"))


async def _rotate_root(_: Stage) -> Operation:
    return Command(("keys", "rotate-root"))


OPERATIONS: Final[dict[str, Prepare]] = {
    "dossier account add": _add_account,
    "dossier account disable": _disable,
    "dossier department add": _department,
    "dossier policy import": _import_rules,
    "dossier keys rotate": _rotate,
    "dossier keys rotate-root": _rotate_root,
}
