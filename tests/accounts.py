"""Accounts changed beside the rules, as tests need them: sealed, as whatever the product itself writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.accounts.account_sets import AccountSets, OpenSet
from documents.chapters.accounts.directory import AccountRepository
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SEAL, SECRET_NAME, Seals
from tests.units import AUTHOR, units_of

Database = AsyncDatabase[dict[str, Any]]


def account_sets(database: Database, key: bytes = bytes(32)) -> AccountSets:
    """The sets of a database that nobody else has open, or whose key is given."""
    return AccountSets(database, Seals(key), units_of(database))


async def opened_accounts(database: Database, data_dir: Path) -> AccountRepository:
    """The accounts of an installation, as another process has them."""
    keyring = Keyring(database, LocalKeyProvider(data_dir / "root.key"))
    await keyring.open()
    sets = account_sets(database, await keyring.secret(SECRET_NAME))
    return AccountRepository(database, sets, units_of(database))


async def change_account(accounts: AccountRepository, username: str, **values: Any) -> None:
    """Sets fields of one account as they are stored."""

    async def change(opened: OpenSet) -> None:
        opened.account.update(values)

    await accounts.sets.change(username, change, AUTHOR)


async def change_accounts(accounts: AccountRepository, condition: Mapping[str, Any], **values: Any) -> None:
    """The same of every account that meets a condition."""
    for row in await accounts.sets.find(condition):
        await change_account(accounts, row["_id"], **values)


async def restore_accounts(accounts: AccountRepository, before: Iterable[Mapping[str, Any]]) -> None:
    """Gives accounts what they had, as new versions."""
    for row in before:

        async def restore(opened: OpenSet, row: Mapping[str, Any] = row) -> None:
            opened.account.clear()
            opened.account.update({name: value for name, value in row.items() if name != SEAL})

        await accounts.sets.change(row["_id"], restore, AUTHOR)


async def change_session(accounts: AccountRepository, session_id: str, **values: Any) -> None:
    """Sets fields of a session as they are stored."""
    username = await accounts.sets.username_of(session_id)

    async def change(opened: OpenSet) -> None:
        row = await opened.session(session_id)
        assert row is not None
        await opened.put({**row, **values})

    assert username is not None
    await accounts.sets.change(username, change, AUTHOR)
