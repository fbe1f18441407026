"""How names are spelled in the vocabulary."""

from __future__ import annotations


def pascal_case(name: str) -> str:
    """`phone_number` → `PhoneNumber`."""
    return "".join(part.capitalize() for part in name.split("_"))
