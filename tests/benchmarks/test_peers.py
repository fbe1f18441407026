"""The comparison with peers runs on a little data, and compares what is equal. Nothing here asserts a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bson import Decimal128, ObjectId

from benchmarks.measurement import BARE, DOSSIER, Result, Round
from benchmarks.peers.__main__ import NODE_MODULES, main
from benchmarks.peers.parse_copy import parse_document
from benchmarks.peers.plot import plot
from benchmarks.peers.questions import ORDINARY, PARSE, PARSE_PAGE_QUERY, PARSE_SINGLE_QUERY, Answer
from benchmarks.peers.report import ratio
from benchmarks.peers.secrets_file import secrets_file
from benchmarks.peers.servers import LABELS, PEERS
from benchmarks.workloads import DENIED_FIELDS, PLAIN_FIELDS, READABLE_FIELD, public_name

ON_NODE = [peer.name for peer in PEERS if peer.is_on_node]


def run(folder: Path, *options: str) -> dict[str, list[str]]:
    """One short run, as a user starts it; the servers measured, by workload."""
    arguments = ["--customers", "240", "--rounds", "1", "--seconds", "0.2", "--data-dir", str(folder)]
    assert main([*arguments, *options]) == 0
    results = json.loads((folder / "peers.json").read_text())["results"]
    return {f"{result['workload']}, {result['connections']}": list(result["rounds"]) for result in results}


@pytest.mark.slow
def test_strawberry_and_beanie_answer_with_equal_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run ends well only where every answer was good and the records were equal; no secret outlives it."""
    servers = [DOSSIER, BARE, "strawberry", "casbin"]
    workloads = ["page of 50, 16", "single customer, 16", "single customer, 64"]
    assert run(tmp_path, "--only", "strawberry", "--casbin") == dict.fromkeys(workloads, servers)
    assert capsys.readouterr().out.count("records compared with Dossier's: equal") == 2
    assert not list(tmp_path.glob("*secrets*"))


@pytest.mark.slow
@pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="`make bench-peers` installs the peers on Node")
def test_peers_on_node_answer_with_equal_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of Mercurius, Yoga, Apollo Server and Parse Server."""
    assert set(run(tmp_path, "--only", *ON_NODE)["page of 50, 16"]) == {DOSSIER, BARE, *ON_NODE}
    assert capsys.readouterr().out.count("records compared with Dossier's: equal") == len(ON_NODE)


def test_parse_server_is_asked_for_the_same_fields() -> None:
    """Its queries are its own, their selection is not."""
    for query in (PARSE_PAGE_QUERY, PARSE_SINGLE_QUERY):
        words = query.replace("{", " ").replace("}", " ").split()
        asked = [public_name(name) for name in (*PLAIN_FIELDS, READABLE_FIELD, *DENIED_FIELDS)]
        assert words[-len(asked) :] == asked
        assert "id: objectId" in query


def test_parse_server_stores_what_dossier_stores() -> None:
    """Its copy has the same values under public names, ciphertexts and decimals as text."""
    row = {
        "_id": ObjectId("0123456789abcdef01234567"),
        "kind": "enterprise",
        "created_at": datetime(2024, 5, 6, tzinfo=UTC),
        "updated_at": datetime(2024, 5, 7, tzinfo=UTC),
        "legal_form": "legal_person",
        "registered_capital": Decimal128("12.50"),
        "telephone": b"\x01\x02",
        "notes": b"\x03",
    }
    document = parse_document(row)
    assert document["_id"] == "enterprise_0123456789abcdef01234567"
    assert document["_created_at"] == row["created_at"]
    values = {name: value for name, value in document.items() if not name.startswith("_")}
    assert values == {"legalForm": "LEGAL_PERSON", "registeredCapital": "12.50", "telephone": "AQI="}


def test_answers_compare_as_records_whatever_their_form() -> None:
    """A time is the moment it names, and Parse's edges are nodes, of which one too many says that there is more."""

    def at(moment: str) -> Answer:
        return {"data": {"customer": {"id": "1", "createdAt": moment}}}

    ours = ORDINARY.read(at("2024-05-06T07:08:09.100000+00:00"))
    assert PARSE.read(at("2024-05-06T07:08:09.100Z")) == ours
    assert PARSE.read(at("2024-05-06T07:08:09.101Z")) != ours
    edges = [{"node": {"id": str(number), "createdAt": "2024-05-06T07:08:09Z"}} for number in range(51)]
    page = PARSE.read({"data": {"customers": {"nodes": edges}}})["customers"]
    assert (len(page["nodes"]), page["pageInfo"]) == (50, {"hasNextPage": True})


def test_secrets_are_for_the_owner_alone_and_do_not_outlive_the_run(tmp_path: Path) -> None:
    """Mode 0600 from the first moment, also where a file was left behind; gone in the end."""
    path = tmp_path / "secrets.json"
    path.write_text("left behind")
    path.chmod(0o644)
    with secrets_file(path, {"dataKeys": {}}):
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text()) == {"dataKeys": {}}
    assert not path.exists()


def test_ratios_are_over_dossier_within_rounds() -> None:
    """A round of a peer is compared with Dossier's of the same turn."""
    result = Result("page", 1, {DOSSIER: _rounds(2.0, 4.0, 10.0), "apollo": _rounds(4.0, 12.0, 40.0)})
    spread = ratio(result, "apollo", "server_cpu_ms")
    assert (spread.least, spread.median, spread.greatest) == (2.0, 3.0, 4.0)


def test_plot_shows_every_server_by_name_and_length() -> None:
    """It is well-formed, and a bar twice as long stands for twice the time."""
    rounds = {
        DOSSIER: [{"server_cpu_ms": 2.0}, {"server_cpu_ms": 1.0}, {"server_cpu_ms": 3.0}],
        "apollo": [{"server_cpu_ms": 4.0}],
    }
    ratios = {"apollo": {"server_cpu_ms": {"median": 1.9}}}  # within rounds: not the ratio of the medians
    result = {"workload": "page", "connections": 16, "rounds": rounds, "ratio_to_dossier": ratios}
    root = ElementTree.fromstring(plot([result]))
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {LABELS[DOSSIER], LABELS["apollo"], "page, 16 connections", "2.00", "4.00 · 1.90 ×"} <= texts
    widths = [float(element.get("width", "0")) for element in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[2] == pytest.approx(2 * widths[1])


def _rounds(*times: float) -> list[Round]:
    return [Round(1, 1, 1, server_cpu_ms=time, mongod_cpu_ms=1, rss_mb=1) for time in times]
