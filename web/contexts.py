"""Who asks: the context of one request, made from its head alone.

Owns which header fields say who asks, why and in which language, and how a token that is refused is answered. It must
never decide what the caller may do.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TypedDict

from starlette.requests import Request

from documents.audit.entries import Performed
from resolvers.caller import Caller
from resolvers.errors import InvalidTokenError, IssuerUnavailableError
from resolvers.services import Services
from schema.context import RequestContext
from schema.registry import WORDS
from web.authentication.bearer import Authenticator
from web.http.language import negotiate_language
from web.http.refusals import RequestRefused


class State(TypedDict):
    """What the lifespan of the application gives to every request."""

    services: Services
    authenticator: Authenticator


async def request_context(request: Request) -> RequestContext:
    """The context of a request. Raises `RequestRefused` for a token that is not good, or that cannot be judged now."""
    state: State = request.scope["state"]
    headers: dict[bytes, bytes] = dict(request.scope["headers"])
    words = WORDS[negotiate_language(_text(headers, b"accept-language") or "")]
    try:
        principal = await state["authenticator"].authenticate(_text(headers, b"authorization"))
    except InvalidTokenError as error:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise RequestRefused(401, error.code, words.say(error.code), challenge) from None
    except IssuerUnavailableError as error:
        raise RequestRefused(503, error.code, words.say(error.code)) from None
    caller = Caller(principal, _text(headers, b"dossier-purpose"), _text(headers, b"idempotency-key"))
    address = request.client.host if request.client is not None else ""
    return RequestContext(state["services"].use_cases, caller, words, address)


async def subscriber_context(request: Request) -> RequestContext:
    """The context of a socket's client. Nobody keeps a socket open who is not logged in."""
    context = await request_context(request)
    if context.principal is None:
        raise RequestRefused(401, "UNAUTHENTICATED", context.words.say("UNAUTHENTICATED"))
    return context


def begin(context: RequestContext, performed: Performed) -> None:
    """Notes what the trail calls whatever is done in `context` from now on."""
    context.caller.operation = performed


async def record(context: RequestContext, performed: Performed, codes: Iterable[str]) -> None:
    """Puts what was done in `context` into the audit trail. Raises TrailUnavailableError."""
    await context.use_cases.recorder.record(context.caller, performed, codes)


def executing(context: RequestContext) -> AbstractContextManager[None]:
    """Within it is what may leave an entry in the audit trail when it is done."""
    return context.use_cases.recorder.executing


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return value.decode("latin-1") if value is not None else None
