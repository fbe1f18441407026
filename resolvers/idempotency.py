"""The idempotency key of a mutation, and what it stands for."""

from __future__ import annotations

from typing import Any

import orjson

from documents.writing.idempotency import IdempotentRequest
from resolvers.caller import Caller


def idempotent(caller: Caller, path: str, content: list[Any]) -> IdempotentRequest | None:
    """The request of `content` under the caller's key; None where the caller gave none.

    `path` is the mutation's response path: several mutations of one request are several requests."""
    if caller.idempotency_key is None or caller.principal is None:
        return None
    key = f"{caller.idempotency_key}\x00{path}"
    digestible = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return IdempotentRequest(caller.principal.username, key, digestible)
