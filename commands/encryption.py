"""The commands about the keys that wrap others: where they stand, and their rotation. It must never show a key."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from rich.console import Group
from rich.table import Table

from commands.errors import CommandError
from commands.services import with_services
from commands.terminal import local_time, show
from documents.chapters.encryption.rotation import KeyFacts
from documents.errors import RuleBrokenError
from resolvers.services import Services
from schema.registry import WORDS
from settings import Settings

_T = TypeVar("_T")


def show_keys(settings: Settings, _: Namespace) -> None:
    """Prints the vault keys with what each wraps, and where the root key is."""
    show(_overview(_with_services(settings, lambda services: services.key_rotation.facts())))


def rotate(settings: Settings, _: Namespace) -> None:
    """Makes a new vault key, and names the job that wraps everything with it."""
    job_id = _with_services(settings, lambda services: services.rotate_vault_key()).rpartition("_")[2]
    print(f"There is a new vault key. Follow the job that wraps everything with it: dossier jobs watch {job_id}")


def rotate_root(settings: Settings, _: Namespace) -> None:
    """Makes a new local root key, and says where the one before is kept."""
    kept = _with_services(settings, lambda services: services.rotate_root_key())
    print(
        f"There is a new root key: back it up, and give its file to every machine that uses this database.\n"
        f"The one before is kept as {kept}, for backups of the database that were made before."
    )


def _with_services(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, _T]]) -> _T:
    try:
        return with_services(settings, work)
    except RuleBrokenError as error:
        raise CommandError(WORDS["en"].say(error.rule, dict(error.parameters))) from error


def _overview(facts: KeyFacts) -> Group:
    """The vault keys with what each wraps, how many data keys there are, since when, and where the root key is."""
    table = Table("vault key", "state", "made", "data keys", "secrets", box=None, pad_edge=False)
    for key in facts.vault_keys:
        wraps = str(key.data_keys), str(key.secrets)
        table.add_row(key.fingerprint, key.state.value, local_time(key.created_at), *wraps)
    since = f", the oldest of {local_time(facts.oldest_data_key_at)}" if facts.oldest_data_key_at is not None else ""
    return Group(
        table, "", f"{facts.data_keys} data keys{since}; the root key is with the provider {facts.root_key_provider}"
    )
