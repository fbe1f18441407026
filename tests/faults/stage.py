"""One database on which operations are killed, and the two processes at it: this one, which is there all along, and one
that is started for each kill.

Owns how an operation is sent, killed and tried again, and what is compared before and after. What must hold of the
database each time is in `invariants`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
from bson import ObjectId
from graphql import GraphQLObjectType, build_schema, get_named_type

import app
from demo.accounts import DEMO_ACCOUNTS
from documents.chapters.jobs.kinds import JobState
from jobs.engine import JobEngine
from jobs.registry import JOBS
from jobs.runner import JobRunner, Worker
from settings import Settings
from tests.api import PASSWORD, Api, application_database, put_demo, running
from tests.faults.launcher import HEADER, settings_of
from tests.faults.processes import Launcher, Process
from tests.patience import patience, until

RETRY_SECONDS: Final = 30.0
"""MongoDB itself ends a dead process's transaction after 60 s: whoever had to wait for that is too late."""

CUSTOMERS: Final = 24
PURPOSES: Final = {account.username: account.purposes[0].value for account in DEMO_ACCOUNTS}
_SDL: Final = build_schema(Path("schema/schema.graphql").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Asked:
    """A mutation and who asks for it."""

    who: str | None
    mutation: str
    given: Mapping[str, Any]
    purpose: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Upload:
    """A file for a customer."""

    who: str
    customer: str
    content: bytes


@dataclass(frozen=True)
class Work:
    """A job of the ledger."""

    job: str
    id: str


@dataclass(frozen=True)
class Command:
    """A command of the operator's."""

    arguments: tuple[str, ...]
    stdin: str = ""


Operation = Asked | Upload | Work | Command


def query_of(mutation: str) -> tuple[str, str]:
    """The text that asks for a mutation, and the field of its payload that holds the record ("" where none does)."""
    root = _SDL.mutation_type
    assert root is not None
    payload = get_named_type(root.fields[mutation].type)
    assert isinstance(payload, GraphQLObjectType)
    scalars, record = [], ""
    for name, made in payload.fields.items():
        inner = get_named_type(made.type)
        if name == "userErrors":
            continue
        if not isinstance(inner, GraphQLObjectType) and not hasattr(inner, "fields"):
            scalars.append(name)
        elif "id" in getattr(inner, "fields", {}):
            record = name
    given = root.fields[mutation].args["input"].type
    version = "version" if record and _has_version(payload, record) else ""
    chosen = " ".join([*scalars, f"{record} {{ id {version} }}" if record else "", "userErrors { code rule field }"])
    text = f"mutation($i: {given}) {{ {mutation}(input: $i) {{ {chosen} }} }}"
    return text, record


def _has_version(payload: GraphQLObjectType, record: str) -> bool:
    return "version" in getattr(get_named_type(payload.fields[record].type), "fields", {})


@dataclass
class Stage:
    """The database with the process that is there all along (`api`)."""

    api: Api
    launcher: Launcher
    settings: Settings
    victim: Process | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """Another one each time."""
        return next(self.numbers)

    async def version(self, customer: str) -> int:
        """The version of a customer."""
        row = await self.api.services.database["customers"].find_one({"_id": ObjectId(customer.rpartition("_")[2])})
        assert row is not None
        return int(row["version"])

    async def stepped_up(self, who: str) -> str:
        """The token of a session that has just proven again whose it is."""
        token = await self.api.login(who)
        await self.done(who, "stepUp", password=PASSWORD)
        return token

    async def run_job(self, name: str) -> str:
        """Has the job done here; its id."""
        job_id = await self.api.services.ledger.enqueue(name)
        await self.here(Work(name, job_id), "")
        return job_id

    async def remind_of_review(self, customer: str) -> None:
        """Has the review of the customer be due, and its manager reminded."""
        row_id, soon = ObjectId(customer.rpartition("_")[2]), date.today() + timedelta(days=3)  # noqa: DTZ011 - any day
        await self.api.services.database["customers"].update_one(
            {"_id": row_id}, {"$set": {"next_review_on": str(soon)}}
        )
        await self.run_job("information.reviews")

    async def done(self, who: str, mutation: str, purpose: str | None = None, **given: Any) -> dict[str, Any]:
        """The record after a mutation that must succeed, here."""
        text, record = query_of(mutation)
        answer = await self.api.ask(who, text, {"i": given}, purpose=purpose or PURPOSES[who])
        payload = (answer.get("data") or {}).get(mutation)
        assert payload is not None, (mutation, answer)
        assert payload["userErrors"] == [], (mutation, payload)
        made: dict[str, Any] = payload[record] if record else payload
        return made

    async def asked(self, who: str, query: str, purpose: str | None = None, **variables: Any) -> Any:
        """The data of a query, here."""
        answer = await self.api.ask(who, query, variables, purpose=purpose or PURPOSES[who])
        assert "errors" not in answer, answer
        return answer["data"]

    async def prepared(self, prepare: Prepare) -> Operation:
        """An operation that can be done, by somebody who is logged in."""
        operation = await prepare(self)
        if isinstance(operation, Upload) or (isinstance(operation, Asked) and operation.who and not operation.token):
            await self.api.login(str(operation.who))
        return operation

    async def here(self, operation: Operation, key: str) -> Any:
        """What this process answers, or does."""
        if isinstance(operation, Work):
            return await self._work(operation)
        if isinstance(operation, Command):
            return (await self._command(operation, -1)).ended
        return _outcome(await self._send(self.api.http, operation, key, {}))

    async def there(self, operation: Operation, key: str, kill_at: int) -> tuple[Process, Any]:
        """What another process answers, which kills itself at a step of it (0: at none); None where it could not."""
        if isinstance(operation, Work):
            return await self._worked(operation, kill_at), None
        if isinstance(operation, Command):
            command = await self._command(operation, kill_at)
            return command, command.ended
        victim = await self._process()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{victim.port}", timeout=RETRY_SECONDS) as http:
                answer = _outcome(await self._send(http, operation, key, {HEADER: str(kill_at)}))
        except httpx.TransportError:
            answer = None
        return victim, answer

    async def _process(self) -> Process:
        if self.victim is None or self.victim.is_dead:
            self.victim = await self._start()
        return self.victim

    async def _send(
        self, http: httpx.AsyncClient, operation: Asked | Upload, key: str, more: Mapping[str, str]
    ) -> httpx.Response:
        headers = {"idempotency-key": key, **more}
        if isinstance(operation, Upload):
            headers |= {
                "authorization": f"Bearer {await self.api.login(operation.who)}",
                "dossier-purpose": PURPOSES[operation.who],
                "content-type": "application/pdf",
                "content-disposition": "attachment; filename*=UTF-8''report.pdf",
            }
            where = {"customer": operation.customer, "category": "credit"}
            return await http.post("/attachments", params=where, content=operation.content, headers=headers)
        if operation.who is not None:
            token = operation.token or await self.api.login(operation.who)
            headers["authorization"] = f"Bearer {token}"
            headers["dossier-purpose"] = operation.purpose or PURPOSES.get(operation.who, "business_operation")
        body = {"query": query_of(operation.mutation)[0], "variables": {"i": dict(operation.given)}}
        return await http.post("/graphql", json=body, headers=headers)

    async def _start(self, **more: Any) -> Process:
        return await self.launcher.start(self.settings.database, self.settings.data_dir, **more)

    async def _command(self, command: Command, kill_at: int) -> Process:
        """A process that carries the command out, or dies at a step of it (-1: at none)."""
        given = {"command": command.arguments, "stdin": command.stdin, "kill_at": kill_at}
        return await self._start(**given)

    async def _worked(self, work: Work, kill_at: int) -> Process:
        """A worker that does the job, or dies at a step of it."""
        worker = await self._start(job=work.job, kill_at=kill_at)
        async with patience():
            while not worker.is_dead and not await self._is_finished(work):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.02)
        await asyncio.sleep(0 if worker.is_dead else 1.0)  # what it does behind the job
        worker.kill()
        return worker

    async def _work(self, work: Work) -> Any:
        """Has a worker here finish the job, wherever another one left it."""
        services = self.api.services
        if not await self._is_finished(work):
            runner = JobRunner(
                services.ledger,
                [replace(job, schedule=None) for job in JOBS if job.name == work.job],
                app.job_resources(services),
                Worker("here", services.store.decided_by),
            )
            async with JobEngine(runner, poll_seconds=0.1).running():
                await until(lambda: self._is_finished(work))
        record = await services.jobs.get(work.id)
        assert record.state is JobState.SUCCEEDED, record
        return "SUCCEEDED"

    async def state_of(self, operation: Operation) -> str:
        """What the ledger has of a job, for whoever looks for a fault."""
        return str(await self.api.services.jobs.get(operation.id)) if isinstance(operation, Work) else ""

    async def _is_finished(self, work: Work) -> bool:
        return (await self.api.services.jobs.get(work.id)).state.is_finished


def _outcome(response: httpx.Response) -> Any:
    """What an answer says: the id of the record, or what there is instead of one."""
    body = response.json()
    if response.status_code == 201:
        return body["data"]["id"]
    data = body.get("data")
    if not data:
        return {"errors": [error.get("extensions", {}).get("code", error) for error in body["errors"]]}
    [(mutation, payload)] = data.items()
    if payload is None:
        return {"errors": [error["extensions"]["code"] for error in body["errors"]]}
    record = payload.get(query_of(mutation)[1])
    return record["id"] if record is not None else payload


Prepare = Callable[[Stage], Awaitable[Operation]]


@asynccontextmanager
async def stage(uri: str, launcher: Launcher, data_dir: Path) -> AsyncIterator[Stage]:
    """A stage on a copy of the demo's data."""
    async with application_database(uri) as database:
        await put_demo(Settings(data_dir=data_dir, database=database, jobs="worker"), uri, CUSTOMERS)
        settings = settings_of(database, data_dir)
        async with running(settings, uri) as api:
            made = Stage(api, launcher, settings)
            try:
                yield made
            finally:
                if made.victim is not None:
                    made.victim.kill()
