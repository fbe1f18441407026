"""A small Strawberry schema as the product's own is made, and records for it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from documents.plain_records import Record, Records
from schema.execution import ExecutionMetrics, install_record_fields, record_value
from schema.execution.selection import SelectedFields, selected_fields, selects

TYPES = ["Person", "Company", "ThingEdge", "PageInfo", "ThingConnection"]
TYPE_NAMES = {"person": "Person", "company": "Company"}


@strawberry.enum
class Status(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


@strawberry.interface
class Thing:
    id: strawberry.ID
    display_name: str
    status: Status | None
    created_at: datetime | None
    telephones: list[str] | None

    @strawberry.field
    async def manager(self, info: strawberry.Info) -> str | None:
        return f"manager of {self['id']}"  # type: ignore[index]

    @strawberry.field
    def access(self) -> str:
        return "PLAIN"


@strawberry.type
class Person(Thing):
    id_number: str | None


@strawberry.type
class Company(Thing):
    employee_count: int | None


@strawberry.type
class ThingEdge:
    cursor: str
    node: Thing


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class ThingConnection:
    edges: list[ThingEdge]
    page_info: PageInfo
    total_count: int | None


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: strawberry.Info) -> ThingConnection:
        info.context.setdefault("seen", []).append(look_ahead(info))
        return connection(info.context.get("changes", {}))  # type: ignore[return-value]

    @strawberry.field
    def thing(self, info: strawberry.Info) -> Thing | None:
        info.context.setdefault("seen", []).append(selected_fields(info))
        return person(0)  # type: ignore[return-value]


def look_ahead(info: strawberry.Info) -> dict[str, SelectedFields | bool]:
    """What the tests ask of the selection."""
    return {
        "node": selected_fields(info, "edges", "node"),
        "edge": selected_fields(info, "edges"),
        "nowhere": selected_fields(info, "edges", "nobody"),
        "count": selects(info, "totalCount"),
        "more": selects(info, "pageInfo", "hasNextPage"),
        "cursor": selects(info, "edges", "cursor"),
    }


def person(number: int, **changes: Any) -> Record:
    values = {
        "kind": "person",
        "id": f"id-{number}",
        "display_name": f"name {number}",
        "status": "active",
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        "telephones": ["1", "2"],
        "id_number": None,
    }
    return Record({**values, **changes})


def company(number: int, **changes: Any) -> Record:
    values = {"kind": "company", "id": f"id-{number}", "display_name": "Co", "telephones": None, "employee_count": 7}
    return Record({**values, **changes})


def connection(changes: dict[int, dict[str, Any]]) -> Record:
    """Twenty rows of both types in turn, with `changes` by row number."""
    nodes = [(person, company)[number % 2](number, **changes.get(number, {})) for number in range(20)]
    edges = Records(Record(cursor=f"c{number}", node=node) for number, node in enumerate(nodes))
    return Record(edges=edges, page_info=Record(has_next_page=True), total_count=20)


def make_schema() -> tuple[GraphQLSchema, ExecutionMetrics]:
    schema = strawberry.Schema(
        query=Query, types=[Person, Company], config=StrawberryConfig(default_resolver=record_value)
    )
    metrics = install_record_fields(schema, TYPES, type_name=lambda record: TYPE_NAMES[record["kind"]])
    return schema._schema, metrics
