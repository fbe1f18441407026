"""Care for customer information (I1 to I7): undertakings, sharing, reviews, incidents."""

from __future__ import annotations

from typing import Any

import strawberry

from documents.declaring.kind import Kind
from documents.declaring.record import SourceChannel
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.operations import Operation
from schema.roots.query import Info
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.record_inputs import operation_input
from schema.vocabulary.scalars import DateTime
from schema.vocabulary.staff_types import Staff
from schema.wording.error_format import InvalidArgumentError

PLAIN_TYPES: tuple[str, ...] = ("UndertakingText", "FieldChange", "CustomerHistory")
DEFAULT_PAGE, LARGEST_PAGE = 50, 100


@strawberry.type(description="The text of the confidentiality undertaking (保密承诺书).")
class UndertakingText:
    version: int
    text_en: str
    text_zh: str
    digest: str = strawberry.field(description="SHA-256 of both texts, hex; kept with the signature.")


@strawberry.type(description="A change of one field of a customer.")
class FieldChange:
    field: str
    label_en: str
    label_zh: str
    level: AccessLevel = strawberry.field(description="How the values are shown.")
    version: int = strawberry.field(description="The customer's version that the change made.")
    at: DateTime
    by: Staff | None
    channel: SourceChannel
    important: bool = strawberry.field(description="Contact details, or the scope of business.")
    before: list[str] | None = strawberry.field(description="One text per value; null where there was none.")
    after: list[str] | None


@strawberry.type(description="Changes of a customer, newest first; of the fields that you may read.")
class CustomerHistory:
    nodes: list[FieldChange]
    has_next_page: bool
    end_cursor: str | None


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    return [*_reviews(vocabulary), *_confidentiality(vocabulary), *_sharing(vocabulary)]


def _reviews(vocabulary: Vocabulary) -> list[Operation]:
    fields = ("result", "corrected", "note")
    review = operation_input(
        "RecordReviewInput", Kind.REVIEW, vocabulary.enums, fields, required_fields=("result",), of_customer=True
    )
    return [
        Operation(
            "record_review",
            Kind.REVIEW,
            review,
            lambda use_cases: use_cases.information.reviews.record,
            "Records that a customer's information was reviewed, and sets when it is due again.",
        )
    ]


def _confidentiality(vocabulary: Vocabulary) -> list[Operation]:
    enums, kind = vocabulary.enums, Kind.UNDERTAKING
    return [
        Operation(
            "sign_undertaking",
            kind,
            operation_input("SignUndertakingInput", kind, enums, ("text_version",), required_fields=("text_version",)),
            lambda use_cases: use_cases.information.undertakings.sign,
            "Signs the confidentiality undertaking as the caller. Without one in force there is no access.",
        ),
        Operation(
            "withdraw_undertaking",
            kind,
            operation_input("WithdrawUndertakingInput", kind, enums, ("withdrawal_reason",), of_record=True),
            lambda use_cases: use_cases.information.undertakings.withdraw,
            "Withdraws an undertaking; access ends within a second.",
        ),
    ]


def _sharing(vocabulary: Vocabulary) -> list[Operation]:
    enums = vocabulary.enums
    agreement = ("partner", "fields", "signed_at", "expires_at", "document")
    consent = ("partner", "fields", "given_at", "expires_at", "document", "note")
    return [
        Operation(
            "add_partner",
            Kind.PARTNER,
            operation_input(
                "AddPartnerInput",
                Kind.PARTNER,
                enums,
                ("name", "contact_person", "contact_telephone", "shared_for"),
                required_fields=("name",),
            ),
            lambda use_cases: use_cases.information.sharing.add_partner,
            "Adds a partner.",
        ),
        Operation(
            "sign_sharing_agreement",
            Kind.SHARING_AGREEMENT,
            operation_input(
                "SignSharingAgreementInput",
                Kind.SHARING_AGREEMENT,
                enums,
                agreement,
                required_fields=("partner", "signed_at", "expires_at"),
            ),
            lambda use_cases: use_cases.information.sharing.sign_agreement,
            "Records a signed confidentiality agreement with a partner.",
        ),
        Operation(
            "end_sharing_agreement",
            Kind.SHARING_AGREEMENT,
            operation_input("EndSharingAgreementInput", Kind.SHARING_AGREEMENT, enums, (), of_record=True),
            lambda use_cases: use_cases.information.sharing.end_agreement,
            "Ends an agreement, and the sharing under it, now.",
        ),
        Operation(
            "give_consent",
            Kind.CONSENT,
            operation_input(
                "GiveConsentInput",
                Kind.CONSENT,
                enums,
                consent,
                required_fields=("partner", "fields", "given_at", "expires_at"),
                of_customer=True,
            ),
            lambda use_cases: use_cases.information.sharing.give_consent,
            "Records a customer's consent that a partner sees some fields until a day.",
        ),
        Operation(
            "withdraw_consent",
            Kind.CONSENT,
            operation_input("WithdrawConsentInput", Kind.CONSENT, enums, (), of_record=True),
            lambda use_cases: use_cases.information.sharing.withdraw_consent,
            "Withdraws a consent, and the sharing by it, now.",
        ),
    ]


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""

    def undertaking_text(info: Info) -> Any:
        return info.context.use_cases.information.undertakings.text()

    async def customer_history(
        info: Info,
        customer: strawberry.ID,
        field: str | None = None,
        first: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Any:
        if not 1 <= first <= LARGEST_PAGE:
            raise InvalidArgumentError("page.size", argument="first", maximum=str(LARGEST_PAGE))
        context = info.context
        return await context.use_cases.customers.history.find_page(context.caller, customer, field, first, after)

    return {
        "customer_history": (
            CustomerHistory | None,
            strawberry.field(
                resolver=customer_history,
                description="Changes of a customer by field, newest first; null where there is none for you.",
            ),
        ),
        "undertaking_text": (
            UndertakingText,
            strawberry.field(resolver=undertaking_text, description="The text that `signUndertaking` signs."),
        ),
    }
