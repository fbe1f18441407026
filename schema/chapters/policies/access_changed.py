"""`accessChanged`: how an open page learns that what its caller may do is no longer what it was.

It follows no collection. The endpoint asks twice a second who the caller is; each answer is compared with the last one.
No purpose is asked for, so that it goes on where none is left to the caller, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any, Final, Self

import strawberry
from graphql import GraphQLResolveInfo

from documents.access.plan import Purpose
from documents.plain_records import Record
from schema.context import RequestContext
from schema.roots.subscription import Followed
from schema.vocabulary.scalars import DateTime


@strawberry.type(
    description="What decides the caller's rights, as it is now (当前权限). Ask again for what depends on it."
)
class AccessChanged:
    rule_set: int = strawberry.field(description="The version of the rules in force.")
    roles: list[str] = strawberry.field(description="Those of this moment.")
    purposes: list[Purpose] = strawberry.field(description="Those that the caller may state.")
    department: str | None
    cleared: bool = strawberry.field(description="False: staff who have to sign the confidentiality undertaking first.")
    cleared_until: DateTime | None = strawberry.field(description="The end of the undertaking in force.")


class AccessSource:
    """One event at once, and one whenever a check finds another state than the check before it."""

    def __init__(self, state: Hashable) -> None:
        self._state = state
        self._changed = asyncio.Event()
        self._changed.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AccessSource:
        """The next event: it carries nothing, since what is told is what holds when it is told. Never ends."""
        await self._changed.wait()
        self._changed.clear()
        return self

    async def check(self, context: RequestContext) -> None:
        """Notices what has changed."""
        state = context.use_cases.policies.current_access.state(context.caller)
        if state != self._state:
            self._state = state
            self._changed.set()

    async def aclose(self) -> None:
        """Nothing is held open."""


async def begin(context: RequestContext, _arguments: Any) -> AccessSource:
    """Raises NotAuthenticatedError."""
    return AccessSource(context.use_cases.policies.current_access.state(context.caller))


async def resolve(info: GraphQLResolveInfo[Any], _event: Any, _arguments: Any) -> Record:
    """The state of this moment."""
    context: RequestContext = info.context
    return context.use_cases.policies.current_access.describe(context.caller)


ACCESS_CHANGED: Final = Followed(
    payload=AccessChanged,
    description="What decides your own rights: at once as it is, and again whenever it has changed.",
    arguments={},
    begin=begin,
    resolve=resolve,
)
