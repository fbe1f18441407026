"""The history of a customer (I2), read under the same policy as its fields."""

from __future__ import annotations

from difflib import get_close_matches

from documents.chapters.accounts.directory import AccountRepository
from documents.errors import InvalidField, InvalidValueError
from documents.plain_records import Record
from documents.reading.customers import CustomerReader
from documents.reading.history import CustomerHistory, HistoryQuery
from documents.registry import CATALOGUE
from documents.storing.public_ids import parse_customer_id
from policies.authorize import PolicyEngine
from resolvers.caller import Caller


class History:
    """Pages of changes."""

    def __init__(
        self,
        engine: PolicyEngine,
        history: CustomerHistory,
        customers: CustomerReader,
        accounts: AccountRepository,
    ) -> None:
        self._engine = engine
        self._history = history
        self._customers = customers
        self._accounts = accounts

    async def find_page(
        self, caller: Caller, customer_id: str, field: str | None, limit: int, cursor: str | None
    ) -> Record | None:
        """A connection record, newest first; None where the customer does not exist for the caller.

        `field` is a public name; raises InvalidValueError for one that the customer's kind lacks."""
        plan = await self._engine.authorize(caller.principal, caller.purpose)
        caller.report.trace.add_plan(plan)
        parsed = parse_customer_id(customer_id)
        if parsed is None:
            return None
        named = None
        if field is not None:
            known = {spec.public_name: name for name, spec in CATALOGUE.fields(parsed[0]).items()}
            named = known.get(field)
            if named is None:
                nearest = (get_close_matches(field, sorted(known), n=1, cutoff=0.5) or ["name"])[0]
                raise InvalidValueError((InvalidField("field", "value.unknown_field", (("nearest", nearest),)),))
        page = await self._history.find_page(plan, HistoryQuery(parsed, named, limit, cursor), caller.report)
        if page is None:
            return None
        people = await self._accounts.staff({record["by"] for record in page.records})
        for record in page.records:
            record["by"] = people.get(record["by"])
        last = len(page.records) - 1
        return Record(
            nodes=page.records,
            has_next_page=page.has_more,
            end_cursor=self._customers.cursor(page, last) if page.records else None,
        )
