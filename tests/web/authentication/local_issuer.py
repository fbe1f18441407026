"""A real identity provider on this machine: discovery, JWK set and signed tokens, served by uvicorn over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import get_default_algorithms
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from web.server import KEEP_ALIVE_SECONDS

AUDIENCE = "https://dossier.example"


class LocalIssuer:
    """Keys by key id, and how often its documents were fetched. `stated_issuer` is what discovery says."""

    def __init__(self, address: str) -> None:
        self.issuer = address
        self.stated_issuer = address
        self.keys: dict[str, tuple[str, Any]] = {}
        self.extra_keys: list[Any] = []
        self.fetches = 0
        self.is_down = False

    def add_key(self, key_id: str, algorithm: str = "RS256") -> None:
        """A new key pair of the right type for `algorithm`."""
        private: Any
        if algorithm in {"RS256", "PS256"}:
            private = rsa.generate_private_key(65537, 2048)
        elif algorithm == "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        else:
            private = Ed25519PrivateKey.generate()
        self.keys[key_id] = (algorithm, private)

    def token(self, key_id: str, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good token signed with key `key_id`, but for the claims given. A claim of None is left out."""
        algorithm, private = self.keys[key_id]
        now = int(time.time())
        payload = {"iss": self.issuer, "aud": AUDIENCE, "sub": "7", "iat": now, "exp": now + 300} | claims
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, private, algorithm=algorithm, headers={"kid": key_id} | (headers or {}))

    def jwk(self, key_id: str) -> dict[str, Any]:
        """The public JWK."""
        algorithm, private = self.keys[key_id]
        public: dict[str, Any] = json.loads(get_default_algorithms()[algorithm].to_jwk(private.public_key()))
        return public | {"kid": key_id, "use": "sig", "alg": algorithm}

    async def discovery(self, _request: Request) -> Response:
        """OpenID Connect Discovery 1.0 section 4."""
        self.fetches += 1
        if self.is_down:
            return Response(status_code=503)
        return JSONResponse({"issuer": self.stated_issuer, "jwks_uri": f"{self.issuer}/keys"})

    async def jwk_set(self, _request: Request) -> Response:
        """RFC 7517 section 5."""
        return JSONResponse({"keys": [*self.extra_keys, *(self.jwk(key_id) for key_id in self.keys)]})


@asynccontextmanager
async def local_issuer() -> AsyncIterator[LocalIssuer]:
    """The issuer, served until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    issuer = LocalIssuer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    routes = [Route("/.well-known/openid-configuration", issuer.discovery), Route("/keys", issuer.jwk_set)]
    options: dict[str, Any] = {"log_level": "warning", "timeout_keep_alive": KEEP_ALIVE_SECONDS}
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), lifespan="off", **options))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110  # uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    try:
        yield issuer
    finally:
        server.should_exit = True
        await serving
        listener.close()
