"""What is asked of both servers: the page and the single customer, as GraphQL and as the bare endpoint's JSON; and of
Dossier with and without the audit trail a new customer, too.

Page: 50 enterprises, newest first, at the position after a random row of the list, 20 fields each. Single: one random
enterprise by id, the same 20 fields. Four of the fields are encrypted; the role of the benchmark reads one of them, and
three are denied to it. An enterprise is the one kind that has that many fields without a reference to another record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

PAGE_SIZE: Final = 50

PLAIN_FIELDS: Final = (
    "name",
    "status",
    "region",
    "customer_since",
    "version",
    "created_at",
    "established_on",
    "website",
    "legal_form",
    "size",
    "industry",
    "business_scope",
    "registered_capital",
    "employee_count",
    "licence_expires_on",
)
"""With `id` 16 fields stored in the clear."""

READABLE_FIELD: Final = "telephone"
DENIED_FIELDS: Final = ("email", "unified_social_credit_code", "annual_revenue")

_NAMES: Final = (*PLAIN_FIELDS, READABLE_FIELD, *DENIED_FIELDS)


def public_name(name: str) -> str:
    """The declared name in camel case, as the API spells it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_SELECTION: Final = "... on Enterprise { id " + " ".join(public_name(name) for name in _NAMES) + " }"
PAGE_QUERY: Final = (
    "query Page($first: Int!, $after: String) { customers(kinds: [ENTERPRISE], first: $first, after: $after) "
    f"{{ nodes {{ {_SELECTION} }} pageInfo {{ hasNextPage }} }} }}"
)
SINGLE_QUERY: Final = f"query Single($id: ID!) {{ customer(id: $id) {{ {_SELECTION} }} }}"
WALK_QUERY: Final = (
    "query Walk($first: Int!, $after: String) { customers(kinds: [ENTERPRISE], first: $first, after: $after) "
    "{ nodes { ... on Enterprise { id createdAt } } pageInfo { hasNextPage endCursor } } }"
)

CREATED_NAME: Final = "Made by the benchmark"
CREATE_MUTATION: Final = (
    "mutation Create($input: CreateCustomerInput!) "
    "{ createCustomer(input: $input) { customer { id version } userErrors { code field } } }"
)

LOGIN_MUTATION: Final = (
    "mutation Login($username: String!, $password: String!) "
    "{ login(input: {username: $username, password: $password}) { accessToken userErrors { code } } }"
)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: Dossier's cursor, and what the bare endpoint takes in its stead."""

    cursor: str
    created_at: str
    customer_id: str


def http_request(path: str, body: Any, headers: dict[str, str] | None = None) -> bytes:
    """One HTTP/1.1 POST as bytes."""
    content = orjson.dumps(body)
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        "accept: application/json",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def graphql_request(query: str, variables: dict[str, Any], token: str | None = None) -> bytes:
    """A GraphQL request to Dossier."""
    headers = {"dossier-purpose": "business_operation"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return http_request("/graphql", {"query": query, "variables": variables}, headers)


def page_requests(position: Position, token: str) -> tuple[bytes, bytes]:
    """The page after `position`, of Dossier and of the bare endpoint."""
    return (
        graphql_request(PAGE_QUERY, {"first": PAGE_SIZE, "after": position.cursor}, token),
        http_request(
            "/page", {"first": PAGE_SIZE, "createdAt": position.created_at, "id": position.customer_id.split("_")[1]}
        ),
    )


def create_request(token: str) -> bytes:
    """A new enterprise, four fields of it in the clear and one encrypted."""
    given = {
        "sourceChannel": "CONTRACT",
        "name": CREATED_NAME,
        "region": "110105",
        "industry": "I65",
        "businessScope": "software",
        "telephone": "+8613800138000",
    }
    return graphql_request(CREATE_MUTATION, {"input": {"enterprise": given}}, token)


def single_requests(customer_id: str, token: str) -> tuple[bytes, bytes]:
    """One customer, of Dossier and of the bare endpoint."""
    return (
        graphql_request(SINGLE_QUERY, {"id": customer_id}, token),
        http_request("/single", {"id": customer_id.split("_")[1]}),
    )
