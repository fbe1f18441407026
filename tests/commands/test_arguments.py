"""Every command is carried out somewhere, and what can be answered at once needs nothing of the product."""

from __future__ import annotations

import argparse
import inspect
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from commands.arguments import parser
from tests.command import ROOT, environment
from tests.ports import unused_port

SLOW: Final = {"app", "casbin", "demo", "pymongo", "resolvers", "rich", "schema", "strawberry"}
"""What takes long to import, or belongs to what does."""

LIST_IMPORTS: Final = """
import sys, cli
try:
    code = cli.main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print()
print(*sys.modules)
sys.exit(code)
"""


def commands_of(one: argparse.ArgumentParser) -> Iterator[tuple[str, str | None]]:
    """Each command that can be given, as it is written, with where it is carried out."""
    below = [action for action in one._actions if isinstance(action, argparse._SubParsersAction)]
    if not below or not below[0].required:
        yield one.prog, one.get_default("command")
    for action in below:
        for other in action.choices.values():
            yield from commands_of(other)


@pytest.mark.parametrize(("command", "reference"), list(commands_of(parser())))
def test_every_command_is_carried_out_by_a_function_of_settings_and_arguments(command: str, reference: str) -> None:
    """A reference is text, which no type checker follows."""
    carries_out = pkgutil.resolve_name(reference)
    assert [parameter.annotation for parameter in inspect.signature(carries_out).parameters.values()] == [
        "Settings",
        "Namespace",
    ], command


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Of an installation that is not there yet."""
    return environment(data_dir=tmp_path / "var", port=unused_port())


def ended(environ: dict[str, str], *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command, and the packages that were imported for it."""
    command = [sys.executable, "-c", LIST_IMPORTS, *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    return result.returncode, {name.partition(".")[0] for name in result.stdout.splitlines()[-1].split()}


def test_help_and_wrong_arguments_are_answered_before_the_product_is_imported(environ: dict[str, str]) -> None:
    """An operator who asks what can be written does not wait for what would carry it out."""
    for arguments, expected in ((["--help"], 0), (["policy", "import", "--help"], 0), (["account", "add", "ann"], 2)):
        code, packages = ended(environ, *arguments)
        assert code == expected
        assert not packages & SLOW


def test_a_wrong_setting_is_answered_before_the_product_is_imported(environ: dict[str, str]) -> None:
    """Whatever the command."""
    code, packages = ended(environ | {"DOSSIER_PROT": "1"}, "account", "list")
    assert code == 1
    assert not packages & SLOW


def test_a_port_in_use_is_answered_before_the_product_is_imported(environ: dict[str, str]) -> None:
    """The port is taken first."""
    with socket.create_server(("127.0.0.1", int(environ["DOSSIER_PORT"]))):
        code, packages = ended(environ, "demo")
    assert code == 1
    assert not packages & SLOW
