"""A read that leaves no trace cannot be written by forgetting: whoever opens rows notes them, held over the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("documents", "exports", "jobs", "policies", "resolvers", "schema", "web", "demo")
NOTING = {"add_row", "add_rows"}
MAY_DECRYPT = {"documents/storing/codec.py", "documents/chapters/attachments/storage.py"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product, by its path."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST, methods: set[str]) -> bool:
    """Whether something is called as `….method(…)`, by one of these names."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods
        for node in ast.walk(tree)
    )


def untraced(tree: ast.Module) -> list[str]:
    """The classes that take a row reader and note no row."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and calls(node, {"row_reader"}) and not calls(node, NOTING)
    ]


def test_whoever_takes_a_row_reader_notes_the_rows() -> None:
    """Row readers are the only way from a stored row to a record; the class that asks for one notes its rows."""
    assert {path: found for path, tree in sources() if (found := untraced(tree))} == {}


def test_nobody_else_opens_ciphertexts_of_customers() -> None:
    """Fields are opened by row readers, attachments by their storage, both for classes that trace."""
    importing = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and not path.startswith("documents/encryption/")
        and any(alias.name == "decrypt_value" for alias in node.names)
    }
    assert importing == MAY_DECRYPT


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("class A:\n def f(self): return self.codec.row_reader(k).read(row)", ["A"]),
        ("class A:\n def f(self):\n  r = self.codec.row_reader(k)\n  self.report.add_row(r.served, i)", []),
        ("class A:\n def f(self):\n  r = self.codec.row_reader(k)\n  self.report.add_rows(r.served, ids)", []),
        ("class A:\n def f(self): return 1", []),
    ],
)
def test_the_check_finds_what_it_is_for(source: str, found: list[str]) -> None:
    """A class that forgot is found, one that did not is not."""
    assert untraced(ast.parse(source)) == found
