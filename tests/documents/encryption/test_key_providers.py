"""The local root key: made once, whole, for its owner only; refused in every other state."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from documents.encryption.key_providers import LocalKeyProvider
from documents.errors import RootKeyError

CONTEXT = (b"vault_key", b"12345678")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "root.key"


def made(path: Path) -> bytes:
    """Makes the root key; returns something wrapped by it."""
    return LocalKeyProvider(path).wrap(b"vault", CONTEXT)


class TestMaking:
    """The first start."""

    def test_the_file_holds_32_bytes_for_its_owner_only(self, path: Path) -> None:
        """Whatever the umask; and no draft is left beside it."""
        previous = os.umask(0)
        try:
            made(path)
        finally:
            os.umask(previous)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_bytes()) == 32
        assert list(path.parent.iterdir()) == [path]

    def test_an_existing_key_is_used_and_never_replaced(self, path: Path) -> None:
        """A second process finds the key of the first."""
        wrapped = made(path)
        before = path.read_bytes()
        made(path)
        assert path.read_bytes() == before
        assert LocalKeyProvider(path).unwrap(wrapped, CONTEXT) == b"vault"

    def test_processes_that_start_together_agree_on_one_key(self, path: Path) -> None:
        """Whoever loses the race uses the winner's."""
        with ThreadPoolExecutor(8) as pool:
            wrapped = list(pool.map(lambda _: made(path), range(8)))
        assert [LocalKeyProvider(path).unwrap(each, CONTEXT) for each in wrapped] == [b"vault"] * 8
        assert list(path.parent.iterdir()) == [path]

    def test_opening_never_makes_a_key(self, path: Path) -> None:
        """A lost root key must not be hidden behind a new one."""
        with pytest.raises(RootKeyError, match="missing") as caught:
            LocalKeyProvider(path).unwrap(b"anything", CONTEXT)
        assert str(path) in str(caught.value)
        assert not path.exists()

    def test_a_place_that_cannot_be_written_is_one_sentence(self, path: Path) -> None:
        """A file stands where the directory should be."""
        path.parent.write_text("not a directory")
        with pytest.raises(RootKeyError, match="root key") as caught:
            made(path)
        assert str(path) in str(caught.value)


class TestRefusing:
    """A key file in a wrong state stops the start with a sentence that names it."""

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
    def test_a_file_open_to_others_is_refused(self, path: Path, mode: int) -> None:
        """Readable, writable or executable, by group or others."""
        wrapped = made(path)
        path.chmod(mode)
        with pytest.raises(RootKeyError, match="chmod 600") as caught:
            LocalKeyProvider(path).unwrap(wrapped, CONTEXT)
        assert str(path) in str(caught.value)

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_a_file_of_another_length_is_refused_and_kept(self, path: Path, length: int) -> None:
        """Also by `wrap`, which makes keys: this one is there."""
        path.parent.mkdir()
        path.write_bytes(bytes(length))
        path.chmod(0o600)
        with pytest.raises(RootKeyError, match="32 bytes"):
            made(path)
        assert path.read_bytes() == bytes(length)

    def test_an_unreadable_file_is_refused(self, path: Path) -> None:
        """The operator learns which file. A link to itself is unreadable for root too."""
        path.parent.mkdir()
        path.symlink_to(path)
        with pytest.raises(RootKeyError, match="cannot be read") as caught:
            made(path)
        assert str(path) in str(caught.value)

    def test_what_is_not_a_file_is_refused(self, path: Path) -> None:
        """A directory; and a named pipe, on which a careless reader would hang."""
        path.mkdir(parents=True)
        with pytest.raises(RootKeyError, match="regular file"):
            made(path)
        path.rmdir()
        os.mkfifo(path, 0o600)
        with pytest.raises(RootKeyError, match="regular file"):
            made(path)

    def test_another_root_key_is_called_so(self, path: Path, tmp_path: Path) -> None:
        """The sentence names the file, and holds nothing of any key."""
        wrapped = made(path)
        other = tmp_path / "other.key"
        made(other)
        with pytest.raises(RootKeyError) as caught:
            LocalKeyProvider(other).unwrap(wrapped, CONTEXT)
        assert str(caught.value) == f"the root key in `{other}` is not the one that this database was encrypted with"
        assert caught.value.__cause__ is None
