"""Runs channels over both worlds: every answer must be the same, byte by byte, and show nothing that is denied."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from documents.access.plan import Level
from documents.declaring.values import mask_value
from documents.registry import CATALOGUE
from tests.leaks import conditions, mutations, reads
from tests.leaks.arena import Arena
from tests.leaks.channels import CHANNELS, FULL, Answer, Ask, Channel, Per, Subject
from tests.leaks.values import items, spelled
from tests.leaks.worlds import CALLER, IDS, NEIGHBOUR, Phase, Row, World

__all__ = ["CHANNELS", "FULL", "Leak", "Run", "conditions", "mutations", "reads", "run"]

SAMPLE = 2
"""How many fields, or kinds, per channel and case are drawn outside the full matrix."""

SHORTEST_SECRET = 6
UNASKED = frozenset(
    {
        "INTERNAL_ERROR",
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_PARSE_FAILED",
        "TIMEOUT",
        "BODY_TOO_LARGE",
        "DEPTH_LIMIT",
        "ALIAS_LIMIT",
        "TOKEN_LIMIT",
        "LENGTH_LIMIT",
        "COST_LIMIT",
        "TRAIL_UNAVAILABLE",
    }
)
"""What is answered before, or instead of, what was asked: such a request proves nothing."""

PARTS = "multipart/mixed; incrementalSpec=v0.2"
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.]*')


class Leak(AssertionError):  # noqa: N818  # what it is: the finding of a run
    """A channel tells the worlds apart, or shows a denied value."""


@dataclass
class Run:
    """What a run of one channel asked and saw."""

    asks: int = 0
    sent: list[str] = field(default_factory=list)
    shown: set[bytes] = field(default_factory=set)


async def run(arena: Arena, channel: Channel, sample: int = SAMPLE) -> Run:
    """Runs the channel over its subjects in the arena's case. Raises Leak."""
    done = Run()
    for subject in subjects(arena, channel, None if FULL else sample):
        await _run_script(arena, channel, subject, done)
    check_nothing_denied_is_shown(arena, channel, done)
    return done


def subjects(arena: Arena, channel: Channel, sample: int | None) -> Iterator[Subject]:
    """What the channel is about in this case. Fields that are the same in both worlds tell nothing apart."""
    schema, pool, random = arena.schema, arena.pool, arena.random
    if channel.per is Per.CALLER:
        yield Subject(schema, arena.rows, random, pool)
        return
    if channel.per is Per.KIND:
        kinds = list(CATALOGUE.by_kind)
        # Writing is slow: one kind in each case, all of them over the cases.
        count = len(kinds) if sample is None else sample // 2 if channel.changes else sample
        for kind in random.sample(kinds, min(count, len(kinds))):
            yield Subject(schema, [row for row in arena.rows if row.kind is kind], random, pool, kind)
    if channel.per is Per.FIELD:
        found = [
            spec
            for kind, fields in CATALOGUE.by_kind.items()
            for name, spec in fields.items()
            if channel.applies(spec)
            and any(row.removed or name in row.changes for row in arena.rows if row.kind is kind)
        ]
        chosen = found if sample is None else random.sample(found, min(sample, len(found)))
        for spec in chosen:
            rows = [row for row in arena.rows if row.kind is spec.kind]
            yield Subject(schema, rows, random, pool, spec.kind, spec)


async def _run_script(arena: Arena, channel: Channel, subject: Subject, done: Run) -> None:
    script = channel.script(subject)
    answer: Answer | None = None
    while True:
        try:
            ask = script.send(answer) if answer is not None else next(script)
        except StopIteration:
            return
        except AssertionError as error:
            raise Leak(f"{_place(arena, channel, subject)}: {error}") from error
        done.asks += 1
        done.sent.append(json.dumps(ask.variables, ensure_ascii=False, default=str))
        answer = await _ask_both(arena, channel, subject, ask, done)


async def _ask_both(arena: Arena, channel: Channel, subject: Subject, ask: Ask, done: Run) -> Answer:
    writes = "mutation" in ask.document
    before = await arena.known_digests() if writes and ask.writes_nothing else None
    was_dirty = arena.dirty
    if writes:
        arena.dirty, arena.digests = True, None
    number = IDS.next_ask()

    async def answer_of(world: World) -> httpx.Response:
        IDS.begin(number)
        return await world.post(_body(ask), _headers(arena, ask))

    in_a, in_b = await asyncio.gather(answer_of(arena.a), answer_of(arena.b))
    difference = _difference(in_a, in_b)
    if difference is not None and ask.by != NEIGHBOUR:
        raise Leak(f"{_place(arena, channel, subject)}: the worlds differ {difference}\n{_shown(ask)}")
    if before is not None:
        if before != await arena.known_digests():
            raise Leak(f"{_place(arena, channel, subject)}: a refused request wrote\n{_shown(ask)}\n{in_a.text[:500]}")
        arena.dirty = was_dirty
    if ask.by != NEIGHBOUR:
        done.shown.update(_STRINGS.findall(in_a.content))
    answer = _answer(in_a)
    codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
    if codes & UNASKED:
        raise Leak(f"{_place(arena, channel, subject)}: {codes}\n{_shown(ask)}\n{in_a.text[:500]}")
    return answer


def _body(ask: Ask) -> dict[str, Any]:
    return {"query": ask.document, "variables": dict(ask.variables)}


def _headers(arena: Arena, ask: Ask) -> dict[str, str]:
    assert arena.case is not None
    headers = {"dossier-purpose": arena.case.purpose.value, "accept-language": ask.language}
    if ask.by is not None:
        headers["authorization"] = f"Bearer {arena.tokens[ask.by]}"
    if ask.in_parts:
        headers["accept"] = PARTS
    if ask.key is not None:
        headers["idempotency-key"] = ask.key
    return headers


def _difference(in_a: httpx.Response, in_b: httpx.Response) -> str | None:
    """Where two answers differ; None where they are the same."""
    if in_a.status_code != in_b.status_code:
        return f"in status: {in_a.status_code}, {in_b.status_code}"
    if in_a.content != in_b.content:
        place = next(iter(_paths(_answer(in_a), _answer(in_b), "")), None)
        # How an answer is cut into parts is a matter of time, not of what is in it.
        if place is not None or not _is_in_parts(in_a):
            return f"at {place or 'bytes only'}"
    heads = [[(k, v) for k, v in answer.headers.multi_items() if k != "date"] for answer in (in_a, in_b)]
    return f"in headers: {heads}" if heads[0] != heads[1] else None


def _is_in_parts(response: httpx.Response) -> bool:
    return response.headers["content-type"].startswith("multipart/mixed")


def _answer(response: httpx.Response) -> Answer:
    """The answer; one in parts as a client puts it together, with all errors in one list."""
    if not _is_in_parts(response):
        whole: Answer = response.json()
        return whole
    parts = [
        part.split(b"\r\n\r\n")[1] for part in response.content.removesuffix(b"\r\n-----\r\n").split(b"\r\n---")[1:]
    ]
    first, *others = [json.loads(part) for part in parts]
    paths: dict[str, list[Any]] = {}
    answer: Answer = {"errors": [], "extensions": {}, **first}
    for payload in (first, *others):
        answer["extensions"] |= payload.get("extensions", {})
        paths |= {pending["id"]: pending["path"] for pending in payload.get("pending", ())}
        for part in payload.get("incremental", ()):
            answer["errors"] += part.get("errors", ())
            _merge(answer["data"], [*paths[part["id"]], *part.get("subPath", ())], part)
        answer["errors"] += [error for done in payload.get("completed", ()) for error in done.get("errors", ())]
    return {name: answer[name] for name in ("data", "errors", "extensions")}


def _merge(target: Any, path: list[Any], part: dict[str, Any]) -> None:
    for key in path:
        target = target[key]
    if "items" in part:
        target.extend(part["items"])
    elif part.get("data"):
        target.update(part["data"])


def _paths(a: Any, b: Any, path: str) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys((*a, *b)):
            yield from _paths(a.get(key), b.get(key), f"{path}.{key}")
        if a == b and list(a) != list(b):
            yield f"{path}: order of keys"
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from _paths(left, right, f"{path}[{index}]")
    elif a != b:
        yield f"{path}: {str(a)[:200]!r} in A, {str(b)[:200]!r} in B"


def _place(arena: Arena, channel: Channel, subject: Subject) -> str:
    kind = subject.kind.value if subject.kind else "every kind"
    name = subject.spec.name if subject.spec else "every field"
    return f"{arena.case} {arena.phase} kind={kind} field={name} channel={channel}"


def _shown(ask: Ask) -> str:
    return f"{ask.document}\n{json.dumps(dict(ask.variables), ensure_ascii=False, default=str)}"


def check_nothing_denied_is_shown(arena: Arena, channel: Channel, done: Run) -> None:
    """No answer holds a value that the caller may not see, in whatever form. What the caller itself wrote may come
    back to it."""
    text = b"\n".join(done.shown)
    sent = "\n".join(done.sent) if channel.writes else ""
    for row, name, secret in secrets_of(arena):
        if secret in text and secret.decode("utf-8", "replace") not in sent:
            raise Leak(f"{arena.case} {arena.phase} channel={channel}: {row.kind}.{name} of a denied row is shown")


def secrets_of(arena: Arena) -> list[tuple[Row, str, bytes]]:
    """Those of the arena's case and phase, made once."""
    key = (arena.a.database.name, arena.case, arena.phase)
    if key not in _SECRETS:
        if len(_SECRETS) >= 2 * len(Phase):
            _SECRETS.clear()
        _SECRETS[key] = secrets(arena.rows)
    return _SECRETS[key]


_SECRETS: dict[object, list[tuple[Row, str, bytes]]] = {}


def secrets(rows: Sequence[Row]) -> list[tuple[Row, str, bytes]]:
    """Every form of every value that the caller may not see; those that it may see elsewhere left out."""
    permitted = "\n".join(_permitted(rows))
    found: list[tuple[Row, str, bytes]] = []
    for row in rows:
        for name, spec in CATALOGUE.fields(row.kind).items():
            level = row.grants.level(name) if row.grants.is_visible else Level.DENIED
            if level is Level.PLAIN:
                continue
            for value in {
                str(spelled(spec, item)) for side in (row.values.get(name), row.in_b(name)) for item in items(side)
            }:
                forms = (value, value.removeprefix("+86"))
                found += [
                    (row, name, json.dumps(form, ensure_ascii=False)[1:-1].encode())
                    for form in forms
                    if len(form.encode()) >= SHORTEST_SECRET and form not in permitted
                ]
            stored = row.document.get(name)
            tokens = [bytes(token) for token in row.document["_tokens"].get(name, ())]
            for octets in (*tokens, *([bytes(stored)[-24:]] if spec.encrypted and stored is not None else [])):
                found += [(row, name, form) for form in (octets.hex().encode(), base64.b64encode(octets)[:20])]
                found.append((row, name, base64.urlsafe_b64encode(octets)[:20]))
    return found


def _permitted(rows: Sequence[Row]) -> Iterator[str]:
    """What the caller may see, whole or masked; and words of the API, its people and its departments."""
    yield from (CALLER, "neighbour.wu", "stranger.qian", "D-home", "D-abroad", "D-far")
    for row in rows:
        yield row.public_id
        for name, spec in CATALOGUE.fields(row.kind).items():
            level = row.grants.level(name) if row.grants.is_visible else Level.DENIED
            for item in items(row.values.get(name)):
                if level is Level.PLAIN:
                    yield str(spelled(spec, item))
                elif level is Level.MASKED and spec.mask is not None:
                    yield str(mask_value(spec.mask, item))
            if spec.choices is not None:
                yield from (choice.name for choice in spec.choices)
