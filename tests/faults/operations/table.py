"""All kinds of operation that are killed."""

from __future__ import annotations

from typing import Final

from tests.faults.operations import access, commands, credit, customers, jobs, oversight, service
from tests.faults.stage import Prepare

OPERATIONS: Final[dict[str, Prepare]] = {
    **customers.OPERATIONS,
    **credit.OPERATIONS,
    **service.OPERATIONS,
    **oversight.OPERATIONS,
    **access.OPERATIONS,
    **jobs.OPERATIONS,
    **commands.OPERATIONS,
}

AGAIN: Final[dict[str, frozenset[str]]] = {
    "login": frozenset(),
    "stepUp": frozenset(),
    "refreshSession": frozenset({"INVALID_REFRESH_TOKEN"}),
    "logout": frozenset({"NOT_AUTHENTICATED", "INVALID_TOKEN"}),
    **dict.fromkeys(commands.OPERATIONS, frozenset({"already"})),
}
"""What no idempotency key makes one: done again it is done twice, or it is refused so, because it was done before."""
