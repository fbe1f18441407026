"""Every text that the API says to people, by published code or rule: (English, Simplified Chinese).

`{name}` is a parameter of the error, `{label}` the field's label in the language of the request. No text repeats a
value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Codes of user errors
        "INVALID_CREDENTIALS": ("The username or the password is wrong.", "用户名或密码错误。"),
        "INVALID_REFRESH_TOKEN": ("The refresh token is not valid: please log in again.", "刷新令牌无效，请重新登录。"),
        "TOO_MANY_ATTEMPTS": (
            "Too many failed attempts: please try again in {seconds} seconds.",
            "登录失败次数过多，请在 {seconds} 秒后重试。",
        ),
        "ACCESS_DENIED": ("You may not set {label}.", "您无权设置{label}。"),
        "ACCESS_DENIED_RECORD": ("You may not do this with this record.", "您无权对该记录执行此操作。"),
        "ALREADY_EXISTS": ("Another customer has this {label}.", "该{label}已属于另一客户。"),
        "STALE_VERSION": (
            "Someone else changed the record since you read it; the current one is returned.",
            "该记录在您读取后已被他人修改；现返回当前记录。",
        ),
        "NOT_FOUND": ("There is no such record.", "该记录不存在。"),
        "RULE_BROKEN": ("This is against a rule of the regulation.", "该操作违反管理办法的规定。"),
        "ERASED": ("The customer's data was erased.", "该客户的数据已被清除。"),
        # Codes of errors
        "UNAUTHENTICATED": ("Please log in.", "请先登录。"),
        "INVALID_TOKEN": ("The access token is not valid: please log in again.", "访问令牌无效，请重新登录。"),
        "ISSUER_UNAVAILABLE": ("The identity provider cannot be reached.", "无法连接身份提供方。"),
        "PURPOSE_MISSING": (
            "State the purpose in the header Dossier-Purpose: one of {purposes}.",
            "请在请求头 Dossier-Purpose 中说明使用目的：{purposes}。",
        ),
        "PURPOSE_UNKNOWN": (
            "The purpose in the header Dossier-Purpose is unknown: use one of {purposes}.",
            "请求头 Dossier-Purpose 中的使用目的未知，可用：{purposes}。",
        ),
        "PURPOSE_NOT_ALLOWED": (
            "You may not use customer information for this purpose; yours: {purposes}.",
            "您无权为此目的使用客户信息；您可用的目的：{purposes}。",
        ),
        "PURPOSE_NONE": ("You may not use customer information.", "您无权使用客户信息。"),
        "FILTER_DENIED": ("You may not filter by {labels}.", "您无权按{labels}筛选。"),
        "SORT_DENIED": ("You may not sort by {labels}.", "您无权按{labels}排序。"),
        "SEARCH_DENIED": ("You may not search for this.", "您无权进行此搜索。"),
        "INVALID_CURSOR": ("The cursor does not belong to this list.", "游标不属于此列表。"),
        "SUBSCRIPTION_DENIED": ("You may not follow this.", "您无权订阅此内容。"),
        "EVENTS_LOST": (
            "Changes may have been missed: please query again, and subscribe again.",
            "可能遗漏了部分变更：请重新查询并重新订阅。",
        ),
        "SUBSCRIPTION_OVERFLOW": (
            "Changes came faster than they could be sent: please query again, and subscribe again.",
            "变更产生速度过快：请重新查询并重新订阅。",
        ),
        "IDEMPOTENCY_KEY_REUSED": (
            "The Idempotency-Key was used for another request.",
            "该 Idempotency-Key 已用于另一请求。",
        ),
        "IDEMPOTENCY_KEY_IN_USE": (
            "A request with this Idempotency-Key is still being carried out.",
            "使用该 Idempotency-Key 的请求仍在处理中。",
        ),
        "page.two_directions": (
            "Use `first` and `after`, or `last` and `before`.",
            "请使用 `first` 与 `after`，或 `last` 与 `before`。",
        ),
        "page.size": ("`{argument}` must be from 1 to {maximum}.", "`{argument}` 必须在 1 到 {maximum} 之间。"),
        "filter.no_condition": ("`{name}` holds no condition.", "`{name}` 不含任何条件。"),
        # Rules
        "password.too_short": ("A password has at least {limit} characters.", "密码至少需要 {limit} 个字符。"),
        "password.too_long": ("A password has at most {limit} characters.", "密码不能超过 {limit} 个字符。"),
        "value.required": ("{label} is required.", "{label}为必填项。"),
        "value.empty": ("{label} must not be empty.", "{label}不能为空。"),
        "value.masked": (
            "{label} is shown masked: leave it out, or give the whole value.",
            "{label}以掩码显示：请不要提交该字段，或填写完整的值。",
        ),
        "value.invalid": ("{label} is not valid.", "{label}无效。"),
        "value.not_a_text": ("{label} must be a text.", "{label}必须为文本。"),
        "value.too_long": ("{label} has at most {maximum} characters.", "{label}最多 {maximum} 个字符。"),
        "value.too_small": ("{label} must be at least {minimum}.", "{label}不得小于 {minimum}。"),
        "value.too_large": ("{label} must be at most {maximum}.", "{label}不得大于 {maximum}。"),
        "value.too_many_digits": ("{label} has too many digits.", "{label}位数过多。"),
        "value.too_many_decimal_places": (
            "{label} has at most {maximum} decimal places.",
            "{label}最多保留 {maximum} 位小数。",
        ),
        "value.not_a_number": ("{label} must be a number.", "{label}必须为数字。"),
        "value.not_a_date": ("{label} must be a date.", "{label}必须为日期。"),
        "value.not_a_choice": ("{label} must be one of its choices.", "{label}必须为可选项之一。"),
        "value.not_a_list": ("{label} must be a list.", "{label}必须为列表。"),
        "value.resident_id": (
            "{label} is not a valid resident identity number (GB 11643).",
            "{label}不是有效的居民身份证号码（GB 11643）。",
        ),
        "value.credit_code": (
            "{label} is not a valid unified social credit code (GB 32100).",
            "{label}不是有效的统一社会信用代码（GB 32100）。",
        ),
        "value.phone_number": ("{label} is not a valid telephone number.", "{label}不是有效的电话号码。"),
        "value.email_address": ("{label} is not a valid e-mail address.", "{label}不是有效的电子邮箱。"),
        "value.bank_account": ("{label} is not a valid bank account number.", "{label}不是有效的银行账号。"),
        "value.tax_number": ("{label} is not a valid tax registration number.", "{label}不是有效的税务登记号。"),
        "value.unknown_staff": ("{label}: there is no such member of staff.", "{label}：该员工不存在。"),
        "value.unknown_department": ("{label}: there is no such department.", "{label}：该部门不存在。"),
    }
)

UNKNOWN = ("The input is not valid.", "输入无效。")


def message(key: str, language: str, parameters: Mapping[str, str]) -> str:
    """The text of code or rule `key` in `language` (`en` or `zh-CN`), with its parameters filled in."""
    english, chinese = MESSAGES.get(key, UNKNOWN)
    return (chinese if language.startswith("zh") else english).format_map(dict(parameters))
