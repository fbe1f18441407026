"""Only documents speaks to the database: above it nobody writes a filter, an operator or a stored name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = sorted(path for package in ("jobs", "resolvers") for path in (ROOT / package).rglob("*.py"))
STORED = frozenset({"customer_id"})
ROW_ID = "_id"
"""Plain records carry it for what is attached to them; a filter by it is another thing."""


def database_words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Keys of dictionaries and of their items that only the database knows: `$…`, `_…`, `customer_id`."""
    for node in ast.walk(tree):
        keys = node.keys if isinstance(node, ast.Dict) else [node.slice] if isinstance(node, ast.Subscript) else []
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                is_read = isinstance(node, ast.Subscript) and key.value == ROW_ID
                if not is_read and (key.value.startswith(("$", "_")) or key.value in STORED):
                    yield key.lineno, key.value
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("$"):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_database_filter_above_documents(path: Path) -> None:
    assert not list(database_words(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "source",
    [
        'find({"customer_id": row_id})',
        'find({"_id": row_id})',
        'find({**more, "due_on": {"$lt": today}})',
        'condition["_id"] = {}; condition["$or"] = parts',
        'condition["customer_id"] = row_id',
        'find(dict(("$in", ids) for _ in one))',
    ],
)
def test_a_database_filter_is_noticed(source: str) -> None:
    assert list(database_words(ast.parse(source)))


def test_a_row_of_declared_fields_is_none() -> None:
    source = 'insert({"number": 1, "state": state}); customer["_id"]; Record(customer_id=customer_id)'
    assert not list(database_words(ast.parse(source)))
