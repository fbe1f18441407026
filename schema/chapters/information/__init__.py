"""Care for customer information (I1 to I4, I6, I7): operations, history, revealing."""

from __future__ import annotations

from typing import Final

from schema.chapters.information.operations import OPERATIONS
from schema.chapters.information.queries import queries
from schema.chapters.information.reveals import MUTATIONS
from schema.chapters.information.texts import TEXTS
from schema.roots.chapter import Chapter

CHAPTER: Final = Chapter(operations=OPERATIONS, mutations=MUTATIONS, queries=queries, texts=TEXTS)
