"""The parameters of a GraphQL-over-HTTP request, from the URL of a GET or the JSON body of a POST.

Refuses what is not well formed, before anything looks at the query. A body must be `application/json`: no page of
another site can send that without a preflight, so forms and multipart bodies (CSRF) end here, and so do batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from web.http.accept import is_json
from web.http.language import Text
from web.http.refusals import RequestRefused, bad_request

PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters as the specification names them; absent, null and (in a URL) empty are the same.

    `document_id` (appendix A) or `extensions.persistedQuery` may stand in the place of `query`.
    """

    query: str | None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)


class ClientDisconnected(Exception):  # noqa: N818 - nobody is left to answer
    """The client went away before its request was complete."""


def from_query_string(query_string: bytes, max_bytes: int) -> Parameters:
    """The parameters of a GET request (`application/x-www-form-urlencoded`, section GET)."""
    if len(query_string) > max_bytes:
        raise RequestRefused(414, "URI_TOO_LONG", Text("the URL is too long: use POST", "网址过长：请使用 POST"))
    given: dict[str, str] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name in PARAMETERS and given.setdefault(name, value) is not value:
            raise bad_request("a parameter is given twice", "参数重复")
    values: dict[str, Any] = {name: value for name, value in given.items() if value}
    for name in ("variables", "extensions"):
        if name in values:
            values[name] = _json(values[name].encode("utf-8", "surrogatepass"))
    return parameters_of(values)


async def from_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> Parameters:
    """The parameters of a POST request, whose body may have `limit` bytes."""
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    if not is_json(content_type) or headers.get(b"content-encoding", b"identity") != b"identity":
        raise RequestRefused(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            Text("send the request as application/json in UTF-8", "请以 UTF-8 编码的 application/json 发送请求"),
            {"accept-post": "application/json"},
        )
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise await _body_too_large(receive, limit)
    values = _json(await _body(receive, limit))
    if isinstance(values, list):
        raise bad_request("batches are not supported: send one request at a time", "不支持批量请求：请逐个发送")
    if not isinstance(values, dict):
        raise bad_request("the body must be a JSON object", "请求体必须是 JSON 对象")
    return parameters_of(values)


async def _body(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while (message := await receive())["type"] == "http.request":
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > limit:
            raise await _body_too_large(receive if more else None, limit)
        if not more:
            return b"".join(chunks)
    raise ClientDisconnected


async def _body_too_large(rest: Receive | None, limit: int) -> RequestRefused:
    """The refusal, after throwing away what is left of the body.

    A connection that is closed while the client still sends is reset, and the answer is lost with it. What exceeds
    the limit eight times is not worth waiting for.
    """
    size = 0
    while rest is not None and size <= 8 * limit:
        message = await rest()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    text = Text("the request body is too large", "请求体过大")
    return RequestRefused(413, "BODY_TOO_LARGE", text, {"connection": "close"}, {"limit": limit})


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_request("the request is not valid JSON", "请求不是有效的 JSON") from None


def parameters_of(values: dict[str, Any]) -> Parameters:
    """The parameters in a JSON object. Raises `RequestRefused` where it holds none that are well formed."""
    extensions = _map(values, "extensions")
    document_id = _optional_text(values, "documentId")
    query = values.get("query")
    named_otherwise = document_id is not None or extensions.get("persistedQuery") is not None
    if not (isinstance(query, str) and query) and not (query in (None, "") and named_otherwise):
        raise bad_request("`query` must be a text", "`query` 必须是文本")
    return Parameters(
        query or None, document_id, _optional_text(values, "operationName"), _map(values, "variables"), extensions
    )


def _optional_text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"`{name}` must be a text", f"`{name}` 必须是文本")
    return value or None


def _map(values: dict[str, Any], name: str) -> dict[str, Any]:
    value = values.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"`{name}` must be a map", f"`{name}` 必须是映射")
    return value
