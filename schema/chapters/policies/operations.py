"""Changing the access rules (D5): drafts, approval, activation, and roles for a time."""

from __future__ import annotations

from typing import Any

from documents.chapters.policies.kinds import DraftRole, DraftRule
from documents.declaring.kind import Kind
from schema.chapters.accounts import operations as accounts
from schema.chapters.policies import effects as policy_effects
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.operations import Operation
from schema.vocabulary.object_inputs import object_input
from schema.vocabulary.record_inputs import operation_input

PLAIN_TYPES: tuple[str, ...] = policy_effects.PLAIN_TYPES


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    return [*_writing(vocabulary), *_deciding(vocabulary), *_granting(vocabulary), *accounts.operations(vocabulary)]


def queries(vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    return policy_effects.queries(vocabulary)


def _writing(vocabulary: Vocabulary) -> list[Operation]:
    enums = vocabulary.enums
    rule: Any = object_input(DraftRule, enums)
    role: Any = object_input(DraftRole, enums)
    content = {
        "rules": (list[rule] | None, "Every rule; left out: those that were there."),
        "inheritance": (list[role] | None, "Every role; left out: those that were there."),
        "tests": (list[str] | None, "Every policy test, a sentence each; left out: those that were there."),
        "csv": (str | None, "In place of rules and roles: Casbin's policy.csv."),
    }
    create = operation_input(
        "CreateDraftInput",
        Kind.RULE_DRAFT,
        enums,
        ("comment", "base"),
        required_fields=("comment",),
        more=content,
    )
    update = operation_input("UpdateDraftInput", Kind.RULE_DRAFT, enums, ("comment",), more=content, of_record=True)
    return [
        Operation(
            "create_draft",
            Kind.RULE_DRAFT,
            create,
            lambda use_cases: use_cases.policies.administration.create_draft,
            "Begins a change of the rules in force, or of the version `base`. Every line that does not hold is named.",
        ),
        Operation(
            "update_draft",
            Kind.RULE_DRAFT,
            update,
            lambda use_cases: use_cases.policies.administration.update_draft,
            "Changes a draft, which has to be submitted and approved anew.",
        ),
    ]


def _deciding(vocabulary: Vocabulary) -> list[Operation]:
    enums, note = vocabulary.enums, {"note": (str | None, "Kept with the step.")}

    def step(name: str) -> object:
        return operation_input(f"{name}Input", Kind.RULE_DRAFT, enums, (), more=note, of_record=True)

    revert = operation_input(
        "RevertRulesInput",
        Kind.RULE_DRAFT,
        enums,
        ("comment",),
        required_fields=("comment",),
        more={"to_version": (int, "The version whose rules are wanted again.")},
    )
    return [
        Operation(
            "submit_draft",
            Kind.RULE_DRAFT,
            step("SubmitDraft"),
            lambda use_cases: use_cases.policies.administration.submit_draft,
            "Hands a draft over for approval.",
        ),
        Operation(
            "approve_draft",
            Kind.RULE_DRAFT,
            step("ApproveDraft"),
            lambda use_cases: use_cases.policies.administration.approve_draft,
            "Approves what another person wrote and submitted.",
        ),
        Operation(
            "rebase_draft",
            Kind.RULE_DRAFT,
            step("RebaseDraft"),
            lambda use_cases: use_cases.policies.administration.rebase_draft,
            "Makes the change on top of the version in force; the lines that it touched as well are named.",
        ),
        Operation(
            "activate_draft",
            Kind.RULE_DRAFT,
            step("ActivateDraft"),
            lambda use_cases: use_cases.policies.administration.activate_draft,
            "Puts a draft in force, everywhere within a second.",
        ),
        Operation(
            "discard_draft",
            Kind.RULE_DRAFT,
            step("DiscardDraft"),
            lambda use_cases: use_cases.policies.administration.discard_draft,
            "Ends a draft that is not wanted any more.",
        ),
        Operation(
            "revert_rules",
            Kind.RULE_DRAFT,
            revert,
            lambda use_cases: use_cases.policies.administration.revert_rules,
            "Goes back to the rules of an earlier version: at once, or as a submitted draft where approval is needed.",
        ),
    ]


def _granting(vocabulary: Vocabulary) -> list[Operation]:
    enums = vocabulary.enums
    grant = operation_input(
        "GrantRoleInput",
        Kind.ROLE_GRANT,
        enums,
        ("staff", "role", "since", "until", "reason"),
        required_fields=("staff", "role", "reason"),
    )
    return [
        Operation(
            "grant_role",
            Kind.ROLE_GRANT,
            grant,
            lambda use_cases: use_cases.accounts.grants.grant,
            "Grants a role from now, or a later time, until it ends by itself; where approval is needed it waits.",
        ),
        Operation(
            "approve_role_grant",
            Kind.ROLE_GRANT,
            operation_input("ApproveRoleGrantInput", Kind.ROLE_GRANT, enums, (), of_record=True),
            lambda use_cases: use_cases.accounts.grants.approve,
            "Makes a grant count that another person made for a third.",
        ),
        Operation(
            "end_role_grant",
            Kind.ROLE_GRANT,
            operation_input("EndRoleGrantInput", Kind.ROLE_GRANT, enums, (), of_record=True),
            lambda use_cases: use_cases.accounts.grants.end,
            "Ends a granted role at once: everywhere within a second.",
        ),
    ]
