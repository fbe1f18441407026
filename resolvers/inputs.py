"""What the inputs of operations have in common. A use case takes a `TypedDict` of what callers may give it: the names
and types of its GraphQL input, to which a test holds it. At run time it is the dictionary that the input unwraps to.

A key that is `NotRequired` may be left out; given as None it says that the field is to be empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class OfRecord(TypedDict):
    """Names the record that is to change, by its public id, and the version of it that the caller saw."""

    id: str
    version: int


class OfCustomer(TypedDict):
    """Names the customer whose record it is to be, by its public id."""

    customer: str


def without(given: Mapping[str, object], *names: str) -> dict[str, object]:
    """What was given but for `names`: a new dictionary."""
    return {name: value for name, value in given.items() if name not in names}
