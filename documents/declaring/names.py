"""How names are spelled in the vocabulary."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    """`phone_number` → `phoneNumber`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def pascal_case(name: str) -> str:
    """`phone_number` → `PhoneNumber`."""
    return "".join(part.capitalize() for part in name.split("_"))
