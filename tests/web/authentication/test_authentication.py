"""The Authorization header as a principal: tokens of this installation."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from documents.access.plan import Purpose
from policies.principal import NEVER, Principal
from resolvers.chapters.accounts import principals
from resolvers.chapters.accounts.access_tokens import AccessClaims, AccessTokens
from tests.accounts import change_account
from tests.login_parts import Database, LoginParts, build
from web.authentication import bearer as authentication
from web.authentication.bearer import Authenticator, InvalidTokenError


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> LoginParts:
    """Everything that logging in needs, and the account `wang.li`."""
    parts = await build(database, tmp_path)
    await parts.add_account()
    return parts


@pytest.fixture
def authenticator(parts: LoginParts) -> Authenticator:
    """The authenticator, without an identity provider."""
    return Authenticator(parts.access_tokens, parts.principals)


async def refused(authenticator: Authenticator, header: str) -> bool:
    """Is the header refused, rather than taken for somebody or nobody?"""
    try:
        await authenticator.authenticate(header)
    except InvalidTokenError:
        return True
    return False


@contextmanager
def later(module: ModuleType, seconds: float) -> Iterator[None]:
    """A block in which the clocks that `module` reads are so far ahead: what time alone does is not waited for."""
    ahead = SimpleNamespace(time=lambda: time.time() + seconds, monotonic=lambda: time.monotonic() + seconds)
    with patch.object(module, "time", ahead):
        yield


def part(value: Any) -> str:
    """A part of a JWT."""
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class TestGoodTokens:
    async def test_no_header_is_nobody(self, authenticator: Authenticator) -> None:
        """The only way to be nobody."""
        assert await authenticator.authenticate(None) is None

    async def test_a_token_is_its_account(self, parts: LoginParts, authenticator: Authenticator) -> None:
        """With the roles and purposes that the account has now, not those of the login."""
        tokens = await parts.login()
        principal = await authenticator.authenticate(f"Bearer {tokens.access_token}")
        assert principal == Principal(
            username="wang.li",
            display_name="王丽",
            roles=frozenset({"agent"}),
            purposes=frozenset({Purpose.CUSTOMER_SERVICE}),
            department="D01",
            cleared_until=NEVER,  # nothing signed yet
            session_id=parts.access_tokens.verify(tokens.access_token).session_id,
        )
        assert await authenticator.authenticate(f"bearer  {tokens.access_token}") == principal

    async def test_requests_that_come_together_ask_the_database_once(
        self, parts: LoginParts, authenticator: Authenticator
    ) -> None:
        """And those of the next moments do not ask again; each session is its own question."""
        first, second = await parts.login(), await parts.login()
        for _ in range(2):
            await asyncio.gather(*(authenticator.authenticate(f"Bearer {first.access_token}") for _ in range(50)))
        assert parts.session_repository.questions == 1
        await authenticator.authenticate(f"Bearer {second.access_token}")
        assert parts.session_repository.questions == 2

    async def test_a_cancelled_request_does_not_fail_the_others(
        self, parts: LoginParts, authenticator: Authenticator
    ) -> None:
        """They share a question; one client that hangs up must not take the answer along."""
        header = f"Bearer {(await parts.login()).access_token}"
        first, second = (asyncio.create_task(authenticator.authenticate(header)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second is not None

    async def test_access_stops_after_a_second(
        self, parts: LoginParts, authenticator: Authenticator, database: Database
    ) -> None:
        """When another process ends the session, disables the account, or changes its roles (leak 25)."""
        ended, disabled = await parts.login(), await parts.login()
        await parts.add_account("zhao.lei")
        changed = await parts.login("zhao.lei")
        headers = [f"Bearer {tokens.access_token}" for tokens in (ended, disabled, changed)]
        for header in headers:
            assert await authenticator.authenticate(header) is not None
        session_id = parts.access_tokens.verify(ended.access_token).session_id
        await parts.session_repository.end(session_id)
        await change_account(parts.accounts, "wang.li", disabled=True)
        await change_account(parts.accounts, "zhao.lei", roles=["inspector"])
        with later(principals, 1):
            assert await refused(authenticator, headers[0])
            assert await refused(authenticator, headers[1])
            principal = await authenticator.authenticate(headers[2])
        assert principal is not None
        assert principal.roles == {"inspector"}

    async def test_logout_counts_at_once_in_this_process(self, parts: LoginParts, authenticator: Authenticator) -> None:
        """Though the token itself is remembered as verified."""
        header = f"Bearer {(await parts.login()).access_token}"
        assert await parts.sessions.logout(await authenticator.authenticate(header))
        assert await refused(authenticator, header)

    async def test_a_token_is_verified_once_and_remembered_until_it_expires(self, parts: LoginParts) -> None:
        """From then on it is verified each time, which is where it fails when the leeway of clocks is over."""
        verified: list[str] = []

        class Watched(AccessTokens):
            def verify(self, token: str) -> AccessClaims:
                verified.append(token)
                return super().verify(token)

        authenticator = Authenticator(Watched(parts.keys), parts.principals)
        tokens, now = await parts.login(), int(time.time())
        claims = jwt.decode(tokens.access_token, options={"verify_signature": False}) | {"exp": now + 5}
        header = {"kid": parts.keys.signing_key_id, "typ": "at+jwt"}
        short = jwt.encode(claims, parts.keys.signing_key, "EdDSA", header)
        for _ in range(3):
            assert await authenticator.authenticate(f"Bearer {short}") is not None
        assert len(verified) == 1
        with later(authentication, now + 5.01 - time.time()):
            for _ in range(2):
                assert await authenticator.authenticate(f"Bearer {short}") is not None
        assert len(verified) == 3
        expired = jwt.encode(claims | {"exp": now - 10}, parts.keys.signing_key, "EdDSA", header)
        assert await refused(authenticator, f"Bearer {expired}")

    async def test_memory_is_bounded(self, parts: LoginParts) -> None:
        """Of verified tokens and of answers."""
        authenticator = Authenticator(parts.access_tokens, parts.principals, capacity=2)
        headers = [f"Bearer {(await parts.login()).access_token}" for _ in range(3)]
        for header in headers * 2:
            assert await authenticator.authenticate(header) is not None
        assert len(authenticator._verified) == 2


class TestForgedTokens:
    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer x",
            "Bearer a.b.c",
            "Bearer ..",
            "Bearer é.é.é",
            "Basic d2FuZy5saTpwYXNzd29yZA==",
            "Bearer " + "a" * 9000 + ".b.c",
            "Bearer " + part({"alg": "EdDSA"}) + "." + part(b"[" * 3000) + ".AA",
            "Bearer " + part(b"[" * 3000) + "." + part({"iss": "dossier"}) + ".AA",
            "Bearer " + part([]) + "." + part({"iss": "dossier"}) + ".AA",
            "Bearer " + part({"alg": "EdDSA", "kid": ["x"], "typ": "at+jwt"}) + "." + part({"iss": "dossier"}) + ".AA",
            "Bearer " + part({"alg": "EdDSA"}) + "." + part(["iss"]) + ".AA",
            "Bearer " + part({"alg": "EdDSA"}) + "." + part({"iss": "https://unknown.example"}) + ".AA",
        ],
    )
    async def test_garbage_is_refused(self, authenticator: Authenticator, header: str) -> None:
        """With the one error, never another one, and never as nobody."""
        assert await refused(authenticator, header)

    @pytest.mark.parametrize(
        "form", ["Basic {}", "Beare {}", "Bearer{}", "Bearer\t{}", "{}", "Bearer {}=", "Bearer x {}"]
    )
    async def test_a_token_known_already_counts_in_the_right_form_only(
        self, parts: LoginParts, authenticator: Authenticator, form: str
    ) -> None:
        """It is looked up before the form is checked; nothing but a good form finds it."""
        token = (await parts.login()).access_token
        assert await authenticator.authenticate(f"Bearer {token}") is not None
        assert await refused(authenticator, form.format(token))

    async def test_forgeries_are_refused(self, parts: LoginParts, authenticator: Authenticator) -> None:
        """Each differs from a token that works in exactly one thing."""
        tokens = await parts.login()
        claims = jwt.decode(tokens.access_token, options={"verify_signature": False})
        key, key_id, now = parts.keys.signing_key, parts.keys.signing_key_id, int(time.time())
        good_header = {"kid": key_id, "typ": "at+jwt"}

        def sign(changes: dict[str, Any], header: dict[str, Any] | None = None, signing_key: Any = key) -> str:
            changed = {name: value for name, value in (claims | changes).items() if value is not None}
            return jwt.encode(changed, signing_key, "EdDSA", header or good_header)

        assert await authenticator.authenticate(f"Bearer {sign({'jti': 'x'})}") is not None
        public = parts.keys.verification_keys[key_id]
        head, payload, signature = tokens.access_token.split(".")
        flipped = bytearray(base64.urlsafe_b64decode(signature + "=="))
        flipped[0] ^= 1
        forgeries = {
            "wrong key": sign({}, signing_key=Ed25519PrivateKey.generate()),
            "unknown kid": sign({}, {"kid": "0" * 16, "typ": "at+jwt"}),
            "no kid": sign({}, {"typ": "at+jwt"}),
            "wrong type": sign({}, {"kid": key_id, "typ": "JWT"}),
            "wrong audience": sign({"aud": "other"}),
            "audience in a list": sign({"aud": ["dossier", "other"]}),
            "wrong issuer": sign({"iss": "https://elsewhere.example"}),
            "expired": sign({"exp": now - 31}),
            "not yet": sign({"nbf": now + 60}),
            "issued in the future": sign({"iat": now + 60}),
            "session as a number": sign({"sid": 7}),
            "another's session": sign({"sub": "zhao.lei"}),
            "a session that is none": sign({"sid": "0" * 32}),
            "flipped signature": f"{head}.{payload}.{part(bytes(flipped))}",
            "no signature": f"{head}.{payload}.",
            "alg none": f"{part(good_header | {'alg': 'none'})}.{payload}.",
            "alg none, signed": f"{part(good_header | {'alg': 'none'})}.{payload}.{signature}",
            "other payload": f"{head}.{part(claims | {'jti': 'y'})}.{signature}",
        }
        forgeries |= {f"without {name}": sign({name: None}) for name in claims}
        for encoded in (
            public.public_bytes_raw(),
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        ):
            signed = f"{part(good_header | {'alg': 'HS256'})}.{payload}"
            mac = hmac.new(encoded, signed.encode(), hashlib.sha256).digest()
            forgeries[f"HS256 with the public key ({len(encoded)})"] = f"{signed}.{part(mac)}"
        accepted = [name for name, token in forgeries.items() if not await refused(authenticator, f"Bearer {token}")]
        assert accepted == []

    async def test_another_installation_is_another_issuer(
        self, parts: LoginParts, authenticator: Authenticator, tmp_path: Path, database: Database
    ) -> None:
        """Keys are made at random for each database: the same names do not make the same tokens."""
        other_database = database.client[f"{database.name}_other"]
        try:
            other = await build(other_database, tmp_path)
            token = other.access_tokens.issue("wang.li", "0" * 32)
        finally:
            await database.client.drop_database(other_database.name)
        assert await refused(authenticator, f"Bearer {token}")
