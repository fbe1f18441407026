"""Which requests pass the router by."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from web.direct_route import DirectRoute


class Called:
    """An application that notes that it was called."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        self.times += 1


async def nothing(*_: object) -> None:
    """Neither receives nor sends."""


@pytest.mark.parametrize(
    ("scope", "is_direct"),
    [
        ({"type": "http", "path": "/graphql"}, True),
        ({"type": "http", "path": "/graphql", "root_path": ""}, True),
        ({"type": "http", "path": "/graphql/"}, False),
        ({"type": "http", "path": "/graphqls"}, False),
        ({"type": "http", "path": "/GraphQL"}, False),
        ({"type": "http", "path": "/prefix/graphql", "root_path": "/prefix"}, False),
        ({"type": "websocket", "path": "/graphql"}, False),
        ({"type": "lifespan"}, False),
    ],
)
async def test_only_http_requests_for_exactly_the_path_are_direct(scope: Scope, *, is_direct: bool) -> None:
    """Everything else is the router's."""
    endpoint, router = Called(), Called()
    await DirectRoute(router, "/graphql", endpoint)(scope, nothing, nothing)  # type: ignore[arg-type]
    assert (endpoint.times, router.times) == (int(is_direct), int(not is_direct))
