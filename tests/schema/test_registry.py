"""The registry of the schema's chapters."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import schema.chapters
from schema.registry import CHAPTERS


def test_every_chapter_is_listed_once() -> None:
    """One that is not would be served nowhere, and say nothing."""
    chapters = [
        import_module(f"schema.chapters.{found.name}").CHAPTER for found in iter_modules(schema.chapters.__path__)
    ]
    assert sorted(map(id, chapters)) == sorted(map(id, CHAPTERS))
