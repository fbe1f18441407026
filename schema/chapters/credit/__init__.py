"""Credit (K1 to K7): tables of indicators, assessments, contracts, receivables, payments, collection, figures."""

from __future__ import annotations

from typing import Final

from schema.chapters.credit.figures import queries
from schema.chapters.credit.operations import OPERATIONS
from schema.chapters.credit.texts import TEXTS
from schema.roots.chapter import Chapter

CHAPTER: Final = Chapter(operations=OPERATIONS, queries=queries, texts=TEXTS)
