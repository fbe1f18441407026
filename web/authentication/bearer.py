"""The Authorization header as a principal.

INVARIANT: no header is nobody (None); a header that is not a good bearer token is refused, never taken for nobody.
The endpoint answers InvalidTokenError with 401 and `WWW-Authenticate: Bearer error="invalid_token"` (RFC 6750 section
3), IssuerUnavailableError with 503.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from policies.principal import Principal
from resolvers.chapters.accounts.access_tokens import REFUSALS, AccessTokens
from resolvers.chapters.accounts.principals import Principals
from resolvers.errors import InvalidTokenError, IssuerUnavailableError
from web.authentication.openid_connect import OpenIDConnectVerifier

__all__ = ["Authenticator", "InvalidTokenError", "IssuerUnavailableError"]

MAXIMUM_TOKEN_LENGTH = 8192
_SCHEME = "bearer "
_BEARER = re.compile(_SCHEME + r" *[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a good token says, in the terms of `Principals`: a session and its username, or an outside subject."""

    expires_at: int
    session_id: str = ""
    username: str = ""
    oidc_subject: str = ""
    authenticated_at: datetime | None = None


class Authenticator:
    """Tokens of this installation, and of one identity provider where `openid_connect` is given.

    A verified token is remembered by its SHA-256 until it expires; whether its session still lives is asked each time.
    """

    def __init__(
        self,
        access_tokens: AccessTokens,
        principals: Principals,
        openid_connect: OpenIDConnectVerifier | None = None,
        *,
        capacity: int = 10_000,
    ) -> None:
        self._access_tokens = access_tokens
        self._principals = principals
        self._openid_connect = openid_connect
        self._capacity = capacity
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def authenticate(self, authorization_header: str | None) -> Principal | None:
        """The caller. Raises InvalidTokenError; IssuerUnavailableError where that cannot be told for now."""
        if authorization_header is None:
            return None
        verified = await self._verify(authorization_header.strip())
        if verified.oidc_subject:
            principal = await self._principals.of_oidc_subject(verified.oidc_subject)
        else:
            principal = await self._principals.of_session(verified.session_id)
        if principal is None or (verified.username and principal.username != verified.username):
            raise InvalidTokenError
        if verified.authenticated_at is not None:
            return replace(principal, authenticated_at=verified.authenticated_at)
        return principal

    async def _verify(self, header: str) -> _Verified:
        # What is remembered is well-formed: the pattern, which takes longer than all else here, is for what is not.
        token = header[len(_SCHEME) :].lstrip(" ") if header[: len(_SCHEME)].lower() == _SCHEME else ""
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._verified.get(digest)
        if verified is not None and time.time() < verified.expires_at:
            self._verified.move_to_end(digest)
            return verified
        if _BEARER.fullmatch(header) is None or len(token) > MAXIMUM_TOKEN_LENGTH:
            raise InvalidTokenError
        verified = await self._verify_anew(token)
        self._verified[digest] = verified
        self._verified.move_to_end(digest)
        while len(self._verified) > self._capacity:
            self._verified.popitem(last=False)
        return verified

    async def _verify_anew(self, token: str) -> _Verified:
        issuer = _stated_issuer(token)
        if issuer == self._access_tokens.issuer:
            claims = self._access_tokens.verify(token)
            return _Verified(claims.expires_at, session_id=claims.session_id, username=claims.username)
        if self._openid_connect is not None and issuer == self._openid_connect.issuer:
            subject = await self._openid_connect.verify(token)
            asked_at = subject.authenticated_at
            return _Verified(
                subject.expires_at,
                oidc_subject=subject.oidc_subject,
                authenticated_at=datetime.fromtimestamp(asked_at, UTC) if asked_at is not None else None,
            )
        raise InvalidTokenError


def _stated_issuer(token: str) -> str:
    """The issuer as the token states it, unverified: it chooses who verifies and nothing else."""
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["iss"])
    except REFUSALS as error:
        raise InvalidTokenError from error
