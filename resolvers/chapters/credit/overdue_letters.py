"""The collection letter (K7): made as PDF of what is overdue, kept as an attachment of the customer, named by its step.

It is made by a person and under that person's plan: nothing stands in it that its maker may not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NotRequired
from zoneinfo import ZoneInfo

from documents.chapters.attachments.kinds import AttachmentCategory
from documents.chapters.attachments.media_types import MediaType
from documents.chapters.attachments.staging import AttachmentRepository, NewAttachment, in_one_piece
from documents.chapters.credit.kinds import ReceivableState, StepState
from documents.chapters.credit.overdue_letter import OVERDUE_LETTERS
from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.credit.receivables import overdue_days
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RecordNotFoundError, RuleBrokenError
from documents.letters.template import LetterLanguage
from documents.reading.customers import CustomerReader
from documents.reading.list_query import Selection
from documents.reading.typed_rows import Known, row_fields, typed
from documents.reading.visible_rows import grants_in_customer
from documents.reading.where import Before, Where
from documents.reckoning.money import Money, total
from documents.registry import FULL_CATALOGUE
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.inputs import OfRecord
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads

STEP, RECEIVABLE = Kind.COLLECTION_STEP, Kind.RECEIVABLE
DAYS_TO_PAY = 10
LOCAL = ZoneInfo("Asia/Shanghai")


class PrepareCollectionLetter(OfRecord):
    language: NotRequired[str | None]


class _PlannedStep(Known):
    customer: str
    receivable: str
    stage: str
    state: str


class _Addressed(Known):
    name: str
    address: str | None
    postal_address: str | None


class _Listed(Known):
    number: str
    due_on: str
    balance: str
    currency: str


@dataclass(frozen=True, slots=True)
class LetterSender:
    """Who writes to customers, as it stands in the letterhead, and where they pay."""

    name: str
    address: str
    telephone: str
    account: str


class CollectionLetters:
    """Makes letters for steps of stage LETTER."""

    def __init__(
        self,
        operations: RecordOperations,
        records: RecordReads,
        customers: CustomerReader,
        attachments: AttachmentRepository,
        sender: LetterSender | None,
    ) -> None:
        self._operations = operations
        self._records = records
        self._customers = customers
        self._attachments = attachments
        self._sender = sender

    async def prepare(self, caller: Caller, given: PrepareCollectionLetter, request: IdempotentRequest | None) -> str:
        """Makes the letter of the planned step `given["id"]`. Raises RuleBrokenError `letter.no_sender`,
        `letter.no_address`, `step.not_allowed` for a step that needs none, FieldAccessError."""
        sender, operations = self._sender, self._operations
        if sender is None:
            raise RuleBrokenError("letter.no_sender")
        language: LetterLanguage = "en" if given.get("language") == "en" else "zh-CN"
        plan = await operations.plan(caller, STEP, WRITE)
        files = await operations.plan(caller, Kind.ATTACHMENT, CREATE)
        step = await self._step(caller, given["id"])
        today = datetime.now(LOCAL).date()
        customer = await operations.customer(caller, step["customer"])
        values = await self._recipient(caller, customer)
        items = await self._overdue(caller, customer, step["receivable"], today)
        content = await asyncio.to_thread(
            _rendered, language, {**values, **_letterhead(sender)}, given["id"], items, today
        )
        new = NewAttachment(AttachmentCategory.LETTER, f"collection-letter-{today}.pdf", MediaType.PDF)
        async with self._attachments.staged(files, customer, new, in_one_piece(content)) as staged:

            async def work(writes: RecordWrites) -> str:
                letter = await self._attachments.insert(writes, files, staged, by=caller.username)
                await writes.update(plan, STEP, given["id"], {"letter": letter}, version=given["version"])
                return given["id"]

            return await operations.run(caller, work, request)

    async def _step(self, caller: Caller, record_id: str) -> _PlannedStep:
        step = await self._records.known(caller, STEP, record_id, _PlannedStep)
        if step is None:
            raise RecordNotFoundError
        if step["stage"] != CollectionStage.LETTER.value or step["state"] != StepState.PLANNED.value:
            raise RuleBrokenError("step.not_allowed", "stage")
        return step

    async def _recipient(self, caller: Caller, customer: CustomerReference) -> dict[str, str]:
        """Name and address, both in plain."""
        plan, asked = (
            await self._operations.customers_plan(caller),
            row_fields(FULL_CATALOGUE, customer.kind, _Addressed).names,
        )
        if denied := asked - {"id"} - grants_in_customer(plan, customer).plain:
            raise FieldAccessError("read", denied)
        selection = Selection({customer.kind: asked})
        records = await self._customers.find_many(plan, [customer.row_id], selection, caller.report)
        [found] = typed(FULL_CATALOGUE, customer.kind, _Addressed, records.values())
        address = found["postal_address"] or found["address"]
        if not address:
            raise RuleBrokenError("letter.no_address")
        return {"customer_name": found["name"], "customer_address": address}

    async def _overdue(
        self, caller: Caller, customer: CustomerReference, receivable_id: str, today: date
    ) -> Sequence[_Listed]:
        """What is overdue in the currency of the step's receivable, the oldest first; of one that is paid, nothing."""
        plan = await self._operations.plan(caller, RECEIVABLE)
        overdue = Where(customer=customer, state=ReceivableState.OPEN, due_on=Before(today))
        found = await self._operations.writer.reader(RECEIVABLE).rows(plan, overdue, _Listed, caller.report)
        currency = next((one["currency"] for one in found if one["id"] == receivable_id), None)
        if currency is None:
            raise RuleBrokenError("collection.paid")
        return sorted((one for one in found if one["currency"] == currency), key=lambda one: one["due_on"])


def _letterhead(sender: LetterSender) -> dict[str, str]:
    return {
        "sender_name": sender.name,
        "sender_address": sender.address,
        "sender_telephone": sender.telephone,
        "account": sender.account,
        "signatory": "",
    }


def _rendered(
    language: LetterLanguage, values: dict[str, str], step_id: str, items: Sequence[_Listed], today: date
) -> bytes:
    balances = [Money(Decimal(item["balance"]), item["currency"]) for item in items]
    owed = total(balances, balances[0].currency)
    rows = [
        (
            item["number"],
            item["due_on"],
            str(overdue_days(date.fromisoformat(item["due_on"]), today)),
            _amount(Money(Decimal(item["balance"]), item["currency"])),
        )
        for item in items
    ]
    filled = {
        **values,
        "reference": f"CL-{step_id[-8:]}",
        "date": today.isoformat(),
        "total": _amount(owed),
        "due_date": (today + timedelta(days=DAYS_TO_PAY)).isoformat(),
    }
    # Loaded in this thread at the first letter: it takes long, and most processes write none.
    from documents.letters.pdf import render_letter  # noqa: PLC0415

    return render_letter(OVERDUE_LETTERS[language], filled, rows, today)


def _amount(money: Money) -> str:
    return f"{money.currency} {money.amount:,.2f}"
