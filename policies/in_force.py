"""The rule set in force: seeds it, loads it, replaces it, and follows what other processes activate.

INVARIANT: fail closed. A stored rule set that does not hold, one that Dossier did not write, one older than a version
that was in force, or none at all, can only come from tampering or from a program that is older or newer than the rules;
until a valid one is active everything is denied.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from documents.audit.entries import DecidedBy
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.chapters.policies.stored import NewRuleSet, StoredRuleSet
from documents.declaring.catalogue import Catalogue
from documents.errors import StaleVersionError
from policies.changing.policy_tests import default_tests
from policies.default import rules_text
from policies.errors import RuleError, RuleSetConflictError
from policies.judging.compiler import Compiler
from policies.rules.rule_set import RuleSet, parse_csv, read_stored

WARM_SECONDS = 0.4  # a change must be live within one second, warm or not
RETRY_SECONDS = 0.25
NO_RULES = RuleSet((), ())

_logger = logging.getLogger(__name__)


class PolicyStore:
    """Holds the compiler of the rule set in force. Denies everything until it is opened."""

    def __init__(self, repository: RuleSetRepository, catalogue: Catalogue) -> None:
        self._repository = repository
        self._catalogue = catalogue
        self._compiler = Compiler(catalogue, NO_RULES)
        self._hashes = {NO_RULES.version: NO_RULES.digest}
        self._loading = asyncio.Lock()
        self._sound = False
        self._in_force: tuple[int, bytes | None] = (0, None)  # what the pointer named when it was read last
        self._newest = 0
        self._reason = ""

    @property
    def compiler(self) -> Compiler:
        """The compiler of the rule set in force."""
        return self._compiler

    def decided_by(self, versions: Collection[int] = ()) -> Sequence[DecidedBy]:
        """What decides, or decided, in this process as these versions, with its `RuleSet.digest`: of no rules at all
        where the stored ones do not hold. The one in force where no version is given.

        Raises KeyError for a version that never was in force here."""
        decided = sorted(versions) or [self._compiler.version]
        return [{"version": version, "hash": self._hashes[version]} for version in decided]

    @property
    def is_sound(self) -> bool:
        """False while everything is denied because no valid rule set is active."""
        return self._sound

    async def open(self, newest_known: int = 0) -> None:
        """Seeds an empty database with the default rules, and loads the rule set in force. `newest_known`: a version of
        which somebody else knows that it was in force; an older one does not count."""
        self._newest = newest_known
        if not newest_known:
            default = parse_csv(rules_text(), self._catalogue)
            await self._repository.seed(default.rules, default.inheritance, by="dossier")
        await self._load()

    async def activate(
        self, rules: str | RuleSet, by: str, comment: str = "", *, tests: Sequence[str] | None = None
    ) -> int:
        """Puts a rule set, or the text of a `policy.csv`, in force in place of the loaded one; returns its version.

        It is live in this process on return, in the others within a second. Raises RuleError if it does not hold,
        RuleSetConflictError if another one became active in the meantime; then nothing is written.
        """
        text = rules.to_csv() if isinstance(rules, RuleSet) else rules
        valid = parse_csv(text, self._catalogue)
        try:
            new = NewRuleSet(valid.rules, valid.inheritance, by, comment, tests)
            version = await self._repository.activate(self._in_force[0], new, above=self._newest)
        except StaleVersionError as error:
            raise RuleSetConflictError from error
        await self._load()
        return version

    async def refresh(self) -> None:
        """Puts in force in this process what was activated in the database, at once."""
        await self._load()

    async def version(self, number: int) -> RuleSet | None:
        """A version, in force or not, as it was stored; None where there is none that can still be read."""
        return (await self.version_with_tests(number))[0]

    async def version_with_tests(self, number: int) -> tuple[RuleSet | None, tuple[str, ...]]:
        """A version and the policy tests kept with it: those of the product where it has none of its own."""
        stored = await self._repository.get(number)
        tests = stored.tests if stored is not None else None
        texts = tuple(str(text) for text in tests) if isinstance(tests, list) else default_tests()
        if stored is None:
            return None, texts
        try:
            read = await asyncio.to_thread(read_stored, stored.rules, stored.roles, number, self._catalogue)
        except RuleError:  # it names what exists no longer
            return None, texts
        return read, texts

    async def watch(self) -> None:
        """Follows the rule set in force until cancelled. Run it as a task for as long as the process serves."""
        async for _ in self._repository.watch():
            await self._load_persistently()

    async def _load_persistently(self) -> None:
        """Until a rule set counts: what was read while the database changed its primary may be out of date."""
        while True:
            try:
                await self._load()
            except Exception:  # whatever went wrong, following must go on
                _logger.exception("the rule set in force cannot be loaded, trying again")
            else:
                if self._sound:
                    return
            await asyncio.sleep(RETRY_SECONDS)

    async def _load(self) -> None:
        async with self._loading:
            stored = await self._repository.active()
            in_force = (stored.version, stored.seal) if stored is not None else (0, None)
            if in_force == self._in_force and in_force[1] is not None:  # judged before, for good or ill
                return
            # Off the event loop: thousands of rules take as long to read as many requests.
            rule_set = await asyncio.to_thread(self._validate, stored)
            if rule_set is None:
                self._compiler, self._sound, self._in_force = Compiler(self._catalogue, NO_RULES), False, in_force
                return
            compiler = await asyncio.to_thread(Compiler, self._catalogue, rule_set)
            self._hashes[rule_set.version] = await asyncio.to_thread(lambda: rule_set.digest)
            await self._warm(compiler)
            self._compiler, self._sound, self._in_force, self._reason = compiler, True, in_force, ""
            self._newest = max(self._newest, rule_set.version)

    def _validate(self, stored: StoredRuleSet | None) -> RuleSet | None:
        if stored is None:
            return self._denied("no rule set is active")
        if stored.seal is None:
            return self._denied(f"rule set {stored.version} was not put in force by Dossier")
        if stored.version < self._newest:
            return self._denied(f"rule set {stored.version} is older than {self._newest}, which was in force")
        try:
            return read_stored(stored.rules, stored.roles, stored.version, self._catalogue)
        except RuleError as error:
            return self._denied(f"rule set {stored.version} does not hold ({error})")

    def _denied(self, reason: str) -> RuleSet | None:
        if reason != self._reason:
            _logger.critical("%s: everything is denied", reason)
        self._reason = reason
        return None

    async def _warm(self, compiler: Compiler) -> None:
        try:
            await asyncio.wait_for(compiler.warm(self._compiler), WARM_SECONDS)
        except TimeoutError:
            _logger.info("rule set %s goes live before it is warm", compiler.version)
