"""The command `dossier` in a process of its own, as an operator runs it.

Owns the environment, in which no setting of the developer's is left, and how the command is called.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.patience import PROCESS_SECONDS

ROOT: Final = Path(__file__).parent.parent
DOSSIER: Final = (sys.executable, "-m", "cli")


def environment(**settings: object) -> dict[str, str]:
    """The variables of this process, of Dossier's only these: `data_dir=…` is `DOSSIER_DATA_DIR`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    return others | {f"DOSSIER_{name.upper()}": str(value) for name, value in settings.items()}


def run_dossier(environ: Mapping[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command that has ended, whatever its exit code."""
    return subprocess.run(
        [*DOSSIER, *arguments],
        cwd=ROOT,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
        check=False,
    )
