"""What a change of rules would do, before it is in force: who gains and loses what, and which policy tests fail.

Everything is computed off the event loop from two rule sets; of customers only their number is asked for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from documents.access.plan import Action, ScopeSet
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.customers.counts import CustomerCounts
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.plain_records import Record, Records
from policies.changing.changes import change_between, conflicts, csv_line
from policies.changing.effects import AccessChange, EffectComparison
from policies.changing.policy_tests import Violation, read_tests, run_tests
from policies.rules.rule_set import RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.draft_reads import PolicyDrafts
from resolvers.chapters.policies.people import AffectedPeople, AffectedPerson, CustomerScopes
from resolvers.chapters.policies.rule_forms import cell_of

TrustedReads = Mapping[str, Mapping[Kind, frozenset[str]]]
"""Which declared fields each trusted document reads, by its id and kind."""


class PolicyEffects:
    """Effects of drafts and of versions."""

    def __init__(
        self,
        drafts: PolicyDrafts,
        accounts: AccountRepository,
        counts: CustomerCounts,
        trusted: Callable[[], TrustedReads],
    ) -> None:
        self._drafts = drafts
        self._store = drafts.store
        self._catalogue = drafts.catalogue
        self._accounts = accounts
        self._counts = counts
        self._trusted = trusted

    async def of_draft(self, caller: Caller, draft_id: str) -> Record | None:
        """What the draft does to its base; None where there is no such draft for the caller."""
        draft = await self._drafts.find(caller, draft_id)
        if draft is None:
            return None
        base, tests = await self._store.version_with_tests(draft.base)
        return await self._effects(base, draft.rules, tests, draft.tests, draft.base) if base is not None else None

    async def of_version(self, caller: Caller, number: int) -> Record | None:
        """What version `number` did to the one before it; None where there are not both."""
        await self._drafts.authorize(caller)
        version, tests = await self._store.version_with_tests(number)
        base, tests_before = await self._store.version_with_tests(number - 1)
        if version is None or base is None:
            return None
        return await self._effects(base, version, tests_before, tests, number - 1)

    async def tests(self, caller: Caller, draft_id: str | None) -> Records | None:
        """Every policy test of the draft, or of the version in force, and whether it holds."""
        if draft_id is None:
            await self._drafts.authorize(caller)
            _, texts = await self._store.version_with_tests(self._store.compiler.version)
            return await asyncio.to_thread(_tested, texts, self._store.compiler.rule_set, self._catalogue)
        draft = await self._drafts.find(caller, draft_id)
        if draft is None:
            return None
        return await asyncio.to_thread(_tested, draft.tests, draft.rules, self._catalogue)

    async def conflicts(self, caller: Caller, draft_id: str) -> list[str] | None:
        """The draft's lines about what was changed since its base as well; empty where it can be rebased."""
        draft = await self._drafts.find(caller, draft_id)
        base = await self._store.version(draft.base) if draft is not None else None
        if draft is None or base is None:
            return None
        return [csv_line(line) for line in conflicts(base, draft.rules, self._store.compiler.rule_set)]

    async def _effects(
        self, base: RuleSet, draft: RuleSet, tests_before: Sequence[str], tests: Sequence[str], number: int
    ) -> Record:
        accounts = await self._accounts.who_can_log_in()
        places = await self._counts.places([one.customer_id for one in accounts if one.customer_id is not None])
        scopes = CustomerScopes(await self._counts.by_place(), places)
        comparison = EffectComparison(self._catalogue, base, draft)

        def compare() -> tuple[dict[str, tuple[AccessChange, ...]], list[AffectedPerson]]:
            people = AffectedPeople(comparison.of_roles, scopes)
            found = [people.affected(account) for account in accounts]
            return comparison.of_every_role(), [person for person in found if person is not None]

        by_role, people = await asyncio.to_thread(compare)
        change = change_between(base, draft)
        trusted = await asyncio.to_thread(self._trusted)
        return Record(
            base=number,
            added=[csv_line(line) for line in change.added],
            removed=[csv_line(line) for line in change.removed],
            tests_added=[text for text in tests if text not in tests_before],
            tests_removed=[text for text in tests_before if text not in tests],
            roles=Records(Record(role=role, changes=_changes(changes)) for role, changes in by_role.items()),
            people=_people(people),
            documents=_documents(trusted, by_role),
        )


def scope_set_record(scopes: ScopeSet) -> Record:
    """`{scopes: [ALL, OWN]}`, in a fixed order."""
    return Record(scopes=sorted(scope.value for scope in scopes))


def _people(people: Iterable[AffectedPerson]) -> Records:
    """A record of each person; those who share their changes share the record of them."""
    made: dict[int, Records] = {}
    found = Records()
    for person in people:
        key = id(person.changes)  # they are all alive
        if key not in made:
            made[key] = _changes(person.changes)
        found.append(_person(person, made[key]))
    return found


def _person(person: AffectedPerson, changes: Records) -> Record:
    account = person.account
    return Record(
        username=account.username,
        display_name=account.display_name,
        roles=sorted(account.roles),
        customers=person.customers,
        changes=changes,
    )


def _changes(changes: Iterable[AccessChange]) -> Records:
    return Records(
        Record(
            kind=change.kind.value,
            purpose=change.purpose.value,
            action=change.action.value,
            before=change.before.name,
            after=change.after.name,
            gained=change.is_gain,
            fields=list(change.fields),
            scope_sets=Records(scope_set_record(scopes) for scopes in change.scope_sets),
        )
        for change in changes
    )


def _documents(trusted: TrustedReads, by_role: Mapping[str, Iterable[AccessChange]]) -> Records:
    """The trusted documents that read what some role reads less of."""
    lost: dict[Kind, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for role, changes in by_role.items():
        for change in changes:
            if change.action is Action.READ and not change.is_gain:
                for name in change.fields:
                    lost[change.kind][name].add(role)
    found = Records()
    for document, reads in sorted(trusted.items()):
        for kind, fields in reads.items():
            if concerned := sorted(fields & lost[kind].keys()):
                roles = sorted(set().union(*(lost[kind][name] for name in concerned)))
                found.append(Record(document=document, kind=kind.value, fields=concerned, roles=roles))
    return found


def _tested(texts: Sequence[str], rules: RuleSet, catalogue: Catalogue) -> Records:
    tests = read_tests(texts, catalogue, rules.roles)
    failed = {violation.test: violation for violation in run_tests(tests, catalogue, rules)}
    return Records(_test(text, failed.get(text)) for text in texts)


def _test(text: str, violation: Violation | None) -> Record:
    record = Record(test=text, holds=violation is None)
    if violation is not None:
        record |= Record(
            cell=cell_of(violation),
            roles=list(violation.roles),
            kind=violation.kind.value,
            field=violation.field,
            purpose=violation.purpose.value if violation.purpose is not None else None,
            rule=", ".join(violation.rule) if violation.rule is not None else None,
        )
    return record
