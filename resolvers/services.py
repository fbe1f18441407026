"""What a process has of an installation while it is connected, and what its operator does with it.

Who operates holds the root key and is asked no rule; everybody else comes by the use cases.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.jobs.views import JobViews
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.chapters.policies.stored import RuleSetHead
from documents.opening import Database, OpenDatabase, Place, alongside, open_storage
from documents.registry import FULL_CATALOGUE
from policies.authorize import PolicyEngine
from policies.in_force import PolicyStore
from resolvers.caller import operator
from resolvers.kernel import Kernel
from resolvers.registry import ChapterSettings, UseCases, install_defaults, use_cases

log = logging.getLogger("dossier")


@dataclass(frozen=True, slots=True)
class Services:
    """One database with the rules in force, and the use cases over both."""

    storage: OpenDatabase
    store: PolicyStore
    engine: PolicyEngine
    use_cases: UseCases

    @classmethod
    @asynccontextmanager
    async def opened(cls, place: Place, settings: ChapterSettings) -> AsyncIterator[Services]:
        """Those of the installation at `place`, until the context ends; what it lacks is made first."""
        async with open_storage(place) as storage:
            store = PolicyStore(RuleSetRepository(storage.database, storage.seals, storage.units), FULL_CATALOGUE)
            await store.open(await storage.trail.newest.of_rules())
            kernel = Kernel.build(storage, store)
            cases = use_cases(kernel, settings)
            await install_defaults(cases)
            if unknown := settings.service.unknown_roles(store.compiler.roles):
                log.warning("late work is escalated to roles that no rule declares: %s", ", ".join(unknown))
            async with alongside(store.watch()):
                yield cls(storage, store, kernel.engine, cases)

    @property
    def database(self) -> Database:
        """The database itself."""
        return self.storage.database

    @property
    def accounts(self) -> AccountRepository:
        """All accounts, under no rule."""
        return self.storage.accounts

    @property
    def ledger(self) -> JobLedger:
        """Where background jobs are enqueued."""
        return self.storage.ledger

    @property
    def jobs(self) -> JobViews:
        """What can be read of background jobs."""
        return JobViews(self.storage.database)

    @property
    def key_rotation(self) -> KeyRotation:
        """What rotates the keys that wrap others."""
        return self.storage.rotation

    async def roles(self) -> frozenset[str]:
        """The roles that the rule set in force declares."""
        return self.store.compiler.roles

    async def rule_history(self, limit: int) -> list[RuleSetHead]:
        """The newest versions of the rules."""
        return await RuleSetRepository(self.storage.database, self.storage.seals, self.storage.units).heads(limit=limit)

    async def rotate_vault_key(self) -> str:
        """Makes a new vault key; the public id of the job that wraps everything with it."""
        return await self.use_cases.encryption.rotate_as_operator()

    async def rotate_root_key(self) -> Path:
        """Makes a new local root key; where the file of the one before is kept."""
        author = operator("keys rotate-root").author(self.store)
        return await self.storage.rotation.exchange_root_key(self.storage.root_keys, author)

    async def has_demo_accounts(self) -> bool:
        """Whether the database holds demo logins."""
        return await self.storage.accounts.has_demo_accounts()

    async def readiness(self) -> str | None:
        """None when requests can be served in full, else a reason code."""
        hello = await self.storage.database.command("hello")
        if not hello.get("isWritablePrimary"):
            return "DATABASE_NOT_PRIMARY"
        return None if self.store.is_sound else "RULES_NOT_LOADED"
