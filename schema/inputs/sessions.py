"""The inputs of logging in and out."""

from __future__ import annotations

import strawberry


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
