"""The data keys at hand: bounded, and honest about evictions."""

from __future__ import annotations

import pytest
from bson import ObjectId

from documents.encryption.ciphertext import DataKey
from documents.encryption.key_cache import DataKeyCache


def keys(count: int) -> list[DataKey]:
    return [DataKey(ObjectId(), b"12345678", bytes(32)) for _ in range(count)]


class TestDataKeyCache:
    """Properties of the cache."""

    def test_it_never_holds_more_than_its_size(self) -> None:
        """Also when one page brings more than that."""
        cache = DataKeyCache(3)
        for key in keys(10):
            cache.store([key], cache.evictions)
        cache.store(keys(10), cache.evictions)
        assert len(cache) == 3

    def test_the_least_recently_used_key_goes_first(self) -> None:
        """Both ways of finding count as use."""
        cache = DataKeyCache(3)
        first, second, third, fourth = keys(4)
        cache.store([first, second, third], cache.evictions)
        cache.find_all([first.customer_id])
        cache.find([second.customer_id])
        cache.store([fourth], cache.evictions)
        assert cache.find_all([third.customer_id]) is None
        assert cache.find_all([first.customer_id, second.customer_id, fourth.customer_id]) is not None

    def test_one_miss_is_told_and_the_rest_is_found(self) -> None:
        """Asked for with another object of the same id, and twice."""
        cache = DataKeyCache(3)
        (key,) = keys(1)
        cache.store([key], cache.evictions)
        same, absent = ObjectId(key.customer_id.binary), ObjectId()
        assert cache.find_all([same]) == {key.customer_id: key}
        assert cache.find_all([same, absent]) is None
        assert cache.find([same, absent, same, absent]) == ({key.customer_id: key}, [absent])

    def test_keys_read_before_an_eviction_are_not_kept_after_it(self) -> None:
        """An erased key on its way from the database does not come back."""
        cache = DataKeyCache(3)
        (key,) = keys(1)
        before = cache.evictions
        cache.evict([key.customer_id])
        cache.store([key], before)
        assert len(cache) == 0
        before = cache.evictions
        cache.clear()
        cache.store([key], before)
        assert len(cache) == 0

    def test_a_cache_of_nothing_is_refused(self) -> None:
        """It would make every page a query without anybody noticing."""
        with pytest.raises(ValueError, match="at least one"):
            DataKeyCache(0)
