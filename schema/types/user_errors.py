"""What a caller can put right, as data in the payload of a mutation: published codes, texts in two languages."""

from __future__ import annotations

from typing import Self

import strawberry

from resolvers.errors import UserError as UserErrorResult

# code or rule → (English, Simplified Chinese); `{name}` is a parameter of the error.
MESSAGES: dict[str, tuple[str, str]] = {
    "INVALID_CREDENTIALS": ("The username or the password is wrong.", "用户名或密码错误。"),
    "INVALID_REFRESH_TOKEN": ("The refresh token is not valid: please log in again.", "刷新令牌无效，请重新登录。"),
    "TOO_MANY_ATTEMPTS": (
        "Too many failed attempts: please try again in {seconds} seconds.",
        "登录失败次数过多，请在 {seconds} 秒后重试。",
    ),
    "password.too_short": ("A password has at least {limit} characters.", "密码至少需要 {limit} 个字符。"),
    "password.too_long": ("A password has at most {limit} characters.", "密码不能超过 {limit} 个字符。"),
}
UNKNOWN = ("The input is not valid.", "输入无效。")


@strawberry.type(description="Something the caller can put right.")
class UserError:
    code: str = strawberry.field(description="A code of the published list.")
    message: str = strawberry.field(description="For people, in the language of the request.")
    field: list[str] | None = strawberry.field(default=None, description="The path of the input field, if it is one.")
    rule: str | None = strawberry.field(default=None, description="The rule that the value breaks, if it is one.")

    @classmethod
    def of(cls, error: UserErrorResult, language: str) -> Self:
        """The error in `language`, `en` or `zh-CN`."""
        path = [_camel_case(name) for name in error.field] if error.field is not None else None
        return cls(code=error.code, message=message(error, language), field=path, rule=error.rule)


def message(error: UserErrorResult, language: str) -> str:
    """The text of the rule if it has one, else of the code. Parameters are limits and counts, never the value."""
    english, chinese = MESSAGES.get(error.rule or "") or MESSAGES.get(error.code) or UNKNOWN
    return (chinese if language.startswith("zh") else english).format_map(dict(error.parameters))


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
