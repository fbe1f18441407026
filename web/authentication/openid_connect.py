"""Bearer tokens of one outside identity provider, by OpenID Connect Discovery 1.0 and JWK sets (RFC 7517).

INVARIANT: only asymmetric algorithms; the issuer equals the configured one letter by letter, in the token and in the
discovery document; a token without `kid` or for another audience is refused. The subject is `issuer|sub`, because
`sub` is unique within its issuer only (OpenID Connect Core 1.0 section 5.7).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from resolvers.chapters.accounts.access_tokens import LEEWAY, REFUSALS
from resolvers.errors import InvalidTokenError, IssuerUnavailableError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
REQUIRED_CLAIMS = ("iss", "aud", "sub", "exp")
RSA_ALGORITHMS = ("RS256", "PS256")  # what an RSA key is for that does not say
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
MAXIMUM_DOCUMENT_BYTES = 1 << 20
TIMEOUT_SECONDS = 5.0
LATEST_TIME = 1 << 36  # in seconds since the epoch: more than a clock will show

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a verified token speaks of, as `issuer|sub`. `expires_at` and `authenticated_at` (when the person last proved
    who it is, where the token says so) in seconds since the epoch."""

    oidc_subject: str
    expires_at: int
    authenticated_at: int | None = None


@dataclass(frozen=True, slots=True)
class _VerificationKey:
    """INVARIANT: the key decides which algorithms it is for; the token only picks one of them."""

    key: Any
    algorithms: frozenset[str]


class OpenIDConnectVerifier:
    """Verifies tokens of `issuer` for `audience`, with keys fetched through `client`.

    Keys are kept for `keys_lifetime` seconds, longer where the issuer cannot be reached. An unknown key id fetches
    them again, at most once in `refetch_interval` seconds whatever tokens arrive.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        client: httpx.AsyncClient,
        *,
        refetch_interval: float = 30.0,
        keys_lifetime: float = 3600.0,
    ) -> None:
        self.issuer = issuer
        self._audience = audience
        self._client = client
        self._refetch_interval = refetch_interval
        self._keys_lifetime = keys_lifetime
        self._keys: Mapping[str, _VerificationKey] = {}
        self._fetched_at: float | None = None  # of the monotonic clock, successful fetches only
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def verify(self, token: str) -> Subject:
        """The subject of a good token. Raises InvalidTokenError, IssuerUnavailableError."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header["alg"], header["kid"]
            if algorithm not in ALGORITHMS or not isinstance(key_id, str):
                raise InvalidTokenError
            return self._subject(token, algorithm, await self._key(key_id))
        except REFUSALS as error:
            raise InvalidTokenError from error

    def _subject(self, token: str, algorithm: str, key: _VerificationKey) -> Subject:
        if algorithm not in key.algorithms:
            raise InvalidTokenError
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=self.issuer,
            leeway=LEEWAY,
            options={"require": list(REQUIRED_CLAIMS), "enforce_minimum_key_length": True},
        )
        if not claims["sub"]:
            raise InvalidTokenError
        return Subject(f"{self.issuer}|{claims['sub']}", int(claims["exp"]), _authenticated_at(claims))

    async def _key(self, key_id: str) -> _VerificationKey:
        key = self._keys.get(key_id)
        if key is not None and not self._is_stale():
            return key
        if self._may_fetch():
            self._tried_at = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch())
        if key is not None:
            return key  # stale keys are renewed behind the request
        if self._fetching is not None and not self._fetching.done():
            await asyncio.shield(self._fetching)
        if key_id in self._keys:
            return self._keys[key_id]
        raise InvalidTokenError if self._fetched_at is not None else IssuerUnavailableError

    def _is_stale(self) -> bool:
        return self._fetched_at is None or time.monotonic() - self._fetched_at > self._keys_lifetime

    def _may_fetch(self) -> bool:
        return self._tried_at is None or time.monotonic() - self._tried_at >= self._refetch_interval

    async def _fetch(self) -> None:
        try:
            discovery = await self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if discovery["issuer"] != self.issuer:
                raise ValueError("the discovery document names another issuer")
            jwks_uri = str(discovery["jwks_uri"])
            if self.issuer.startswith("https:") and not jwks_uri.startswith("https:"):
                raise ValueError("the keys of an issuer over https are not taken over http")
            self._keys = _verification_keys(await self._document(jwks_uri))
            self._fetched_at = time.monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, *REFUSALS) as error:
            log.warning("the keys of the identity provider could not be fetched: %s", type(error).__name__)

    async def _document(self, url: str) -> Mapping[str, Any]:
        response = await self._client.get(url, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        response.raise_for_status()
        if response.status_code != httpx.codes.OK or len(response.content) > MAXIMUM_DOCUMENT_BYTES:
            raise ValueError("not a document")
        document = response.json()
        if not isinstance(document, dict):
            raise TypeError("not a JSON object")
        return document


def _authenticated_at(claims: Mapping[str, Any]) -> int | None:
    """The claim `auth_time` (OpenID Connect Core 1.0 section 2); anything but a time that can be is none."""
    stated = claims.get("auth_time")
    is_time = isinstance(stated, int) and not isinstance(stated, bool) and 0 < stated < LATEST_TIME
    return stated if is_time else None


def _verification_keys(document: Mapping[str, Any]) -> dict[str, _VerificationKey]:
    """The usable keys of a JWK set by key id. Passed over: keys for encryption, symmetric, unknown and broken ones, and
    private ones, which whoever reads the set could sign with."""
    keys: dict[str, _VerificationKey] = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict) or entry.get("kty") not in KEY_TYPES or "d" in entry:
            continue
        if entry.get("use", "sig") != "sig" or not isinstance(entry.get("kid"), str):
            continue
        try:
            key = jwt.PyJWK(entry)
        except REFUSALS:
            continue
        stated = {key.algorithm_name}
        algorithms = RSA_ALGORITHMS if entry["kty"] == "RSA" and "alg" not in entry else stated
        keys[entry["kid"]] = _VerificationKey(key.key, frozenset(algorithms) & frozenset(ALGORITHMS))
    return keys
