"""How long the effect difference of two rule sets takes: 1,000 random rules of 12 roles, over every kind of record; and
for 1,000 accounts that have 77 sets of roles.

Run it with `python -m benchmarks.policy_effects`. It must stay under three seconds when every rule was changed.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime
from itertools import combinations

from documents.access.plan import Action, Purpose
from documents.chapters.accounts.directory import StoredAccount
from documents.chapters.customers.counts import Place
from documents.declaring.fields import Sensitivity
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.registry import FULL_CATALOGUE
from policies.changing.effects import EffectComparison
from policies.rules.matching import ANY, RECORDS
from policies.rules.rule_set import Inheritance, Rule, RuleSet
from resolvers.chapters.policies.people import AffectedPeople, CustomerScopes

RULES, ROLES, LIMIT_SECONDS = 1_000, 12, 3.0
ACCOUNTS, ROLE_SETS = 1_000, 77


def random_rules(seed: int, count: int = RULES) -> RuleSet:
    """`count` different rules that hold, the same for the same seed."""
    chosen = random.Random(seed)
    roles = [f"role_{number}" for number in range(ROLES)]
    kinds = [
        *(kind.value for kind in FULL_CATALOGUE.by_kind),
        *(kind.value for kind in CUSTOMER_KINDS),
        *[ANY, RECORDS] * 6,
    ]
    found: set[Rule] = set()
    while len(found) < count:
        kind = chosen.choice(kinds)
        some = {ANY: Kind.INDIVIDUAL, RECORDS: Kind.TICKET}.get(kind)
        names = list(FULL_CATALOGUE.fields(some or Kind(kind)))
        field = chosen.choice([chosen.choice(names), ANY, f"@{chosen.choice(list(Sensitivity)).value}"])
        found.add(
            Rule(
                chosen.choice(roles),
                chosen.choice(["all", "own", "department", "self"]),
                kind,
                field,
                chosen.choice(list(Action)).value,
                chosen.choice([*(purpose.value for purpose in Purpose), ANY]),
                chosen.choice(["allow", "allow", "allow", "deny"]),
            )
        )
    return RuleSet(tuple(sorted(found)), tuple(Inheritance(role, "everyone") for role in roles))


def seconds_of(base: RuleSet, draft: RuleSet) -> float:
    """How long the comparison of every role takes."""
    began = time.perf_counter()
    EffectComparison(FULL_CATALOGUE, base, draft).of_every_role()
    return time.perf_counter() - began


def seconds_of_people(base: RuleSet, draft: RuleSet) -> float:
    """How long the same takes for each of the accounts, with the customers whom it concerns."""
    roles = sorted(base.roles - {"everyone"})
    sets = [frozenset(chosen) for size in (1, 2) for chosen in combinations(roles, size)][:ROLE_SETS]
    counts = {
        Place(kind, f"user_{number}", f"D{number % 9}"): 10 for kind in CUSTOMER_KINDS for number in range(ACCOUNTS)
    }
    began = time.perf_counter()
    people = AffectedPeople(EffectComparison(FULL_CATALOGUE, base, draft).of_roles, CustomerScopes(counts, {}))
    for number in range(ACCOUNTS):
        people.affected(_account(number, sets[number % len(sets)]))
    return time.perf_counter() - began


def _account(number: int, roles: frozenset[str]) -> StoredAccount:
    return StoredAccount(
        username=f"user_{number}",
        display_name=f"user_{number}",
        roles=roles,
        lasting_roles=roles,
        base_roles=roles,
        department=f"D{number % 9}",
        customer_id=None,
        purposes=frozenset(Purpose),
        disabled=False,
        demo=False,
        oidc_subject=None,
        cleared_until=None,
        partner=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def main() -> int:
    """Print the figures; 1 where one is over the limit."""
    base, other = random_rules(1), random_rules(2)
    drafts = {
        "one rule changed": RuleSet(base.rules[1:], base.inheritance),
        "a tenth changed": RuleSet(base.rules[: RULES * 9 // 10] + other.rules[: RULES // 10], base.inheritance),
        "all changed": other,
    }
    slowest = 0.0
    for name, draft in drafts.items():
        seconds = seconds_of(base, draft)
        slowest = max(slowest, seconds)
        print(f"{name:<18} {seconds:6.3f} s")
    seconds = seconds_of_people(base, other)
    slowest = max(slowest, seconds)
    print(f"all, {ACCOUNTS} accounts {seconds:6.3f} s")
    return int(slowest > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
