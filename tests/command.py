"""The command `dossier`, as an operator runs it: in a process of its own, or in this one.

Owns the environment, in which no setting of the developer's is left, and how the command is called. In this process it
begins at once, where another needs a second and a half: `run_dossier` is for what a command says and does, a process of
its own for what signals, standard streams and the start itself do.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final
from unittest.mock import patch

import cli
from tests.patience import PROCESS_SECONDS

ROOT: Final = Path(__file__).parent.parent
DOSSIER: Final = (sys.executable, "-m", "cli")


def environment(**settings: object) -> dict[str, str]:
    """The variables of this process, of Dossier's only these: `data_dir=…` is `DOSSIER_DATA_DIR`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    return others | {f"DOSSIER_{name.upper()}": str(value) for name, value in settings.items()}


def run_dossier(environ: Mapping[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command that has ended, whatever its exit code; in a thread, because it has an event loop of its own."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
        ThreadPoolExecutor(1) as thread,
    ):
        code = thread.submit(_code, arguments).result(PROCESS_SECONDS)
    return subprocess.CompletedProcess(["dossier", *arguments], code, out.getvalue(), err.getvalue())


def _code(arguments: tuple[str, ...]) -> int:
    try:
        return cli.run(arguments)
    except SystemExit as ended:  # wrong arguments, says argparse
        return ended.code if isinstance(ended.code, int) else 1


def run_dossier_process(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    return subprocess.run(
        [*DOSSIER, *arguments],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
        check=False,
    )
