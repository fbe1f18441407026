"""The texts of what several chapters, or none, can answer: access, cursors, values, steps. A chapter's own are with it.

`schema.language` says what they are made of.
"""

from __future__ import annotations

from typing import Final

from schema.language import Texts

GENERAL: Final[Texts] = {
    # Codes of user errors
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
    "TRAIL_UNAVAILABLE": (
        "The audit trail cannot be written, so nothing is served; a change that was asked for may have been made.",
        "审计记录无法写入，因此不提供任何数据；所请求的变更可能已经生效。",
    ),
    "REQUEST_TIMEOUT": ("The request did not arrive in time.", "请求未能及时送达。"),
    # Codes of errors
    "UNAUTHENTICATED": ("Please log in.", "请先登录。"),
    "UNDERTAKING_REQUIRED": (
        "Sign the confidentiality undertaking first (`signUndertaking`): without it there is no access.",
        "请先签署保密承诺书（`signUndertaking`）；未签署不得访问客户信息。",
    ),
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
    "READ_DENIED": ("You may not read {labels}.", "您无权查看{labels}。"),
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
    "value.unknown_field": (
        "{label}: there is no such field; did you mean `{nearest}`?",
        "{label}：该字段不存在；您是否指 `{nearest}`？",
    ),
    "value.unknown_department": ("{label}: there is no such department.", "{label}：该部门不存在。"),
    # Rules of the regulation
    "step.not_allowed": ("This cannot be done in the present state.", "当前状态下不能进行此操作。"),
    "step.not_next": (
        "This is not the next step: none is skipped or repeated.",
        "不是下一步骤：步骤不得跳过或重复。",
    ),
    "step.finished": ("All steps are done.", "所有步骤均已完成。"),
    "step.too_early": ("The step is not due yet.", "尚未到该步骤的时间。"),
    "step.before_previous": ("The step cannot be before the one that precedes it.", "该步骤不能早于上一步骤。"),
    "step.by_missing": ("Say who took the step.", "请填写该步骤的经办人。"),
    "step.note_missing": ("Say what was done.", "请填写处理情况。"),
    "step.result_missing": ("Say what came of it.", "请填写结果。"),
    "currency.mixed": ("The amounts are in different currencies.", "金额的币种不一致。"),
    "currency.no_rate": ("There is no exchange rate for the currency.", "缺少该币种的汇率。"),
    "input.not_a_number": ("`{input}` must be a number.", "`{input}` 必须为数字。"),
    "value.unknown_record": ("{label}: there is no such record.", "{label}：该记录不存在。"),
    "approval.same_person": ("Another person has to approve it.", "须由另一人审批。"),
}
