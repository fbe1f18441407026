"""The measurements of scale run on a little data, and compare what is equal. Nothing here asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.processes import cpu_group, limited
from benchmarks.scale.__main__ import MEASUREMENTS, main
from benchmarks.scale.everything import everything_query
from benchmarks.scale.rules import WHOLE_ROLE, everything_rules, rules_of_size
from benchmarks.scale.soak import slopes
from documents.declaring.kind import CUSTOMER_KINDS
from documents.registry import CATALOGUE, FULL_CATALOGUE
from policies.rules.rule_set import RuleSet, parse_csv


def test_page_with_everything_asks_for_every_field_of_every_kind() -> None:
    """A field that is declared tomorrow is in the query tomorrow."""
    words = set(everything_query(references=True).split())
    assert {spec.public_name for kind in CUSTOMER_KINDS for spec in CATALOGUE.fields(kind).values()} <= words
    assert WHOLE_ROLE in parse_csv(everything_rules(200), FULL_CATALOGUE).roles


@pytest.mark.parametrize("count", [50, 1_000])
def test_rule_sets_have_exactly_the_size_asked_for(count: int) -> None:
    """And they hold, with the telephone and without."""
    for telephone in (True, False):
        rule_set = rules_of_size(count, telephone=telephone)
        read = parse_csv(rule_set.to_csv(), FULL_CATALOGUE)
        assert len(read.rules) == count
        assert RuleSet(read.rules, read.inheritance) == rule_set
    assert rules_of_size(count) != rules_of_size(count, telephone=False)


def test_slope_is_in_megabytes_per_minute() -> None:
    """One that gains 3 MB in a minute and then stays has slopes of 3 and 0."""
    rising = [(float(at), 100 + at / 20) for at in range(0, 60, 5)]
    flat = [(float(at), 103.0) for at in range(60, 180, 5)]
    found = slopes([*rising, *flat])
    assert found["slope_mb_per_minute"] == [3.0, 0.0, 0.0]
    assert (found["first_mb"], found["last_mb"], found["greatest_mb"]) == (100.0, 103.0, 103.0)


def test_a_limited_process_has_a_control_group_that_goes_with_the_limit() -> None:
    """With the share as its quota, wherever this machine lets us make one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process, ExitStack() as stack:
        try:
            before = cpu_group(process.pid)
            stack.enter_context(limited([process.pid], 0.25))
        except OSError as error:
            pytest.skip(f"no control group to make: {error.strerror}")
        group = cpu_group(process.pid)
        quota, period = (int((group / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        assert quota / period == 0.25
        stack.close()
        assert not group.exists()
        assert cpu_group(process.pid) == before


@pytest.mark.slow
def test_measurements_run_and_keep_their_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One short run, as a user starts it: every answer was good, the bare endpoint's equal to Dossier's, the customers
    made in bulk are served like others, and a change of rules became visible."""
    sizes = ["--customers", "240", "--many-customers", "650", "--many-rules", "120", "--soak", "1"]
    chosen = [name for name in MEASUREMENTS if name != "rules"]  # the same code as for customers
    assert main([*sizes, "--rounds", "1", "--seconds", "0.2", "--data-dir", str(tmp_path), "--only", *chosen]) == 0
    kept = json.loads((tmp_path / "results.json").read_text())
    everything = kept["everything"]
    assert everything.keys() == {"page with everything", "page with everything, and references"}
    assert all(found["records_equal"] > 0 for found in everything.values())
    assert kept["customers"]["reached"] == 650
    assert kept["filling in bulk, customers_650"]["rows"] == 150
    assert {"rule change, 1000 rules", "workers", "soak"} <= kept.keys()
    output = capsys.readouterr().out
    assert all(f" {name} " in output for name in chosen)
