"""Rule sets as Casbin's own files: `model.conf` and `policy.csv` of a directory, with the policy tests beside them.

Lossless: what is written is read back as the same rules and tests. Another model than ours would give the same lines
another meaning, so it is refused; every line that is rejected is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from documents.declaring.catalogue import Catalogue
from policies.changing.policy_tests import sentences
from policies.judging.judge import MODEL_TEXT
from policies.rules.rule_set import RuleSet, csv_lines, read_lines, rejected_lines

MODEL: Final = "model.conf"
POLICY: Final = "policy.csv"
TESTS: Final = "policy_tests.txt"


class PolicyFilesError(Exception):
    """The files cannot be taken; `reasons` are plain sentences for an operator, one for each line that is rejected."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


def write_files(directory: Path, rule_set: RuleSet, tests: Sequence[str]) -> None:
    """Writes the three files. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in ((MODEL, MODEL_TEXT), (POLICY, rule_set.to_csv()), (TESTS, "".join(f"{t}\n" for t in tests))):
        (directory / name).write_text(text, encoding="utf-8")


def read_files(path: Path, catalogue: Catalogue) -> tuple[RuleSet, tuple[str, ...] | None]:
    """The rules of a directory, or of one `policy.csv`, and the tests beside them: None where there are none.

    Raises PolicyFilesError."""
    directory = path if path.is_dir() else path.parent
    policy = path / POLICY if path.is_dir() else path
    text = _read(policy)
    model = directory / MODEL
    if path.is_dir() and model.exists() and _meaning(_read(model)) != _meaning(MODEL_TEXT):
        raise PolicyFilesError([f"{model} is another model than Dossier's, which `dossier policy export` writes"])
    lines = csv_lines(text)
    if rejected := rejected_lines(lines, catalogue):
        raise PolicyFilesError([f"{policy}, {error}" for error in rejected])
    tests = directory / TESTS
    has_tests = path.is_dir() and tests.exists()
    return read_lines(lines, catalogue), sentences(_read(tests)) if has_tests else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyFilesError([f"{path} cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError as error:
        raise PolicyFilesError([f"{path} is not UTF-8"]) from error


def _meaning(model: str) -> list[str]:
    lines = ("".join(line.split()) for line in model.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
