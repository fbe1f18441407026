"""What a request carries through its execution: the caller, the words to answer in, the use cases that it may call."""

from __future__ import annotations

from dataclasses import dataclass

from policies.principal import Principal
from resolvers.caller import Caller
from resolvers.chapters.accounts.sessions import Sessions
from resolvers.registry import UseCases
from schema.language import Language, Words


@dataclass(slots=True)
class RequestContext:
    """One request. `client_address` is of the connection, never from the body."""

    use_cases: UseCases
    caller: Caller
    words: Words
    client_address: str

    @property
    def language(self) -> Language:
        return self.words.language

    @property
    def sessions(self) -> Sessions:
        return self.use_cases.accounts.sessions

    @property
    def principal(self) -> Principal | None:
        return self.caller.principal
