"""A copy of the program with something added to it, run in a process of its own: what a developer does, done by a test.

Owns what is copied and how the copy is run. What is added is the test's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.command import ROOT
from tests.patience import PROCESS_SECONDS

PACKAGES = ("commands", "demo", "documents", "jobs", "policies", "resolvers", "schema", "web", "tests")


def copied_program(folder: Path) -> Path:
    """The folder of a fresh copy."""
    copy = folder / "program"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("node_modules"))
    for module in ("app.py", "settings.py"):
        shutil.copy(ROOT / module, copy / module)
    return copy


def add(copy: Path, module: str, lines: str, before: str) -> None:
    """Puts `lines` before the one place where the module has `before`."""
    path = copy / module
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{module} has `{before}` {text.count(before)} times"
    path.write_text(text.replace(before, lines + before), encoding="utf-8")


def run(copy: Path, script: str, *arguments: str) -> str:
    """What the script prints, without its line end; it must end well."""
    (copy / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", *arguments],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()
