"""Puts the demo data into an empty database: departments, staff, customers, logins last.

Goes through the same policy as everybody: customers are created by the demo administrator, under its plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from demo.accounts import DEMO_ACCOUNTS, DEMO_DEPARTMENTS, DEMO_STAFF, DemoAccount, owners
from demo.chapters.credit import seed_credit
from demo.chapters.identification import seed_identification
from demo.chapters.incidents import seed_incident
from demo.chapters.service import seed_service
from demo.chapters.sharing import seed_sharing
from demo.chapters.undertakings import sign_undertakings
from demo.invented.customers import generate_customers
from documents.access.plan import AccessPlan, Purpose
from documents.access.report import AccessReport
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.passwords import PasswordHasher
from documents.declaring.record import SourceChannel
from documents.reading.filters import Condition, Operator
from documents.reading.list_query import ListQuery, Selection
from documents.writing.customers import Change
from documents.writing.unit_of_work import UnitOfWork
from policies.authorize import CREATE
from policies.principal import Principal
from resolvers.caller import operator
from resolvers.chapters.service.cases import present
from resolvers.services import Services

BATCH = 200
_LOGINS = frozenset(account.username for account in DEMO_ACCOUNTS)
DEMO_USERNAMES = _LOGINS | {staff.username for staff in DEMO_STAFF}
_CHANNELS = tuple(SourceChannel)
_ADMINISTRATOR = Principal("demo.admin", frozenset({"administrator"}), frozenset({Purpose.BUSINESS_OPERATION}))


async def seed_demo(
    services: Services, count: int, password: str, progress: Callable[[int, int], None], *, with_records: bool = True
) -> None:
    """Makes `count` customers, the records of some of them, then the logins with `password`.

    Reports (done, total) of customers as it goes. Goes on where it was interrupted: whoever finds demo logins knows
    that all was made."""
    await _Seeder(services).seed(count, password, progress, with_records=with_records)


class _Seeder:
    """Seeds one database."""

    def __init__(self, services: Services) -> None:
        self._use_cases = services.use_cases
        self._accounts = services.accounts
        self._reader = services.storage.reader
        self._writer = services.storage.writer
        self._units = services.storage.units
        self._engine = services.engine
        self._store = services.store

    async def seed(
        self, count: int, password: str, progress: Callable[[int, int], None], *, with_records: bool
    ) -> None:
        for department in DEMO_DEPARTMENTS:
            await self._accounts.put_department(department.code, name_en=department.name_en, name_zh=department.name_zh)
        await self._add_staff()
        await self._add_customers(count, progress)
        await self._add_customer_accounts(count)
        await sign_undertakings(self._use_cases.information.undertakings)
        if with_records:
            await self._add_records()
        await self._add_logins(password)

    async def _add_records(self) -> None:
        now, cases, ground = datetime.now(UTC), self._use_cases, (self._engine, self._reader)
        await seed_credit(cases.credit, *ground, now.date())
        await seed_identification(cases.identification, *ground, now)
        await seed_service(cases.service, *ground, present())
        await self._add_partner(await seed_sharing(cases.information.sharing, *ground, now))
        await seed_incident(cases.incidents.steps, cases.recorder, *ground, now)

    async def _add_staff(self) -> None:
        known = await self._accounts.staff(DEMO_USERNAMES)
        for account in DEMO_ACCOUNTS:
            if account.username not in known and account.is_staff:
                await self._add_account(account)
        for staff in DEMO_STAFF:
            if staff.username not in known and staff.username not in _LOGINS:
                await self._accounts.add(
                    NewAccount(staff.username, display_name=staff.display_name, department=staff.department)
                )

    async def _add_partner(self, partner: str) -> None:
        known = await self._accounts.staff(DEMO_USERNAMES)
        for account in DEMO_ACCOUNTS:
            if account.is_partner and account.username not in known:
                await self._add_account(account, partner=partner)

    async def _add_account(
        self, account: DemoAccount, customer_id: str | None = None, partner: str | None = None
    ) -> None:
        await self._accounts.add(
            NewAccount(
                account.username,
                display_name=account.display_name,
                roles=account.roles,
                department=account.department,
                customer_id=customer_id,
                purposes=account.purposes,
                partner=partner,
            )
        )

    async def _add_customer_accounts(self, count: int) -> None:
        """The accounts of customers themselves, each found by the name that was generated."""
        known = await self._accounts.staff(DEMO_USERNAMES)
        plan = await self._engine.authorize(_ADMINISTRATOR, Purpose.BUSINESS_OPERATION.value, CREATE)
        for account in DEMO_ACCOUNTS:
            if account.customer_index is None or account.username in known:
                continue
            change = next(islice(_changes(count), account.customer_index, None))
            by_name = Condition("name", Operator.EQ, change.values["name"])
            query = ListQuery(Selection(), frozenset({change.kind}), by_name, limit=1)
            page = await self._reader.find_page(plan, query, AccessReport())
            await self._add_account(account, str(page.records[0]["_id"]))

    async def _add_customers(self, count: int, progress: Callable[[int, int], None]) -> None:
        plan = await self._engine.authorize(_ADMINISTRATOR, Purpose.BUSINESS_OPERATION.value, CREATE)
        done = min(await self._reader.count_all(), count)  # an earlier start may have been interrupted
        changes = islice(_changes(count), done, None)
        progress(done, count)
        while batch := list(islice(changes, BATCH)):
            await self._imported(plan, batch)
            done += len(batch)
            progress(done, count)

    async def _imported(self, plan: AccessPlan, changes: Sequence[Change]) -> None:
        async def work(unit: UnitOfWork) -> str:
            await self._writer.import_many(unit, plan, changes)
            return ""

        await self._units.run(operator("demo").author(self._store), work)

    async def _add_logins(self, password: str) -> None:
        password_hash = await PasswordHasher().hash(password)  # one for all: they share the password anyway
        for username in await self._accounts.staff(account.username for account in DEMO_ACCOUNTS):
            await self._accounts.open_demo_login(username, password_hash)


def _changes(count: int) -> Iterator[Change]:
    generated: Iterator[tuple[Any, dict[str, Any]]] = generate_customers(count, owners())
    for index, (kind, values) in enumerate(generated):
        yield Change(kind, values, _CHANNELS[index % len(_CHANNELS)])
