"""Operations on records as mutations: unwrap the input, call the use case, answer with the record as it is now.

A chapter lists its operations; this module makes the mutation fields. What a mutation returns is a read like any
other: under the plan, of the record as it is afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from documents.access.trace import Act
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case
from documents.errors import StaleVersionError
from documents.plain_records import Record
from documents.storing.public_ids import parse_customer_id, parse_id
from documents.writing.idempotency import IdempotentRequest
from resolvers.caller import Caller
from resolvers.idempotency import idempotent
from resolvers.recording import Changing, traced
from resolvers.refusals import REFUSALS, user_errors
from schema.context import UseCases
from schema.roots.query import Info, selection_of
from schema.vocabulary.record_inputs import given_values
from schema.vocabulary.record_types import RecordTypes
from schema.wording.user_errors import UserError

UseCase = Callable[[Caller, Any, IdempotentRequest | None], Awaitable[str]]
"""Carries an operation out: caller, given values, idempotent request; returns the public id of the record.

The given values are a `TypedDict` with the names and types of the operation's input: see `resolvers.inputs`."""


@dataclass(frozen=True)
class Operation:
    """One mutation: `name` in snake case, the `kind` of record that it answers with, its input, and who carries it
    out. The use case raises the errors of `resolvers.refusals` for what the caller can put right."""

    name: str
    kind: Kind
    input: Any
    use_case: Callable[[UseCases], UseCase]
    description: str


def operation_fields(operations: Iterable[Operation], types: Mapping[Kind, RecordTypes]) -> dict[str, tuple[Any, Any]]:
    """Mutation field → (payload type, field)."""
    return {operation.name: (types[operation.kind].payload, _field(operation)) for operation in operations}


def _field(operation: Operation) -> Any:
    async def resolve(info: Info, input: Any) -> Any:  # noqa: A002 - the name that all mutations use
        return await _carried_out(operation, info, given_values(input))

    resolve.__name__ = operation.name
    resolve.__annotations__ |= {"input": operation.input, "return": Any}
    return strawberry.mutation(resolver=resolve, description=operation.description)


async def _carried_out(operation: Operation, info: Info, given: dict[str, Any]) -> Record:
    context, kind = info.context, operation.kind
    selection = selection_of(info, (camel_case(kind.value),))
    request = idempotent(context.caller, str(info.path.key), [operation.name, given])
    of_record, of_customer = (
        parse_id(str(given.get("id")), (kind.value,)),
        parse_customer_id(str(given.get("customer"))),
    )
    changing = Changing(
        Act.WRITE if of_record is not None else Act.CREATE,
        kind,
        tuple(sorted(given.keys() - {"id", "version"})),
        customer=of_customer[1] if of_customer is not None else None,
        record=of_record[1] if of_record is not None else None,
    )
    try:
        with traced(context.caller, changing):
            record_id = await operation.use_case(context.use_cases)(context.caller, given, request)
            written = parse_id(record_id, (kind.value,))
            changing.record = written[1] if written is not None else None
    except REFUSALS as refusal:
        current = None
        if isinstance(refusal, StaleVersionError) and isinstance(given.get("id"), str):
            current = await context.use_cases.records.find(context.caller, given["id"], selection)
        errors = [UserError.of(error, context.language) for error in user_errors(refusal, kind)]
        return Record({kind.value: current, "user_errors": errors})
    record = await context.use_cases.records.find(context.caller, record_id, selection)
    return Record({kind.value: record, "user_errors": []})
