"""The commands about access rules: their tests, a comparison in effect, who reaches a field, the history of versions,
export and import.

Owns their words and columns. Rules are changed through the use cases alone.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.table import Table

from commands.errors import CommandError
from commands.services import with_services
from commands.terminal import show
from documents.access.plan import Action, Level, Purpose
from documents.chapters.policies.stored import RuleSetHead
from documents.errors import FieldAccessError, RecordNotFoundError, RuleBrokenError, RulesBrokenError
from documents.registry import FULL_CATALOGUE
from policies.changing.casbin_files import PolicyFilesError, read_files, write_files
from policies.changing.effects import EffectComparison
from policies.changing.policy_tests import Violation, default_tests, read_tests, run_tests
from policies.errors import PolicyError
from policies.judging.reach import UnknownFieldError, field_named, reach
from policies.rules.rule_set import RuleSet
from resolvers.services import Services
from schema.registry import WORDS
from settings import Settings


def test(settings: Settings, arguments: Namespace) -> int:
    """Prints each policy test that fails, with the rule to blame; 1 if one does."""
    rules, texts = _files(arguments.path) if arguments.path is not None else _version(settings, None)
    wanted = texts if texts is not None else default_tests()
    try:
        failed = run_tests(read_tests(wanted, FULL_CATALOGUE, rules.roles), FULL_CATALOGUE, rules)
    except PolicyError as error:
        raise CommandError(str(error)) from error
    for violation in failed:
        print("\n".join(_violation_lines(violation)))
    print(f"{len(wanted)} tests: {f'{len(failed)} failed' if failed else 'all hold'}")
    return 1 if failed else 0


def compare(settings: Settings, arguments: Namespace) -> None:
    """Prints which roles gain or lose what by the rules of a file."""
    rules, _ = _files(arguments.path)
    base, _ = _version(settings, None)
    show(_effect_table(base, rules))


def show_reach(settings: Settings, arguments: Namespace) -> None:
    """Prints who reaches a declared field, for what, and by which rule."""
    rules, _ = _files(arguments.rules) if arguments.rules is not None else _version(settings, None)
    try:
        show(_reach_table(rules, arguments.field))
    except UnknownFieldError as error:
        raise CommandError(str(error)) from error


def list_versions(settings: Settings, _: Namespace) -> None:
    """Prints the newest versions of the rules."""

    async def table(services: Services) -> Table:
        return _history(await services.rule_history(limit=100), services.store.compiler.version)

    show(with_services(settings, table))


def export(settings: Settings, arguments: Namespace) -> None:
    """Writes a version of the rules as Casbin's files, with its tests."""
    rules, texts = _version(settings, arguments.version)
    try:
        write_files(arguments.directory, rules, texts or ())
    except OSError as error:
        raise CommandError(f"{arguments.directory} cannot be written ({error.strerror})") from error
    print(f"{len(rules.rules)} rules of version {rules.version} are in {arguments.directory}.")


def import_rules(settings: Settings, arguments: Namespace) -> None:
    """Makes a draft of the rules of a file; or puts them in force where nobody can change rules any more."""
    rules, texts = _files(arguments.path)

    async def bring(services: Services) -> str:
        imports = services.use_cases.policies.imports
        if not arguments.restore:
            draft = await imports.draft(arguments.username, rules, texts, arguments.why)
            return f"The draft {draft} is to be submitted and approved."
        version = await imports.restore(rules, texts, arguments.why)
        if version is None:
            raise CommandError("somebody can change the rules: import a draft as one of them, with --as")
        return f"Version {version} is in force."

    try:
        print(with_services(settings, bring))
    except RecordNotFoundError as error:
        raise CommandError(f"there is no account `{arguments.username}`") from error
    except (PolicyError, FieldAccessError) as error:
        raise CommandError(f"`{arguments.username}` may not write drafts of rules") from error
    except (RuleBrokenError, RulesBrokenError) as error:
        broken = error.broken if isinstance(error, RulesBrokenError) else (error,)
        raise CommandError("\n".join(WORDS["en"].say(one.rule, dict(one.parameters)) for one in broken)) from error


def _files(path: Path) -> tuple[RuleSet, Sequence[str] | None]:
    """The rules of a file, with its tests if it has some."""
    try:
        return read_files(path, FULL_CATALOGUE)
    except PolicyFilesError as error:
        raise CommandError(str(error)) from error


def _version(settings: Settings, version: int | None) -> tuple[RuleSet, Sequence[str] | None]:
    """A version with its tests; the one in force for None."""

    async def read(services: Services) -> tuple[RuleSet | None, Sequence[str]]:
        return await services.store.version_with_tests(version or services.store.compiler.version)

    rules, texts = with_services(settings, read)
    if rules is None:
        raise CommandError(f"there is no version {version} of the rules, or it names what exists no longer")
    return rules, texts


def _effect_table(base: RuleSet, rules: RuleSet) -> Table | str:
    """Which roles gain or lose what, one change a row; a sentence where none does."""
    by_role = EffectComparison(FULL_CATALOGUE, base, rules).of_every_role()
    table = Table("role", "", "action", "kind", "fields", "purpose", "from", "to", "in", box=None, pad_edge=False)
    for role, changes in by_role.items():
        for change in changes:
            table.add_row(
                role,
                "gains" if change.is_gain else "loses",
                change.action.value,
                change.kind.value,
                ", ".join(change.fields),
                change.purpose.value,
                change.before.name.lower(),
                change.after.name.lower(),
                " | ".join("+".join(sorted(scopes)) for scopes in change.scope_sets),
            )
    return table if by_role else "No role gains or loses anything."


def _reach_table(rules: RuleSet, field: str) -> Table | str:
    """Who reaches `field`, written `kind.field`, and by which rule; a sentence where nobody does.

    Raises UnknownFieldError."""
    found = reach(FULL_CATALOGUE, rules, *field_named(FULL_CATALOGUE, field))
    table = Table("role", "action", "", "in", "for", "by", box=None, pad_edge=False)
    for one in found:
        is_other_than_read = one.action is not Action.READ and one.level is Level.PLAIN
        table.add_row(
            one.role,
            one.action.value,
            "allowed" if is_other_than_read else one.level.name.lower(),
            one.scope.value,
            "*" if len(one.purposes) == len(Purpose) else ", ".join(purpose.value for purpose in one.purposes),
            ", ".join(("p", *one.rule)) if one.rule is not None else "nothing is masked there",
        )
    return table if found else f"Nobody reaches {field}."


def _history(heads: Iterable[RuleSetHead], in_force: int) -> Table:
    """The versions, newest first; the one in force is marked."""
    table = Table("version", "", "since", "by", "approved by", "rules", "why", box=None, pad_edge=False)
    for head in heads:
        table.add_row(
            str(head.version),
            "in force" if head.version == in_force else "",
            head.created_at.isoformat(sep=" ", timespec="seconds"),
            head.created_by,
            head.approved_by or "",
            str(head.rules),
            head.comment,
        )
    return table


def _violation_lines(found: Violation) -> Iterator[str]:
    """The sentence, the cell, the rule."""
    yield f"FAILED  {found.test}"
    purpose = f" for {found.purpose.value}" if found.purpose is not None else ""
    scopes = " and ".join(sorted(found.scopes))
    yield f"        {' and '.join(found.roles)}: {found.kind.value}.{found.field}{purpose}, in {scopes}"
    yield f"        by p, {', '.join(found.rule)}" if found.rule is not None else "        no rule allows it"
