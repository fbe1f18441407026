"""The `dossier` command: starts the product, and manages its accounts.

Owns arguments, exit codes and what an operator reads. Every expected failure is one plain sentence on stderr and a
non-zero exit. It must never hold a rule or a query: it wires settings to `app` and to the layers below.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import uvloop
from rich.console import Console
from rich.table import Table

from demo.accounts import DEMO_ACCOUNTS
from demo.banner import demo_banner
from demo.invented.company import DEMO_COMPANY
from demo.password import forget_demo_password, keep_demo_password, kept_demo_password, new_demo_password
from demo.progress import seeding_progress
from demo.seed import DEMO_USERNAMES
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import AccountRepository, NewAccount
from documents.chapters.accounts.passwords import PasswordHasher
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.jobs.views import JobViews
from documents.database.data_directory import prepare_data_directory
from documents.database.embedded import EmbeddedMongoDB, running_uri
from documents.database.external import require_replica_set
from documents.errors import (
    DuplicateValueError,
    EmbeddedMongoDBError,
    ExternalMongoDBError,
    FieldAccessError,
    InvalidValueError,
    RecordNotFoundError,
    RootKeyError,
    RuleBrokenError,
    RulesBrokenError,
)
from jobs.errors import BrokerError
from policies.errors import PolicyError
from settings import Settings, SettingsError
from web.server import ListenError, ServerOptions, listen, serve, serve_with_workers

if TYPE_CHECKING:
    from policies.rules.rule_set import RuleSet

_T = TypeVar("_T")

_FACTORY: Final = "app:create_app_from_environment"

_ACCOUNT_RULES: Final = {
    "username": "a username has 1 to 64 lower-case letters, digits and `.`, `_`, `-`, `@`, and begins with one of the "
    "first two",
    "password": "a password has 12 to 256 characters",
    "display_name": "a name has 1 to 200 characters",
    "roles": "a role is named by letters, digits and `.`, `_`, `-`",
    "department": "a department code has letters, digits and `.`, `_`, `-`",
    "id": "a department code has letters, digits and `.`, `_`, `-`",
    "name_en": "a department has a name of 1 to 200 characters in each language",
    "name_zh": "a department has a name of 1 to 200 characters in each language",
    "customer_id": "a customer id has 24 hexadecimal digits",
}


class Services(Protocol):
    """What the commands need of `app.open_services`."""

    @property
    def accounts(self) -> AccountRepository: ...

    @property
    def jobs(self) -> JobViews: ...

    @property
    def ledger(self) -> JobLedger: ...

    @property
    def key_rotation(self) -> KeyRotation: ...

    async def rotate_vault_key(self) -> str:
        """Makes a new vault key; the public id of the job that wraps everything with it."""
        ...

    async def rotate_root_key(self) -> Path:
        """Makes a new local root key; where the file of the one before is kept."""
        ...

    async def roles(self) -> frozenset[str]:
        """The roles that the rule set in force declares."""
        ...

    async def has_demo_accounts(self) -> bool: ...


Command = Callable[[Settings, argparse.Namespace], None]


class CommandError(Exception):
    """The command cannot do what was asked; the message is one plain sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, or ended by a signal; 1 refused; 2 wrong arguments."""
    # `kill` ends the process as Ctrl-C does: through every `finally`, with the database last.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(arguments)


def run(arguments: Sequence[str] | None = None) -> int:
    """`main` without its hold on signals, which the main thread alone can have."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.command(Settings.from_environment(os.environ), parsed)
    except KeyboardInterrupt:
        return 0
    except InvalidValueError as error:
        return _refuse("; ".join(_ACCOUNT_RULES.get(item.field, f"{item.field} is not valid") for item in error.fields))
    except (
        BrokerError,
        CommandError,
        EmbeddedMongoDBError,
        ExternalMongoDBError,
        ListenError,
        RootKeyError,
        SettingsError,
    ) as error:
        return _refuse(str(error))
    return 0


def _refuse(sentence: str) -> int:
    print(f"dossier: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dossier", description="Customer records under policy.", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(to: Any, name: str, text: str, run: Command) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = to.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(command=run)
        return command

    add(commands, "demo", "Start with invented customers and demo logins.", _demo)
    add(commands, "serve", "Start for production.", _serve)
    add(commands, "worker", "Run background jobs in a process of their own.", _work)
    _add_jobs(add, commands)
    _add_keys(add, commands)
    _add_audit(add, commands)
    _add_policy(add, commands)
    add(commands, "schema", "Print the GraphQL schema.", _print_schema)
    departments = commands.add_parser("department", help="Manage departments.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    put = add(departments, "add", "Add a department, or rename it.", _put_department)
    put.add_argument("code")
    put.add_argument("--en", required=True, help="its English name")
    put.add_argument("--zh", required=True, help="its Chinese name")
    accounts = commands.add_parser("account", help="Manage who can log in.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    add(accounts, "list", "List the accounts.", _list_accounts)
    disable = add(accounts, "disable", "Disable an account and end its sessions.", _disable_account)
    disable.add_argument("username")
    new = add(accounts, "add", "Add an account; its password is asked for, or read from stdin.", _add_account)
    new.add_argument("username")
    new.add_argument("--name", help="as others see it (default: the username)")
    new.add_argument("--role", action="append", required=True, help="may be repeated")
    new.add_argument("--department", help="the code of the department")
    new.add_argument("--purpose", action="append", required=True, choices=[purpose.value for purpose in Purpose])
    new.add_argument("--customer", help="the id of the customer whose own login this is")
    return parser


def _add_jobs(add: Callable[[Any, str, str, Command], argparse.ArgumentParser], commands: Any) -> None:
    jobs = add(commands, "jobs", "Show what runs in the background, what is due, and what failed and why.", _list_jobs)
    of_one = jobs.add_subparsers(metavar="COMMAND")
    for name, text, run in (
        ("show", "Show everything about one job.", _show_job),
        ("watch", "Follow one job to its end.", _watch_job),
        ("retry", "Run a failed or dead job again, from where it stopped.", _retry_job),
    ):
        add(of_one, name, text, run).add_argument("id")


def _add_keys(add: Callable[[Any, str, str, Command], argparse.ArgumentParser], commands: Any) -> None:
    keys = add(commands, "keys", "Show where the keys stand: which wraps, and how much.", _show_keys)
    of_one = keys.add_subparsers(metavar="COMMAND")
    add(of_one, "rotate", "Make a new vault key; a background job wraps every data key with it.", _rotate_vault_key)
    add(of_one, "rotate-root", "Make a new local root key; the file of the one before is kept.", _rotate_root_key)


def _add_audit(add: Callable[[Any, str, str, Command], argparse.ArgumentParser], commands: Any) -> None:
    audit = commands.add_parser("audit", help="Verify the audit trail.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    verify = add(audit, "verify", "Find whatever was changed in the trail; exit code 1 if anything was.", _verify_trail)
    verify.add_argument("--heads", type=Path, help="signed heads (default: audit-heads.ndjson of the data directory)")
    verify.add_argument("--key", type=Path, help="public keys, PEM (default: audit-key.pem of the data directory)")
    add(audit, "key", "Print the public key that verifies the trail.", _print_trail_key)


def _add_policy(add: Callable[[Any, str, str, Command], argparse.ArgumentParser], commands: Any) -> None:
    policy = commands.add_parser("policy", help="Test, compare, export and import access rules.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    test = add(policy, "test", "Run the policy tests; exit code 1 if one fails.", _test_policy)
    test.add_argument("path", type=Path, nargs="?", help="policy.csv, or its directory (default: the rules in force)")
    diff = add(policy, "diff", "Show which roles gain or lose what by the rules of a file.", _diff_policy)
    diff.add_argument("path", type=Path, help="policy.csv, or its directory")
    reaches = add(policy, "reach", "Show who reaches a declared field, for what, and by which rule.", _show_reach)
    reaches.add_argument("field", metavar="KIND.FIELD")
    reaches.add_argument("--rules", type=Path, help="policy.csv, or its directory (default: the rules in force)")
    add(policy, "history", "List the versions of the rules.", _list_versions)
    export = add(policy, "export", "Write model.conf, policy.csv and the policy tests.", _export_policy)
    export.add_argument("directory", type=Path)
    export.add_argument("--version", type=int, help="default: the version in force")
    bring = add(policy, "import", "Make a draft of the rules of a file, to be submitted and approved.", _import_policy)
    bring.add_argument("path", type=Path, help="policy.csv, or its directory")
    bring.add_argument("--why", required=True, help="kept with the draft")
    who = bring.add_mutually_exclusive_group(required=True)
    who.add_argument("--as", dest="username", help="the account whose draft it is, under its rights")
    who.add_argument("--restore", action="store_true", help="in force at once, where nobody can change rules any more")


def _demo(settings: Settings, _: argparse.Namespace) -> None:
    if settings.policy_approval is None:  # one person tries it out
        os.environ["DOSSIER_POLICY_APPROVAL"] = "false"
    if settings.company_name is None:
        os.environ.update(DEMO_COMPANY)
    settings = Settings.from_environment(os.environ)  # by the environment, which worker processes read too
    _check_trusted_documents(settings)
    _check_broker(settings)
    with _listening(settings) as listener, _mongodb(settings) as uri:
        password = _run(_prepare_demo(settings, uri))
        # An operator's own address may hold a password; the embedded database has none.
        banner = demo_banner(_address(settings), password, uri if settings.mongodb_uri is None else None)
        _serve_on(listener, settings, uri, lambda: _console().print(banner, highlight=False))


async def _prepare_demo(settings: Settings, uri: str) -> str:
    """See that the demo data and logins are there; return the password of the logins."""
    import app  # noqa: PLC0415 - see _services
    from demo.seed import seed_demo  # noqa: PLC0415

    kept = kept_demo_password(settings.data_dir)
    password = settings.demo_password or kept or new_demo_password()
    async with app.open_services(settings, uri) as services:
        if not await services.has_demo_accounts():
            if any(account.username not in DEMO_USERNAMES for account in await services.accounts.list_accounts()):
                raise CommandError(
                    f"the database `{settings.database}` has accounts of its own, and the demo does not mix with them: "
                    "set DOSSIER_DATABASE or DOSSIER_DATA_DIR to another one, or run `dossier serve`"
                )
            forget_demo_password(settings.data_dir)
            with seeding_progress(_console()) as progress:
                await seed_demo(services, settings.demo_customers, password, progress)
        elif password != kept:
            forget_demo_password(settings.data_dir)
            password_hash = await PasswordHasher().hash(password)  # one for all: they share the password anyway
            for account in DEMO_ACCOUNTS:
                await services.accounts.set_password(account.username, password_hash)
    keep_demo_password(settings.data_dir, password)
    return password


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    _check_trusted_documents(settings)
    _check_broker(settings)
    with _listening(settings) as listener, _mongodb(settings) as uri:
        _run(_refuse_demo_accounts(settings, uri))
        address = _address(settings)
        _serve_on(listener, settings, uri, lambda: print(f"Dossier is ready at {address}", flush=True))


def _check_trusted_documents(settings: Settings) -> None:
    if settings.trusted_documents is None:
        return
    import app  # noqa: PLC0415 - see _services

    if (reason := app.refused_trusted_documents(settings)) is not None:
        raise CommandError(f"DOSSIER_TRUSTED_DOCUMENTS: {reason}")


def _check_broker(settings: Settings) -> None:
    if settings.broker is not None:
        from jobs.brokers import external_broker  # noqa: PLC0415 - see _services

        external_broker(settings.broker)


async def _refuse_demo_accounts(settings: Settings, uri: str) -> None:
    async with _services(settings, uri) as services:
        if await services.has_demo_accounts():
            raise CommandError(
                f"the database `{settings.database}` holds demo accounts, whose password is no secret: set "
                "DOSSIER_DATABASE or DOSSIER_DATA_DIR to another one, or run `dossier demo`"
            )


def _verify_trail(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.audit_tables import finding_line, summary, verification_progress  # noqa: PLC0415
    from documents.audit.heads import FILE_NAME  # noqa: PLC0415
    from documents.audit.installation import KEY_FILE_NAME  # noqa: PLC0415
    from documents.chapters.audit.examination import Kept, examine, read_keys  # noqa: PLC0415 - see _services

    key_path = arguments.key or settings.data_dir / KEY_FILE_NAME
    heads = arguments.heads or settings.data_dir / FILE_NAME
    if not heads.exists():
        if arguments.heads is not None:
            raise CommandError(f"there is no file {heads}")
        heads = None
    try:
        keys = read_keys(key_path)
    except (OSError, ValueError) as error:
        raise CommandError(f"{key_path} is no file of Ed25519 public keys in PEM: name it with --key") from error
    console = _console()
    with _shared_mongodb(settings) as uri, verification_progress(console) as progress:
        examined = _run(
            examine(uri, settings.database, Kept(keys, heads), lambda finding: print(finding_line(finding)), progress)
        )
    print(summary(examined, has_heads=heads is not None))
    if examined.findings:
        raise SystemExit(1)


def _print_trail_key(settings: Settings, _: argparse.Namespace) -> None:
    from documents.audit.installation import KEY_FILE_NAME  # noqa: PLC0415 - see _services

    try:
        print((settings.data_dir / KEY_FILE_NAME).read_text(encoding="ascii").rstrip("\n"))
    except OSError as error:
        raise CommandError(f"{settings.data_dir} holds no {KEY_FILE_NAME}: start Dossier once") from error


def _test_policy(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.policy_tables import test_report  # noqa: PLC0415 - see _services

    rules, texts = _policy_files(arguments.path) if arguments.path is not None else _rules_of(settings, None)
    try:
        lines, failed = test_report(rules, texts)
    except PolicyError as error:
        raise CommandError(str(error)) from error
    print("\n".join(lines))
    if failed:
        raise SystemExit(1)


def _diff_policy(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.policy_tables import effect_table  # noqa: PLC0415 - see _services

    rules, _ = _policy_files(arguments.path)
    base, _ = _rules_of(settings, None)
    _console().print(effect_table(base, rules), highlight=False, markup=False)


def _show_reach(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.policy_tables import reach_table  # noqa: PLC0415
    from policies.judging.reach import UnknownFieldError  # noqa: PLC0415 - see _services

    rules, _ = _policy_files(arguments.rules) if arguments.rules is not None else _rules_of(settings, None)
    try:
        _console().print(reach_table(rules, arguments.field), highlight=False, markup=False)
    except UnknownFieldError as error:
        raise CommandError(str(error)) from error


def _list_versions(settings: Settings, _: argparse.Namespace) -> None:
    from commands.policy_tables import history  # noqa: PLC0415 - see _services

    async def show() -> None:
        async with app.open_services(settings, uri) as services:
            heads = await services.rule_history(limit=100)
            _console().print(history(heads, services.store.compiler.version), highlight=False, markup=False)

    import app  # noqa: PLC0415

    with _shared_mongodb(settings) as uri:
        _run(show())


def _export_policy(settings: Settings, arguments: argparse.Namespace) -> None:
    from policies.changing.casbin_files import write_files  # noqa: PLC0415 - see _services

    rules, texts = _rules_of(settings, arguments.version)
    try:
        write_files(arguments.directory, rules, texts or ())
    except OSError as error:
        raise CommandError(f"{arguments.directory} cannot be written ({error.strerror})") from error
    print(f"{len(rules.rules)} rules of version {rules.version} are in {arguments.directory}.")


def _import_policy(settings: Settings, arguments: argparse.Namespace) -> None:
    async def bring() -> str:
        async with app.open_services(settings, uri) as services:
            imports = services.use_cases.policies.imports
            if not arguments.restore:
                draft = await imports.draft(arguments.username, rules, texts, arguments.why)
                return f"The draft {draft} is to be submitted and approved."
            version = await imports.restore(rules, texts, arguments.why)
            if version is None:
                raise CommandError("somebody can change the rules: import a draft as one of them, with --as")
            return f"Version {version} is in force."

    import app  # noqa: PLC0415 - see _services
    from schema.registry import WORDS  # noqa: PLC0415

    rules, texts = _policy_files(arguments.path)
    try:
        with _shared_mongodb(settings) as uri:
            print(_run(bring()))
    except RecordNotFoundError as error:
        raise CommandError(f"there is no account `{arguments.username}`") from error
    except (PolicyError, FieldAccessError) as error:
        raise CommandError(f"`{arguments.username}` may not write drafts of rules") from error
    except (RuleBrokenError, RulesBrokenError) as error:
        broken = error.broken if isinstance(error, RulesBrokenError) else (error,)
        raise CommandError("\n".join(WORDS["en"].say(one.rule, dict(one.parameters)) for one in broken)) from error


def _policy_files(path: Path) -> tuple[RuleSet, Sequence[str] | None]:
    from documents.registry import FULL_CATALOGUE  # noqa: PLC0415 - see _services
    from policies.changing.casbin_files import PolicyFilesError, read_files  # noqa: PLC0415

    try:
        return read_files(path, FULL_CATALOGUE)
    except PolicyFilesError as error:
        raise CommandError(str(error)) from error


def _rules_of(settings: Settings, version: int | None) -> tuple[RuleSet, Sequence[str] | None]:
    """A version with its tests; the one in force for None."""

    async def read() -> tuple[RuleSet | None, Sequence[str]]:
        async with app.open_services(settings, uri) as services:
            return await services.store.version_with_tests(version or services.store.compiler.version)

    import app  # noqa: PLC0415 - see _services

    with _shared_mongodb(settings) as uri:
        rules, texts = _run(read())
    if rules is None:
        raise CommandError(f"there is no version {version} of the rules, or it names what exists no longer")
    return rules, texts


def _work(settings: Settings, _: argparse.Namespace) -> None:
    import app  # noqa: PLC0415 - see _services

    async def work() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with app.open_services(settings, uri) as services, app.job_engine(settings, services).running():
            print("Dossier runs background jobs.", flush=True)
            await stopped.wait()

    _check_broker(settings)
    with _shared_mongodb(settings) as uri:
        _run(work())


def _list_jobs(settings: Settings, _: argparse.Namespace) -> None:
    from commands.job_tables import overview  # noqa: PLC0415
    from jobs.registry import JOBS  # noqa: PLC0415 - see _services

    async def show(services: Services) -> None:
        _console().print(await overview(services.jobs, JOBS, datetime.now(UTC)), highlight=False, markup=False)

    _with_job(settings, show)


def _show_job(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.job_tables import details  # noqa: PLC0415 - see _services

    async def show(services: Services) -> None:
        _console().print(details(await services.jobs.get(arguments.id)), highlight=False, markup=False)

    _with_job(settings, show)


def _watch_job(settings: Settings, arguments: argparse.Namespace) -> None:
    from commands.job_tables import details, follow  # noqa: PLC0415 - see _services

    async def watch(services: Services) -> None:
        record = await follow(services.jobs, arguments.id, _console())
        _console().print(details(record), highlight=False, markup=False)

    _with_job(settings, watch)


def _retry_job(settings: Settings, arguments: argparse.Namespace) -> None:
    async def retry(services: Services) -> None:
        job = await services.jobs.get(arguments.id)
        if not await services.ledger.retry(job.id):
            raise CommandError(f"the job is {job.state.value}: only a failed or dead one can be retried")
        print(f"The job {job.name} is due again.")

    _with_job(settings, retry)


def _with_job(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with _services(settings, uri) as services:
            try:
                await work(services)
            except RecordNotFoundError as error:
                raise CommandError("there is no such job: `dossier jobs` lists them") from error

    with _shared_mongodb(settings) as uri:
        _run(run())


def _show_keys(settings: Settings, _: argparse.Namespace) -> None:
    from commands.key_tables import overview  # noqa: PLC0415 - see _services

    async def show(services: Services) -> None:
        _console().print(overview(await services.key_rotation.facts()), highlight=False, markup=False)

    _with_services(settings, show)


def _rotate_vault_key(settings: Settings, _: argparse.Namespace) -> None:
    async def rotate(services: Services) -> None:
        _, _, job_id = (await services.rotate_vault_key()).rpartition("_")
        print(f"There is a new vault key. Follow the job that wraps everything with it: dossier jobs watch {job_id}")

    _with_services(settings, rotate)


def _rotate_root_key(settings: Settings, _: argparse.Namespace) -> None:
    async def rotate(services: Services) -> None:
        kept = await services.rotate_root_key()
        print(
            f"There is a new root key: back it up, and give its file to every machine that uses this database.\n"
            f"The one before is kept as {kept}, for backups of the database that were made before."
        )

    _with_services(settings, rotate)


def _with_services(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with _services(settings, uri) as services:
            try:
                await work(services)
            except RuleBrokenError as error:
                raise CommandError(WORDS["en"].say(error.rule, dict(error.parameters))) from error

    from schema.registry import WORDS  # noqa: PLC0415 - see _services

    with _shared_mongodb(settings) as uri:
        _run(run())


def _print_schema(_: Settings, __: argparse.Namespace) -> None:
    import app  # noqa: PLC0415 - see _services

    print(app.print_schema().rstrip("\n"))


def _put_department(settings: Settings, arguments: argparse.Namespace) -> None:
    async def put() -> None:
        async with _services(settings, uri) as services:
            await services.accounts.put_department(arguments.code, name_en=arguments.en, name_zh=arguments.zh)

    with _shared_mongodb(settings) as uri:
        _run(put())
    print(f"There is a department {arguments.code}.")


def _list_accounts(settings: Settings, _: argparse.Namespace) -> None:
    async def read() -> None:
        async with _services(settings, uri) as services:
            for account in await services.accounts.list_accounts():
                state = (
                    "disabled" if account.disabled else "demo" if account.demo else "active" if account.roles else ""
                )
                purposes = ", ".join(sorted(account.purposes))
                roles = ", ".join(sorted(account.roles))
                table.add_row(account.username, account.display_name, roles, account.department, purposes, state)

    table = Table("username", "name", "roles", "department", "purposes", "state", box=None, pad_edge=False)
    with _shared_mongodb(settings) as uri:
        _run(read())
    _console().print(table, highlight=False, markup=False)


def _disable_account(settings: Settings, arguments: argparse.Namespace) -> None:
    async def disable() -> None:
        async with _services(settings, uri) as services:
            try:
                await services.accounts.disable(arguments.username)
            except RecordNotFoundError as error:
                raise CommandError(f"there is no account `{arguments.username}`") from error

    with _shared_mongodb(settings) as uri:
        _run(disable())
    print(f"The account {arguments.username} is disabled and its sessions are ended.")


def _add_account(settings: Settings, arguments: argparse.Namespace) -> None:
    async def add() -> None:
        async with _services(settings, uri) as services:
            unknown = sorted(set(arguments.role) - (known := await services.roles()))
            if unknown:
                raise CommandError(f"no rule knows the role `{unknown[0]}`; the roles are {', '.join(sorted(known))}")
            try:
                await services.accounts.add(
                    NewAccount(
                        arguments.username,
                        display_name=arguments.name or arguments.username,
                        roles=arguments.role,
                        department=arguments.department,
                        customer_id=arguments.customer,
                        purposes=[Purpose(purpose) for purpose in arguments.purpose],
                        password_hash=await PasswordHasher().hash(password),
                    )
                )
            except DuplicateValueError as error:
                raise CommandError(f"there is an account `{arguments.username}` already") from error

    password = _new_password()
    with _shared_mongodb(settings) as uri:
        _run(add())
    print(f"The account {arguments.username} can log in.")


def _new_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandError("the two passwords differ")
    return password


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The port, taken before anything slow begins."""
    with listen(settings.host, settings.port) as listener:
        yield listener


@contextmanager
def _mongodb(settings: Settings) -> Iterator[str]:
    """The database of this process: the operator's, or one that lives as long as this context."""
    prepare_data_directory(settings.data_dir)
    if settings.mongodb_uri is not None:
        require_replica_set(settings.mongodb_uri)
        yield settings.mongodb_uri
        return
    with EmbeddedMongoDB(settings.data_dir) as uri:
        yield uri


@contextmanager
def _shared_mongodb(settings: Settings) -> Iterator[str]:
    """As `_mongodb`, but accounts are managed while the server runs too: then its database is the one."""
    uri = None if settings.mongodb_uri else running_uri(settings.data_dir)
    if uri is not None:
        yield uri
        return
    with _mongodb(settings) as uri:
        yield uri


@asynccontextmanager
async def _services(settings: Settings, uri: str) -> AsyncIterator[Services]:
    # The whole product takes a second to import: a port in use, a wrong setting and --help are answered before.
    import app  # noqa: PLC0415

    async with app.open_services(settings, uri) as services:
        yield services


def _serve_on(listener: socket.socket, settings: Settings, uri: str, on_ready: Callable[[], None]) -> None:
    options = ServerOptions(
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        trusted_proxies=settings.trusted_proxies,
        message_bytes=settings.max_body_bytes,
    )
    if settings.workers > 1:
        os.environ["DOSSIER_MONGODB_URI"] = uri  # how the workers learn of an embedded database
        serve_with_workers(_FACTORY, settings.workers, listener, options, on_ready)
        return
    import app  # noqa: PLC0415 - see _services

    serve(app.create_app(settings, uri), listener, options, on_ready)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - read, not bound
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"


def _console() -> Console:
    """A terminal as wide as it is; elsewhere wide enough for tables."""
    return Console() if sys.stdout.isatty() else Console(width=140)


if __name__ == "__main__":
    sys.exit(main())
