"""The mutations of sessions, executed through a GraphQL schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from documents.chapters.accounts.login_attempts import Limit, LoginLimits
from policies.principal import Principal
from resolvers.chapters.accounts.sessions import Sessions
from schema.chapters.accounts.sessions import MUTATIONS
from schema.execution import record_value
from schema.language import Language, Words
from schema.registry import WORDS
from schema.vocabulary.definitions import make_type
from tests.login_parts import ADDRESS, PASSWORD, Database, LoginParts, build

LOGIN = """mutation ($username: String!, $password: String!) {
    login(input: {username: $username, password: $password}) {
    accessToken refreshToken expiresIn retryAfter userErrors { code message field rule } } }"""
REFRESH = """mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) {
    accessToken refreshToken expiresIn userErrors { code message field rule } } }"""


@strawberry.type
class Query:
    present: bool = True


CONFIG = StrawberryConfig(default_resolver=record_value)
SCHEMA = strawberry.Schema(Query, make_type("Mutation", MUTATIONS), config=CONFIG)


@dataclass
class Context:
    sessions: Sessions
    words: Words = WORDS["en"]
    principal: Principal | None = None
    client_address: str = ADDRESS


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> LoginParts:
    """Everything that logging in needs, and the account `wang.li`, which may fail once."""
    once = Limit(1, timedelta(minutes=1))
    parts = await build(database, tmp_path, LoginLimits(username_and_address=once))
    await parts.add_account()
    return parts


async def execute(query: str, context: Context, **variables: Any) -> Any:
    """The payload of the one mutation in `query`."""
    result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


async def test_login_then_refresh_then_logout(parts: LoginParts) -> None:
    """The life of a session as a client sees it."""
    context = Context(parts.sessions)
    opened = await execute(LOGIN, context, username="wang.li", password=PASSWORD)
    assert (opened["expiresIn"], opened["retryAfter"], opened["userErrors"]) == (600, None, [])
    renewed = await execute(REFRESH, context, token=opened["refreshToken"])
    assert renewed["userErrors"] == []
    session_id = parts.access_tokens.verify(renewed["accessToken"]).session_id
    context.principal = await parts.principals.of_session(session_id)
    logout = "mutation { logout { ended userErrors { code } } }"
    assert await execute(logout, context) == {"ended": True, "userErrors": []}
    assert await execute(logout, context) == {"ended": False, "userErrors": []}


@pytest.mark.parametrize(
    ("language", "wrong", "wait", "invalid"),
    [
        (
            "en",
            "The username or the password is wrong.",
            "Too many failed attempts: please try again in {} seconds.",
            "The refresh token is not valid: please log in again.",
        ),
        ("zh-CN", "用户名或密码错误。", "登录失败次数过多，请在 {} 秒后重试。", "刷新令牌无效，请重新登录。"),
    ],
)
async def test_refusals_are_data_in_the_callers_language(
    parts: LoginParts, language: Language, wrong: str, wait: str, invalid: str
) -> None:
    """With a published code, beside no token."""
    context = Context(parts.sessions, WORDS[language])
    payload = await execute(LOGIN, context, username="wang.li", password="wrong")
    error: dict[str, Any] = {"code": "INVALID_CREDENTIALS", "message": wrong, "field": None, "rule": None}
    nothing = {"accessToken": None, "refreshToken": None, "expiresIn": None}
    assert payload == nothing | {"retryAfter": None, "userErrors": [error]}
    payload = await execute(LOGIN, context, username="wang.li", password=PASSWORD)
    retry_after = payload["retryAfter"]
    assert 0 < retry_after <= 60
    assert payload["userErrors"][0]["code"] == "TOO_MANY_ATTEMPTS"
    assert payload["userErrors"][0]["message"] == wait.format(retry_after)
    payload = await execute(REFRESH, context, token="made up")
    error = {"code": "INVALID_REFRESH_TOKEN", "message": invalid, "field": ["refreshToken"], "rule": None}
    assert payload == nothing | {"userErrors": [error]}
