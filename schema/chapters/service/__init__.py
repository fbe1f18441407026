"""Service (S1 to S6, G3): contacts, tickets, complaints, satisfaction, training, and their figures."""

from __future__ import annotations

from typing import Final

from documents.declaring.kind import Kind
from schema.chapters.service import figures, operations, training
from schema.chapters.service.texts import TEXTS
from schema.roots.chapter import Chapter, Vocabulary
from schema.vocabulary.definitions import Fields


def queries(vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    return figures.queries(vocabulary) | training.queries(vocabulary)


CHAPTER: Final = Chapter(
    operations=(*operations.OPERATIONS, *training.OPERATIONS),
    queries=queries,
    follows=(Kind.TICKET,),
    texts=TEXTS,
)
