"""The messages of the `graphql-transport-ws` protocol (enisdenjo/graphql-ws, PROTOCOL.md), from and to their JSON.

Owns what a well-formed message is, and the codes with which a socket is closed. It must never act on a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from web.graphql.answer import RESPONSE_OPTIONS
from web.graphql.request import Parameters, parameters_of
from web.http.refusals import RequestRefused

PROTOCOL: Final = "graphql-transport-ws"
HEADER_FIELDS: Final = frozenset({"authorization", "dossier-purpose", "accept-language"})
"""What a browser cannot send with the handshake, and therefore says in `connection_init`."""

_REASON_BYTES: Final = 123  # RFC 6455 section 5.5: what a close frame can hold beside its code


class SocketClosed(Exception):  # noqa: N818 - an answer, named like one
    """The socket is to be closed with `code` and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def invalid_message() -> SocketClosed:
    return SocketClosed(4400, "Invalid message")


def unauthorized() -> SocketClosed:
    return SocketClosed(4401, "Unauthorized")


def forbidden() -> SocketClosed:
    return SocketClosed(4403, "Forbidden")


def subprotocol_not_acceptable() -> SocketClosed:
    return SocketClosed(4406, "Subprotocol not acceptable")


def initialisation_timeout() -> SocketClosed:
    return SocketClosed(4408, "Connection initialisation timeout")


def subscriber_exists(identifier: str) -> SocketClosed:
    return SocketClosed(4409, f"Subscriber for {identifier} already exists")


def too_many_initialisations() -> SocketClosed:
    return SocketClosed(4429, "Too many initialisation requests")


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    """`fields` are those of `HEADER_FIELDS` that the payload holds; all else in it is ignored."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ping:
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    identifier: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Complete:
    identifier: str


Message = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> Message:
    """The message in `text`. Raises `SocketClosed` with 4400 where it is none."""
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid_message() from None
    kind = values.get("type") if isinstance(values, dict) else None
    match kind:
        case "connection_init":
            return ConnectionInit(_header_fields(_payload(values)))
        case "ping":
            return Ping(_payload(values))
        case "pong":
            return Pong()
        case "subscribe":
            return Subscribe(_identifier(values), _parameters(_payload(values)))
        case "complete":
            return Complete(_identifier(values))
    raise invalid_message()


def _identifier(values: Mapping[str, Any]) -> str:
    identifier = values.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise invalid_message()
    return identifier


def _payload(values: Mapping[str, Any]) -> dict[str, Any] | None:
    payload = values.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise invalid_message()
    return payload


def _parameters(payload: dict[str, Any] | None) -> Parameters:
    try:
        return parameters_of(payload or {})
    except RequestRefused:
        raise invalid_message() from None


def _header_fields(payload: Mapping[str, Any] | None) -> dict[str, str]:
    fields = {name.lower(): value for name, value in (payload or {}).items() if name.lower() in HEADER_FIELDS}
    if not all(isinstance(value, str) and value.isascii() for value in fields.values()):
        raise invalid_message()
    return fields


CONNECTION_ACK: Final = '{"type":"connection_ack"}'


def pong_message(payload: Mapping[str, Any] | None) -> str:
    return _text({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def next_message(identifier: str, result: Mapping[str, Any]) -> str:
    return _text({"id": identifier, "type": "next", "payload": result})


def error_message(identifier: str, errors: list[dict[str, Any]]) -> str:
    return _text({"id": identifier, "type": "error", "payload": errors})


def complete_message(identifier: str) -> str:
    return _text({"id": identifier, "type": "complete"})


def _text(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message, option=RESPONSE_OPTIONS).decode()
