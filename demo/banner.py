"""What a demo start shows once requests are answered: where, and who can log in."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.accounts import DEMO_ACCOUNTS


def demo_banner(address: str, password: str, mongodb_uri: str | None) -> RenderableType:
    """The box for a server at `address` (scheme, host, port) whose demo logins have `password`.

    `mongodb_uri` is shown where it holds no secret, for a look at the raw documents."""
    lines = Text.assemble(
        ("Dossier is ready.\n\n", "bold"),
        f"Console   {address}/console\n",
        f"GraphQL   {address}/graphql\n",
        f"Schema    {address}/schema.graphql\n",
        f"MongoDB   {mongodb_uri}\n\n" if mongodb_uri is not None else "\n",
        f"Password of every demo login: {password}\n",
        "Ctrl-C stops everything; the data stays.",
    )
    logins = Table("username", "role", "purposes", "what this login shows", box=box.SIMPLE, pad_edge=False)
    for account in DEMO_ACCOUNTS:
        purposes = "\n".join(purpose.value for purpose in account.purposes)
        logins.add_row(account.username, ", ".join(account.roles), purposes, account.sees)
    return Panel(Group(lines, logins), box=box.ROUNDED, expand=False)
