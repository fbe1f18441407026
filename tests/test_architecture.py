"""The house keeps its own rules: who may import what, who may make access plans, who may touch stored documents."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from beanie import Document

from documents.access.plan import AccessPlan

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("benchmarks", "commands", "demo", "documents", "exports", "jobs", "policies", "resolvers", "schema", "web")
PLAN_FIELDS = {field.name for field in fields(AccessPlan)} - {"key", "purpose"}  # names that only a plan has


def source_files() -> list[Path]:
    """Every Python file of the product, tests aside."""
    files = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts
    ]
    return sorted([*files, *ROOT.glob("*.py")])


def in_package(path: Path, *packages: str) -> bool:
    return path.relative_to(ROOT).parts[0] in packages


def imported_names(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Each import as (module, name in it); the name is None where the module itself is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def made_plans(tree: ast.AST) -> list[int]:
    """The lines that make an `AccessPlan`: by its name, by another name for it, or as a changed copy of one."""
    names = {"AccessPlan"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "AccessPlan" and alias.asname
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (_called(node) in names or (_called(node) == "replace" and _keywords(node) & PLAN_FIELDS))
    ]


def _called(node: ast.Call) -> str | None:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def _keywords(node: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in node.keywords}


def stored_documents(tree: ast.AST) -> list[str]:
    """The stored document classes that a module imports from `documents`, or the modules that hold some."""
    found = []
    for module, name in imported_names(tree):
        if module.split(".")[0] != "documents":
            continue
        thing = importlib.import_module(module)
        if name is not None:
            thing = getattr(thing, name) if hasattr(thing, name) else importlib.import_module(f"{module}.{name}")
        if _is_document(thing) or (isinstance(thing, ModuleType) and _declares_documents(thing)):
            found.append(f"{module}.{name}" if name else module)
    return found


def _is_document(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Document) and thing is not Document


def _declares_documents(module: ModuleType) -> bool:
    return any(_is_document(thing) and thing.__module__ == module.__name__ for thing in vars(module).values())


def test_imports_go_only_where_the_contracts_let_them() -> None:
    """import-linter finds every contract of pyproject.toml kept."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " 0 broken" in result.stdout


def test_only_policies_makes_access_plans() -> None:
    """A plan made anywhere else would be a decision that Casbin never made."""
    makers = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in source_files()
        if not in_package(path, "policies")
        for line in made_plans(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert makers == set()
    assert made_plans(ast.parse((ROOT / "policies" / "authorize.py").read_text(encoding="utf-8")))


def test_only_documents_touches_stored_documents() -> None:
    """Beanie's documents are active records: who holds the class can go around the plan. Enumerations are free."""
    holders = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in source_files()
        if not in_package(path, "documents")
        for name in stored_documents(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert holders == set()


@pytest.mark.parametrize(
    "source",
    [
        "plan = AccessPlan(row_scope, purpose, 1, {})",
        "import documents.access.plan as a\nplan = a.AccessPlan(row_scope, purpose, 1, {})",
        "from documents.access.plan import AccessPlan as P\nplan = P(row_scope, purpose, 1, {})",
        "from dataclasses import replace\nplan = replace(plan, kinds=wider)",
    ],
)
def test_the_search_for_plans_finds_every_way_to_make_one(source: str) -> None:
    """The test above can fail."""
    assert made_plans(ast.parse(source))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from documents.chapters.customers.kinds import Customer", True),
        ("from documents.chapters.customers.kinds import Individual as Person", True),
        ("import documents.chapters.customers.kinds", True),
        ("from documents.chapters.customers import kinds as customer", True),
        ("from documents.chapters.customers.kinds import Gender", False),
        ("from documents.chapters.policies.stored import RuleSetDocument", True),
        ("from documents.registry import CATALOGUE", False),
        ("from documents.declaring import catalogue", False),
        ("import datetime", False),
    ],
)
def test_the_search_for_documents_tells_classes_from_enumerations(source: str, found: bool) -> None:
    """The test above can fail."""
    assert bool(stored_documents(ast.parse(source))) is found
