"""The file name in a `Content-Disposition` field: read from a request, written to an answer (RFC 6266, RFC 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 section 5.6.2
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"'
_PARAMETER = re.compile(rf"\s*;\s*({_TOKEN})\s*=\s*({_TOKEN}|{_QUOTED})\s*")
_TYPE = re.compile(rf"\s*{_TOKEN}\s*")
_EXTENDED = re.compile(r"utf-8'[A-Za-z0-9-]*'((?:%[0-9A-Fa-f]{2}|[!#$&+.^_`|~0-9A-Za-z-])+)", re.IGNORECASE)
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # RFC 8187 section 3.2.1, beside letters and digits


def file_name(header: str) -> str | None:
    """The name that the field gives: `filename*` in UTF-8, else an ASCII `filename`; None when there is none."""
    found: dict[str, str] = {}
    start = _TYPE.match(header)
    position = start.end() if start is not None else len(header)
    while (parameter := _PARAMETER.match(header, position)) is not None:
        name, value = parameter[1].lower(), parameter[2]
        if name in found:
            return None  # twice the same: who is to say which is meant
        found[name] = value
        position = parameter.end()
    if start is None or position != len(header):
        return None
    if "filename*" in found:
        return _extended(found["filename*"])
    return _plain(found["filename"]) if "filename" in found else None


def _extended(value: str) -> str | None:
    match = _EXTENDED.fullmatch(value)
    if match is None:
        return None
    try:
        return unquote_to_bytes(match[1]).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def download(name: str) -> str:
    """The field that makes a browser save the answer as `name`, and older clients under what is left of it in ASCII."""
    plain = re.sub(r"[^\x20-\x7e]|[\\\"%]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTRIBUTE_CHARACTERS)}"
