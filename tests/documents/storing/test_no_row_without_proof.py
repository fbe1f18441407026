"""A read that serves rows which do not prove whose they are cannot be written by forgetting: held over the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
READING = {"find", "find_one", "aggregate", "distinct", "find_one_and_update"}
PROVING = {"genuine", "first_rows"}
ROWS = {"collection", "_collection", "_rows", "_customers", "_consents", "_agreements", "rows", "database", "_database"}
"""How the source calls collections of customers and records, where it reads them."""

NOT_ROWS = (
    "documents/audit/",
    "documents/chapters/accounts/",
    "documents/chapters/attachments/storage.py",
    "documents/chapters/audit/",
    "documents/chapters/encryption/",
    "documents/chapters/jobs/",
    "documents/chapters/policies/",
    "documents/database/",
    "documents/encryption/",
    "documents/storing/change_feed.py",
    "documents/writing/idempotency.py",
    "documents/writing/uniqueness.py",
)
"""What reads collections of its own, in which no customers and no records of theirs are."""

KNOWN = {
    # What is read again is judged by whoever asks for it again.
    "documents/reading/customers.py fetch": "judged by `find`",
    "documents/reading/customers.py read": "is `Again`",
    "documents/chapters/information/shared_customers.py _consenting": "ids, whose consents `_found` judges",
    "documents/storing/believed_rows.py _judge": "is compared with what was judged",
    # Nothing of what is read is shown or decided by.
    "documents/writing/unit_of_work.py lock_many": "`prove` judges what was locked",
    "documents/writing/dependents.py _bind": "binds anew what follows its customer",
    "documents/chapters/reminders/due.py remind": "says anew whose the reminder is",
    "documents/chapters/reminders/due.py mark_done": "ends reminders",
    # One field of a customer whose key was just found to be of this very scope.
    "documents/reading/reveals.py open": "asks for the scope by condition, and compares the key's",
    # Numbers, in which forged rows count: docs/security.md.
    "documents/chapters/credit/figures.py ageing": "sums",
    "documents/chapters/credit/figures.py open_amounts": "sums",
    "documents/chapters/customers/counts.py by_place": "counts",
    "documents/chapters/incidents/affected_customers.py count": "counts",
    "documents/chapters/service/figures.py _aggregate": "sums",
    # The migration that binds and seals what is stored.
    "documents/migrating/layout.py _mark_of_new": "whether there is anything",
    "documents/migrating/seals.py seal_records": "reads what is to be sealed",
    "documents/migrating/telling.py tell_existing": "reads what is to name an entry",
    "documents/writing/existing_scopes.py _batches": "reads what is to be bound",
    "documents/writing/existing_scopes.py _scopes": "reads what is to be bound",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "documents").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(NOT_ROWS):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def methods_called(node: ast.AST) -> set[tuple[str, str]]:
    """(of what, which) for every call of a method; `of` is the last name, without what it is called or indexed with."""
    found = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            of: ast.AST = call.func.value
            while isinstance(of, ast.Call | ast.Subscript):
                of = of.func if isinstance(of, ast.Call) else of.value
            name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
            found.add((name, call.func.attr))
    return found


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def unproven(tree: ast.Module) -> list[str]:
    """The functions that read rows and prove none; of nested ones the innermost."""
    found = []
    for node in functions(tree):
        inner = set[tuple[str, str]]().union(*(methods_called(one) for one in functions(node) if one is not node))
        own = methods_called(node) - inner
        reads = any(which in READING and of in ROWS for of, which in own)
        if reads and not any(which in PROVING for _, which in own):
            found.append(node.name)
    return found


def test_whoever_reads_rows_proves_them() -> None:
    """Or is known to serve none."""
    assert {f"{path} {name}" for path, tree in sources() for name in unproven(tree)} == KNOWN.keys()


def test_only_the_proof_calls_rows_genuine() -> None:
    """Readers take nothing else, and mypy holds them to it."""
    making = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "GenuineRows"
    }
    assert making == {"documents/storing/row_proof.py"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("async def f(self):\n return await self._collection.find({}).to_list()", ["f"]),
        ("async def f(self):\n return await reader.store.collection.find_one({})", ["f"]),
        ("async def f(self):\n rows = await self._rows.aggregate([])\n return rows", ["f"]),
        ("async def f(self):\n found = await self._collection.find({})\n return await self.proof.genuine(found)", []),
        ("async def f(self):\n def g(): return self._rows.find({})\n return await self.proof.genuine(g())", ["g"]),
        ("async def f(self):\n return text.find('x')", []),
    ],
)
def test_the_check_finds_what_it_is_for(source: str, found: list[str]) -> None:
    """A function that forgot is found, one that did not is not."""
    assert unproven(ast.parse(source)) == found
