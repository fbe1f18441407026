"""What is said of logging in, passwords, and changes of accounts, by published code or rule."""

from __future__ import annotations

from typing import Final

from schema.language import Texts

TEXTS: Final[Texts] = {
    "INVALID_CREDENTIALS": ("The username or the password is wrong.", "用户名或密码错误。"),
    "INVALID_REFRESH_TOKEN": ("The refresh token is not valid: please log in again.", "刷新令牌无效，请重新登录。"),
    "TOO_MANY_ATTEMPTS": (
        "Too many failed attempts: please try again in {seconds} seconds.",
        "登录失败次数过多，请在 {seconds} 秒后重试。",
    ),
    "STEP_UP_REQUIRED": (
        "Confirm your password first (`stepUp`); it counts for five minutes.",
        "请先确认密码（`stepUp`），五分钟内有效。",
    ),
    "STEP_UP_AT_PROVIDER": (
        "Log in again at your identity provider; it counts for five minutes.",
        "请在身份提供方重新登录，五分钟内有效。",
    ),
    "password.too_short": ("A password has at least {limit} characters.", "密码至少需要 {limit} 个字符。"),
    "password.too_long": ("A password has at most {limit} characters.", "密码不能超过 {limit} 个字符。"),
    "account.reserved_name": (
        "`system`, `operator` and `dossier` are names of the product itself.",
        "`system`、`operator`、`dossier` 是系统自身使用的名称。",
    ),
    "account.reserved_role": (
        "`system` is the role of the product itself: no account has it.",
        "`system` 是系统自身的角色，不得授予任何账号。",
    ),
    "account_change.own_account": ("Nobody changes their own account.", "不得变更本人的账号。"),
    "account_change.nothing_to_change": ("The account is like that already.", "该账号已是所要求的状态。"),
    "account_change.outdated": (
        "The account was changed meanwhile: discard this change and ask for it anew.",
        "该账号已发生变更：请作废本次变更后重新提交。",
    ),
    "role_grant.own_account": ("Nobody grants a role to themselves.", "不得为本人授予角色。"),
    "role_grant.unknown_role": ("No rule knows the role.", "规则中没有该角色。"),
    "role_grant.ends_before_it_begins": (
        "It must end after it begins, and after now.",
        "失效时间必须晚于生效时间和当前时间。",
    ),
    "role_grant.ended_already": ("The grant is over already.", "该授权已终止。"),
}
