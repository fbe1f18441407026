"""The data keys at hand: bounded, and honest about evictions."""

from __future__ import annotations

from os import urandom

import pytest
from bson import ObjectId

from documents.encryption.ciphertext import DataKey, FieldContext, KeyScope, decrypt_value, encrypt_value
from documents.encryption.key_cache import ADMITTED, DataKeyCache

FIELD = FieldContext("customers", "telephone")
SCOPES = (KeyScope("individual", "demo.manager", "sales-east"), KeyScope("enterprise", None, "sales-west"), None)


def keys(count: int) -> list[DataKey]:
    return [DataKey.of(ObjectId(), urandom(8), urandom(32), SCOPES[number % 3]) for number in range(count)]


def ready(cache: DataKeyCache, key: DataKey) -> bool:
    """Whether the cache keeps it ready to use."""
    return key.customer_id.binary in cache._ready


class TestDataKeyCache:
    """Properties of the cache."""

    def test_it_never_holds_more_than_its_size(self) -> None:
        """Also when one page brings more than that."""
        cache = DataKeyCache(3)
        for key in keys(10):
            cache.store([key], cache.evictions)
        cache.store(keys(10), cache.evictions)
        assert len(cache) == 3

    def test_of_keys_at_rest_the_first_that_came_goes_first(self) -> None:
        """And the ready ones stay."""
        cache = DataKeyCache(4, ready=1)
        first, second, third, fourth, fifth = keys(5)
        cache.store([first, second, third, fourth, fifth], cache.evictions)
        assert cache.find_all([second.customer_id]) is None
        assert cache.find_all([key.customer_id for key in (first, third, fourth, fifth)]) is not None

    def test_a_key_in_demand_comes_to_be_ready_in_place_of_one_that_is_not(self) -> None:
        """The one used longest ago makes room and rests."""
        cache = DataKeyCache(10, ready=2)
        idle, used, wanted = keys(3)
        cache.store([idle, used, wanted], cache.evictions)
        assert [ready(cache, key) for key in (idle, used, wanted)] == [True, True, False]
        cache.find_all([idle.customer_id])
        cache.find([used.customer_id])
        for _ in range(ADMITTED):
            assert not ready(cache, wanted)
            cache.find_all([wanted.customer_id])
        assert [ready(cache, key) for key in (idle, used, wanted)] == [False, True, True]
        assert len(cache) == 3

    def test_one_miss_is_told_and_the_rest_is_found(self) -> None:
        """Asked for with another object of the same id, and twice."""
        cache = DataKeyCache(4)
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

    def test_whose_a_customer_is_is_known_of_ready_and_of_resting_keys(self) -> None:
        """The newest that was stored, and of none that is not here; asking makes no key ready."""
        cache = DataKeyCache(10, ready=2)
        stored = keys(9)
        cache.store(stored, cache.evictions)
        ids = [key.customer_id for key in stored]
        for asked in (ids, ids[::-1], ids * ADMITTED):
            scopes = {key.customer_id: key.scope for key in stored}
            assert cache.scopes(asked) == [scopes[each] for each in asked]
            found = cache.find_all(asked)
            assert found is not None
            assert [key.scope for key in found] == [scopes[each] for each in asked]
        moved = DataKey.of(ids[8], urandom(8), urandom(32), KeyScope("individual", "another", None))
        cache.store([moved], cache.evictions)
        assert cache.scopes([ids[8], ids[7]]) == [moved.scope, stored[7].scope]
        assert cache.scopes([*ids, ObjectId()]) is None
        cache.evict([ids[0]])
        assert cache.scopes(ids) is None
        cache.clear()
        assert cache.scopes(ids[1:]) is None

    def test_a_key_stored_again_is_held_once(self) -> None:
        """The newer one, whether the older one is ready or rests."""
        cache = DataKeyCache(4, ready=1)
        old, other = keys(2)
        new = DataKey.of(old.customer_id, urandom(8), urandom(32))
        cache.store([old, other], cache.evictions)
        cache.store([new], cache.evictions)
        assert len(cache) == 2
        found = cache.find_all([old.customer_id, other.customer_id])
        assert found is not None
        assert [key.packed for key in found] == [new.packed, other.packed]
        newest = DataKey.of(other.customer_id, urandom(8), urandom(32))
        cache.store([newest], cache.evictions)
        assert len(cache) == 2
        assert cache.find([other.customer_id])[0][other.customer_id].packed == newest.packed

    def test_a_cache_of_nothing_is_refused(self) -> None:
        """It would make every page a query without anybody noticing."""
        with pytest.raises(ValueError, match="at least one"):
            DataKeyCache(1)
        with pytest.raises(ValueError, match="at least one"):
            DataKeyCache(2, ready=0)
