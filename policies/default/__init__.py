"""What a new installation begins with: roles, rules and policy tests, a file per chapter.

Owns reading these files and putting them together in a fixed order. `roles.csv` says what each role inherits and what
people call it. Lines of a chapter are those of Casbin's `policy.csv`, but that a column may name several, with spaces
between, and then stands for one rule each: only plain Casbin lines leave this module. It must never judge: what it
gives is text until policies/rules/rule_set.py and policies/changing/policy_tests.py have checked it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Final

from documents.declaring.labels import Label

CHAPTERS: Final = (
    "customers",
    "identification",
    "information",
    "incidents",
    "reminders",
    "service",
    "credit",
    "handling",
    "policies",
    "accounts",
    "attachments",
    "audit",
    "encryption",
    "jobs",
)
_DIRECTORY: Final = Path(__file__).parent


def rules_text() -> str:
    """The default rules as one `policy.csv` of Casbin's: a `g` line for each role and its parent, a `p` line a rule."""
    links = [f"g, {row['role']}, {row['inherits']}" for row in _roles() if row["inherits"]]
    rules = [rule for chapter in CHAPTERS for line in _lines(f"{chapter}.csv") for rule in _rules(line)]
    return "".join(f"{line}\n" for line in (*links, *rules))


def tests_text() -> str:
    """The policy tests that come with them, a sentence a line."""
    return "".join(f"{line}\n" for chapter in CHAPTERS for line in _lines(f"{chapter}.txt"))


@lru_cache(maxsize=1)
def role_labels() -> Mapping[str, Label]:
    """The names of the default roles for people, in the order in which people are shown them. A role that a deployment
    adds has none."""
    return MappingProxyType({row["role"]: Label(row["English"], row["Chinese"]) for row in _roles()})


def _roles() -> list[dict[str, str]]:
    with (_DIRECTORY / "roles.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def _lines(name: str) -> list[str]:
    """Those of a file that are neither empty nor comments; none of a file that is not there."""
    path = _DIRECTORY / name
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _rules(line: str) -> Iterator[str]:
    # A column without a name stays one, to be refused: it must not make the line vanish.
    columns = [column.split() or [""] for column in line.split(",")]
    return (", ".join(names) for names in product(*columns))
