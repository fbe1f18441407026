"""Content negotiation: which media type answers a GraphQL request (RFC 9110 section 12, GraphQL over HTTP "Accept").

Pure functions of header values, each answer remembered for the few values that clients send.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
HTML: Final = "text/html"
MULTIPART: Final = "multipart/mixed"
ResponseType = Literal["application/json", "application/graphql-response+json"]


def quality_values(header: str) -> list[tuple[str, float]]:
    """The members of a weighted list in their order, in lower case, without parameters: `("text/html", 0.8)`.

    A member whose weight is malformed or out of 0…1 weighs 0: what a client states unclearly, it does not get.
    """
    return [(name, quality(parameters)) for name, parameters in members(header)]


def members(header: str) -> list[tuple[str, list[str]]]:
    """The members of a list in their order, each with its parameters, in lower case."""
    split = ([part.strip() for part in member.lower().split(";")] for member in header.split(","))
    return [(name, parameters) for name, *parameters in split if name]


def quality(parameters: list[str]) -> float:
    """The weight that a member's parameters state, 0…1; 1 where they state none."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0


def _quality_of(media_type: str, ranges: dict[str, float]) -> float:
    """The weight of `media_type` by its most specific range."""
    family = media_type.partition("/")[0]
    for candidate in (media_type, f"{family}/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0


@lru_cache(maxsize=256)
def response_type(accept: str | None) -> ResponseType | None:
    """The media type of the answer, or None when `accept` (None: no such header) allows none that we have.

    `application/graphql-response+json` is chosen where the client names it and likes it no less than
    `application/json`; a client that only says `*/*`, or nothing, may be a legacy one and gets `application/json`.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = dict(quality_values(accept))
    current, legacy = _quality_of(GRAPHQL_RESPONSE, ranges), _quality_of(JSON, ranges)
    if current > 0 and GRAPHQL_RESPONSE in ranges and current >= legacy:
        return GRAPHQL_RESPONSE
    if legacy > 0:
        return JSON
    return GRAPHQL_RESPONSE if current > 0 else None


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    """Whether the client is a browser that wants a page: it names `text/html` and likes nothing of ours better."""
    ranges = dict(quality_values(accept or ""))
    wanted = ranges.get(HTML, 0.0)
    return wanted > 0 and wanted >= max(ranges.get(JSON, 0.0), ranges.get(GRAPHQL_RESPONSE, 0.0))


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether `content_type` is `application/json` in UTF-8, the only encoding of JSON (RFC 8259 section 8.1)."""
    essence, *parameters = [part.strip().lower() for part in content_type.split(";")]
    if essence != JSON:
        return False
    charsets = [value.strip(' "') for key, _, value in (p.partition("=") for p in parameters) if key == "charset"]
    return all(charset in ("utf-8", "utf8") for charset in charsets)
