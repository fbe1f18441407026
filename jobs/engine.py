"""The engine of one process: hands jobs out, runs them, enqueues the ticks of schedules. Any number of processes do.

Owns its loops and how they end. It must never decide what a job does, and never end because a broker or the database
is away for a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from taskiq import AcknowledgeType, AsyncBroker
from taskiq.receiver import Receiver

from jobs.brokers import TASK, LedgerBroker, external_broker
from jobs.runner import JobCounts, JobRunner

POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 4
_AGAIN: Final = timedelta(seconds=60)  # when a message that no worker acted on is sent again
_PAUSE_SECONDS: Final = 1.0  # after an error of broker or database

_logger = logging.getLogger(__name__)
logging.getLogger("taskiq").setLevel(logging.ERROR)  # each start and end of a job is in the ledger


class JobEngine:
    """Hands jobs to `runner`, up to `at_once` of them at a time."""

    def __init__(
        self,
        runner: JobRunner[Any],
        *,
        broker_url: str | None = None,
        at_once: int = AT_ONCE,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """`broker_url` None is the ledger itself. Raises BrokerError."""
        self._ledger = ledger = runner.ledger
        self._names = list(runner.definitions)
        self._schedules = {
            name: definition.schedule
            for name, definition in runner.definitions.items()
            if definition.schedule is not None
        }
        self._ticks: dict[str, datetime] = {}
        self._runner = runner
        self._poll_seconds = poll_seconds
        self._at_once = at_once
        self._is_external = broker_url is not None
        self._stopping = asyncio.Event()
        self._broker: AsyncBroker = (
            LedgerBroker(ledger, self._names, poll_seconds) if broker_url is None else external_broker(broker_url)
        )
        self._broker.is_worker_process = True

        async def run_job(job_id: str) -> None:  # TaskIQ renames what it is given, which a method does not allow
            await runner.run(job_id)

        self._task = self._broker.register_task(run_job, task_name=TASK)

    @property
    def counts(self) -> JobCounts:
        """What this process did."""
        return self._runner.counts

    @asynccontextmanager
    async def running(self) -> AsyncIterator[JobCounts]:
        """Runs until the context ends; then what runs is given back at once. Gives the counts, which go on."""
        working = asyncio.create_task(self._work())
        try:
            yield self.counts
        finally:
            self._stopping.set()
            await self._runner.stop()
            await working

    async def _work(self) -> None:
        ticking = asyncio.create_task(self._repeat(self._tick))
        try:
            if await self._start_broker():
                sending = [asyncio.create_task(self._repeat(self._send))] if self._is_external else []
                await self._repeat(self._receive)
                await asyncio.gather(*sending)
        finally:
            await ticking
            await self._broker.shutdown()

    async def _receive(self) -> bool:
        receiver = Receiver(
            self._broker,
            run_startup=False,
            max_async_tasks=self._at_once,
            validate_params=False,
            # The lease is what tells a worker that lives; brokers that wait for an end give up on a long job.
            ack_type=AcknowledgeType.WHEN_RECEIVED,
        )
        await receiver.listen(self._stopping)
        return False

    async def _send(self) -> bool:
        """Sends one job that is due to the broker; whether there may be more."""
        job_id = await self._ledger.hand_out(self._names, _AGAIN)
        if job_id is None:
            return False
        try:
            await self._task.kicker().with_task_id(job_id).kiq(job_id)
        except Exception:
            await self._ledger.hand_back(job_id)
            raise
        return True

    async def _tick(self) -> bool:
        """Enqueues the ticks that have come; whichever process is first, it is done once."""
        now = datetime.now(UTC)
        for name, schedule in self._schedules.items():
            tick = schedule.latest(now)
            if self._ticks.get(name) != tick:
                await self._ledger.enqueue_tick(name, tick)
                self._ticks[name] = tick
        return False

    async def _repeat(self, step: Callable[[], Awaitable[bool]]) -> None:
        """`step` again and again until the end: at once where it says that there is more, else after a pause."""
        while not self._stopping.is_set():
            try:
                pause = 0.0 if await step() else self._poll_seconds
            except Exception as error:
                _logger.warning("background jobs wait for broker or database (%s)", type(error).__name__)
                pause = _PAUSE_SECONDS
            await self._wait(pause)

    async def _start_broker(self) -> bool:
        """Whether the broker was reached before the end."""
        while not self._stopping.is_set():
            try:
                await self._broker.startup()
            except Exception as error:
                _logger.warning("background jobs wait for their broker (%s)", type(error).__name__)
                await self._wait(_PAUSE_SECONDS)
            else:
                return True
        return False

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
