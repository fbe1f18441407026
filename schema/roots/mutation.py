"""The mutations of customers: unwrap the input, call a use case, return its payload record with the errors in words."""

from __future__ import annotations

from typing import Any

import strawberry

from documents.plain_records import Record
from resolvers.inputs import OfRecord
from schema.context import RequestContext
from schema.roots.query import Info, selection_of
from schema.vocabulary.customer_inputs import CustomerInputs, DeleteCustomerInput, to_change
from schema.vocabulary.customer_types import CustomerTypes
from schema.vocabulary.definitions import Fields
from schema.wording.user_errors import in_words


def customer_mutations(types: CustomerTypes, inputs: CustomerInputs) -> Fields:
    """The fields of the mutation root that are of customers."""

    async def create_customer(info: Info, input: Any) -> Any:  # noqa: A002
        _, change = to_change(input)
        context = info.context
        selection = selection_of(info, ("customer",))
        payload = await context.use_cases.customers.create(context.caller, change, selection, _path(info))
        return _in_words(payload, context)

    async def update_customer(info: Info, input: Any) -> Any:  # noqa: A002
        given, change = to_change(input)
        context = info.context
        selection = selection_of(info, ("customer",))
        seen = OfRecord(id=given.id, version=given.version)
        payload = await context.use_cases.customers.update(context.caller, seen, change, selection, _path(info))
        return _in_words(payload, context)

    async def delete_customer(info: Info, input: DeleteCustomerInput) -> Any:  # noqa: A002
        context = info.context
        seen = OfRecord(id=input.id, version=input.version)
        payload = await context.use_cases.customers.delete(context.caller, seen, _path(info))
        return _in_words(payload, context)

    create_customer.__annotations__["input"] = inputs.create
    update_customer.__annotations__["input"] = inputs.update
    return {
        "create_customer": (
            types.create_payload,
            strawberry.mutation(
                resolver=create_customer, description="Creates a customer. Safe to retry with an `Idempotency-Key`."
            ),
        ),
        "update_customer": (
            types.update_payload,
            strawberry.mutation(
                resolver=update_customer,
                description="Changes a customer whose `version` you saw; else returns the current.",
            ),
        ),
        "delete_customer": (
            types.delete_payload,
            strawberry.mutation(
                resolver=delete_customer, description="Deletes a customer and erases its data key for good."
            ),
        ),
    }


def _path(info: Info) -> str:
    """The response path of the mutation: what tells several of one request apart."""
    return str(info.path.key)


def _in_words(payload: Record, context: RequestContext) -> Record:
    payload["user_errors"] = in_words(payload["user_errors"], context.words)
    return payload
