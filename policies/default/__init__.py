"""What a new installation begins with: the default rules, their policy tests, and what their roles are called.

Owns reading these files. It must never judge: what is read here is text until policies/rules/rule_set.py has checked it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from documents.declaring.labels import Label

_DIRECTORY: Final = Path(__file__).parent


@lru_cache(maxsize=1)
def role_labels() -> Mapping[str, Label]:
    """The names of the default roles for people, in the order in which people are shown them. A role that a deployment
    adds has none."""
    with (_DIRECTORY / "roles.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        return MappingProxyType({row["role"]: Label(row["English"], row["Chinese"]) for row in rows})
