"""Nothing writes but a unit of work, and what it is made of: the driver's writing methods are called nowhere else.

The exceptions are a closed list of what is staged or kept about work itself, each with the reason why nobody sees more,
may do more, or knows less by it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
FLOORS = ("documents", "policies", "resolvers", "jobs", "schema", "web", "commands", "demo")
WRITES = frozenset(
    {
        "insert_one",
        "insert_many",
        "update_one",
        "update_many",
        "replace_one",
        "delete_one",
        "delete_many",
        "find_one_and_update",
        "find_one_and_replace",
        "find_one_and_delete",
        "bulk_write",
    }
)
UNIT = {
    # What a unit of work is made of, and what writes beside the rows that it tells of, in its transaction.
    "documents/writing/unit_of_work.py": "*",
    "documents/writing/dependents.py": "*",
    "documents/writing/history.py": "*",
    "documents/writing/uniqueness.py": "*",
    "documents/writing/idempotency.py": "keep",
    "documents/encryption/keyring.py": "create_data_keys erase bind",
    "documents/chapters/accounts/account_sets.py": "end_sessions put",
    "documents/chapters/attachments/storage.py:keep": "the file behind a record that the unit inserts",
    "documents/chapters/attachments/storage.py:remove_unreadable": "the chunks of a file that the unit deletes",
    "documents/chapters/encryption/rotation.py:rewrap": "the same data keys, wrapped by another vault key",
    "documents/chapters/encryption/rotation.py:rewrap_secrets": "the same secrets, wrapped by another vault key",
}
STAGED = {
    "documents/audit/trail.py:_store": "the trail itself",
    "documents/migrating/layout.py:mark_of": "which layout the database has",
    "documents/migrating/layout.py:_mark_of_new": "which layout the database has",
    "documents/migrating/migration.py:_held": "the lease of a migration, and how far it is",
    "documents/migrating/migration.py:_renew": "the lease of a migration, and how far it is",
    "documents/migrating/migration.py:_take": "the lease of a migration, and how far it is",
    "documents/migrating/migration.py:run": "the lease of a migration, and how far it is",
    "documents/migrating/migration.py:write": "the lease of a migration, and how far it is",
    "documents/migrating/seals.py:seal_records": "a migration, while nobody else writes",
    "documents/migrating/telling.py:write": "a migration, with an entry in its transaction",
    "documents/chapters/accounts/account_sets.py:seal_existing": "a migration, while nobody else writes",
    "documents/chapters/jobs/ledger.py:seal_existing": "a migration, while nobody else writes",
    "documents/chapters/policies/rule_sets.py:seal_existing": "a migration, while nobody else writes",
    "documents/writing/existing_scopes.py:bind_keys": "a migration, while nobody else writes",
    "documents/writing/existing_scopes.py:bind_rows": "a migration, while nobody else writes",
    "documents/audit/pending.py:keep": "the entry of a unit, in its transaction",
    "documents/audit/pending.py:remove": "an entry that a block has",
    "documents/encryption/vault.py:_create_first_key": "the first vault key of an empty database",
    "documents/encryption/vault.py:secret": "a secret that nobody had yet",
    "documents/encryption/token_keys.py:add_key": "a key of access tokens that nobody had yet",
    "documents/chapters/jobs/ledger.py:enqueue": "work that is to be done, by the rules that hold then",
    "documents/chapters/jobs/ledger.py:hand_out": "the lease of a job",
    "documents/chapters/jobs/ledger.py:hand_back": "the lease of a job",
    "documents/chapters/jobs/ledger.py:take": "the lease of a job",
    "documents/chapters/jobs/ledger.py:retry": "the lease of a job",
    "documents/chapters/jobs/ledger.py:_set": "the lease of a job, and how far it is",
    "documents/chapters/attachments/storage.py:begin": "an upload that no record names yet",
    "documents/chapters/attachments/storage.py:write_chunk": "an upload that no record names yet",
    "documents/chapters/attachments/storage.py:discard": "an upload that no record names",
    "documents/chapters/accounts/login_attempts.py:succeed": "counters of logins",
    "documents/chapters/accounts/login_attempts.py:_count": "counters of logins",
}


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(innermost named function, method) of each call of a writing method."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.Attribute) and node.attr in WRITES and not _is_unit(node.value):
            yield function, node.attr
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    yield from visit(tree, "")


def _is_unit(receiver: ast.expr) -> bool:
    return (isinstance(receiver, ast.Name) and receiver.id == "unit") or (
        isinstance(receiver, ast.Attribute) and receiver.attr == "unit"
    )


def _written() -> Iterator[tuple[str, str]]:
    """(file, function) of everything that writes."""
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for function, _ in _calls(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.relative_to(ROOT).as_posix(), function


def _is_allowed(file: str, function: str) -> bool:
    whole = UNIT.get(file)
    if whole is not None and (whole == "*" or function in whole.split()):
        return True
    return f"{file}:{function}" in UNIT or f"{file}:{function}" in STAGED


def test_only_units_of_work_write() -> None:
    """Whoever adds a write elsewhere has it told by nobody, and locked by nobody."""
    assert sorted({place for place in _written() if not _is_allowed(*place)}) == []


def test_the_list_names_nothing_that_does_not_write() -> None:
    written = set(_written())
    files = {file for file, _ in written}
    named = {name for name in (*UNIT, *STAGED) if ":" in name}
    assert {name for name in named if tuple(name.split(":")) not in written} == set()
    assert {name for name in UNIT if ":" not in name} <= files
