"""How the console's modules import each other: without a circle, and the core without any area."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

from tests.web.console.test_console_words import modules
from web.console import DIRECTORY, ROLE_WORDS

IMPORTED = re.compile(r"^(?:import|export)\b[^;]*?'(\.{1,2}/[^']+)';", re.MULTILINE)
CORE, PACKAGES = DIRECTORY / "core", DIRECTORY / "node_modules"


def imports() -> dict[Path, set[Path]]:
    """Module → those that it imports when it is loaded. Areas are loaded when somebody first goes there."""
    named = {
        path: {(path.parent / name).resolve() for name in IMPORTED.findall(path.read_text())} for path in modules()
    }
    return {path: {one for one in found if not one.is_relative_to(PACKAGES)} for path, found in named.items()}


def test_every_module_is_imported_by_one_that_is_there() -> None:
    """But those with which the page and each area begin; one is made when it is asked for."""
    found = imports()
    begun = {path for path in found if path.name == "index.js"} | {DIRECTORY / "main.js"}
    assert set().union(begun, *found.values()) == found.keys() | {DIRECTORY / ROLE_WORDS}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """In a circle, what a module finds of another depends on which of them was loaded first."""
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the circle


def test_the_core_imports_nothing_but_the_core() -> None:
    """No area, nor the frame around the screens."""
    of_core = set().union(*(found for path, found in imports().items() if path.parent == CORE))
    assert of_core
    assert {path.parent for path in of_core} == {CORE}
