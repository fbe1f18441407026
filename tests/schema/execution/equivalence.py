"""Runs one random case through graphql-core alone and through the record executor, and says how they differ."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from random import Random
from typing import Any

import orjson
from graphql import DocumentNode, execute, parse
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from schema.execution import JSON_OPTIONS, ExecutionMetrics, RecordExecutor
from tests.schema.execution.worlds import Documents, World

DOCUMENTS = 6  # of each world
VARIABLES = ({"a": True}, {"a": False, "b": False, "n": 4}, {"a": True, "b": False})


def first_difference(seeds: Iterable[int], metrics: ExecutionMetrics | None = None) -> str | None:
    """The first case of `seeds` in which the two executors differ; None when there is none."""
    return asyncio.run(_first_difference(seeds, metrics))


async def _first_difference(seeds: Iterable[int], metrics: ExecutionMetrics | None) -> str | None:
    for seed in seeds:
        random = Random(seed)
        world = World(random, focus=seed)
        for number in range(DOCUMENTS):
            text = Documents(world, random).document()
            difference = await _difference(world, parse(text), random)
            if difference is not None:
                return f"seed {seed}, document {number}: {text}\n{difference}"
        if metrics is not None:
            for name in ("fast_rows", "mixed_rows", "bailed_rows", "unplanned_rows"):
                setattr(metrics, name, getattr(metrics, name) + getattr(world.metrics, name))
    return None


async def _difference(world: World, document: DocumentNode, random: Random) -> str | None:
    """How the answers differ for one document, executed with several variables as a cached document is."""
    for variables in VARIABLES:
        seed = random.getrandbits(32)
        plain = await _response(world, document, variables, seed, IncrementalExecutor)
        record = await _response(world, document, variables, seed, RecordExecutor)
        if plain != record:
            return f"variables {variables}, records {seed}\nplain:  {plain}\nrecord: {record}"
    return None


async def _response(
    world: World, document: DocumentNode, variables: dict[str, Any], seed: int, executor: type[IncrementalExecutor]
) -> tuple[bytes, list[Any]]:
    """The data as printed, and each error with its path and locations, in order."""
    result = execute(world.schema, document, world.root(seed), variable_values=variables, executor_class=executor)
    if inspect.isawaitable(result):
        result = await result
    errors = [(error.message, error.path, error.locations) for error in result.errors or []]
    return _printed(result.data), errors


def _printed(data: Any) -> bytes:
    try:
        return orjson.dumps(data, default=repr, option=JSON_OPTIONS)
    except TypeError as error:  # an integer beyond 64 bits, which only a fault lets through
        return f"not printed: {error}".encode()
