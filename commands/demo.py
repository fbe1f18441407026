"""The command that serves a demo: invented customers and logins whose password is no secret.

Owns what is set for whoever only tries it out, and the password of the demo logins.
"""

from __future__ import annotations

import os
from socket import socket

import app
from commands.errors import CommandError
from commands.migrating import migrate_at
from commands.running import own_database, run
from commands.server import address, check, serve_on
from commands.terminal import console
from demo.accounts import DEMO_ACCOUNTS
from demo.banner import demo_banner
from demo.invented.company import DEMO_COMPANY
from demo.password import forget_demo_password, keep_demo_password, kept_demo_password, new_demo_password
from demo.progress import seeding_progress
from demo.seed import DEMO_USERNAMES, seed_demo
from documents.chapters.accounts.passwords import PasswordHasher
from settings import Settings


def demo_on(listener: socket, settings: Settings) -> None:
    """Serves invented customers, made at the first start, on the port of `listener`."""
    variables = dict(DEMO_COMPANY) if settings.company_name is None else {}
    if settings.policy_approval is None:  # one person tries it out
        variables["DOSSIER_POLICY_APPROVAL"] = "false"
    settings = Settings.from_environment(os.environ | variables)
    check(settings)
    with own_database(settings) as uri:
        if settings.mongodb_uri is None:  # nobody but this process uses it
            migrate_at(settings, uri)
        password = run(_prepare_demo(settings, uri))
        # An operator's own address may hold a password; the embedded database has none.
        banner = demo_banner(address(settings), password, uri if settings.mongodb_uri is None else None)
        os.environ.update(variables)  # worker processes read them too
        serve_on(listener, settings, uri, lambda: console().print(banner, highlight=False))


async def _prepare_demo(settings: Settings, uri: str) -> str:
    """See that the demo data and logins are there; return the password of the logins."""
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
            with seeding_progress(console()) as progress:
                await seed_demo(services, settings.demo_customers, password, progress)
        elif password != kept:
            forget_demo_password(settings.data_dir)
            password_hash = await PasswordHasher().hash(password)  # one for all: they share the password anyway
            for account in DEMO_ACCOUNTS:
                await services.accounts.set_password(account.username, password_hash)
    keep_demo_password(settings.data_dir, password)
    return password
