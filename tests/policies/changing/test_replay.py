"""Recorded decisions asked again: what would differ, what would not, and what the trail leaves open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.access.plan import Action, Level
from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from policies.changing.replay import Difference, Replay
from policies.judging.decisions import Decisions
from policies.rules.rule_set import parse_csv

THEN = """
g, clerk, everyone
p, clerk, all, individual, name, read, customer_service, allow
p, clerk, all, individual, name, filter, customer_service, allow
p, clerk, all, individual, telephone, read_masked, customer_service, allow
p, clerk, own, individual, telephone, read, customer_service, allow
p, clerk, own, individual, email, write, customer_service, allow
p, clerk, all, individual, telephone, reveal, customer_service, allow
"""
AT = datetime(2026, 3, 1, tzinfo=UTC)
NO_TELEPHONE = "p, clerk, all, individual, telephone, read_masked, *, deny\n"


def entry(**parts: Any) -> dict[str, Any]:
    return {"username": "lin", "roles": ["clerk"], "purpose": "customer_service", "rules": [1], **parts}


def touch(act: str = "read", **parts: Any) -> dict[str, Any]:
    return {"touches": [{"act": act, "kind": "individual", **parts}]}


def replayed(draft: str, *entries: dict[str, Any]) -> Replay:
    replay = Replay(Decisions(FULL_CATALOGUE, parse_csv(draft, FULL_CATALOGUE)))
    then = Decisions(FULL_CATALOGUE, parse_csv(THEN, FULL_CATALOGUE))
    for number, one in enumerate(entries):
        replay.add(one, AT + timedelta(hours=number), then)
    return replay


def found(replay: Replay) -> list[tuple[Action, str, Level, Level, bool]]:
    return [(d.action, d.field, d.before, d.after, d.certain) for d in replay.differences]


def test_the_same_rules_answer_as_they_did() -> None:
    """Whatever was read, written, refused or looked for."""
    entries = (
        entry(**touch(plain=["name"], masked=["telephone"], denied=["id_number"]), filtered=["name"]),
        entry(**touch(plain=["name", "telephone"])),
        entry(**touch("write", written=["email"])),
        entry(**touch("write", written=["email"], refused=["email"], code="ACCESS_DENIED")),
        entry(**touch("sought")),
        entry(**touch("reveal", plain=["telephone"])),
        entry(**touch("reveal", refused=["email"], code="ACCESS_DENIED")),
    )
    replay = replayed(THEN, *entries)
    assert found(replay) == []
    assert replay.decisions == 7


def test_a_level_that_was_recorded_tells_in_which_scopes_it_was() -> None:
    """Who had the telephone plain was the account manager: taken from all others, nothing differs for that row."""
    draft = THEN.replace("p, clerk, all, individual, telephone, read_masked, customer_service, allow\n", "")
    masked, plain = entry(**touch(masked=["telephone"])), entry(**touch(plain=["telephone"]))
    assert found(replayed(draft, plain)) == []
    assert found(replayed(draft, masked)) == [(Action.READ, "telephone", Level.MASKED, Level.DENIED, True)]


def test_a_difference_in_some_scopes_is_not_certain() -> None:
    """The name is read alike in every scope, so the trail does not tell whose customer it was."""
    draft = THEN + "p, clerk, own, individual, name, read_masked, customer_service, deny\n"
    replay = replayed(draft, entry(**touch(plain=["name"])))
    assert (Action.READ, "name", Level.PLAIN, Level.DENIED, False) in found(replay)


@pytest.mark.parametrize(
    ("change", "recorded", "expected"),
    [
        (
            "p, clerk, all, individual, email, write, *, deny\n",
            touch("write", written=["email"]),
            (Action.WRITE, "email", Level.PLAIN, Level.DENIED, True),
        ),
        (
            "p, clerk, all, individual, email, write, customer_service, allow\n",
            touch("write", written=["email"], refused=["email"], code="ACCESS_DENIED"),
            (Action.WRITE, "email", Level.DENIED, Level.PLAIN, True),
        ),
        (
            "p, clerk, all, individual, telephone, reveal, *, deny\n",
            touch("reveal", plain=["telephone"]),
            (Action.REVEAL, "telephone", Level.PLAIN, Level.DENIED, True),
        ),
        (
            "p, clerk, all, individual, name, filter, *, deny\n",
            touch(plain=["name"]) | {"filtered": ["name"]},
            (Action.FILTER, "name", Level.PLAIN, Level.DENIED, True),
        ),
        (
            "p, clerk, all, individual, id_number, read, customer_service, allow\n",
            touch(denied=["id_number"]),
            (Action.READ, "id_number", Level.DENIED, Level.PLAIN, True),
        ),
    ],
)
def test_changes_refusals_and_conditions_are_asked_again(change: str, recorded: Any, expected: Any) -> None:
    """Gains as well as losses."""
    assert expected in found(replayed(THEN + change, entry(**recorded)))


def test_alike_decisions_are_counted_with_their_people_and_times() -> None:
    """One difference, however often it was asked."""
    one = touch(masked=["telephone"])
    replay = replayed(THEN + NO_TELEPHONE, entry(**one), entry(**one) | {"username": "wang"}, entry(**one))
    ((difference, seen),) = replay.differences.items()
    assert difference.kind is Kind.INDIVIDUAL
    assert (seen.times, seen.people) == (3, {"lin", "wang"})
    assert (seen.first, seen.last) == (AT, AT + timedelta(hours=2))
    assert isinstance(difference, Difference)


def test_what_failed_for_another_reason_or_had_no_purpose_is_no_decision() -> None:
    """A stale version says nothing of rights; without a purpose nothing was decided."""
    stale = entry(**touch("write", written=["email"], code="STALE_VERSION"))
    nothing = {name: value for name, value in entry(**touch(plain=["name"])).items() if name != "purpose"}
    assert replayed(THEN + NO_TELEPHONE, stale, nothing).decisions == 0


def test_what_was_revealed_and_would_be_read_in_full_is_no_loss() -> None:
    """Who reads it anyhow need not reveal it."""
    draft = THEN + "p, clerk, all, individual, telephone, read, customer_service, allow\n"
    assert found(replayed(draft, entry(**touch("reveal", plain=["telephone"])))) == []
