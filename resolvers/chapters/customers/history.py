"""The history of a customer, and of a record of any kind (I2), read under the same policy as its fields."""

from __future__ import annotations

from difflib import get_close_matches

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import InvalidField, InvalidValueError
from documents.plain_records import Record
from documents.reading.history import HistoryQuery
from documents.registry import FULL_CATALOGUE
from documents.storing.public_ids import parse_id
from resolvers.caller import Caller
from resolvers.kernel import Kernel


class History:
    """Pages of changes."""

    def __init__(self, kernel: Kernel) -> None:
        storage = kernel.storage
        self._operations = kernel.operations
        self._histories = storage.histories
        self._reader = storage.reader
        self._accounts = storage.accounts

    async def find_page(
        self, caller: Caller, record_id: str, field: str | None, limit: int, cursor: str | None
    ) -> Record | None:
        """A connection record, newest first; None where the record does not exist for the caller.

        `field` is a public name; raises InvalidValueError for one that the kind lacks."""
        parsed = parse_id(record_id, tuple(kind.value for kind in self._histories))
        kind = Kind(parsed[0]) if parsed is not None else Kind.INDIVIDUAL
        if kind in CUSTOMER_KINDS:
            plan = await self._operations.customers_plan(caller)
            caller.report.trace.add_plan(plan)
        else:
            plan = await self._operations.plan(caller, kind)
        if parsed is None:
            return None
        named = _declared(kind, field) if field is not None else None
        query = HistoryQuery((kind, parsed[1]), named, limit, cursor)
        page = await self._histories[kind].find_page(plan, query, caller.report)
        if page is None:
            return None
        people = await self._accounts.staff({record["by"] for record in page.records})
        for record in page.records:
            record["by"] = people.get(record["by"])
        last = len(page.records) - 1
        return Record(
            nodes=page.records,
            has_next_page=page.has_more,
            end_cursor=self._reader.cursor(page, last) if page.records else None,
        )


def _declared(kind: Kind, public_name: str) -> str:
    known = {spec.public_name: name for name, spec in FULL_CATALOGUE.fields(kind).items()}
    if public_name not in known:
        nearest = (get_close_matches(public_name, sorted(known), n=1, cutoff=0.5) or ["name"])[0]
        raise InvalidValueError((InvalidField("field", "value.unknown_field", (("nearest", nearest),)),))
    return known[public_name]
