"""What rules do, as queries (D5): differences in effect, policy tests, view as, replay, and the history of versions.

Fields and kinds are named here as rules name them.
"""

from __future__ import annotations

from typing import Any

import strawberry

from documents.access.plan import Action, Purpose, Reason, Scope
from documents.declaring.kind import Kind
from resolvers.chapters.policies.matrix import Cell
from schema.roots.chapter import Vocabulary
from schema.roots.query import DEFAULT_PAGE, LARGEST_PAGE, Info
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.definitions import Fields
from schema.vocabulary.directives import Sensitivity
from schema.vocabulary.scalars import DateTime
from schema.vocabulary.staff_types import Department
from schema.wording.error_format import InvalidArgumentError

strawberry.enum(Action, name="RuleAction", description="What a rule can allow.")


@strawberry.type(description="The scopes that a record satisfies, and no other of those that rules name.")
class ScopeSet:
    scopes: list[Scope]


@strawberry.type(description="Fields that go from one level to another for an action, in the given scopes.")
class AccessChange:
    kind: Kind
    purpose: Purpose
    action: Action = strawberry.field(description="READ has levels; of the others PLAIN means allowed.")
    before: AccessLevel
    after: AccessLevel
    gained: bool
    fields: list[str]
    scope_sets: list[ScopeSet]


@strawberry.type(description="What changes for whoever has one role, and no other.")
class RoleEffect:
    role: str
    changes: list[AccessChange]


@strawberry.type(description="What changes for one account, with all its roles, purposes and scopes.")
class PersonEffect:
    username: str
    display_name: str
    roles: list[str]
    customers: int = strawberry.field(description="How many customers of today are concerned.")
    changes: list[AccessChange]


@strawberry.type(description="A trusted document that reads fields of which some role sees less.")
class TrustedDocumentEffect:
    document: str = strawberry.field(description="Its id in the manifest.")
    kind: Kind
    fields: list[str]
    roles: list[str]


@strawberry.type(description="What a change of rules does (规则变更的影响). Exact: what is not in it does not change.")
class RuleEffects:
    base: int = strawberry.field(description="The version that it is compared with.")
    added: list[str] = strawberry.field(description="Lines of policy.csv.")
    removed: list[str]
    tests_added: list[str]
    tests_removed: list[str]
    roles: list[RoleEffect]
    people: list[PersonEffect]
    documents: list[TrustedDocumentEffect]


@strawberry.type(description="A policy test, and where it fails (策略测试).")
class PolicyTestResult:
    test: str
    holds: bool
    cell: str | None = strawberry.field(description="The first place where it fails, in one line.")
    roles: list[str] | None
    kind: Kind | None
    field: str | None
    purpose: Purpose | None
    rule: str | None = strawberry.field(description="The line that makes it fail, if one does.")


@strawberry.type(description="Whether an action is allowed, and the line of policy.csv that decides it.")
class RuleDecision:
    action: Action
    allowed: bool
    rule: str | None = strawberry.field(description="Null: no rule allows it.")


@strawberry.type(description="A field as somebody would have it. Never its value.")
class ViewedField:
    field: str
    label_en: str
    label_zh: str
    sensitivity: Sensitivity
    level: AccessLevel
    reason: Reason | None
    rule: str | None = strawberry.field(description="The line that decides the level; null: none allows it.")
    decisions: list[RuleDecision]


@strawberry.type(description="The fields of a record that satisfies these scopes.")
class ViewedScope:
    scopes: list[Scope]
    fields: list[ViewedField]


@strawberry.type(description="What somebody else may do, field by field, and by which rules (权限预览).")
class AccessView:
    username: str
    display_name: str
    roles: list[str] = strawberry.field(description="Those of this moment.")
    department: str | None
    purpose: str | None
    kind: Kind
    customer: strawberry.ID | None
    rule_set: int | None = strawberry.field(description="The version; null: of a draft.")
    refusal: str | None = strawberry.field(description="The code with which the person gets in not at all.")
    parts: list[ViewedScope]


@strawberry.type(description="A decision of the past that the draft would make differently.")
class ReplayedDifference:
    kind: Kind
    purpose: Purpose
    action: Action
    field: str
    before: AccessLevel
    after: AccessLevel
    gained: bool
    certain: bool = strawberry.field(description="False: in some of the scopes in which it may have been made.")
    times: int
    people: list[str]
    first: DateTime
    last: DateTime


@strawberry.type(description="The decisions of a period, made again under a draft (规则回放).")
class DraftReplay:
    entries: int = strawberry.field(description="Entries of the trail that were looked at.")
    decisions: int
    complete: bool = strawberry.field(description="False: the period has more entries than are replayed at once.")
    differences: list[ReplayedDifference]


@strawberry.type(description="A version of the rules (规则集版本).")
class RuleSet:
    version: int
    in_force: bool
    activated_at: DateTime
    activated_by: str
    approved_by: str | None
    comment: str | None
    draft: strawberry.ID | None
    rules: int = strawberry.field(description="How many it has.")


@strawberry.type(description="A version of the rules, whole.")
class RuleSetContent:
    version: int
    csv: str = strawberry.field(description="Casbin's policy.csv.")
    model: str = strawberry.field(description="Casbin's model.conf.")
    tests: list[str]


@strawberry.type(description="What one role may do in records that satisfy these scopes, by names of fields.")
class MatrixRow:
    role: str
    scopes: list[Scope]
    plain: list[str]
    masked: list[str]
    filterable: list[str]
    writable: list[str]
    creatable: list[str]
    deletable: list[str]
    exportable: list[str]
    revealable: list[str] = strawberry.field(description="Of those masked.")


@strawberry.type(description="A role, and those whose rules it inherits.")
class RuleRole:
    role: str
    inherits: list[str]


@strawberry.type(description="A field as rules name it.")
class RuleField:
    field: str
    label_en: str
    label_zh: str
    sensitivity: Sensitivity = strawberry.field(description="Its class, `@identity` and so on in rules.")
    maskable: bool
    encrypted: bool


@strawberry.type(description="A kind of record as rules name it.")
class RuleKind:
    kind: Kind
    fields: list[RuleField]


@strawberry.type(description="The names that rules are made of.")
class PolicyVocabulary:
    roles: list[RuleRole]
    kinds: list[RuleKind]


@strawberry.type(description="An account and its roles.")
class AccountRoles:
    username: str
    display_name: str
    roles: list[str] = strawberry.field(description="Those of this moment.")
    lasting_roles: list[str] = strawberry.field(description="Those of them that do not end by themselves.")
    base_roles: list[str] = strawberry.field(description="Those that no grant gave: `setAccountRoles` replaces them.")
    purposes: list[Purpose]
    department: str | None
    department_named: Department | None = strawberry.field(description="Its names.")
    disabled: bool
    cleared_until: DateTime | None = strawberry.field(description="The end of the undertaking in force.")


@strawberry.type(description="What the caller may do in changing the rules, if the draft allows it.")
class PolicyRights:
    write: bool = strawberry.field(description="Begin drafts and change them.")
    decide: bool = strawberry.field(description="Submit and discard them.")
    approve: bool = strawberry.field(description="Those in which they did not write.")
    activate: bool
    approval_required: bool = strawberry.field(description="Whether another than the authors has to approve.")


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries."""
    texts: dict[str, tuple[Any, Any, str]] = {
        "draft_effects": (RuleEffects | None, _draft_effects, "What a draft would do, exactly."),
        "rule_set_effects": (RuleEffects | None, _rule_set_effects, "What a version did to the one before it."),
        "policy_tests": (
            list[PolicyTestResult] | None,
            _policy_tests,
            "The policy tests of a draft, or of the version in force, run now.",
        ),
        "draft_conflicts": (
            list[str] | None,
            _draft_conflicts,
            "The lines of a draft about what was changed since its base too; empty where it can be rebased.",
        ),
        "view_as": (
            AccessView | None,
            _view_as,
            "What somebody else may do with each field of a customer or kind, and by which rule. The trail says so.",
        ),
        "policy_matrix": (
            list[MatrixRow] | None,
            _policy_matrix,
            "What every role may do with the fields of a kind, by the rules in force or those of a draft.",
        ),
        "rule_decisions": (
            list[RuleDecision] | None,
            _rule_decisions,
            "What decides a cell of the matrix: each action, with its rule, by those in force or those of a draft.",
        ),
        "policy_rights": (PolicyRights | None, _policy_rights, "What the caller may do in changing the rules."),
        "policy_vocabulary": (PolicyVocabulary | None, _policy_vocabulary, "The names that rules are made of."),
        "account_roles": (list[AccountRoles] | None, _account_roles, "Who there is, and with which roles."),
        "replay_draft": (
            DraftReplay | None,
            _replay_draft,
            "Which decisions of a period would have been others under a draft.",
        ),
        "rule_sets": (list[RuleSet] | None, _rule_sets, "The versions of the rules, newest first."),
        "rule_set": (RuleSetContent | None, _rule_set, "A version whole; the one in force where none is named."),
    }
    return {
        name: (answer, strawberry.field(resolver=resolver, description=text))
        for name, (answer, resolver, text) in texts.items()
    }


async def _draft_effects(info: Info, draft: strawberry.ID) -> Any:
    return await info.context.use_cases.policies.effects.of_draft(info.context.caller, draft)


async def _rule_set_effects(info: Info, version: int) -> Any:
    return await info.context.use_cases.policies.effects.of_version(info.context.caller, version)


async def _policy_tests(info: Info, draft: strawberry.ID | None = strawberry.UNSET) -> Any:
    return await info.context.use_cases.policies.effects.tests(info.context.caller, draft or None)


async def _draft_conflicts(info: Info, draft: strawberry.ID) -> Any:
    return await info.context.use_cases.policies.effects.conflicts(info.context.caller, draft)


async def _view_as(
    info: Info,
    username: str,
    customer: strawberry.ID | None = strawberry.UNSET,
    kind: Kind | None = strawberry.UNSET,
    purpose: Purpose | None = strawberry.UNSET,
    draft: strawberry.ID | None = strawberry.UNSET,
) -> Any:
    view, caller = info.context.use_cases.policies.view_as, info.context.caller
    stated = purpose.value if purpose else None
    if customer and not kind:
        return await view.of_customer(caller, username, customer, stated, draft or None)
    if kind and not customer:
        return await view.of_kind(caller, username, kind, stated, draft or None)
    raise InvalidArgumentError("view_as.target")


async def _policy_matrix(
    info: Info, kind: Kind, purpose: Purpose, draft: strawberry.ID | None = strawberry.UNSET
) -> Any:
    return await info.context.use_cases.policies.matrix.of_kind(info.context.caller, kind, purpose, draft or None)


async def _rule_decisions(
    info: Info,
    role: str,
    scope: Scope,
    kind: Kind,
    field: str,
    purpose: Purpose,
    draft: strawberry.ID | None = strawberry.UNSET,
) -> Any:
    matrix = info.context.use_cases.policies.matrix
    return await matrix.of_cell(info.context.caller, Cell(role, scope, kind, field, purpose), draft or None)


async def _policy_rights(info: Info) -> Any:
    return await info.context.use_cases.policies.administration.rights(info.context.caller)


async def _policy_vocabulary(info: Info, draft: strawberry.ID | None = strawberry.UNSET) -> Any:
    return await info.context.use_cases.policies.matrix.vocabulary(info.context.caller, draft or None)


async def _account_roles(info: Info) -> Any:
    return await info.context.use_cases.accounts.grants.accounts(info.context.caller)


async def _replay_draft(info: Info, draft: strawberry.ID, since: DateTime, until: DateTime) -> Any:
    return await info.context.use_cases.policies.replay.replay(info.context.caller, draft, since, until)


async def _rule_sets(info: Info, first: int = DEFAULT_PAGE, before: int | None = strawberry.UNSET) -> Any:
    if not 1 <= first <= LARGEST_PAGE:
        raise InvalidArgumentError("page.size", argument="first", maximum=str(LARGEST_PAGE))
    return await info.context.use_cases.policies.history.versions(info.context.caller, first, before or None)


async def _rule_set(info: Info, version: int | None = strawberry.UNSET) -> Any:
    return await info.context.use_cases.policies.history.content(info.context.caller, version or None)
