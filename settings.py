"""The settings of one process, read from `DOSSIER_*` environment variables.

Owns their names, defaults and bounds. Imported by `app.py`, `cli.py` and `commands` alone: everything else receives
what it needs through its constructor. It must never be a module-level instance, and never print a secret.
"""

# ruff: noqa: RUF009 - `_setting` is `dataclasses.field` with our metadata, not a shared default

from __future__ import annotations

import difflib
import ipaddress
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

_PREFIX: Final = "DOSSIER_"
_ESCALATION: Final = ("service_manager", "supervisor")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")  # as rules name one


class SettingsError(Exception):
    """A setting is wrong; the message is one sentence that names its variable."""


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


def _text(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("must not begin or end with a space, nor hold control characters")
    return text


def _password(text: str) -> str:
    if not 12 <= len(text) <= 256:  # the rule for every password
        raise ValueError("must have 12 to 256 characters")
    return _text(text)


def _mongodb_uri(text: str) -> str:
    if not text.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("must be a MongoDB connection string: it begins with mongodb:// or mongodb+srv://")
    return text


def _jobs(text: str) -> str:
    if text not in {"inline", "worker"}:
        raise ValueError("must be inline (jobs run in the server's processes) or worker (they run in `dossier worker`)")
    return text


def _exposure_policy(text: str) -> str:
    if text not in {"block", "warn"}:
        raise ValueError("must be block (no contract above the credit limit) or warn (it is noted on the contract)")
    return text


def _broker(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "amqp://", "amqps://", "nats://", "tls://")):
        raise ValueError(
            "must begin with redis://, rediss://, amqp://, amqps://, nats:// or tls:// (NATS); unset it for MongoDB"
        )
    return text


def _database(text: str) -> str:
    """A name that MongoDB takes on every system, and that is none of its own databases."""
    if len(text) > 38 or not (text.isascii() and text.replace("_", "").replace("-", "").isalnum()):
        raise ValueError("must be 1 to 38 letters, digits, - or _")
    if text.lower() in {"admin", "config", "local"}:
        raise ValueError("must not be one of MongoDB's own databases")
    return text


def _file(text: str) -> Path:
    path = Path(text)
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"must name a file that can be read ({error.strerror})") from error
    return path


def _three_roles(text: str) -> tuple[str, ...]:
    roles = tuple(part.strip() for part in text.split(","))
    if len(roles) != 3 or not all(_ROLE.fullmatch(role) for role in roles):
        raise ValueError("must be three roles, separated by commas: who is told when it is near, late, and long late")
    return roles


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _issuer(text: str) -> str:
    """OpenID Connect Core section 2: an https URL without query and fragment; plain http only on this machine."""
    try:
        url = urllib.parse.urlsplit(text)
    except ValueError:
        url = urllib.parse.urlsplit("")
    local = url.scheme == "http" and url.hostname in {"127.0.0.1", "::1", "localhost"}
    if not url.hostname or not (local or url.scheme == "https") or url.query or url.fragment:
        raise ValueError("must be an https:// address without query and fragment")
    return text


def _addresses(text: str) -> tuple[str, ...]:
    """http or https URLs, separated by commas."""
    urls = tuple(part.strip() for part in text.split(","))
    try:
        parsed = [urllib.parse.urlsplit(url) for url in urls]
    except ValueError:
        parsed = []
    if not parsed or not all(url.scheme in {"http", "https"} and url.hostname for url in parsed):
        raise ValueError("must be http:// or https:// addresses, separated by commas")
    return urls


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(part.strip())) for part in text.split(","))
    except ValueError as error:
        raise ValueError("must be IP addresses or networks, separated by commas") from error


def _setting(default: Any, read: Callable[[str], Any], *, secret: bool = False) -> Any:
    return field(default=default, metadata={"read": read}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting; the variable of `max_depth` is `DOSSIER_MAX_DEPTH`, and so on for all.

    `trusted_proxies` are the networks whose `X-Forwarded-*` headers are believed; sizes are bytes, times seconds.
    `audit_trail` off serves customer data without a record of it: for measurements on invented data only.
    `audit_witness` are told where the trail stands. With `verification_four_eyes` a verification counts when a second
    person confirmed it. Late work is escalated to the three roles of `ticket_escalation` and of `complaint_escalation`,
    named as the rules in force name them. With `policy_approval` a change of rules needs a second administrator; unset,
    it does but in the demo. The company's name, address, telephone and account stand in letters: without a name none
    can be made.
    """

    host: str = _setting("127.0.0.1", _text)
    port: int = _setting(8000, _number(1, 65_535))
    workers: int = _setting(1, _number(1, 256))
    tls_certificate: Path | None = _setting(None, _file)
    tls_key: Path | None = _setting(None, _file)
    trusted_proxies: tuple[str, ...] = _setting((), _networks)

    data_dir: Path = _setting(Path("var"), Path)
    mongodb_uri: str | None = _setting(None, _mongodb_uri, secret=True)
    database: str = _setting("dossier", _database)

    jobs: str = _setting("inline", _jobs)
    broker: str | None = _setting(None, _broker, secret=True)

    demo_password: str | None = _setting(None, _password, secret=True)
    demo_customers: int = _setting(2_000, _number(1, 1_000_000))

    oidc_issuer: str | None = _setting(None, _issuer)
    oidc_audience: str | None = _setting(None, _text)
    access_token_seconds: int = _setting(600, _number(30, 86_400))
    refresh_token_seconds: int = _setting(14 * 86_400, _number(60, 366 * 86_400))

    max_body_bytes: int = _setting(1_048_576, _number(1_024, 1_073_741_824))
    max_attachment_bytes: int = _setting(20 * 1_048_576, _number(1_024, 1_073_741_824))
    max_depth: int = _setting(12, _number(1, 1_000))
    max_aliases: int = _setting(30, _number(0, 10_000))
    max_tokens: int = _setting(2_000, _number(10, 1_000_000))
    max_cost: int = _setting(10_000, _number(1, 1_000_000_000))
    request_seconds: int = _setting(10, _number(1, 3_600))
    max_subscriptions: int = _setting(10_000, _number(0, 1_000_000))
    max_subscriptions_per_connection: int = _setting(100, _number(0, 10_000))

    ticket_escalation: tuple[str, ...] = _setting(("service_agent", *_ESCALATION), _three_roles)
    complaint_escalation: tuple[str, ...] = _setting(
        ("complaint_handler", "service_manager", "supervisor"), _three_roles
    )
    verification_four_eyes: bool = _setting(True, _yes_or_no)
    exposure_policy: str = _setting("block", _exposure_policy)
    credit_four_eyes: bool = _setting(False, _yes_or_no)
    company_name: str | None = _setting(None, _text)
    company_address: str | None = _setting(None, _text)
    company_telephone: str | None = _setting(None, _text)
    company_account: str | None = _setting(None, _text)

    policy_approval: bool | None = _setting(None, _yes_or_no)

    audit_trail: bool = _setting(True, _yes_or_no)
    audit_witness: tuple[str, ...] = _setting((), _addresses, secret=True)

    trusted_documents: Path | None = _setting(None, _file)
    trusted_documents_only: bool = _setting(False, _yes_or_no)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting. Raises `SettingsError` for the first that is unknown, empty, malformed or alone."""
        declared = {_variable(setting.name): setting for setting in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in sorted(environ.items()):
            if not variable.startswith(_PREFIX):
                continue
            if variable not in declared:
                nearest = difflib.get_close_matches(variable, declared, n=1, cutoff=0)[0]
                raise SettingsError(f"{variable} is no setting of Dossier: did you mean {nearest}?")
            if not text:
                raise SettingsError(f"{variable} is empty: give it a value, or unset it")
            setting = declared[variable]
            try:
                values[setting.name] = setting.metadata["read"](text)
            except ValueError as error:
                raise SettingsError(f"{variable} {error}") from error
        for one, other in (("tls_certificate", "tls_key"), ("oidc_issuer", "oidc_audience")):
            if (one in values) != (other in values):
                given, missing = (one, other) if one in values else (other, one)
                raise SettingsError(f"{_variable(given)} needs {_variable(missing)} as well")
        if values.get("trusted_documents_only") and "trusted_documents" not in values:
            variables = _variable("trusted_documents_only"), _variable("trusted_documents")
            raise SettingsError(f"{variables[0]} needs {variables[1]} as well")
        return cls(**values)


def _variable(name: str) -> str:
    return _PREFIX + name.upper()
