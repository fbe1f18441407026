"""What brings a job to a worker: the ledger itself by default, or the broker that the operator names.

A message is the id of a job and nothing else. The ledger remembers what is to be done, so that a broker may lose a
message (it is sent again) or repeat one (the second finds the job taken). Every broker is TaskIQ's `AsyncBroker`.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from taskiq import AsyncBroker, BrokerMessage, TaskiqMessage

from documents.chapters.jobs.ledger import JobLedger
from jobs.errors import BrokerError

TASK: Final = "dossier.job"
QUEUE: Final = "dossier_jobs"
_AGAIN: Final = timedelta(seconds=10)  # a worker takes what it was handed within milliseconds

_PACKAGES: Final = {
    "redis": "taskiq_redis",
    "rediss": "taskiq_redis",
    "amqp": "taskiq_aio_pika",
    "amqps": "taskiq_aio_pika",
    "nats": "taskiq_nats",
    "tls": "taskiq_nats",
}
_EXTRAS: Final = {"taskiq_redis": "redis", "taskiq_aio_pika": "rabbitmq", "taskiq_nats": "nats"}


class LedgerBroker(AsyncBroker):
    """Hands jobs out of the ledger in MongoDB, one at a time, to whoever has a hand free."""

    def __init__(self, ledger: JobLedger, names: Sequence[str], poll_seconds: float) -> None:
        super().__init__()
        self._ledger = ledger
        self._names = names
        self._poll_seconds = poll_seconds

    async def kick(self, message: BrokerMessage) -> None:
        """Nothing is sent: the entry of the ledger is the message."""

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """The jobs that are due, as TaskIQ's messages."""
        while True:
            job_id = await self._ledger.hand_out(self._names, _AGAIN)
            if job_id is None:
                await asyncio.sleep(self._poll_seconds)
                continue
            yield self._message(job_id)

    def _message(self, job_id: str) -> bytes:
        message = TaskiqMessage(task_id=job_id, task_name=TASK, labels={}, args=[job_id], kwargs={})
        return self.formatter.dumps(message).message


def external_broker(url: str) -> AsyncBroker:
    """The broker at `url`, as a queue that each message leaves once. Raises BrokerError."""
    package = _PACKAGES[urlsplit(url).scheme]
    try:
        module: Any = importlib.import_module(package)
    except ImportError as error:
        raise BrokerError(f"DOSSIER_BROKER needs the package {package}: install dossier[{_EXTRAS[package]}]") from error
    # One queue, each message to one worker, one at a time, forgotten when it was received. What more a broker could do
    # to lose nothing, the ledger does already.
    broker: AsyncBroker = _MAKERS[package](module, url)
    return broker


def _redis(module: Any, url: str) -> AsyncBroker:
    # It waits for a message as long as none comes; whether the server is there is the keep-alive's to tell.
    broker: AsyncBroker = module.ListQueueBroker(url, queue_name=QUEUE, socket_timeout=None, socket_keepalive=True)
    return broker


def _nats(module: Any, url: str) -> AsyncBroker:
    from nats.js.api import RetentionPolicy, StreamConfig  # noqa: PLC0415 - there only with the extra

    stream = StreamConfig(retention=RetentionPolicy.WORK_QUEUE)
    # A server that was started again has forgotten who asked it for a message: it is asked anew every few seconds.
    broker: AsyncBroker = module.PullBasedJetStreamBroker(
        [url], subject=QUEUE, stream_name=QUEUE, durable=QUEUE, stream_config=stream, pull_consume_timeout=5
    )
    return broker


def _rabbitmq(module: Any, url: str) -> AsyncBroker:
    broker: AsyncBroker = module.AioPikaBroker(
        url,
        qos=1,
        exchange=module.Exchange(name=QUEUE),
        task_queues=[module.Queue(name=QUEUE)],
        dead_letter_queue=module.Queue(name=f"{QUEUE}.dead"),
    )
    return broker


_MAKERS: Final = {"taskiq_redis": _redis, "taskiq_nats": _nats, "taskiq_aio_pika": _rabbitmq}
