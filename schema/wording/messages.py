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
        "STEP_UP_REQUIRED": (
            "Confirm your password first (`stepUp`); it counts for five minutes.",
            "请先确认密码（`stepUp`），五分钟内有效。",
        ),
        "STEP_UP_AT_PROVIDER": (
            "Log in again at your identity provider; it counts for five minutes.",
            "请在身份提供方重新登录，五分钟内有效。",
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
        "ATTACHMENT_TOO_LARGE": (
            "The file is too large: it may have {limit} bytes.",
            "文件过大：最多允许 {limit} 字节。",
        ),
        "ATTACHMENT_EMPTY": ("The file is empty.", "文件为空。"),
        "ATTACHMENT_TYPE_REFUSED": (
            "This kind of file is not taken: send PDF, JPEG, PNG, TIFF, WebP, DOCX, XLSX, OFD or plain text in UTF-8.",
            "不接受此类文件：请上传 PDF、JPEG、PNG、TIFF、WebP、DOCX、XLSX、OFD 或 UTF-8 纯文本。",
        ),
        "ATTACHMENT_TYPE_MISMATCH": (
            "The file is not what its Content-Type or the end of its name says.",
            "文件内容与 Content-Type 或文件扩展名不符。",
        ),
        "ATTACHMENT_NAME_INVALID": (
            "Give the file a name in the header Content-Disposition (filename*=UTF-8''...), without path and signs.",
            "请在请求头 Content-Disposition 中提供文件名（filename*=UTF-8''...），不得含路径或特殊字符。",
        ),
        "ATTACHMENT_CATEGORY_UNKNOWN": (
            "State the category of the file in the parameter `category`.",
            "请在参数 `category` 中说明文件类别。",
        ),
        "NOT_FOUND_ATTACHMENT": ("There is no such attachment or customer.", "该附件或客户不存在。"),
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
        "audit.customer": ("`customer` is no id of a customer.", "`customer` 不是有效的客户编号。"),
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
        "value.unknown_field": (
            "{label}: there is no such field; did you mean `{nearest}`?",
            "{label}：该字段不存在；您是否指 `{nearest}`？",
        ),
        "undertaking.text_version": (
            "The text of the undertaking changed: please read and sign version {current}.",
            "保密承诺书文本已更新：请阅读并签署第 {current} 版。",
        ),
        "undertaking.withdrawn_already": ("The undertaking was withdrawn already.", "该承诺书已被撤销。"),
        "sharing.ended_already": ("It has ended already.", "该授权已终止。"),
        "sharing.ends_before_it_begins": ("It must end after it begins.", "到期时间必须晚于生效时间。"),
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
        "collection.paid": ("Nothing is open: there is nothing to collect.", "款项已结清，无需催收。"),
        "currency.mixed": ("The amounts are in different currencies.", "金额的币种不一致。"),
        "currency.no_rate": ("There is no exchange rate for the currency.", "缺少该币种的汇率。"),
        "grade.unknown": ("The credit grade is unknown.", "信用等级未知。"),
        "incident.no_measure_done": ("No measure has been carried out.", "尚未采取任何处置措施。"),
        "incident.measure_open": ("A measure is not done yet.", "尚有处置措施未完成。"),
        "incident.no_notification": ("No notification is recorded.", "尚无通知记录。"),
        "incident.notification_open": (
            "A notification is neither sent nor waived with a reason.",
            "尚有通知未发送，也未说明免于通知的理由。",
        ),
        "incident.not_scoped": ("Nobody has found out yet whom it concerns.", "尚未查明事件的影响范围。"),
        "incident.no_such_measure": ("There is no measure with this number.", "没有该编号的处置措施。"),
        "incident.settled_already": ("This was done before.", "该事项已办结。"),
        "incident.in_future": ("This is recorded after it happened.", "只能在发生之后登记。"),
        "incident.scope_unbounded": ("Say whose accesses, or which field, is meant.", "请指明涉事账号或涉及的字段。"),
        "incident.scope_reversed": ("The time ends before it begins.", "截止时间早于起始时间。"),
        "incident.scope_too_wide": (
            "More than {maximum} customers are concerned: search shorter times, one after the other.",
            "受影响客户超过 {maximum} 个：请缩短时间范围，分次检索。",
        ),
        "input.unknown_factor": ("The risk table has no factor `{input}`.", "风险评估表中没有因素 `{input}`。"),
        "input.unknown_indicator": ("The indicators do not include `{input}`.", "指标体系中没有指标 `{input}`。"),
        "input.not_a_number": ("`{input}` must be a number.", "`{input}` 必须为数字。"),
        "judgement.out_of_bounds": ("The adjustment is beyond its bounds.", "调整分值超出允许范围。"),
        "judgement.reason_missing": ("Give a reason for the adjustment.", "请填写调整理由。"),
        "payment.not_positive": ("A payment is more than nothing.", "付款金额必须大于零。"),
        "payment.unknown_receivable": ("There is no such open receivable.", "该应收款项不存在。"),
        "satisfaction.out_of_range": ("A score is from 1 to 5.", "评分应为 1 至 5 分。"),
        "satisfaction.more_answers_than_asked": (
            "More customers answered than were asked.",
            "答复人数多于受访人数。",
        ),
        "value.unknown_record": ("{label}: there is no such record.", "{label}：该记录不存在。"),
        "contact.in_future": ("A contact is recorded after it happened.", "联系记录只能在发生之后登记。"),
        "satisfaction.too_early": (
            "Satisfaction is recorded once the work is done.",
            "服务办结后方可记录满意度。",
        ),
        "satisfaction.already_recorded": ("Satisfaction with this was recorded before.", "该服务的满意度已记录。"),
        "satisfaction.own_work": (
            "Nobody records the customer's satisfaction with their own work.",
            "不得由经办人本人记录对其服务的满意度。",
        ),
        "course.code_taken": ("Another course has this code.", "该课程编号已被使用。"),
        "training.not_held": ("The session has not been held yet.", "该培训尚未举行。"),
        "training.passed_unattended": ("Nobody passes what they did not attend.", "未出席者不能记为合格。"),
        "training.already_recorded": (
            "The result of this person in this session was recorded before.",
            "该人员在该场次的结果已记录。",
        ),
        "performance.own_review": ("Nobody appraises their own performance.", "不得考核本人的绩效。"),
        "performance.period_reversed": ("The period ends before it begins.", "考核期的截止日期早于起始日期。"),
        "indicator_table.none": (
            "There is no table of indicators for this kind of customer.",
            "该类客户尚无信用指标体系。",
        ),
        "indicator_table.weights": ("The weights do not sum to 100.", "指标权重合计不等于 100。"),
        "indicator_table.groups": (
            "Each of the four groups needs an indicator.",
            "财务状况、经营能力、信用记录、市场竞争力四类均须设有指标。",
        ),
        "indicator_table.invalid": ("The table contradicts itself.", "该指标体系自相矛盾。"),
        "verification.same_person": (
            "Another person than the verifier has to confirm it.",
            "须由核验人以外的另一人复核。",
        ),
        "verification.in_future": ("A verification is recorded after it was made.", "核验只能在完成之后登记。"),
        "verification.expired": ("It expires before it was made.", "有效期不得早于核验日期。"),
        "risk_table.none": ("There is no risk table for this kind of customer.", "该类客户尚无风险评估表。"),
        "risk_table.invalid": ("The table contradicts itself.", "该风险评估表自相矛盾。"),
        "factor.twice": ("The value of `{input}` is given twice.", "因素 `{input}` 的取值重复填写。"),
        "indicator.twice": ("The value of `{input}` is given twice.", "指标 `{input}` 的数值重复填写。"),
        "approval.same_person": ("Another person has to approve it.", "须由另一人审批。"),
        "contract.exposure_exceeded": (
            "The contract would take the customer above its credit limit.",
            "签订该合同将超出客户的信用限额。",
        ),
        "contract.credit_stopped": ("No new credit is given to the customer.", "该客户已停止新增授信。"),
        "contract.number_taken": ("The customer has another contract of this number.", "该客户已有相同编号的合同。"),
        "contract.ends_before_signing": ("A contract ends after it was signed.", "合同终止日期不得早于签订日期。"),
        "invoice.contract_not_in_force": ("The contract is not in force.", "该合同未生效或已终止。"),
        "invoice.due_before_issued": ("An invoice is due after it was issued.", "到期日不得早于开票日期。"),
        # Rules of access
        "POLICY_TEST_INVALID": (
            "A policy test kept with the rules names what does not exist.",
            "与规则一并保存的策略测试引用了不存在的名称。",
        ),
        "reveal.not_allowed": ("You may not see this field in full.", "您无权查看该字段的完整内容。"),
        "view_as.target": ("Name either a customer or a kind.", "请指定客户或记录类型之一。"),
        "rules.unknown_role": (
            "Line {line}: there is no role `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：角色 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_scope": (
            "Line {line}: there is no scope `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：范围 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_kind": (
            "Line {line}: there is no kind `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：记录类型 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_field": (
            "Line {line}: there is no field `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：字段 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_class": (
            "Line {line}: there is no class `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：敏感级别 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_action": (
            "Line {line}: there is no action `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：操作 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_purpose": (
            "Line {line}: there is no purpose `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：使用目的 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.unknown_effect": (
            "Line {line}: there is no effect `{name}`; the nearest is `{nearest}`.",
            "第 {line} 行：效果 `{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "rules.empty": (
            "Line {line}: an empty name means nothing; write `*` for all.",
            "第 {line} 行：名称为空；如指全部请填写 `*`。",
        ),
        "rules.mark": ("Line {line}: it must begin with `p` or `g`.", "第 {line} 行：必须以 `p` 或 `g` 开头。"),
        "rules.columns": (
            "Line {line}: a rule has seven names (role, scope, kind, field, action, purpose, effect), a role has two.",
            "第 {line} 行：规则须有七列（角色、范围、类型、字段、操作、目的、效果），角色须有两列。",
        ),
        "rules.role_name": (
            "Line {line}: a role is named in small letters, digits and underscores, and is not `everyone`.",
            "第 {line} 行：角色名称只能使用小写字母、数字和下划线，且不得为 `everyone`。",
        ),
        "rules.field_form": (
            "Line {line}: a field is named by name, `kind.name`, a glob with `*`, or `@class`.",
            "第 {line} 行：字段应为名称、`类型.名称`、含 `*` 的通配或 `@敏感级别`。",
        ),
        "rules.circle": (
            "Line {line}: the role inherits from itself, or over too many steps.",
            "第 {line} 行：角色继承自身，或继承层级过多。",
        ),
        "policy_test.sentence": (
            "Test {number} is no sentence like `service_agent never sees individual.id_number`.",
            "第 {number} 条测试不符合格式，例如 `service_agent never sees individual.id_number`。",
        ),
        "policy_test.unknown_name": (
            "Test {number}: there is no `{name}`; the nearest is `{nearest}`.",
            "第 {number} 条测试：`{name}` 不存在；最接近的是 `{nearest}`。",
        ),
        "policy_test.failed": ("The test `{test}` fails: {cell}.", "策略测试 `{test}` 未通过：{cell}。"),
        "draft.not_approved": (
            "Another administrator has to approve the draft first.",
            "该草案须先由另一位管理员审批。",
        ),
        "draft.outdated": (
            "Version {version} is in force meanwhile: rebase the draft.",
            "当前生效的是第 {version} 版：请先将草案变基。",
        ),
        "draft.conflict": (
            "What `{line}` is about was changed meanwhile.",
            "`{line}` 所涉及的规则已被其他变更修改。",
        ),
        "draft.locks_out": (
            "Nobody would have the right to change the rules any more.",
            "该变更将使任何人都无权再修改规则。",
        ),
        "key.replaced_already": (
            "Another vault key is active meanwhile: look at the keys again.",
            "使用中的保管密钥已被更换：请重新查看密钥状态。",
        ),
        "key.root_key_exchanged": (
            "The root key is being exchanged: finish that first (`dossier keys rotate-root`).",
            "根密钥正在更换：请先完成更换（`dossier keys rotate-root`）。",
        ),
        "draft.no_such_version": (
            "There is no version {version}, or it names what exists no longer.",
            "第 {version} 版不存在，或引用了已不存在的名称。",
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
        "letter.no_sender": ("The company's name for letters is not configured.", "尚未配置函件的发件单位。"),
        "letter.no_address": ("The customer has no address.", "该客户没有地址。"),
    }
)

UNKNOWN = ("The input is not valid.", "输入无效。")


def message(key: str, language: str, parameters: Mapping[str, str]) -> str:
    """The text of code or rule `key` in `language` (`en` or `zh-CN`), with its parameters filled in."""
    english, chinese = MESSAGES.get(key, UNKNOWN)
    return (chinese if language.startswith("zh") else english).format_map(dict(parameters))
