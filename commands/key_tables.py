"""What an operator sees of the keys: a table of vault keys, and the rest in a line. It must never show a key."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group
from rich.table import Table

from documents.chapters.encryption.rotation import KeyFacts


def overview(facts: KeyFacts) -> Group:
    """The vault keys with what each wraps, how many data keys there are, since when, and where the root key is."""
    table = Table("vault key", "state", "made", "data keys", "secrets", box=None, pad_edge=False)
    for key in facts.vault_keys:
        wraps = str(key.data_keys), str(key.secrets)
        table.add_row(key.fingerprint, key.state.value, _time(key.created_at), *wraps)
    since = f", the oldest of {_time(facts.oldest_data_key_at)}" if facts.oldest_data_key_at is not None else ""
    return Group(
        table, "", f"{facts.data_keys} data keys{since}; the root key is with the provider {facts.root_key_provider}"
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
