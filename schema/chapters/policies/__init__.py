"""The access rules (D5): changing them, asking what they do, and hearing when one's own rights are others."""

from __future__ import annotations

from typing import Final

from schema.chapters.accounts.operations import OPERATIONS as OF_ACCOUNTS
from schema.chapters.policies.access_changed import ACCESS_CHANGED
from schema.chapters.policies.effects import queries
from schema.chapters.policies.operations import OPERATIONS
from schema.chapters.policies.texts import TEXTS
from schema.roots.chapter import Chapter

CHAPTER: Final = Chapter(
    operations=(*OPERATIONS, *OF_ACCOUNTS),
    queries=queries,
    subscriptions={"access_changed": ACCESS_CHANGED},
    texts=TEXTS,
)
