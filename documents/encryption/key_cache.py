"""The data keys in memory: bounded, least recently used out first.

Owns which keys are at hand and forgets them when told. It never fetches, and never decides that a key is erased.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from bson import ObjectId

from documents.encryption.ciphertext import DataKey


class DataKeyCache:
    """At most `size` data keys, about 3 KB each, by customer."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("the cache holds at least one key")
        self._size = size
        # By the id's bytes: ObjectId hashes and compares in Python, which would triple the cost of a hit.
        self._keys: OrderedDict[bytes, DataKey] = OrderedDict()
        self._evictions = 0

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def evictions(self) -> int:
        """Rises with every `evict` and `clear`; see `store`."""
        return self._evictions

    def find_all(self, customer_ids: Iterable[ObjectId]) -> dict[ObjectId, DataKey] | None:
        """The keys of all these customers, or None if one is not here."""
        keys, touch = self._keys, self._keys.move_to_end
        found = {}
        for customer_id in customer_ids:
            binary = customer_id.binary
            key = keys.get(binary)
            if key is None:
                return None
            touch(binary)
            found[customer_id] = key
        return found

    def find(self, customer_ids: Iterable[ObjectId]) -> tuple[dict[ObjectId, DataKey], list[ObjectId]]:
        """The keys that are here, and the customers whose keys are not."""
        found, missing = {}, []
        for customer_id in dict.fromkeys(customer_ids):
            key = self._keys.get(customer_id.binary)
            if key is None:
                missing.append(customer_id)
            else:
                self._keys.move_to_end(customer_id.binary)
                found[customer_id] = key
        return found, missing

    def store(self, keys: Iterable[DataKey], evictions: int) -> None:
        """Keeps keys that were read when `evictions` was the count.

        INVARIANT: keys read before an eviction are not kept after it, else an erased key on its way from the database
        would come back to stay.
        """
        if evictions != self._evictions:
            return
        for key in keys:
            self._keys[key.customer_id.binary] = key
        while len(self._keys) > self._size:
            self._keys.popitem(last=False)

    def evict(self, customer_ids: Iterable[ObjectId]) -> None:
        self._evictions += 1
        for customer_id in customer_ids:
            self._keys.pop(customer_id.binary, None)

    def clear(self) -> None:
        self._evictions += 1
        self._keys.clear()
