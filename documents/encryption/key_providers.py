"""Key providers: where the root key lives, and the only code that touches it.

Guaranteed: the root key never leaves the provider, and wraps vault keys only. The local file is made whole or not at
all, readable by its owner alone; one that others can read is refused. No root key is ever overwritten or removed: where
another takes its place, the file is kept under another name.
Not guaranteed: against whoever can read the file or this process's memory, everything that it protects is open.

The local file holds 32 random bytes and nothing else. A wrapped vault key is laid out as in `wrapping`; its key id is
HKDF-SHA-256 (RFC 5869) of the root key with info `dossier root key id`, cut to eight bytes.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from documents.encryption.ciphertext import KEY_ID_LENGTH, SECRET_LENGTH
from documents.encryption.wrapping import WrappingKey
from documents.errors import DecryptionError, RootKeyError

Context = tuple[bytes, ...]

LOCAL_FILE: Final = "local_file"


class KeyProvider(Protocol):
    """Holds a root key, or the way to one. Called in a thread when the keyring opens, so that it may block. `kind`
    says which provider it is.

    Both methods raise RootKeyError, whose message is one plain sentence for an operator.
    """

    @property
    def kind(self) -> str: ...

    def wrap(self, plaintext: bytes, context: Context) -> bytes:
        """Seals a vault key for `context` under the root key; makes the root key if there has never been one."""
        ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """Opens what `wrap` sealed for the same context; never makes a root key."""
        ...


class LocalKeyProvider:
    """The root key in a file of this machine, made at the first `wrap`. It is read each time: another may be there.

    To exchange it: `prepare_next`, then everything is wrapped by `wrap_next`, then `take_next`. In between the next one
    lies beside the file and opens what it wrapped, so that every step can be the last one for a while.
    """

    kind = LOCAL_FILE

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next_path = path.with_name(f"{path.name}.new")

    def wrap(self, plaintext: bytes, context: Context) -> bytes:
        _create_root_key(self._path)
        return _root_key(self._path).wrap(plaintext, context)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        # The next one may have become this one between the first two looks.
        for read in (self._this_key, self._next_key, self._this_key):
            key = read()
            try:
                if key is not None:
                    return key.unwrap(wrapped, context)
            except DecryptionError:
                continue
        raise RootKeyError(f"the root key in `{self._path}` is not the one that this database was encrypted with")

    def prepare_next(self) -> None:
        """Makes the next root key, unless an exchange that did not end left one."""
        _root_key(self._path)  # a lost one is not exchanged
        _create_root_key(self._next_path)

    def wrap_next(self, plaintext: bytes, context: Context) -> bytes:
        """As `wrap`, under the next root key."""
        return _root_key(self._next_path).wrap(plaintext, context)

    def take_next(self) -> Path:
        """Puts the next root key in the place of this one, whose file is kept: where, is returned."""
        kept = self._path.with_name(f"{self._path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.old")
        try:
            # INVARIANT: a link never replaces what is there; and at no time is there no root key.
            os.link(self._path, kept)
            self._next_path.replace(self._path)
            _sync_directory(self._path.parent)
        except OSError as error:
            raise RootKeyError(f"the root key file `{self._path}` cannot be exchanged: {error.strerror}") from error
        return kept

    def _this_key(self) -> WrappingKey:
        return _root_key(self._path)

    def _next_key(self) -> WrappingKey | None:
        try:
            return _root_key(self._next_path) if self._next_path.exists() else None
        except RootKeyError:
            return None  # it has just been taken, or it is of no use


def _root_key(path: Path) -> WrappingKey:
    secret = _read_root_key(path)
    return WrappingKey(root_key_id(secret), secret)


def root_key_id(secret: bytes) -> bytes:
    """Tells root keys apart without telling anything about them."""
    return HKDF(hashes.SHA256(), KEY_ID_LENGTH, salt=None, info=b"dossier root key id").derive(secret)


def _create_root_key(path: Path) -> None:
    """Puts a new root key at `path` unless there is one. Safe when several processes do it at once: one wins."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write_durably(draft, os.urandom(SECRET_LENGTH))
            # INVARIANT: a link never replaces what is there, so that no root key is ever overwritten.
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise RootKeyError(f"the root key file `{path}` cannot be made: {error.strerror}") from error


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_root_key(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK a named pipe at this path would hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise RootKeyError(
            f"the root key file `{path}` is missing, and this database was encrypted with one: put it back"
        ) from None
    except OSError as error:
        raise RootKeyError(f"the root key file `{path}` cannot be read: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RootKeyError(f"the root key `{path}` is not a regular file")
        if status.st_mode & 0o077:
            raise RootKeyError(f"the root key file `{path}` is open to other users: run `chmod 600` on it")
        secret = os.read(descriptor, SECRET_LENGTH + 1)
    finally:
        os.close(descriptor)
    if len(secret) != SECRET_LENGTH:
        raise RootKeyError(f"the root key file `{path}` does not hold a root key of 32 bytes")
    return secret
