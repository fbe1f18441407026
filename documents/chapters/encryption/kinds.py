"""What rules can say of vault keys: their fields, declared like any others; denied to everybody until a rule allows it.

The class is a declaration only: the keys are stored, wrapped, by `documents/encryption/vault.py`, and what may be known
of them is read by `rotation.py` there. No key is a field, nor is the id of one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import CompanyRecord
from documents.declaring.values import Text

INTERNAL = Sensitivity.INTERNAL


class VaultKeyState(Labelled):
    """ACTIVE wraps from now on; RETIRING not any more, but something is wrapped by it; RETIRED wraps nothing."""

    ACTIVE = "active", "Active", "使用中"
    RETIRING = "retiring", "Being replaced", "更换中"
    RETIRED = "retired", "Retired", "已停用"


class VaultKey(CompanyRecord):
    """A vault key, and with it the keys above and below."""

    kind: ClassVar[Kind] = Kind.VAULT_KEY
    collection: ClassVar[str] = "vault_keys"

    fingerprint: Annotated[Text, declare("Fingerprint", "指纹", INTERNAL, managed=True)]
    state: Annotated[VaultKeyState, declare("State", "状态", INTERNAL, managed=True)]
    made_at: Annotated[datetime, declare("Made at", "生成时间", INTERNAL, managed=True)]
    data_keys: Annotated[int, declare("Data keys", "数据密钥数", INTERNAL, managed=True)]
    secrets: Annotated[int, declare("Secrets", "密文数", INTERNAL, managed=True)]
