"""The audit trail (V1, V2): who saw what of whom, and where its chains stand. No mutation: nothing changes it."""

from __future__ import annotations

from typing import Any, Final

import strawberry
from bson import ObjectId

from documents.access.plan import Purpose
from documents.access.trace import Act
from documents.audit.entries import Outcome
from documents.chapters.audit.kinds import AuditEntry as DeclaredEntry
from documents.chapters.audit.queries import TrailQuery
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.storing.public_ids import parse_customer_id
from schema.execution.selection import selected_fields
from schema.language import Texts
from schema.roots.chapter import Chapter, Vocabulary
from schema.roots.query import DEFAULT_PAGE, LARGEST_PAGE, Info
from schema.vocabulary.customer_types import PageInfo
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime
from schema.wording.error_format import InvalidArgumentError

_DECLARED: Final = frozenset(DeclaredEntry.model_fields)
_WITH: Final = {
    "codes": ("outcome",),
    "viewed_as": ("username",),
    "rule_set_hashes": ("rule_set_versions",),
    "touches": ("customers", "fields"),
}
"""Fields of the entry that go with declared ones."""

TEXTS: Final[Texts] = {
    "audit.customer": ("`customer` is no id of a customer.", "`customer` 不是有效的客户编号。"),
}

strawberry.enum(
    Act, name="AuditAct", description="What was done. SOUGHT: asked for by id, and there was none for the caller."
)
strawberry.enum(Outcome, name="AuditOutcome", description="How a request ended.")


@strawberry.type(description="The GraphQL operation of a request.")
class AuditOperation:
    type: str = strawberry.field(description="query, mutation, subscription; job or command beside requests.")
    name: str | None
    document_hash: str | None = strawberry.field(description="SHA-256 of the document's text, hexadecimal.")


@strawberry.type(description="What a request did with some rows of one kind.")
class AuditTouch:
    act: Act
    kind: Kind | None = strawberry.field(description="Of which kind; null of what is no record.")
    subject: str = strawberry.field(description="The kind, or what else it is: `account`, `department` …")
    names: list[str] | None = strawberry.field(description="What has a name for an id: accounts, rule sets …")
    customers: list[str] | None = strawberry.field(
        description="The customers: their ids; of records that hang on customers the 24 digits of each."
    )
    records: list[strawberry.ID] | None = strawberry.field(description="The records, each of the customer before it.")
    plain: list[str] | None = strawberry.field(description="Fields that were shown in full, by their declared names.")
    masked: list[str] | None = strawberry.field(description="Fields that were shown masked.")
    denied: list[str] | None = strawberry.field(description="Fields that were asked for and not shown.")
    written: list[str] | None = strawberry.field(description="Fields that were written under the author's own rights.")
    derived: list[str] | None = strawberry.field(description="Fields that were written because these were.")
    refused: list[str] | None = strawberry.field(description="Fields that stood in the way of a change.")
    code: str | None = strawberry.field(description="Why a change was refused.")


@strawberry.type(description="An entry of the audit trail (审计记录). It holds ids and names of fields, never a value.")
class AuditEntry:
    chain: str
    sequence: int
    time: DateTime | None
    username: str | None
    roles: list[str] | None
    session: str | None
    viewed_as: list[str] | None = strawberry.field(description="The accounts whose access was looked at.")
    purpose: str | None
    operation: AuditOperation | None
    outcome: Outcome | None
    codes: list[str] | None
    rule_set_versions: list[int] | None = strawberry.field(description="Those that decided.")
    rule_set_hashes: list[str] | None = strawberry.field(
        description="SHA-256 of their `policy.csv`, in the same order, hexadecimal. Entries of older blocks have none."
    )
    customers: list[str] | None = strawberry.field(description="All customers concerned, the 24 digits of each.")
    fields: list[str] | None = strawberry.field(
        description="`kind.field` of everything asked for, `field` of conditions, by declared names."
    )
    touches: list[AuditTouch] | None


@strawberry.type(description="An entry in the list.")
class AuditEntryEdge:
    node: AuditEntry
    cursor: str


@strawberry.type(description="A page of the audit trail, newest first.")
class AuditEntryConnection:
    edges: list[AuditEntryEdge]
    nodes: list[AuditEntry]
    page_info: PageInfo


@strawberry.type(description="A hash chain of the trail, and its newest signed head.")
class AuditChain:
    chain: str
    begun_at: DateTime
    entries: int
    blocks: int
    last_at: DateTime
    last_hash: str
    key: str = strawberry.field(description="The id of the key that signed: SHA-256 of the public key, first 8 bytes.")
    signature: str


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    return {
        "audit_trail": (
            AuditEntryConnection | None,
            strawberry.field(
                resolver=_trail,
                description="Who saw what of whom, newest first. `field` is a declared name, and means entries "
                "in which it was seen, plain or masked. Looking is an entry too.",
            ),
        ),
        "audit_chains": (
            list[AuditChain] | None,
            strawberry.field(
                resolver=_chains, description="Where the chains stand; `dossier audit verify` checks them."
            ),
        ),
    }


async def _trail(
    info: Info,
    person: str | None = strawberry.UNSET,
    customer: strawberry.ID | None = strawberry.UNSET,
    field: str | None = strawberry.UNSET,
    kind: Kind | None = strawberry.UNSET,
    purpose: Purpose | None = strawberry.UNSET,
    outcome: Outcome | None = strawberry.UNSET,
    since: DateTime | None = strawberry.UNSET,
    until: DateTime | None = strawberry.UNSET,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
) -> Any:
    limit = first or (DEFAULT_PAGE if first != 0 else 0)
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidArgumentError("page.size", argument="first", maximum=str(LARGEST_PAGE))
    query = TrailQuery(
        username=person or None,
        customer=_customer(customer) if customer else None,
        field=_declared(field) if field else None,
        kind=kind or None,
        purpose=purpose or None,
        outcome=outcome or None,
        since=since or None,
        until=until or None,
    )
    audit = info.context.use_cases.audit
    return await audit.find_page(info.context.caller, query, limit=limit, after=after or None, selected=_selected(info))


async def _chains(info: Info) -> Any:
    return await info.context.use_cases.audit.chains(info.context.caller)


def _selected(info: Info) -> frozenset[str]:
    asked: set[str] = set()
    for path in (("nodes",), ("edges", "node")):
        for names in selected_fields(info, *path).values():
            for name in names:
                asked.update(_WITH.get(name, (name,)))
    return frozenset(asked & _DECLARED)


def _customer(customer_id: str) -> ObjectId:
    """A public id of a customer, or its 24 digits as entries show them; an id that is none finds nothing."""
    parsed = parse_customer_id(customer_id if "_" in customer_id else f"{CUSTOMER_KINDS[0].value}_{customer_id}")
    if parsed is None:
        raise InvalidArgumentError("audit.customer")
    return parsed[1]


def _declared(field: str) -> str:
    """`idNumber` and `id_number` are the same field."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)


CHAPTER: Final = Chapter(queries=queries, texts=TEXTS)
