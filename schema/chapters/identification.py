"""Identification (C3 to C5): verifications, risk tables, risk assessments, and a customer's dossier in one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import strawberry
from graphql import GraphQLResolveInfo

from documents.chapters.identification.dossier import DossierSection, DossierStatus
from documents.chapters.identification.kinds import RiskFactorValue, RiskTableFactor, RiskTableRule
from documents.chapters.identification.risk import RiskLevel
from documents.declaring.kind import Kind
from documents.declaring.record import plural
from documents.plain_records import Record
from schema.execution.selection import selects_each
from schema.language import Texts
from schema.roots.chapter import Chapter, Vocabulary
from schema.roots.operations import RETRY, Operation
from schema.roots.query import Info, list_records, page_field, selection_of
from schema.vocabulary.definitions import Fields, make_type, plain
from schema.vocabulary.record_types import of_customers

JUDGED = (("state",), ("missing",), ("unknown",))


TEXTS: Final[Texts] = {
    "input.unknown_factor": ("The risk table has no factor `{input}`.", "风险评估表中没有因素 `{input}`。"),
    "verification.same_person": (
        "Another person than the verifier has to confirm it.",
        "须由核验人以外的另一人复核。",
    ),
    "verification.in_future": ("A verification is recorded after it was made.", "核验只能在完成之后登记。"),
    "verification.expired": ("It expires before it was made.", "有效期不得早于核验日期。"),
    "risk_table.none": ("There is no risk table for this kind of customer.", "该类客户尚无风险评估表。"),
    "risk_table.invalid": ("The table contradicts itself.", "该风险评估表自相矛盾。"),
    "factor.twice": ("The value of `{input}` is given twice.", "因素 `{input}` 的取值重复填写。"),
}

for choices in (DossierSection, DossierStatus, RiskLevel):
    strawberry.enum(choices)


@strawberry.type(description="An assessment of risk made again from what was recorded of it (C4).")
class RiskReproduction:
    id: strawberry.ID
    equal: bool = strawberry.field(description="Whether everything came out as it was recorded.")
    differing: list[str] = strawberry.field(description="The fields that did not.")
    table_number: int
    level: RiskLevel
    score: int


@strawberry.type(description="Something that a complete dossier has.")
class DossierPart:
    section: DossierSection
    code: str = strawberry.field(
        description="A field, `contact` for any of several, `missing`, `expired` or `licence_expired`."
    )
    label_en: str
    label_zh: str


OPERATIONS: Final = (
    Operation(
        "record_verification",
        Kind.VERIFICATION,
        lambda use_cases: use_cases.identification.verifications.record,
        "Records that you verified particulars of a customer, and with what result." + RETRY,
        fields=(
            *("method!", "covers!", "result!"),
            *("verified_with", "documents", "reference_number", "note", "verified_at", "expires_on"),
        ),
        on="customer",
    ),
    Operation(
        "confirm_verification",
        Kind.VERIFICATION,
        lambda use_cases: use_cases.identification.verifications.confirm,
        "Confirms a verification that another person recorded: from now on it counts." + RETRY,
        on="record",
    ),
    Operation(
        "withdraw_verification",
        Kind.VERIFICATION,
        lambda use_cases: use_cases.identification.verifications.withdraw,
        "Withdraws a verification: it counts no more." + RETRY,
        fields=("withdrawal_reason!",),
        on="record",
    ),
    Operation(
        "activate_risk_table",
        Kind.RISK_TABLE,
        lambda use_cases: use_cases.identification.tables.activate,
        "Puts a new risk table in force, in place of the present one." + RETRY,
        fields=("applies_to!", "medium_from!", "high_from!"),
        more={
            "factors": (list[RiskTableFactor], "What is looked at, each once (风险因素)."),
            "rules": (list[RiskTableRule], "The first of a factor that holds gives its points (评分规则)."),
        },
    ),
    Operation(
        "assess_risk",
        Kind.RISK_ASSESSMENT,
        lambda use_cases: use_cases.identification.risk.assess,
        "Assesses the risk of a customer by the table in force; a new level changes the handling." + RETRY,
        fields=("evidence", "note"),
        more={"inputs": (list[RiskFactorValue], "What is known; what is left out counts as not known (已知情况).")},
        on="customer",
    ),
)


def queries(vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    dossier_type = _dossier(vocabulary)

    async def reproduce_risk_assessment(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        context = info.context
        return await context.use_cases.identification.risk.reproduce(context.caller, id)

    async def dossier(info: Info, customer: strawberry.ID) -> Any:
        context, judged = info.context, any(selects_each(info, *JUDGED))
        selection = selection_of(info, ("customer",))
        return await context.use_cases.identification.dossiers.find(context.caller, customer, selection, judged=judged)

    return {
        "reproduce_risk_assessment": (
            RiskReproduction | None,
            strawberry.field(
                resolver=reproduce_risk_assessment,
                description="Makes an assessment again from what was recorded, and says whether it is the same.",
            ),
        ),
        "dossier": (
            dossier_type | None,
            strawberry.field(
                resolver=dossier,
                description="The dossier of a customer, as far as you may see it; null where there is none for you.",
            ),
        ),
    }


def _dossier(vocabulary: Vocabulary) -> Any:
    fields: Fields = {
        "customer": (vocabulary.customers.interface, plain()),
        "state": (
            DossierStatus,
            plain("As far as you may see: UNKNOWN where nothing is seen to be missing and not all may be seen."),
        ),
        "missing": (list[DossierPart], plain("What is missing, or has run out, of what you may see.")),
        "unknown": (list[DossierPart], plain("Of what you may not see whether it is there.")),
    }
    for kind in of_customers():
        listed = page_field(vocabulary.inputs[kind], _section(kind))
        fields[plural(kind)] = (vocabulary.records[kind].connection | None, listed)
    return make_type("Dossier", fields, "The dossier of a customer (C5): what you may see of it, as it is now.")


def _section(kind: Kind) -> Any:
    async def section(info: GraphQLResolveInfo[Any], dossier: Any, arguments: Mapping[str, Any]) -> Record:
        return await list_records(info, kind, arguments, dossier["customer_id"])

    return section


CHAPTER: Final = Chapter(operations=OPERATIONS, queries=queries, texts=TEXTS)
