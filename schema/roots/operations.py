"""Operations on records as mutations: unwrap the input, call the use case, answer with the record as it is now.

A chapter lists its operations; this module makes the mutation fields and their inputs. What a mutation returns is a
read like any other: under the plan, of the record as it is afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import strawberry

from documents.access.trace import Act
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case, pascal_case
from documents.errors import StaleVersionError
from documents.plain_records import Record, Records
from documents.registry import RECORD_CATALOGUES
from documents.storing.public_ids import parse_customer_id, parse_id
from documents.writing.idempotency import IdempotentRequest
from resolvers.caller import Caller, idempotent
from resolvers.recording import Changing, traced
from resolvers.refusals import REFUSALS, user_errors
from resolvers.registry import UseCases
from schema.roots.query import Info, selection_of
from schema.vocabulary.customer_inputs import value_input_type
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.definitions import Fields, make_input, optional, plain
from schema.vocabulary.object_inputs import ArgumentTypes, may_be_absent
from schema.vocabulary.record_inputs import given_values
from schema.vocabulary.record_types import RecordTypes
from schema.wording.user_errors import in_words

UseCase = Callable[[Caller, Any, IdempotentRequest | None], Awaitable[str]]
"""Carries an operation out: caller, given values, idempotent request; returns the public id of the record.

The given values are a `TypedDict` with the names and types of the operation's input: see `resolvers.inputs`."""

Arguments = Mapping[str, tuple[Any, str]]
"""Argument in snake case → (its type, its description). The type is a scalar, an enum or the model of an object, or a
list of one; with `| None` the argument may be left out."""

RETRY: Final = " Safe to retry with an `Idempotency-Key`."
"""The end of a description."""


@dataclass(frozen=True)
class Operation:
    """One mutation, `sign_contract`, whose input is named after it, `SignContractInput`.

    It answers with a record of `kind`. Its input has declared `fields` of that kind, of which those written with `!`
    must be given (`"amount!"`), and `more` that are no fields. With `on` it names what it is done to: a record of the
    kind, by its id and the version that the caller saw, or the customer who is to have the record. The use case raises
    the errors of `resolvers.refusals` for what the caller can put right."""

    name: str
    kind: Kind
    use_case: Callable[[UseCases], UseCase]
    description: str
    fields: tuple[str, ...] = ()
    more: Arguments = field(default_factory=dict)
    on: Literal["record", "customer"] | None = None


def operation_fields(
    operations: Iterable[Operation], types: Mapping[Kind, RecordTypes], enums: ChoiceEnums
) -> dict[str, tuple[Any, Any]]:
    """Mutation field → (payload type, field)."""
    arguments = ArgumentTypes(enums)
    return {
        operation.name: (types[operation.kind].payload, _field(operation, operation_input(operation, arguments)))
        for operation in operations
    }


def operation_input(operation: Operation, arguments: ArgumentTypes) -> Any:
    """The input type of an operation."""
    parts: Fields = {}
    if operation.on == "record":
        parts["id"] = (strawberry.ID, plain())
        parts["version"] = (int, plain("The version that the caller saw."))
    elif operation.on == "customer":
        parts["customer"] = (strawberry.ID, plain("The customer's id."))
    specs = RECORD_CATALOGUES[operation.kind].fields(operation.kind)
    for name in operation.fields:
        spec = specs[name.removesuffix("!")]
        given, label = value_input_type(spec, arguments.enums), f"{spec.label.en} ({spec.label.zh})."
        parts[spec.name] = (given, plain(label)) if name.endswith("!") else (given | None, optional(label))
    for name, (annotation, description) in operation.more.items():
        given = arguments.of(annotation)
        parts[name] = (given, optional(description) if may_be_absent(annotation) else plain(description))
    return make_input(f"{pascal_case(operation.name)}Input", parts)


def _field(operation: Operation, input_type: Any) -> Any:
    async def resolve(info: Info, input: Any) -> Any:  # noqa: A002 - the name that all mutations use
        return await _carried_out(operation, info, given_values(input))

    resolve.__name__ = operation.name
    resolve.__annotations__ |= {"input": input_type, "return": Any}
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
    except REFUSALS as refusal:
        current = None
        if isinstance(refusal, StaleVersionError) and isinstance(given.get("id"), str):
            current = await context.use_cases.records.find(context.caller, given["id"], selection)
        return Record({kind.value: current, "user_errors": in_words(user_errors(refusal, kind), context.words)})
    record = await context.use_cases.records.find(context.caller, record_id, selection)
    return Record({kind.value: record, "user_errors": Records()})
