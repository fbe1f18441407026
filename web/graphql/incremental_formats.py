"""The two formats of incremental payloads that clients speak, each named by a parameter of `multipart/mixed`.

`incrementalSpec=v0.2` is what graphql-core yields: parts refer to what was announced as `pending`. `deferSpec=20220824`
is the earlier one, of Apollo Client 3 and its like: each part has its own `path` and `label`, and nothing is announced.
Fields that two fragments share come once in both formats.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

from web.http.accept import MULTIPART, members, quality

Payload = dict[str, Any]
Path = tuple[str | int, ...]
Format = Literal["incrementalSpec=v0.2", "deferSpec=20220824"]

CURRENT: Final = "incrementalSpec=v0.2"
EARLIER: Final = "deferSpec=20220824"


@lru_cache(maxsize=256)
def parts_format(accept: str) -> Format | None:
    """The format in which a client that names `multipart/mixed` takes an answer in parts, or None.

    It may name a format (`incrementalSpec=v0.2`, `deferSpec=20220824`) or none, which means the current one; whoever
    asks for another would misread ours. Who takes both gets the current one.
    """
    formats: set[Format] = set()
    for name, parameters in members(accept):
        if name == MULTIPART and quality(parameters) > 0:
            stated = [parameter.replace(" ", "").replace('"', "") for parameter in parameters]
            specs = [parameter for parameter in stated if parameter.startswith(("incrementalspec=", "deferspec="))]
            if specs in ([], [CURRENT.lower()]):
                formats.add(CURRENT)
            elif specs == [EARLIER.lower()]:
                formats.add(EARLIER)
    return CURRENT if CURRENT in formats else EARLIER if EARLIER in formats else None


def formatter(spec: Format) -> Callable[[Payload], Payload]:
    """What turns the payloads of one answer, in their order, into those of the format."""
    return EarlierFormat().payload if spec == EARLIER else _unchanged


def _unchanged(payload: Payload) -> Payload:
    return payload


class EarlierFormat:
    """The payloads of one answer in the format of 2022-08-24."""

    def __init__(self) -> None:
        self._pending: dict[str, tuple[Path, str | None]] = {}
        self._next_items: dict[str, int] = {}  # of streams, by id
        self._objects: dict[Path, list[Any]] = {}  # what was delivered, by the path that it was delivered at

    def payload(self, payload: Payload) -> Payload:
        """The next payload."""
        for pending in payload.get("pending", ()):
            self._pending[pending["id"]] = tuple(pending["path"]), pending.get("label")
        if "data" in payload:
            self._objects[()] = [payload["data"]]
        parts = [self._part(part) for part in payload.get("incremental", ())]
        parts += [self._failed(completed) for completed in payload.get("completed", ()) if "errors" in completed]
        converted: Payload = {
            key: payload[key] for key in ("errors", "data", "extensions", "hasNext") if key in payload
        }
        return {"incremental": parts, **converted} if parts else converted

    def _part(self, part: Payload) -> Payload:
        path, label = self._pending[part["id"]]
        if "items" in part:
            first = self._next_item(part["id"], path)
            self._next_items[part["id"]] = first + len(part["items"])
            for index, item in enumerate(part["items"], first):
                self._objects[(*path, index)] = [item]
            return _labelled({"items": part["items"], "path": [*path, first]}, label, part)
        path = (*path, *part.get("subPath", ()))
        self._objects.setdefault(path, []).append(part["data"])
        return _labelled({"data": part["data"], "path": list(path)}, label, part)

    def _failed(self, completed: Payload) -> Payload:
        """A part without content: the whole fragment, or the rest of the list, is lost."""
        path, label = self._pending[completed["id"]]
        if completed["id"] in self._next_items or isinstance(self._found(path), list):
            index = self._next_item(completed["id"], path)
            return _labelled({"items": None, "path": [*path, index]}, label, completed)
        return _labelled({"data": None, "path": list(path)}, label, completed)

    def _next_item(self, identifier: str, path: Path) -> int:
        index = self._next_items.get(identifier)
        if index is None:
            initial = self._found(path)
            index = self._next_items[identifier] = len(initial) if isinstance(initial, list) else 0
        return index

    def _found(self, path: Path) -> Any:
        """The value delivered at `path`, or None: walked from the nearest object above it that was delivered."""
        for length in range(len(path), -1, -1):
            for value in self._objects.get(path[:length], ()):
                found = _walked(value, path[length:])
                if found is not None:
                    return found
        return None


def _walked(value: Any, path: Path) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _labelled(part: Payload, label: str | None, source: Payload) -> Payload:
    if label is not None:
        part["label"] = label
    if "errors" in source:
        part["errors"] = source["errors"]
    return part
