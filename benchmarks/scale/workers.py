"""Two worker processes beside one: as the machine is, nothing pinned, and with half a core for each worker.

Load and database take their share of the same cores. On a machine with few, two workers that may take all they want
get less each than one gets alone, and then the machine is measured: what two can reach at most on it is said too. With
half a core for each worker, whether one works or two, nobody waits for a core: then the product is measured.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.measurement import Measurement, Result, Target, Workload
from benchmarks.processes import cpu_seconds, limited, tree
from benchmarks.scale.pages import EXPECTED
from benchmarks.scale.rules import everything_rules
from benchmarks.scale.stage import Stage, log_in, medians, ratios, said_ratio, walk
from benchmarks.workloads import WALK_QUERY, page_requests

ONE, TWO = "one worker", "two workers"
CONNECTIONS: Final = 32
SHARE: Final = 0.5  # of a core, for each worker
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
        result = _measure(stage, measurement, workload)
        workers = _workers(targets[0], 1) + _workers(targets[1], 2)
        figures = _figures(stage, "two workers over one", result)
        figures["cores"] = cores
        figures["cpu_s_of_the_workers"] = [cpu_seconds(pid) for pid in workers[1:]]
        figures["possible"] = _possible(figures["medians"][ONE], cores)
        stage.say(f"at most possible on {cores} cores, without the load's own CPU: {figures['possible']:.2f}")
        stage.keep("workers", figures)
        try:
            stack.enter_context(limited(workers, SHARE))
        except OSError as error:
            stage.say(f"not measured with {SHARE} of a core for each worker: control groups: {error.strerror}")
            return
        result = _measure(stage, measurement, workload)
        limited_figures = _figures(stage, f"two workers over one, {SHARE} of a core each", result)
        stage.keep("workers, limited", limited_figures | {"share": SHARE})


def _measure(stage: Stage, measurement: Measurement, workload: Workload) -> Result:
    return measurement.measure(workload, rounds=stage.rounds, seconds=stage.seconds, warm_up=stage.seconds)


def _figures(stage: Stage, name: str, result: Result) -> dict[str, Any]:
    figures: dict[str, Any] = {"medians": medians(result)}
    for measure in ("requests_per_second", "server_cpu_ms", "mongod_cpu_ms", "p50_ms", "p99_ms"):
        figures[measure] = ratios(result, TWO, ONE, measure)
        stage.say(f"{name}, {measure}: {said_ratio(figures[measure])}")
    return figures


def _workers(target: Target, count: int) -> list[int]:
    """The processes that answer: the server itself if it is alone, else those of its children that work."""
    children = [pid for pid in tree(target.pid) if pid != target.pid]
    return sorted(children, key=cpu_seconds)[-count:] if count > 1 else [target.pid]


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
