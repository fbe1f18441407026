"""Logging in, staying logged in and logging out: the payloads and the three mutations."""

from __future__ import annotations

from typing import Any, Final, Protocol

import strawberry

from documents.plain_records import Record, Records
from policies.principal import Principal
from resolvers.chapters.accounts.sessions import SessionResult, Sessions
from schema.language import Words
from schema.vocabulary.definitions import Fields
from schema.wording.user_errors import UserError, in_words


class SessionContext(Protocol):
    """What the mutations read from the context of the request."""

    sessions: Sessions
    principal: Principal | None
    client_address: str  # of the connection
    words: Words


@strawberry.type(description="The tokens of a session, or why there are none.")
class LoginPayload:
    access_token: str | None = strawberry.field(description="For `Authorization: Bearer …`.")
    refresh_token: str | None = strawberry.field(description="For `refreshSession`, once.")
    expires_in: int | None = strawberry.field(description="Seconds for which the access token is good.")
    retry_after: int | None = strawberry.field(description="Seconds to wait, with TOO_MANY_ATTEMPTS.")
    user_errors: list[UserError]


@strawberry.type(description="The next tokens of the session, or why there are none.")
class RefreshSessionPayload:
    access_token: str | None
    refresh_token: str | None
    expires_in: int | None = strawberry.field(description="Seconds for which the access token is good.")
    user_errors: list[UserError]


@strawberry.type
class LogoutPayload:
    ended: bool = strawberry.field(description="Did a session end? False where there was none.")
    client_mutation_id: str | None
    user_errors: list[UserError]


async def login(info: strawberry.Info[Any, None], input: LoginInput) -> Any:  # noqa: A002
    context: SessionContext = info.context
    return _payload(await context.sessions.login(input.username, input.password, context.client_address), context)


async def refresh_session(info: strawberry.Info[Any, None], input: RefreshSessionInput) -> Any:  # noqa: A002
    context: SessionContext = info.context
    return _payload(await context.sessions.refresh(input.refresh_token), context)


async def logout(info: strawberry.Info[Any, None], input: LogoutInput | None = None) -> Any:  # noqa: A002
    context: SessionContext = info.context
    ended = await context.sessions.logout(context.principal)
    client_mutation_id = input.client_mutation_id if input else None
    return Record(ended=ended, client_mutation_id=client_mutation_id, user_errors=Records())


def _payload(result: SessionResult, context: SessionContext) -> Record:
    tokens = result.tokens
    return Record(
        access_token=tokens.access_token if tokens else None,
        refresh_token=tokens.refresh_token if tokens else None,
        expires_in=tokens.expires_in if tokens else None,
        retry_after=result.retry_after,
        user_errors=in_words(result.user_errors, context.words),
    )


@strawberry.input
class LoginInput:
    username: str
    password: str = strawberry.field(description="Never logged, never kept.")


@strawberry.input
class RefreshSessionInput:
    refresh_token: str = strawberry.field(
        description="The latest refresh token of the session. One that was used before ends the session."
    )


@strawberry.input
class LogoutInput:
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it came.")


MUTATIONS: Final[Fields] = {
    "login": (LoginPayload, strawberry.mutation(resolver=login, description="Opens a session.")),
    "refresh_session": (
        RefreshSessionPayload,
        strawberry.mutation(
            resolver=refresh_session, description="Exchanges a refresh token for the next pair of tokens."
        ),
    ),
    "logout": (
        LogoutPayload,
        strawberry.mutation(
            resolver=logout, description="Ends the caller's session; its tokens stop working within a second."
        ),
    ),
}
