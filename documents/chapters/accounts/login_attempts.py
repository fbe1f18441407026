"""Every query on counters of login attempts: who has to wait, and how long.

An attempt is counted before its password is looked at, so that attempts sent together cannot outrun the limit, and
taken back when it succeeds. Three limits, narrow to wide, each asked only if the one before has room:

- username and address together: stops guessing at one account from one place;
- address: stops trying many accounts from one place;
- username: stops guessing at one account from many places. It does not bind addresses from which that account has
  logged in during the last 30 days, so strangers cannot lock its owner out.

A refused attempt is not counted in the wider limits: one address alone can never use up a username's. The address is
that of the connection; IPv6 counts by /64, which one subscriber owns whole. Windows begin with the first attempt and
run on the database's clock, the same for every server.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.accounts.stored import LoginAttempts


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` failures in a window."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """The three limits."""

    username_and_address: Limit = Limit(10, timedelta(minutes=5))
    address: Limit = Limit(100, timedelta(minutes=5))
    username: Limit = Limit(50, timedelta(minutes=15))
    address_known_for: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt. `retry_after` (seconds) is set where it must not be made."""

    username: str
    address: str
    counted: tuple[bytes, ...]
    retry_after: int | None = None


class LoginAttemptRepository:
    """Counts login attempts."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], limits: LoginLimits | None = None) -> None:
        self._collection = database[LoginAttempts.Settings.name]
        self._limits = limits or LoginLimits()

    async def begin(self, username: str, client_address: str) -> Attempt:
        """Counts an attempt to log in as `username`, whether or not such an account exists."""
        address = network_of(client_address)
        counters = [
            (_key("pair", username, address), self._limits.username_and_address),
            (_key("address", address), self._limits.address),
        ]
        if not await self._is_known(username, address):
            counters.append((_key("username", username), self._limits.username))
        counted: list[bytes] = []
        for key, limit in counters:
            retry_after = await self._count(key, limit)
            counted.append(key)
            if retry_after is not None:
                return Attempt(username, address, tuple(counted), retry_after)
        return Attempt(username, address, tuple(counted))

    async def succeed(self, attempt: Attempt) -> None:
        """Takes the attempt back, forgives the failures of this username at this address, and knows it from now on."""
        pair, *wider = attempt.counted
        await self._collection.delete_one({"_id": pair})
        await self._collection.update_many({"_id": {"$in": wider}, "attempts": {"$gt": 0}}, {"$inc": {"attempts": -1}})
        await self._collection.update_one(
            {"_id": _key("known", attempt.username, attempt.address)},
            [{"$set": {"attempts": 0, "expires_at": _later(self._limits.address_known_for)}}],
            upsert=True,
        )

    async def _is_known(self, username: str, address: str) -> bool:
        query = {"_id": _key("known", username, address), "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
        return await self._collection.find_one(query, {"_id": 1}) is not None

    async def _count(self, key: bytes, limit: Limit) -> int | None:
        """Counts one in `key`; seconds to wait where that is more than `limit` allows."""
        counter: Any = await self._collection.find_one_and_update(
            {"_id": key},
            [
                {"$set": {"running": {"$gt": ["$expires_at", "$$NOW"]}, "now": "$$NOW"}},
                {
                    "$set": {
                        "attempts": {"$cond": ["$running", {"$add": ["$attempts", 1]}, 1]},
                        "expires_at": {"$cond": ["$running", "$expires_at", _later(limit.window)]},
                    }
                },
                {"$unset": "running"},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if counter["attempts"] <= limit.count:
            return None
        remaining: timedelta = counter["expires_at"] - counter["now"]
        return max(math.ceil(remaining.total_seconds()), 1)


def network_of(client_address: str) -> str:
    """What counts as one place: an IPv4 address, an IPv6 /64; anything else (a Unix socket) is itself."""
    try:
        address = ip_address(client_address.partition("%")[0])
    except ValueError:
        return client_address
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), 64), strict=False))
    return str(address)


def _later(span: timedelta) -> dict[str, Any]:
    return {"$add": ["$$NOW", int(span.total_seconds() * 1000)]}


def _key(*parts: str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(4, "big") + octets)
    return digest.digest()
