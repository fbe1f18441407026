"""The data keys in memory: bounded, least recently used out first.

Owns which keys are at hand and forgets them when told. It never fetches, and never decides that a key is erased.

A key that is ready to use takes about 3 KB, nearly all of it OpenSSL's; its bytes alone take about 250. Those used last
are kept ready, the others as bytes, of which a ready one is made in 3 µs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from bson import ObjectId

from documents.encryption.ciphertext import HEADER_LENGTH, KEY_ID_LENGTH, DataKey

KEPT_READY = 20_000


class DataKeyCache:
    """At most `size` data keys by customer, of which at most `ready` are ready to use."""

    def __init__(self, size: int, ready: int = KEPT_READY) -> None:
        if size < 1 or ready < 1:
            raise ValueError("the cache holds at least one key")
        self._size = size
        self._ready_size = min(ready, size)
        # By the id's bytes: ObjectId hashes and compares in Python, which would triple the cost of a hit.
        self._ready: OrderedDict[bytes, DataKey] = OrderedDict()
        self._resting: OrderedDict[bytes, bytes] = OrderedDict()  # key id and secret; no key is in both
        self._evictions = 0

    def __len__(self) -> int:
        return len(self._ready) + len(self._resting)

    @property
    def evictions(self) -> int:
        """Rises with every `evict` and `clear`; see `store`."""
        return self._evictions

    def find_all(self, customer_ids: Iterable[ObjectId]) -> list[DataKey] | None:
        """The keys of these customers, in their order, or None if one is not here."""
        ready, touch = self._ready, self._ready.move_to_end
        found = []
        for customer_id in customer_ids:
            binary = customer_id.binary
            key = ready.get(binary)
            if key is not None:
                touch(binary)
            else:
                key = self._awaken(customer_id)
                if key is None:
                    return None
            found.append(key)
        return found

    def find(self, customer_ids: Iterable[ObjectId]) -> tuple[dict[ObjectId, DataKey], list[ObjectId]]:
        """The keys that are here, and the customers whose keys are not."""
        found, missing = {}, []
        for customer_id in dict.fromkeys(customer_ids):
            key = self._ready.get(customer_id.binary)
            if key is not None:
                self._ready.move_to_end(customer_id.binary)
            else:
                key = self._awaken(customer_id)
            if key is None:
                missing.append(customer_id)
            else:
                found[customer_id] = key
        return found, missing

    def _awaken(self, customer_id: ObjectId) -> DataKey | None:
        kept = self._resting.pop(customer_id.binary, None)
        if kept is None:
            return None
        key = self._ready[customer_id.binary] = DataKey(customer_id, kept[:KEY_ID_LENGTH], kept[KEY_ID_LENGTH:])
        self._make_room()
        return key

    def store(self, keys: Iterable[DataKey], evictions: int) -> None:
        """Keeps keys that were read when `evictions` was the count.

        INVARIANT: keys read before an eviction are not kept after it, else an erased key on its way from the database
        would come back to stay.
        """
        if evictions != self._evictions:
            return
        for key in keys:
            self._resting.pop(key.customer_id.binary, None)
            self._ready[key.customer_id.binary] = key
            self._make_room()

    def _make_room(self) -> None:
        if len(self._ready) > self._ready_size:
            binary, key = self._ready.popitem(last=False)
            self._resting[binary] = key.header[HEADER_LENGTH - KEY_ID_LENGTH :] + key.secret
            if len(self) > self._size:
                self._resting.popitem(last=False)

    def evict(self, customer_ids: Iterable[ObjectId]) -> None:
        self._evictions += 1
        for customer_id in customer_ids:
            self._ready.pop(customer_id.binary, None)
            self._resting.pop(customer_id.binary, None)

    def clear(self) -> None:
        self._evictions += 1
        self._ready.clear()
        self._resting.clear()
