"""The layout mark: what this version reads, and one plain sentence for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from documents.database.data_directory import LAYOUT, prepare_data_directory
from documents.errors import EmbeddedMongoDBError


def test_an_empty_directory_gets_the_mark_and_is_closed_to_other_users(tmp_path: Path) -> None:
    """A first start writes layout.json into a directory that only its owner may enter."""
    data_dir = tmp_path / "deep" / "var"
    prepare_data_directory(data_dir)
    assert json.loads((data_dir / "layout.json").read_text()) == {"layout": LAYOUT}
    assert data_dir.stat().st_mode & 0o077 == 0
    prepare_data_directory(data_dir)


@pytest.mark.parametrize(
    ("mark", "named"),
    [
        ('{"layout": 2}', "layout 2 of a newer version"),
        ('{"layout": 0}', "layout 0 of an older version"),
        ("not json", "cannot be read"),
        ("\xff", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"layout": "1"}', "cannot be read"),
        ('{"layout": true}', "cannot be read"),
    ],
)
def test_another_layout_is_named_and_left_alone(tmp_path: Path, mark: str, named: str) -> None:
    """A mark of another version, or none that can be read, stops the start and stays as it was."""
    (tmp_path / "layout.json").write_text(mark, encoding="latin-1")
    with pytest.raises(EmbeddedMongoDBError, match=named) as refusal:
        prepare_data_directory(tmp_path)
    assert "DOSSIER_DATA_DIR" in str(refusal.value)
    assert (tmp_path / "layout.json").read_text(encoding="latin-1") == mark


def test_database_files_without_a_mark_are_not_touched(tmp_path: Path) -> None:
    """Files of nobody knows which version are not adopted."""
    (tmp_path / "mongodb").mkdir()
    (tmp_path / "mongodb" / "WiredTiger").touch()
    with pytest.raises(EmbeddedMongoDBError, match=r"no layout\.json"):
        prepare_data_directory(tmp_path)
    assert not (tmp_path / "layout.json").exists()


def test_a_path_that_is_no_directory_is_named(tmp_path: Path) -> None:
    """A file where the data directory should be gives the sentence, not a traceback."""
    (tmp_path / "var").touch()
    with pytest.raises(EmbeddedMongoDBError, match="cannot be used"):
        prepare_data_directory(tmp_path / "var")
