"""The keys (I3): their state without any key, and the rotation of the vault key as a job."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from documents.chapters.encryption.kinds import VaultKeyState
from documents.declaring.kind import Kind
from schema.language import Texts
from schema.roots.chapter import Chapter, Vocabulary
from schema.roots.operations import Operation
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime

TEXTS: Final[Texts] = {
    "key.replaced_already": (
        "Another vault key is active meanwhile: look at the keys again.",
        "使用中的保管密钥已被更换：请重新查看密钥状态。",
    ),
    "key.root_key_exchanged": (
        "The root key is being exchanged: finish that first (`dossier keys rotate-root`).",
        "根密钥正在更换：请先完成更换（`dossier keys rotate-root`）。",
    ),
}

strawberry.enum(
    VaultKeyState,
    description="ACTIVE wraps from now on; RETIRING is being replaced; RETIRED wraps nothing, and is kept for backups.",
)


@strawberry.type(
    description="A vault key (保管密钥), which wraps the data keys of customers. The key itself is never shown."
)
class VaultKey:
    fingerprint: str = strawberry.field(description="SHA-256 of the key's id, first 4 bytes: what people call it by.")
    state: VaultKeyState
    made_at: DateTime
    data_keys: int = strawberry.field(description="How many customers' data keys it wraps.")
    secrets: int = strawberry.field(description="How many secrets of the installation it wraps.")


@strawberry.type(description="Where the keys stand.")
class KeyState:
    root_key_provider: str = strawberry.field(description="Where the root key is: `local_file`.")
    vault_keys: list[VaultKey] = strawberry.field(description="The newest first.")
    data_keys: int = strawberry.field(description="How many customers have a data key.")
    oldest_data_key_at: DateTime | None
    trail_key: str = strawberry.field(description="The id of the key that signs the trail, as in `auditChains`.")


OPERATIONS: Final = (
    Operation(
        "rotate_vault_key",
        Kind.JOB,
        lambda use_cases: use_cases.encryption.rotate_vault_key,
        "Makes a new vault key, and a job `keys.rewrap` that wraps every data key and secret with it while "
        "everybody works on; `jobChanged` follows it.",
        more={"replaces": (str, "The fingerprint of the active vault key, as the caller saw it.")},
    ),
)


def queries(_vocabulary: Vocabulary) -> Fields:
    """The query of the chapter."""
    return {"keys": (KeyState | None, strawberry.field(resolver=_keys, description="Where the keys stand."))}


async def _keys(info: Info) -> Any:
    return await info.context.use_cases.encryption.state(info.context.caller)


CHAPTER: Final = Chapter(operations=OPERATIONS, queries=queries, texts=TEXTS)
