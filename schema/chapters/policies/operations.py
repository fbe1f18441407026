"""Changing the access rules (D5): drafts, approval, activation, and roles for a time."""

from __future__ import annotations

from typing import Final

from documents.chapters.policies.kinds import DraftRole, DraftRule
from documents.declaring.kind import Kind
from schema.roots.operations import Arguments, Operation

CONTENT: Final[Arguments] = {
    "rules": (list[DraftRule] | None, "Every rule; left out: those that were there."),
    "inheritance": (list[DraftRole] | None, "Every role; left out: those that were there."),
    "tests": (list[str] | None, "Every policy test, a sentence each; left out: those that were there."),
    "csv": (str | None, "In place of rules and roles: Casbin's policy.csv."),
}
NOTE: Final[Arguments] = {"note": (str | None, "Kept with the step.")}

OPERATIONS: Final = (
    Operation(
        "create_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.create_draft,
        "Begins a change of the rules in force, or of the version `base`. Every line that does not hold is named.",
        fields=("comment!", "base"),
        more=CONTENT,
    ),
    Operation(
        "update_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.update_draft,
        "Changes a draft, which has to be submitted and approved anew.",
        fields=("comment",),
        more=CONTENT,
        on="record",
    ),
    Operation(
        "submit_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.submit_draft,
        "Hands a draft over for approval.",
        more=NOTE,
        on="record",
    ),
    Operation(
        "approve_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.approve_draft,
        "Approves what another person wrote and submitted.",
        more=NOTE,
        on="record",
    ),
    Operation(
        "rebase_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.rebase_draft,
        "Makes the change on top of the version in force; the lines that it touched as well are named.",
        more=NOTE,
        on="record",
    ),
    Operation(
        "activate_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.activate_draft,
        "Puts a draft in force, everywhere within a second.",
        more=NOTE,
        on="record",
    ),
    Operation(
        "discard_draft",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.discard_draft,
        "Ends a draft that is not wanted any more.",
        more=NOTE,
        on="record",
    ),
    Operation(
        "revert_rules",
        Kind.RULE_DRAFT,
        lambda use_cases: use_cases.policies.administration.revert_rules,
        "Goes back to the rules of an earlier version: at once, or as a submitted draft where approval is needed.",
        fields=("comment!",),
        more={"to_version": (int, "The version whose rules are wanted again.")},
    ),
    Operation(
        "grant_role",
        Kind.ROLE_GRANT,
        lambda use_cases: use_cases.accounts.grants.grant,
        "Grants a role from now, or a later time, until it ends by itself; where approval is needed it waits.",
        fields=("staff!", "role!", "since", "until", "reason!"),
    ),
    Operation(
        "approve_role_grant",
        Kind.ROLE_GRANT,
        lambda use_cases: use_cases.accounts.grants.approve,
        "Makes a grant count that another person made for a third.",
        on="record",
    ),
    Operation(
        "end_role_grant",
        Kind.ROLE_GRANT,
        lambda use_cases: use_cases.accounts.grants.end,
        "Ends a granted role at once: everywhere within a second.",
        on="record",
    ),
)
