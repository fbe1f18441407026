"""How names are spelled in the vocabulary, and which names are the product's own.

INVARIANT: nobody logs in under a reserved name, and no account has the system's role, however it came to be stored.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

SYSTEM: Final = "system"
"""The one name, and the one role, under which the product itself acts: jobs, and what follows from a change."""
OPERATOR: Final = "operator"
"""Who acts by a command on the host, in the trail and in records."""
OPERATOR_NAME: Final = "Host operator · 主机运维"
RESERVED_USERNAMES: Final = frozenset({SYSTEM, OPERATOR, "dossier"})  # the last: who put the first rules in force


@lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    """`phone_number` → `phoneNumber`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def pascal_case(name: str) -> str:
    """`phone_number` → `PhoneNumber`."""
    return "".join(part.capitalize() for part in name.split("_"))
