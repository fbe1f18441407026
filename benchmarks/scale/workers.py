"""Two worker processes beside one, nothing pinned.

Load and database take their share of the same cores: what two workers can reach at most on this machine is said too.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.measurement import Workload
from benchmarks.processes import cpu_seconds, tree
from benchmarks.scale.pages import EXPECTED
from benchmarks.scale.rules import everything_rules
from benchmarks.scale.stage import Stage, log_in, medians, ratios, said_ratio, walk
from benchmarks.workloads import WALK_QUERY, page_requests

ONE, TWO = "one worker", "two workers"
CONNECTIONS: Final = 32
_START_SECONDS: Final = 30.0


def measure_workers(stage: Stage, customers: int) -> None:
    """Requests per second of two workers over one."""
    database = "benchmark"
    stage.database(database, customers, everything_rules(200))
    cores = os.cpu_count() or 1
    for pid in (stage.mongod_pid, stage.generator.pid):
        _unpin(pid, set(range(cores)))
    with ExitStack() as stack:
        targets = [
            stack.enter_context(stage.dossier(name, database, workers=count, core=None))
            for name, count in ((ONE, 1), (TWO, 2))
        ]
        requests = {}
        for target in targets:
            _wait_for_port(target.port)
            token = log_in(target.port)
            positions, _ = walk(target.port, token, WALK_QUERY, at_most=400, step=max(1, min(100, customers // 20)))
            requests[target.name] = [page_requests(place, token)[0] for place in positions]
        measurement = stage.measurement(targets, pinned=False)
        workload = Workload("page of 50", CONNECTIONS, requests, EXPECTED)
        result = measurement.measure(workload, rounds=stage.rounds, seconds=stage.seconds, warm_up=stage.seconds)
        shares = sorted(cpu_seconds(pid) for pid in tree(targets[1].pid) if pid != targets[1].pid)[-2:]
    figures: dict[str, Any] = {"cores": cores, "medians": medians(result), "cpu_s_of_the_workers": shares}
    for measure in ("requests_per_second", "server_cpu_ms", "mongod_cpu_ms", "p50_ms", "p99_ms"):
        figures[measure] = ratios(result, TWO, ONE, measure)
        stage.say(f"two workers over one, {measure}: {said_ratio(figures[measure])}")
    figures["possible"] = _possible(figures["medians"][ONE], cores)
    stage.say(f"at most possible on {cores} cores, without the load's own CPU: {figures['possible']:.2f}")
    stage.keep("workers", figures)


def _possible(one: dict[str, float], cores: int) -> float:
    """What all cores could answer over what one worker answered, if load and kernel cost nothing."""
    per_second = cores * 1000 / (one["server_cpu_ms"] + one["mongod_cpu_ms"])
    return per_second / one["requests_per_second"]


def _unpin(pid: int, cores: set[int]) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            os.sched_setaffinity(int(task.name), cores)


def _wait_for_port(port: int) -> None:
    """Workers start after the server says that it is ready; until then connections wait in the backlog."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            log_in(port)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
