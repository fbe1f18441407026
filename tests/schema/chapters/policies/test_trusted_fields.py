"""Which fields trusted documents read: through interfaces, fragments, lists and records of customers."""

from __future__ import annotations

import pytest

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.registry import CATALOGUE
from schema.build import build_schema
from schema.chapters.policies.trusted_fields import trusted_reads

SCHEMA = build_schema(CATALOGUE).core
EVERY_KIND = {kind: {"name"} for kind in CUSTOMER_KINDS}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ customers { nodes { id name } } }", EVERY_KIND),
        ('{ customer(id: "x") { ... on Individual { idNumber } } }', {Kind.INDIVIDUAL: {"id_number"}}),
        (
            "query A { customers { edges { node { ...some } } } } fragment some on Enterprise { alias: bankAccounts }",
            {Kind.ENTERPRISE: {"bank_accounts"}},
        ),
        ("{ tickets { nodes { subject customer { name } } } }", {Kind.TICKET: {"subject", "customer"}, **EVERY_KIND}),
        ("{ customers { nodes { recentTickets { state } } } }", {Kind.TICKET: {"state"}}),
        ("{ viewer { username } }", {}),
    ],
)
def test_the_fields_of_a_document_are_found_by_kind(text: str, expected: dict[Kind, set[str]]) -> None:
    """By their declared names; of an interface for every kind that may stand there."""
    assert trusted_reads({"one": text}, SCHEMA) == {"one": expected}
