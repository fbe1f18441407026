"""Plain records: what readers return and resolvers pass on. Dictionaries by declared field name, no behaviour.

The types are markers: they tell the executor that a value holds wire-ready values of declared fields only, so that it
may build the response from it without asking a resolver per field.
"""

from __future__ import annotations

from typing import Any


class Record(dict[str, Any]):
    """One record. Keys are snake-case field names; an absent key and None are both null.

    Values are wire-ready: text, int, bool, None, `datetime` in UTC (with that zone or without any), or lists, `Record`s
    and `Records` of them. The record of a customer carries its kind as `kind`.
    """

    __slots__ = ()


class Records(list[Record]):
    """A list of records, in order."""

    __slots__ = ()
