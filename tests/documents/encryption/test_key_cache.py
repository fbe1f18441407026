"""The data keys at hand: bounded, and honest about evictions."""

from __future__ import annotations

from os import urandom

import pytest
from bson import ObjectId

from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value, encrypt_value
from documents.encryption.key_cache import DataKeyCache

FIELD = FieldContext("customers", "telephone")


def keys(count: int) -> list[DataKey]:
    return [DataKey(ObjectId(), urandom(8), urandom(32)) for _ in range(count)]


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
        assert cache.find_all([same, same]) == [key, key]
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

    def test_keys_that_rest_are_found_again_and_open_what_they_sealed(self) -> None:
        """Whichever way they are asked for, and however often they come and go."""
        cache = DataKeyCache(10, ready=2)
        stored = keys(10)
        sealed = {key.customer_id: encrypt_value(key, FIELD, str(key.customer_id)) for key in stored}
        headers = {key.customer_id: key.header for key in stored}
        cache.store(stored, cache.evictions)
        ids = list(sealed)
        for asked in (ids, ids[::-1], ids):
            found = cache.find_all(asked)
            assert found is not None
            assert [decrypt_value(key, FIELD, sealed[each]) for each, key in zip(asked, found, strict=True)] == [
                str(each) for each in asked
            ]
            assert {each: key.header for each, key in cache.find(ids)[0].items()} == headers
            assert len(cache) == 10

    def test_a_key_used_lately_outlives_others_though_it_rests(self) -> None:
        """Both tiers together forget the least recently used."""
        cache = DataKeyCache(4, ready=2)
        first, second, third, fourth, fifth = keys(5)
        cache.store([first, second, third, fourth], cache.evictions)
        cache.find_all([first.customer_id])
        cache.store([fifth], cache.evictions)
        assert cache.find_all([second.customer_id]) is None
        assert cache.find_all([key.customer_id for key in (first, third, fourth, fifth)]) is not None

    def test_a_resting_key_is_forgotten_as_any_other(self) -> None:
        """By its customer, and with all others."""
        cache = DataKeyCache(4, ready=1)
        first, second, third = keys(3)
        cache.store([first, second, third], cache.evictions)
        cache.evict([first.customer_id])
        assert cache.find_all([first.customer_id]) is None
        assert cache.find_all([second.customer_id]) is not None
        cache.clear()
        assert len(cache) == 0
        assert cache.find([second.customer_id, third.customer_id])[0] == {}

    def test_a_key_stored_again_is_held_once(self) -> None:
        """The newer one, also where the older one rests."""
        cache = DataKeyCache(4, ready=1)
        old, other = keys(2)
        new = DataKey(old.customer_id, urandom(8), urandom(32))
        cache.store([old, other], cache.evictions)
        cache.store([new], cache.evictions)
        assert len(cache) == 2
        assert cache.find_all([old.customer_id]) == [new]

    def test_a_cache_of_nothing_is_refused(self) -> None:
        """It would make every page a query without anybody noticing."""
        with pytest.raises(ValueError, match="at least one"):
            DataKeyCache(0)
        with pytest.raises(ValueError, match="at least one"):
            DataKeyCache(1, ready=0)
