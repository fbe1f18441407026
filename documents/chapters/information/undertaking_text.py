"""The text of the confidentiality undertaking (I4), by version. A version that was signed once is never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UndertakingText:
    """One version in both languages; `digest` is the SHA-256 of their UTF-8, a zero byte between, in hex."""

    version: int
    en: str
    zh: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.en.encode() + b"\x00" + self.zh.encode()).hexdigest()


CURRENT = UndertakingText(
    version=1,
    en=(
        "I have read the customer-management regulation. I will use customer information only for business operation, "
        "customer service and risk assessment, and for the archive and supervision work that the regulation orders. "
        "I will not disclose it to anybody outside the conditions of sharing, during my work here and after it, and I "
        "will report any leak at once. I know that every access of mine is recorded."
    ),
    zh=(
        "本人已阅读客户管理办法。本人承诺仅为业务经营、客户服务、风险评估以及本办法规定的档案和监督工作使用客户信息；"
        "在职期间及离职之后，均不在共享条件之外向任何人泄露客户信息；发现泄露立即报告。本人知悉每一次访问均被记录。"
    ),
)
