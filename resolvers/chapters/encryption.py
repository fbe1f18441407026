"""The keys, for who keeps them: where they stand, and the rotation of the vault key. No key is ever shown.

Under the policy of kind `vault_key`: whole, or refused. What is done is a job of the ledger, which is followed there.
"""

from __future__ import annotations

from typing import Final, TypedDict

from documents.access.plan import Action, Scope
from documents.access.trace import Served
from documents.chapters.encryption.rotation import VaultKeyFacts
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from documents.writing.unit_of_work import UnitOfWork
from policies.authorize import CREATE
from resolvers.caller import Caller, operator
from resolvers.kernel import Kernel

KIND: Final = Kind.VAULT_KEY
REWRAP: Final = "keys.rewrap"
"""The job that follows a rotation."""
_SHOWN: Final = frozenset({"fingerprint", "state", "made_at", "data_keys", "secrets"})
_MADE: Final = frozenset({"fingerprint", "state"})


class RotateVaultKey(TypedDict):
    """The fingerprint of the vault key that the caller saw to be active."""

    replaces: str


class Keys:
    """What can be known of the keys, and done."""

    def __init__(self, kernel: Kernel) -> None:
        self._rule_sets = kernel.store
        self._operations = kernel.operations
        self._units = kernel.storage.units
        self._rotation = kernel.storage.rotation
        self._ledger = kernel.storage.ledger
        self._trail_key_id = kernel.storage.trail.key.key_id

    async def state(self, caller: Caller) -> Record:
        """The keys and how many each wraps, the newest vault key first. Raises FieldAccessError."""
        plan = await self._operations.plan(caller, KIND)
        if hidden := _SHOWN - plan.grants(KIND, frozenset({Scope.ALL})).plain:
            raise FieldAccessError(Action.READ, hidden)
        caller.report.add_row(Served(KIND, tuple(sorted(_SHOWN)), ()), None)
        facts = await self._rotation.facts()
        return Record(
            root_key_provider=facts.root_key_provider,
            vault_keys=Records(map(_vault_key, facts.vault_keys)),
            data_keys=facts.data_keys,
            oldest_data_key_at=facts.oldest_data_key_at,
            trail_key=self._trail_key_id.hex(),
        )

    async def rotate_vault_key(self, caller: Caller, given: RotateVaultKey, request: IdempotentRequest | None) -> str:
        """A new vault key in the place of the one whose fingerprint is `replaces`; returns the public id of the job.

        Raises FieldAccessError, and RuleBrokenError where another one is active by now."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        if refused := _MADE - plan.grants(KIND, frozenset({Scope.ALL})).creatable:
            raise FieldAccessError(Action.CREATE, refused)

        async def work(writes: RecordWrites) -> str:
            return await self._rotated(writes.unit, given["replaces"])

        job_id = await self._operations.run(caller, work, request)
        await self._rotation.reload()
        return job_id

    async def rotate_as_operator(self) -> str:
        """The same for `dossier keys rotate`: whoever holds the root key asks no rule."""
        author = operator("keys rotate").author(self._rule_sets)
        job_id = await self._units.run(author, lambda unit: self._rotated(unit, None))
        await self._rotation.reload()
        return job_id

    async def _rotated(self, unit: UnitOfWork, replaced: str | None) -> str:
        await self._rotation.add_vault_key(unit, replaced)
        return f"{Kind.JOB.value}_{await self._ledger.enqueue(REWRAP, unit=unit)}"


def _vault_key(facts: VaultKeyFacts) -> Record:
    return Record(
        fingerprint=facts.fingerprint,
        state=facts.state,
        made_at=facts.created_at,
        data_keys=facts.data_keys,
        secrets=facts.secrets,
    )
