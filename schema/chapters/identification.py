"""Identification (C3 to C5): verifications, risk tables, risk assessments, and a customer's dossier in one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from documents.chapters.identification.dossier import DossierSection, DossierStatus
from documents.chapters.identification.kinds import RiskFactorValue, RiskTableFactor, RiskTableRule
from documents.chapters.identification.risk import RiskLevel
from documents.declaring.kind import Kind
from documents.declaring.record import plural
from documents.plain_records import Record
from schema.execution.selection import selects_each
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.operations import Operation
from schema.roots.query import Info, list_records, page_field, selection_of
from schema.vocabulary.customer_types import make_class, plain
from schema.vocabulary.object_inputs import object_input
from schema.vocabulary.record_inputs import operation_input
from schema.vocabulary.record_types import of_customers

PLAIN_TYPES: tuple[str, ...] = ("RiskReproduction", "Dossier", "DossierPart")
RETRY = " Safe to retry with an `Idempotency-Key`."
JUDGED = (("state",), ("missing",), ("unknown",))


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    return [*_verifications(vocabulary), *_risk(vocabulary)]


def _verifications(vocabulary: Vocabulary) -> list[Operation]:
    enums, kind = vocabulary.enums, Kind.VERIFICATION
    required = ("method", "covers", "result")
    more = ("verified_with", "documents", "reference_number", "note", "verified_at", "expires_on")
    reason = ("withdrawal_reason",)
    return [
        Operation(
            "record_verification",
            kind,
            operation_input(
                "RecordVerificationInput", kind, enums, (*required, *more), required_fields=required, of_customer=True
            ),
            lambda use_cases: use_cases.identification.verifications.record,
            "Records that you verified particulars of a customer, and with what result." + RETRY,
        ),
        Operation(
            "confirm_verification",
            kind,
            operation_input("ConfirmVerificationInput", kind, enums, (), of_record=True),
            lambda use_cases: use_cases.identification.verifications.confirm,
            "Confirms a verification that another person recorded: from now on it counts." + RETRY,
        ),
        Operation(
            "withdraw_verification",
            kind,
            operation_input("WithdrawVerificationInput", kind, enums, reason, required_fields=reason, of_record=True),
            lambda use_cases: use_cases.identification.verifications.withdraw,
            "Withdraws a verification: it counts no more." + RETRY,
        ),
    ]


def _risk(vocabulary: Vocabulary) -> list[Operation]:
    enums = vocabulary.enums
    table = ("applies_to", "medium_from", "high_from")
    factor, rule, value = (object_input(model, enums) for model in (RiskTableFactor, RiskTableRule, RiskFactorValue))
    return [
        Operation(
            "activate_risk_table",
            Kind.RISK_TABLE,
            operation_input(
                "ActivateRiskTableInput",
                Kind.RISK_TABLE,
                enums,
                table,
                required_fields=table,
                more={
                    "factors": (_list_of(factor), "What is looked at, each once (风险因素)."),
                    "rules": (_list_of(rule), "The first of a factor that holds gives its points (评分规则)."),
                },
            ),
            lambda use_cases: use_cases.identification.tables.activate,
            "Puts a new risk table in force, in place of the present one." + RETRY,
        ),
        Operation(
            "assess_risk",
            Kind.RISK_ASSESSMENT,
            operation_input(
                "AssessRiskInput",
                Kind.RISK_ASSESSMENT,
                enums,
                ("evidence", "note"),
                of_customer=True,
                more={"inputs": (_list_of(value), "What is known; what is left out counts as not known (已知情况).")},
            ),
            lambda use_cases: use_cases.identification.risk.assess,
            "Assesses the risk of a customer by the table in force; a new level changes the handling." + RETRY,
        ),
    ]


def queries(vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    reproduction, dossier_type = _reproduction(vocabulary), _dossier(vocabulary)

    async def reproduce_risk_assessment(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        context = info.context
        return await context.use_cases.identification.risk.reproduce(context.caller, id)

    async def dossier(info: Info, customer: strawberry.ID) -> Any:
        context, judged = info.context, any(selects_each(info, *JUDGED))
        selection = selection_of(info, ("customer",))
        return await context.use_cases.identification.dossiers.find(context.caller, customer, selection, judged=judged)

    return {
        "reproduce_risk_assessment": (
            reproduction | None,
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


def _reproduction(vocabulary: Vocabulary) -> Any:
    fields: Fields = {
        "id": (strawberry.ID, plain("")),
        "equal": (bool, plain("Whether everything came out as it was recorded.")),
        "differing": (list[str], plain("The fields that did not.")),
        "table_number": (int, plain("")),
        "level": (vocabulary.enums.of(RiskLevel), plain("")),
        "score": (int, plain("")),
    }
    made = make_class("RiskReproduction", (), fields, {})
    return strawberry.type(made, description="An assessment of risk made again from what was recorded of it (C4).")


def _dossier(vocabulary: Vocabulary) -> Any:
    part_fields: Fields = {
        "section": (vocabulary.enums.of(DossierSection), plain("")),
        "code": (str, plain("A field, `contact` for any of several, `missing`, `expired` or `licence_expired`.")),
        "label_en": (str, plain("")),
        "label_zh": (str, plain("")),
    }
    part = strawberry.type(
        make_class("DossierPart", (), part_fields, {}), description="Something that a complete dossier has."
    )
    fields: Fields = {
        "customer": (vocabulary.customers.interface, plain("")),
        "state": (
            vocabulary.enums.of(DossierStatus),
            plain("As far as you may see: UNKNOWN where nothing is seen to be missing and not all may be seen."),
        ),
        "missing": (_list_of(part), plain("What is missing, or has run out, of what you may see.")),
        "unknown": (_list_of(part), plain("Of what you may not see whether it is there.")),
    }
    for kind in of_customers():
        listed = page_field(vocabulary.inputs[kind], _section(kind))
        fields[plural(kind)] = (vocabulary.records[kind].connection | None, listed)
    made = make_class("Dossier", (), fields, {})
    return strawberry.type(made, description="The dossier of a customer (C5): what you may see of it, as it is now.")


def _section(kind: Kind) -> Any:
    async def section(info: GraphQLResolveInfo[Any], dossier: Any, arguments: Mapping[str, Any]) -> Record:
        return await list_records(info, kind, arguments, dossier["customer_id"])

    return section


def _list_of(made: Any) -> Any:
    return list[made]
