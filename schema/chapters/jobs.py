"""Background jobs: their records can be followed."""

from __future__ import annotations

from typing import Final

from documents.declaring.kind import Kind
from schema.roots.chapter import Chapter

CHAPTER: Final = Chapter(follows=(Kind.JOB,))
