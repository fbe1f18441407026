"""Sessions and accounts. The operations on accounts are given by the chapter of policies, to which they belong (D5)."""

from __future__ import annotations

from typing import Final

from schema.chapters.accounts import sessions, step_up
from schema.chapters.accounts.texts import TEXTS
from schema.roots.chapter import Chapter

CHAPTER: Final = Chapter(mutations=sessions.MUTATIONS | step_up.MUTATIONS, texts=TEXTS)
