"""Telling witnesses where the chain stands: the newest signed head, posted to each of some HTTP addresses.

A witness that keeps what it was sent proves later that the trail was not cut or rewritten by those who run the
database. It never delays a response: heads go out in the background, at most every few seconds, and one that cannot be
delivered is logged and superseded by the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import httpx

from documents.audit.chain import Head
from documents.audit.heads import head_json

log = logging.getLogger(__name__)


class Witnesses:
    """Posts heads as `application/json`, in the form of a line of the heads file."""

    def __init__(self, urls: Sequence[str], client: httpx.AsyncClient, *, interval: float = 5.0) -> None:
        self._urls = urls
        self._client = client
        self._interval = interval
        self._head: Head | None = None
        self._news = asyncio.Event()

    def tell(self, head: Head) -> None:
        """Notes the head; returns at once."""
        self._head = head
        self._news.set()

    async def run(self) -> None:
        """Delivers. Runs until cancelled, as a task of the process."""
        while True:
            await self._news.wait()
            await self.deliver()
            await asyncio.sleep(self._interval)

    async def deliver(self) -> None:
        """Posts the newest head to every witness, if it is news."""
        if self._head is None or not self._news.is_set():
            return
        self._news.clear()
        content = head_json(self._head)
        await asyncio.gather(*(self._post(number, url, content) for number, url in enumerate(self._urls, 1)))

    async def _post(self, number: int, url: str, content: str) -> None:
        try:
            answer = await self._client.post(url, content=content, headers={"content-type": "application/json"})
            answer.raise_for_status()
        except httpx.HTTPError as error:  # an address may hold a password: it is not logged
            log.warning("witness %d of the audit trail was not reached: %s", number, type(error).__name__)
