"""The trail of one installation, opened: the key, the blocks, the writer, the heads outside the database.

Owns what belongs together when a process starts and ends. The public key lies beside the heads, where the database's
administrators cannot exchange it; keys are added to its file and never replaced.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import Chains, block_collection
from documents.audit.chain import Head, TrailKey
from documents.audit.heads import FILE_NAME, HeadsFile
from documents.audit.newest import NewestVersions
from documents.audit.pending import SECRET_NAME as PENDING_SECRET
from documents.audit.pending import PendingEntries
from documents.audit.takeover import Takeover
from documents.audit.trail import AuditTrail
from documents.audit.witness import Witnesses

SECRET_NAME: Final = "audit_signing_key"  # noqa: S105 - the name of a secret
KEY_FILE_NAME: Final = "audit-key.pem"

log = logging.getLogger(__name__)


class SecretSource(Protocol):
    """Whoever keeps the small secrets of the installation sealed; the keyring does."""

    async def secret(self, name: str, length: int = 32) -> bytes: ...


class InstalledTrail:
    """What a process needs of the trail: `writer` records, `takeover` brings change entries into it, `key` verifies,
    `blocks` is what there is to ask."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        key: TrailKey,
        pending: PendingEntries,
        data_dir: Path,
        witnesses: Witnesses,
    ) -> None:
        self.blocks = block_collection(database)
        self.key = key
        self.heads_path = data_dir / FILE_NAME
        self.chains = Chains(self.blocks)
        self.newest = NewestVersions(self.blocks, key)
        self.writer = AuditTrail(self.blocks, key, self._publish)
        self.takeover = Takeover(self.writer, self.blocks, pending)
        self._heads = HeadsFile(self.heads_path)
        self._witnesses = witnesses

    async def run(self) -> None:
        """Tells the witnesses, and completes what others left. Runs until cancelled, as a task of the process."""
        await asyncio.gather(self._witnesses.run(), self.takeover.run())

    async def close(self) -> None:
        """Ends in order: everything recorded is stored, the last head is on disk and with the witnesses."""
        await self.writer.close()
        await self.takeover.close()
        try:
            self._heads.close()
        except OSError as error:
            log.error("the heads of the audit trail are not on disk: %s", error.strerror)
        await self._witnesses.deliver()

    def _publish(self, head: Head) -> None:
        # What is stored is stored: a full disk beside the database is told, and stops nobody.
        try:
            self._heads.write(head)
        except OSError as error:
            log.error("a head of the audit trail was not written to its file: %s", error.strerror)
        self._witnesses.tell(head)


async def open_trail(
    database: AsyncDatabase[dict[str, Any]],
    secrets: SecretSource,
    data_dir: Path,
    witness_urls: Sequence[str],
    http_client: httpx.AsyncClient,
) -> InstalledTrail:
    """The trail of the installation; its key is made the first time."""
    key = TrailKey(await secrets.secret(SECRET_NAME))
    _keep_public_key(data_dir / KEY_FILE_NAME, key)
    pending = PendingEntries(database, await secrets.secret(PENDING_SECRET))
    return InstalledTrail(database, key, pending, data_dir, Witnesses(witness_urls, http_client))


def _keep_public_key(path: Path, key: TrailKey) -> None:
    """Adds the key to the file unless it is there: what older keys signed is still to be verified."""
    pem = key.public_pem()
    try:
        kept = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
        if pem in kept:
            return
        if kept:
            log.warning("the audit trail is signed with another key from now on: it was added to %s", path.name)
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(pem)
    except OSError as error:
        log.error("the public key of the audit trail was not written to its file: %s", error.strerror)
