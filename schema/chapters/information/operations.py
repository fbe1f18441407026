"""Care for customer information: reviews (I2), undertakings (I4), sharing (I7)."""

from __future__ import annotations

from typing import Final

from documents.declaring.kind import Kind
from schema.roots.operations import Operation

OPERATIONS: Final = (
    Operation(
        "record_review",
        Kind.REVIEW,
        lambda use_cases: use_cases.information.reviews.record,
        "Records that a customer's information was reviewed, and sets when it is due again.",
        fields=("result!", "corrected", "note"),
        on="customer",
    ),
    Operation(
        "sign_undertaking",
        Kind.UNDERTAKING,
        lambda use_cases: use_cases.information.undertakings.sign,
        "Signs the confidentiality undertaking as the caller. Without one in force there is no access.",
        fields=("text_version!",),
    ),
    Operation(
        "withdraw_undertaking",
        Kind.UNDERTAKING,
        lambda use_cases: use_cases.information.undertakings.withdraw,
        "Withdraws an undertaking; access ends within a second.",
        fields=("withdrawal_reason",),
        on="record",
    ),
    Operation(
        "add_partner",
        Kind.PARTNER,
        lambda use_cases: use_cases.information.sharing.add_partner,
        "Adds a partner.",
        fields=("name!", "contact_person", "contact_telephone", "shared_for"),
    ),
    Operation(
        "sign_sharing_agreement",
        Kind.SHARING_AGREEMENT,
        lambda use_cases: use_cases.information.sharing.sign_agreement,
        "Records a signed confidentiality agreement with a partner.",
        fields=("partner!", "fields", "signed_at!", "expires_at!", "document"),
    ),
    Operation(
        "end_sharing_agreement",
        Kind.SHARING_AGREEMENT,
        lambda use_cases: use_cases.information.sharing.end_agreement,
        "Ends an agreement, and the sharing under it, now.",
        on="record",
    ),
    Operation(
        "give_consent",
        Kind.CONSENT,
        lambda use_cases: use_cases.information.sharing.give_consent,
        "Records a customer's consent that a partner sees some fields until a day.",
        fields=("partner!", "fields!", "given_at!", "expires_at!", "document", "note"),
        on="customer",
    ),
    Operation(
        "withdraw_consent",
        Kind.CONSENT,
        lambda use_cases: use_cases.information.sharing.withdraw_consent,
        "Withdraws a consent, and the sharing by it, now.",
        on="record",
    ),
)
