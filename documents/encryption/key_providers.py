"""Key providers: where the root key lives, and the only code that touches it.

Guaranteed: the root key is never overwritten, never leaves the provider, and wraps vault keys only. The local file is
made whole or not at all, readable by its owner alone; one that others can read is refused.
Not guaranteed: against whoever can read the file or this process's memory, everything that it protects is open.

The local file holds 32 random bytes and nothing else. A wrapped vault key is laid out as in `wrapping`; its key id is
HKDF-SHA-256 (RFC 5869) of the root key with info `dossier root key id`, cut to eight bytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from documents.encryption.ciphertext import KEY_ID_LENGTH, SECRET_LENGTH
from documents.encryption.wrapping import WrappingKey
from documents.errors import DecryptionError, RootKeyError

Context = tuple[bytes, ...]


class KeyProvider(Protocol):
    """Holds a root key, or the way to one. Called in a thread when the keyring opens, so that it may block.

    Both raise RootKeyError, whose message is one plain sentence for an operator.
    """

    def wrap(self, plaintext: bytes, context: Context) -> bytes:
        """Seals a vault key for `context` under the root key; makes the root key if there has never been one."""
        ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """Opens what `wrap` sealed for the same context; never makes a root key."""
        ...


class LocalKeyProvider:
    """The root key in a file of this machine, made at the first `wrap`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: WrappingKey | None = None

    def wrap(self, plaintext: bytes, context: Context) -> bytes:
        return self._root_key(create=True).wrap(plaintext, context)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        try:
            return self._root_key(create=False).unwrap(wrapped, context)
        except DecryptionError:
            raise RootKeyError(
                f"the root key in `{self._path}` is not the one that this database was encrypted with"
            ) from None

    def _root_key(self, *, create: bool) -> WrappingKey:
        if self._key is None:
            if create:
                _create_root_key(self._path)
            secret = _read_root_key(self._path)
            self._key = WrappingKey(root_key_id(secret), secret)
        return self._key


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
