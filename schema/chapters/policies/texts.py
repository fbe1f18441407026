"""What is said of rules, policy tests and drafts, by published code or rule."""

from __future__ import annotations

from typing import Final

from schema.language import Texts

TEXTS: Final[Texts] = {
    "POLICY_TEST_INVALID": (
        "A policy test kept with the rules names what does not exist.",
        "与规则一并保存的策略测试引用了不存在的名称。",
    ),
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
    "rules.system_role": (
        "Line {line}: `system` is the product itself, and no role inherits from it.",
        "第 {line} 行：`system` 是系统自身的角色，其他角色不得继承。",
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
    "draft.no_such_version": (
        "There is no version {version}, or it names what exists no longer.",
        "第 {version} 版不存在，或引用了已不存在的名称。",
    ),
}
