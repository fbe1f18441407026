"""Bearer tokens of an outside identity provider: a real one on this machine, over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from documents.chapters.accounts.directory import NewAccount
from tests.login_parts import Database, LoginParts, build
from tests.patience import PATIENCE_SECONDS, until
from tests.web.authentication.local_issuer import AUDIENCE, LocalIssuer, local_issuer
from tests.web.authentication.test_authentication import part, refused
from web.authentication.bearer import Authenticator, IssuerUnavailableError
from web.authentication.openid_connect import OpenIDConnectVerifier

REFETCH_INTERVAL = 0.2


@dataclass
class Provider:
    issuer: LocalIssuer
    authenticator: Authenticator
    parts: LoginParts
    client: httpx.AsyncClient

    def authenticator_with(self, **settings: Any) -> Authenticator:
        """Another process, so to say: it knows no keys yet."""
        verifier = OpenIDConnectVerifier(self.issuer.issuer, AUDIENCE, self.client, **settings)
        return Authenticator(self.parts.access_tokens, self.parts.principals, verifier)


@pytest.fixture
async def provider(database: Database, tmp_path: Path) -> AsyncIterator[Provider]:
    """An issuer with one RSA key, and an account for its subject `7`."""
    parts = await build(database, tmp_path)
    async with local_issuer() as issuer, httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        issuer.add_key("first")
        await parts.accounts.add(
            NewAccount("li.na", display_name="李娜", roles=["auditor"], oidc_subject=f"{issuer.issuer}|7")
        )
        verifier = OpenIDConnectVerifier(issuer.issuer, AUDIENCE, client, refetch_interval=REFETCH_INTERVAL)
        yield Provider(issuer, Authenticator(parts.access_tokens, parts.principals, verifier), parts, client)


async def test_a_subject_is_its_account(provider: Provider) -> None:
    """By issuer and subject together; no session of ours is behind it."""
    principal = await provider.authenticator.authenticate(f"Bearer {provider.issuer.token('first')}")
    assert principal is not None
    assert (principal.username, principal.roles, principal.session_id) == ("li.na", frozenset({"auditor"}), None)


async def test_when_the_person_last_proved_who_it_is_comes_along(provider: Provider) -> None:
    """The claim `auth_time`; anything but a time that can be is taken for none said, and each token says its own."""
    now = int(time.time())
    for stated, known in ((now - 60, now - 60), (now, now), (None, None), (True, None), ("1", None), (10**30, None)):
        token = provider.issuer.token("first", auth_time=stated)
        principal = await provider.authenticator.authenticate(f"Bearer {token}")
        assert principal is not None
        expected = datetime.fromtimestamp(known, UTC) if known is not None else None
        assert principal.authenticated_at == expected


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
async def test_other_asymmetric_algorithms_work(provider: Provider, algorithm: str) -> None:
    """RS256 is what the other tests use."""
    provider.issuer.add_key("other", algorithm)
    assert await provider.authenticator.authenticate(f"Bearer {provider.issuer.token('other')}") is not None


async def test_our_own_tokens_work_beside(provider: Provider) -> None:
    """The issuer that a token states chooses who verifies it."""
    await provider.parts.add_account()
    tokens = await provider.parts.login()
    principal = await provider.authenticator.authenticate(f"Bearer {tokens.access_token}")
    assert principal is not None
    assert principal.username == "wang.li"


async def test_bad_tokens_are_refused(provider: Provider) -> None:
    """Each differs from a token that works in exactly one thing."""
    issuer, now = provider.issuer, int(time.time())
    issuer.extra_keys = [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "shared"}, 7]
    good = issuer.token("first")
    assert await provider.authenticator.authenticate(f"Bearer {good}") is not None
    _, payload, signature = good.split(".")
    stranger = LocalIssuer(issuer.issuer)
    stranger.add_key("first")
    claims = jwt.decode(good, options={"verify_signature": False})
    bad = {
        "wrong key": stranger.token("first"),
        "wrong audience": issuer.token("first", aud="https://other.example"),
        "wrong issuer": issuer.token("first", iss="https://other.example"),
        "issuer with a slash": issuer.token("first", iss=f"{issuer.issuer}/"),
        "expired": issuer.token("first", exp=now - 31),
        "not yet": issuer.token("first", nbf=now + 60),
        "unknown subject": issuer.token("first", sub="8"),
        "empty subject": issuer.token("first", sub=""),
        "claims to be ours": issuer.token("first", iss="dossier"),
        "alg none": f"{part({'alg': 'none', 'kid': 'first', 'typ': 'JWT'})}.{payload}.",
        "alg of another key type": f"{part({'alg': 'ES256', 'kid': 'first'})}.{payload}.{signature}",
        "no kid": f"{part({'alg': 'RS256'})}.{payload}.{signature}",
        "symmetric": jwt.encode(claims, b"secret-secret-secret-secret-secret", "HS256", {"kid": "shared"}),
        "crit": issuer.token("first", headers={"crit": ["unheard of"]}),
    }
    bad |= {f"without {name}": issuer.token("first", **{name: None}) for name in ("iss", "aud", "sub", "exp")}
    accepted = [name for name, token in bad.items() if not await refused(provider.authenticator, f"Bearer {token}")]
    assert accepted == []


async def test_a_disabled_account_is_refused_within_a_second(provider: Provider) -> None:
    """Whatever the identity provider says."""
    header = f"Bearer {provider.issuer.token('first')}"
    assert await provider.authenticator.authenticate(header) is not None
    await provider.parts.accounts.disable("li.na")
    await asyncio.sleep(1)
    assert await refused(provider.authenticator, header)


async def test_rotated_keys_are_fetched(provider: Provider) -> None:
    """The new key works once the interval has passed; a withdrawn key verifies no more tokens."""
    assert await provider.authenticator.authenticate(f"Bearer {provider.issuer.token('first')}") is not None
    old = provider.issuer.token("first", jti="not seen before")
    provider.issuer.add_key("second", "ES256")
    del provider.issuer.keys["first"]
    await asyncio.sleep(REFETCH_INTERVAL)
    assert await provider.authenticator.authenticate(f"Bearer {provider.issuer.token('second')}") is not None
    assert await refused(provider.authenticator, f"Bearer {old}")


async def test_unknown_keys_do_not_hammer_the_issuer(provider: Provider) -> None:
    """Requests that come together share one fetch; made-up key ids cause one per interval."""
    authenticator = provider.authenticator_with(refetch_interval=60)
    header = f"Bearer {provider.issuer.token('first')}"
    assert None not in await asyncio.gather(*(authenticator.authenticate(header) for _ in range(10)))
    assert provider.issuer.fetches == 1
    for number in range(10):
        token = provider.issuer.token("first", headers={"kid": f"made up {number}"})
        assert await refused(authenticator, f"Bearer {token}")
    assert provider.issuer.fetches == 1


async def test_stale_keys_are_renewed_behind_the_request(provider: Provider) -> None:
    """And serve on while the issuer is away."""
    authenticator = provider.authenticator_with(refetch_interval=0, keys_lifetime=0)
    assert await authenticator.authenticate(f"Bearer {provider.issuer.token('first')}") is not None
    provider.issuer.is_down = True
    assert await authenticator.authenticate(f"Bearer {provider.issuer.token('first', jti='2')}") is not None
    await until(lambda: provider.issuer.fetches == 2)
    assert await authenticator.authenticate(f"Bearer {provider.issuer.token('first', jti='3')}") is not None


async def test_an_issuer_that_cannot_be_reached_is_not_the_callers_fault(provider: Provider) -> None:
    """Another error than a bad token, and it heals."""
    provider.issuer.is_down = True
    header = f"Bearer {provider.issuer.token('first')}"
    with pytest.raises(IssuerUnavailableError):
        await provider.authenticator.authenticate(header)
    provider.issuer.is_down = False
    await asyncio.sleep(REFETCH_INTERVAL)
    assert await provider.authenticator.authenticate(header) is not None


async def test_discovery_must_name_the_configured_issuer(provider: Provider) -> None:
    """OpenID Connect Discovery 1.0 section 4.3: letter by letter."""
    provider.issuer.stated_issuer = f"{provider.issuer.issuer}/"
    with pytest.raises(IssuerUnavailableError):
        await provider.authenticator.authenticate(f"Bearer {provider.issuer.token('first')}")
