"""The benchmark runs on a little data, and compares what is equal. Nothing here asserts a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.dataset import ROLE, rule_text
from benchmarks.measurement import BARE, DOSSIER, Result, Round
from benchmarks.workloads import DENIED_FIELDS, PLAIN_FIELDS, READABLE_FIELD
from documents.declaring.kind import Kind
from documents.registry import CATALOGUE, FULL_CATALOGUE
from policies.rules.rule_set import parse_csv


def test_workload_has_twenty_fields_of_which_four_are_encrypted() -> None:
    """The fields are those that the figures claim: with `id` twenty, four of them encrypted."""
    fields = CATALOGUE.fields(Kind.ENTERPRISE)
    names = (*PLAIN_FIELDS, READABLE_FIELD, *DENIED_FIELDS)
    assert len({"id", *names}) == 20
    assert {name for name in names if fields[name].encrypted} == {READABLE_FIELD, *DENIED_FIELDS}


def test_rule_set_has_as_many_rules_as_asked_for() -> None:
    """The rules hold, and those of the reader are among them."""
    rule_set = parse_csv(rule_text(200), FULL_CATALOGUE)
    assert 200 <= len(rule_set.rules) < 210
    assert ROLE in rule_set.roles


def test_ratios_are_taken_within_pairs_of_rounds() -> None:
    """A round of Dossier is compared with the bare round right after it, not with all of them."""

    def rounds(*speeds: float) -> list[Round]:
        return [Round(speed, 1, 1, 1, 1, 1) for speed in speeds]

    result = Result("page", 1, {DOSSIER: rounds(10, 40, 90), BARE: rounds(20, 50, 100)})
    ratio = result.ratio("requests_per_second")
    assert (ratio.least, ratio.median, ratio.greatest) == (0.5, 0.8, 0.9)


@pytest.mark.slow
def test_both_servers_answer_every_workload_with_equal_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One short run, as a user starts it: it ends well only where every answer was good and the records were equal."""
    arguments = ["--customers", "240", "--rounds", "1", "--seconds", "0.2", "--data-dir", str(tmp_path)]
    assert main(arguments) == 0
    assert "records compared: equal" in capsys.readouterr().out
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    assert [(result["workload"], result["connections"]) for result in results] == [
        ("page of 50", 16),
        ("single customer", 16),
        ("single customer", 64),
    ]
    assert all(round_["requests_per_second"] > 0 for found in results for round_ in found["rounds"][DOSSIER])
