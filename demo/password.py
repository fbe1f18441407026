"""The password of the demo logins: made once, kept beside the data, shown at every start.

Owns the file `<data directory>/demo-password`, readable by its owner alone. It must never reach a database: accounts
store its hash, as of any password.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def new_demo_password() -> str:
    """A random password of 16 characters (96 bits)."""
    return secrets.token_urlsafe(12)


def kept_demo_password(data_dir: Path) -> str | None:
    """The password that the demo accounts have; None when that is not known."""
    with suppress(OSError, UnicodeDecodeError):
        return _file(data_dir).read_text(encoding="utf-8").strip() or None
    return None


def forget_demo_password(data_dir: Path) -> None:
    """Called before the accounts get another: after a kill between the two none is known, instead of a wrong one."""
    _file(data_dir).unlink(missing_ok=True)


def keep_demo_password(data_dir: Path, password: str) -> None:
    """Called once the accounts have it."""
    forget_demo_password(data_dir)
    descriptor = os.open(_file(data_dir), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password + "\n")


def _file(data_dir: Path) -> Path:
    return data_dir / "demo-password"
