"""The data keys in memory: bounded, those at rest longest out first.

Owns which keys are at hand and forgets them when told. It never fetches, and never decides that a key is erased.

A key that is ready to use takes about 3 KB, nearly all of it OpenSSL's; its bytes alone take about 250. So some are
kept ready and the others rest as bytes, of which a key is made for one use in 1.3 µs. Keeping it ready from then on
costs four times as much, for memory that no cache of the processor holds and for the ready key that has to go: of those
found resting about one in `ADMITTED` stays ready. So keys in demand come to be ready, and requests that wander over all
customers leave them so. Customers are many and scopes are few: a resting key has the number of its scope behind it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from bson import ObjectId

from documents.encryption.ciphertext import DataKey, KeyScope

_SCOPE_BYTES: Final = 4
KEPT_READY: Final = 20_000
ADMITTED: Final = 32


class DataKeyCache:
    """At most `size` data keys by customer, of which at most `ready`, and no more than half, are ready to use."""

    def __init__(self, size: int, ready: int = KEPT_READY) -> None:
        if size < 2 or ready < 1:
            raise ValueError("the cache holds at least one key that is ready and one that rests")
        self._size = size
        self._ready_size = min(ready, size // 2)
        # By the id's bytes: ObjectId hashes and compares in Python, which would triple the cost of a hit.
        self._ready: OrderedDict[bytes, DataKey] = OrderedDict()  # the one used last at the end
        self._resting: OrderedDict[bytes, bytes] = OrderedDict()  # packed; no key is in both
        self._scopes: list[KeyScope | None] = []
        self._scope_numbers: dict[KeyScope | None, bytes] = {}
        self._unpacked = 0
        self._evictions = 0

    def __len__(self) -> int:
        return len(self._ready) + len(self._resting)

    @property
    def evictions(self) -> int:
        """Rises with every `evict` and `clear`; see `store`."""
        return self._evictions

    def find_all(self, customer_ids: Iterable[ObjectId]) -> list[DataKey] | None:
        """The keys of these customers, in their order, or None if one is not here."""
        ready, touch, resting = self._ready, self._ready.move_to_end, self._resting
        found = []
        unpacked: DataKey | None = None
        for customer_id in customer_ids:
            binary = customer_id.binary
            key = ready.get(binary)
            if key is not None:
                touch(binary)
            else:
                packed = resting.get(binary)
                if packed is None:
                    return None
                key = unpacked = DataKey(customer_id, packed[:-_SCOPE_BYTES], self._scope(packed))
                self._unpacked += 1
            found.append(key)
        if unpacked is not None and self._unpacked >= ADMITTED:
            self._admit(unpacked)
        return found

    def scopes(self, customer_ids: Iterable[ObjectId]) -> list[KeyScope | None] | None:
        """The scopes of these customers' keys, in their order, or None if one is not here. No key is made ready."""
        ready, resting = self._ready.get, self._resting.get
        found = []
        for customer_id in customer_ids:
            binary = customer_id.binary
            key = ready(binary)
            if key is not None:
                found.append(key.scope)
            else:
                packed = resting(binary)
                if packed is None:
                    return None
                found.append(self._scope(packed))
        return found

    def find(self, customer_ids: Iterable[ObjectId]) -> tuple[dict[ObjectId, DataKey], list[ObjectId]]:
        """The keys that are here, and the customers whose keys are not."""
        found, missing = {}, []
        for customer_id in dict.fromkeys(customer_ids):
            keys = self.find_all((customer_id,))
            if keys is None:
                missing.append(customer_id)
            else:
                found[customer_id] = keys[0]
        return found, missing

    def _admit(self, key: DataKey) -> None:
        """Keeps a key ready that was found resting; the ready one used longest ago rests in its place."""
        self._unpacked = 0
        binary = key.customer_id.binary
        del self._resting[binary]
        if len(self._ready) == self._ready_size:
            other, gone = self._ready.popitem(last=False)
            self._resting[other] = self._packed(gone)
        self._ready[binary] = key

    def store(self, keys: Iterable[DataKey], evictions: int) -> None:
        """Keeps keys that were read when `evictions` was the count.

        INVARIANT: keys read before an eviction are not kept after it, else an erased key on its way from the database
        would come back to stay.
        """
        if evictions != self._evictions:
            return
        for key in keys:
            binary = key.customer_id.binary
            if binary not in self._ready and (binary in self._resting or len(self._ready) == self._ready_size):
                self._resting[binary] = self._packed(key)
                if len(self) > self._size:
                    self._resting.popitem(last=False)
            else:
                self._ready[binary] = key

    def evict(self, customer_ids: Iterable[ObjectId]) -> None:
        self._evictions += 1
        for customer_id in customer_ids:
            self._ready.pop(customer_id.binary, None)
            self._resting.pop(customer_id.binary, None)

    def clear(self) -> None:
        self._evictions += 1
        self._ready.clear()
        self._resting.clear()
        self._scopes.clear()
        self._scope_numbers.clear()

    def _packed(self, key: DataKey) -> bytes:
        number = self._scope_numbers.get(key.scope)
        if number is None:
            number = self._scope_numbers[key.scope] = len(self._scopes).to_bytes(_SCOPE_BYTES, "big")
            self._scopes.append(key.scope)
        return key.packed + number

    def _scope(self, packed: bytes) -> KeyScope | None:
        return self._scopes[int.from_bytes(packed[-_SCOPE_BYTES:], "big")]
