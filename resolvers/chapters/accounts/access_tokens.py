"""Access tokens of this installation: JWTs in the profile of RFC 9068, signed with EdDSA (RFC 8037).

INVARIANT: the algorithm is never taken from the token, and the key only by a key id that this installation made.
A good token says who logged in, not that the session still lives: `Principals` says that.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import jwt

from documents.encryption.token_keys import TokenKeys
from resolvers.errors import InvalidTokenError

ALGORITHM = "EdDSA"
TOKEN_TYPE = "at+jwt"  # noqa: S105  # RFC 9068 section 2.1
LEEWAY = 10  # seconds by which the clocks of two servers may differ
REQUIRED_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")

# What the parser and the checks raise on hostile input; anything else is a fault of ours and must not pass for one.
REFUSALS = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified token says. `expires_at` in seconds since the epoch."""

    username: str
    session_id: str
    expires_at: int


class AccessTokens:
    """Issues and verifies. `lifetime` in seconds; `issuer` and `audience` are compared exactly."""

    def __init__(
        self, keys: TokenKeys, *, issuer: str = "dossier", audience: str = "dossier", lifetime: int = 600
    ) -> None:
        self.issuer = issuer
        self.lifetime = lifetime
        self._audience = audience
        self._keys = keys

    def issue(self, username: str, session_id: str) -> str:
        """A token for `username` in session `session_id`, good from now for `lifetime`."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": username,
            "sid": session_id,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime,
        }
        headers = {"typ": TOKEN_TYPE, "kid": self._keys.signing_key_id}
        return jwt.encode(claims, self._keys.signing_key, algorithm=ALGORITHM, headers=headers)

    def verify(self, token: str) -> AccessClaims:
        """The claims of a token that this installation issued. Raises InvalidTokenError."""
        try:
            return self._verified(token)
        except REFUSALS as error:
            raise InvalidTokenError from error

    def _verified(self, token: str) -> AccessClaims:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TOKEN_TYPE:
            raise InvalidTokenError
        claims = jwt.decode(
            token,
            self._keys.verification_keys[header["kid"]],
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self.issuer,
            leeway=LEEWAY,
            options={"require": list(REQUIRED_CLAIMS), "strict_aud": True},
        )
        if not isinstance(claims["sid"], str):
            raise InvalidTokenError
        return AccessClaims(claims["sub"], claims["sid"], int(claims["exp"]))
