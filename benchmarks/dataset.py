"""What is measured on: the demo's customers, at least 200 rules, and one login that reads under them.

Everything comes into being through the product's own doors: the demo seeder, the policy store, the account repository.
Kept between runs, and made anew when the count or the schema has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from app import migrate, open_services, print_schema
from benchmarks.workloads import CREATED_NAME
from demo.accounts import DEMO_DEPARTMENTS
from demo.seed import seed_demo
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.passwords import PasswordHasher
from documents.declaring.kind import CUSTOMER_KINDS
from documents.registry import FULL_CATALOGUE
from policies.default import rules_text
from policies.principal import FOREVER
from policies.rules.matching import ANY
from policies.rules.rule_set import RuleSet, parse_csv
from resolvers.services import Services
from settings import Settings

DATABASE: Final = "benchmark"
USERNAME: Final = "bench.reader"
PASSWORD: Final = "not a secret, for measurements only"
ROLE: Final = "benchmark_reader"
STATE: Final = "benchmark_state"
_AT_ONCE: Final = 1_000

_READER_RULES: Final = f"""
g, {ROLE}, employee
p, {ROLE}, all, *, @basic, read, business_operation, allow
p, {ROLE}, all, *, @basic, filter, business_operation, allow
p, {ROLE}, all, *, @business, read, business_operation, allow
p, {ROLE}, all, *, enterprise.registered_capital, read, business_operation, allow
p, {ROLE}, all, *, telephone, read, business_operation, allow
p, {ROLE}, all, *, annual_revenue, read_masked, *, deny
p, {ROLE}, all, enterprise, @basic, create, business_operation, allow
p, {ROLE}, all, enterprise, @business, create, business_operation, allow
p, {ROLE}, all, enterprise, telephone, create, business_operation, allow
"""
"""Of the four encrypted fields of the workload the telephone is readable; the others are denied, one by a rule."""

STORED_AS: Final = "keys bound to scopes"
"""Another text where rows are stored otherwise than before, so that they are made anew."""

_OTHER_ROLE: Final = """
g, benchmark_role_{n}, employee
p, benchmark_role_{n}, all, *, @basic, read, business_operation, allow
p, benchmark_role_{n}, department, *, @contact, read_masked, business_operation, allow
p, benchmark_role_{n}, own, *, @contact, read, business_operation, allow
p, benchmark_role_{n}, own, *, @contact, write, business_operation, allow
p, benchmark_role_{n}, all, *, @financial, *, *, deny
"""
"""Rules of other people, which a real rule set is full of."""


def rule_text(rules: int) -> str:
    """The default rules about customers, the reader's, and other roles' as many as make at least `rules` lines."""
    default = rules_text().splitlines(keepends=True)
    text = "".join(filter(_is_of_customers, default)) + _READER_RULES
    count = sum(line.startswith("p,") for line in text.splitlines())
    each = _OTHER_ROLE.count("\np,")
    return text + "".join(_OTHER_ROLE.format(n=number) for number in range(-(-max(rules - count, 0) // each)))


def _is_of_customers(line: str) -> bool:
    """Not a rule about other records, which no question about customers looks at."""
    return not line.startswith("p,") or line.split(",")[3].strip() in {ANY, *CUSTOMER_KINDS}


async def prepare(
    settings: Settings, uri: str, customers: int, rules: int, progress: Callable[[int, int], None]
) -> int:
    """Makes what is missing; returns the number of rules in force."""
    await migrate(settings, uri, lambda *_: None)  # an earlier version may have made it
    async with open_services(settings, uri) as services:
        fingerprint = _fingerprint(customers)
        state = await services.database[STATE].find_one({"_id": "seed"})
        stale = state is None or state["fingerprint"] != fingerprint
        if stale:
            await services.database.client.drop_database(services.database)
    async with open_services(settings, uri) as services:
        if stale:
            await _seed(services, customers, progress)
            await services.database[STATE].insert_one({"_id": "seed", "fingerprint": fingerprint})
        return await _activate(services, rules)


async def remove_created(settings: Settings, uri: str) -> int:
    """Takes away the customers that were made for a measurement, and what hangs on them; returns how many there were.

    The next run measures on the same data."""
    async with open_services(settings, uri) as services:
        database = services.database
        made = [found["_id"] async for found in database["customers"].find({"name": CREATED_NAME}, {"_id": 1})]
        for name in await database.list_collection_names(filter={"type": "collection"}):
            for start in range(0, len(made), _AT_ONCE):
                some = {"$in": made[start : start + _AT_ONCE]}
                await database[name].delete_many({"$or": [{"_id": some}, {"customer_id": some}]})
    return len(made)


async def _seed(services: Services, customers: int, progress: Callable[[int, int], None]) -> None:
    await seed_demo(services, customers, PASSWORD, progress, with_records=False)
    # `dossier serve` refuses a database with demo logins, and it is `dossier serve` that is measured.
    for account in [one for one in await services.accounts.list_accounts() if one.demo]:
        await services.accounts.close_demo_login(account.username)
    await services.accounts.add(
        NewAccount(
            USERNAME,
            display_name="Reader of the benchmark",
            roles=[ROLE],
            purposes=[Purpose.BUSINESS_OPERATION],
            department=DEMO_DEPARTMENTS[0].code,
            password_hash=await PasswordHasher().hash(PASSWORD),
            cleared_until=FOREVER,
        )
    )


async def _activate(services: Services, rules: int) -> int:
    wanted = parse_csv(rule_text(rules), FULL_CATALOGUE)
    active = services.store.compiler.rule_set
    if RuleSet(active.rules, active.inheritance) != wanted:
        await services.store.activate(wanted, by="benchmark")
    return len(wanted.rules)


def _fingerprint(customers: int) -> str:
    content: Any = (customers, DEMO_DEPARTMENTS, print_schema(), STORED_AS)
    return hashlib.sha256(repr(content).encode()).hexdigest()
