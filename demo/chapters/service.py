"""The demo's service: contacts, tickets in every state, complaints at every step, ratings, courses and a review.

Each step goes through the use case of the person whose work it is, at the time at which it is meant to have happened,
under a key: started again, it makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Final, TypeVar

from demo.callers import demo_caller
from documents.chapters.service.complaint_steps import STAGES
from documents.declaring.kind import CUSTOMER_KINDS
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Selection
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from policies.authorize import PolicyEngine
from resolvers.caller import Caller, idempotent
from resolvers.chapters.service.complaints import AnswerComplaint, FileComplaint, TakeStep
from resolvers.chapters.service.contacts import RecordContact, RecordSatisfaction
from resolvers.chapters.service.figures import ReviewPerformance
from resolvers.chapters.service.standards import SetServiceStandard
from resolvers.chapters.service.tickets import ChangeTicketState, OpenTicket, ReplyToTicket
from resolvers.chapters.service.training import CreateCourse, RecordTrainingResult, ScheduleTraining
from resolvers.chapters.service.use_cases import Service

COUNT: Final = 20
AGENT, LEAD, HANDLER, TRAINER, ADMIN = "demo.agent", "demo.lead", "demo.complaints", "demo.trainer", "demo.admin"
ASSIGNEES: Final = ("guo.peng", AGENT, "he.qiuju")
Given = TypeVar("Given", bound=Mapping[str, object])
UseCase = Callable[[Caller, Given, IdempotentRequest | None], Awaitable[str]]

_CONTENTS: Final = (
    ("consultation", "telephone", "咨询发票开具流程", "已说明所需资料"),
    ("recommendation", "in_person", "介绍年度维护套餐", "客户表示考虑"),
    ("contract_signing", "in_person", "签署续约合同", "合同已签，原件归档"),
    ("after_sales", "online", "反馈设备运行异常", "已预约工程师上门"),
    ("other", "email", "更新联系人信息", "已转客户经理处理"),
)
_SUBJECTS: Final = ("发票抬头有误", "申请延长保修", "查询订单进度", "申请上门维修", "账单金额有疑问", "咨询产品升级")
_COMPLAINTS: Final = ("上门服务迟到", "退款迟迟未到账", "客服答复前后不一致", "账单重复扣款", "配件质量问题")
_NOTES: Final = ("已受理并联系客户", "已调取通话与工单记录核实", "已退还多收款项并致歉", "已电话答复客户，客户认可")


class _Clock:
    """The time at which the demo says that something happens."""

    def __init__(self, now: datetime) -> None:
        self.latest = now
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, days_ago: int, hour: int, minute: int = 0) -> None:
        """That long before today, at an hour of China; never later than the latest."""
        day = self.latest.astimezone(SHANGHAI).date() - timedelta(days=days_ago)
        self.now = min(datetime.combine(day, time(hour, minute), SHANGHAI), self.latest)


async def seed_service(service: Service, engine: PolicyEngine, reader: CustomerReader, now: datetime) -> None:
    """What a service desk did in the last weeks for some customers; `now` in whole milliseconds."""
    desk = _Desk(service, now)
    await desk.set_standard()
    for index, customer in enumerate(await _customers(engine, reader)):
        await desk.serve(index, customer)
    await desk.train()
    await desk.review()


async def _customers(engine: PolicyEngine, reader: CustomerReader) -> list[str]:
    """The same ones whenever they are asked for: in the order of their ids."""
    selection = Selection(dict.fromkeys(CUSTOMER_KINDS, frozenset({"id"})))
    caller = demo_caller(AGENT)
    plan = await engine.authorize(caller.principal, caller.purpose)
    page = await reader.find_page(plan, ListQuery(selection, frozenset(CUSTOMER_KINDS), limit=COUNT), caller.report)
    return [record["id"] for record in page.records]


class _Desk:
    """The people of the service department at work."""

    def __init__(self, service: Service, now: datetime) -> None:
        self._clock = _Clock(now)
        self._service = service.by_clock(self._clock)

    async def set_standard(self) -> None:
        """The company answers about contracts within an hour."""
        given = SetServiceStandard(category="contract_signing", reply_within=60, resolve_within=480)
        await self._do(ADMIN, "standard", self._service.standards.set, given)

    async def serve(self, index: int, customer: str) -> None:
        """A contact, and what follows from it: a ticket for every customer, a complaint for every fourth."""
        await self._contact(index, customer)
        await self._ticket(index, customer)
        if index % 4 == 0:
            await self._complaint(index // 4, customer)

    async def _contact(self, index: int, customer: str) -> None:
        content, channel, summary, outcome = _CONTENTS[index % len(_CONTENTS)]
        self._clock.set(50 - 2 * index, 10, index)
        given = RecordContact(customer=customer, content=content, channel=channel, summary=summary, outcome=outcome)
        contact = await self._do(AGENT, f"contact {index}", self._service.contacts.record, given)
        if index % 5 == 1:
            rating = RecordSatisfaction(about=contact, score=5 - index % 3, channel=channel)
            await self._do(HANDLER, f"rating of contact {index}", self._service.contacts.rate, rating)

    async def _ticket(self, index: int, customer: str) -> None:
        """Newer ones are open, answered or waiting, older ones resolved or closed, each second of those rated."""
        tickets = self._service.tickets
        progress = index % 5
        days = index % 2 if progress < 3 else 45 - index
        self._clock.set(days, 9, 10 + index)
        given = OpenTicket(
            customer=customer,
            subject=_SUBJECTS[index % len(_SUBJECTS)],
            description=_CONTENTS[index % len(_CONTENTS)][2],
            category=_CONTENTS[index % len(_CONTENTS)][0],
            channel=_CONTENTS[index % len(_CONTENTS)][1],
            priority=("normal", "high", "low", "normal", "urgent")[progress],
            assignee=ASSIGNEES[index % len(ASSIGNEES)],
        )
        ticket = await self._do(AGENT, f"ticket {index}", tickets.open, given)
        if progress == 0:
            return
        self._clock.set(days, 10 + index % 7, 30)
        reply = ReplyToTicket(id=ticket, version=1, summary="已联系客户并告知处理进度")
        await self._do(AGENT, f"reply {index}", tickets.reply, reply)
        steps = {2: ("wait",), 3: ("resolve",), 4: ("resolve", "close")}.get(progress, ())
        for version, action in enumerate(steps, start=2):
            self._clock.set(max(days - version, 0), 15, index)
            changed = ChangeTicketState(id=ticket, version=version, action=action)
            await self._do(AGENT, f"{action} {index}", tickets.change_state, changed)
        if progress == 4 or index % 10 == 3:
            rating = RecordSatisfaction(
                about=ticket, score=2 + index % 4, comment="处理及时，态度好。", channel="telephone"
            )
            await self._do(HANDLER, f"rating of ticket {index}", self._service.contacts.rate, rating)

    async def _complaint(self, index: int, customer: str) -> None:
        """The first is filed only, the next accepted, and so on to the one that is answered and rated."""
        complaints, days = self._service.complaints, 20 - 2 * index
        self._clock.set(days, 9, 40)
        given = FileComplaint(customer=customer, subject=_COMPLAINTS[index % len(_COMPLAINTS)], channel="telephone")
        complaint = await self._do(AGENT, f"complaint {index}", complaints.file, given)
        steps = (complaints.accept, complaints.investigate, complaints.resolve)
        for version, (stage, step) in enumerate(zip(STAGES[:index], steps, strict=False), start=1):
            self._clock.set(days - version, 10 + version)
            taken = TakeStep(id=complaint, version=version, note=_NOTES[version - 1])
            await self._do(HANDLER, f"{stage.value} {index}", step, taken)
        if index == len(STAGES):
            self._clock.set(days - index, 10 + index)
            told = AnswerComplaint(
                id=complaint, version=index, note=_NOTES[index - 1], answer="经核实，多收款项已原路退回，谨致歉意。"
            )
            await self._do(HANDLER, f"{STAGES[-1].value} {index}", complaints.answer, told)
            rating = RecordSatisfaction(about=complaint, score=4, comment="结果可以接受。", channel="telephone")
            await self._do(AGENT, f"rating of complaint {index}", self._service.contacts.rate, rating)

    async def train(self) -> None:
        """Two courses: one passed by the agent and soon to be repeated, one that nobody has passed yet."""
        training, today = self._service.training, self._clock.latest.astimezone(SHANGHAI).date()
        self._clock.now = self._clock.latest
        given = CreateCourse(
            code="FW-01",
            title="服务规范与投诉处理",
            roles=["service_agent", "complaint_handler"],
            validity_months=12,
        )
        course = await self._do(TRAINER, "course 1", training.create_course, given)
        second = CreateCourse(code="AQ-01", title="客户信息保密", roles=["service_agent", "service_manager"])
        await self._do(TRAINER, "course 2", training.create_course, second)
        held_on = today - timedelta(days=345)
        planned = ScheduleTraining(course=course, held_on=held_on.isoformat(), place="三楼会议室", trainer=TRAINER)
        session = await self._do(TRAINER, "session", training.schedule, planned)
        result = RecordTrainingResult(session=session, person=AGENT, attended=True, passed=True, mark=92)
        await self._do(TRAINER, "result", training.record_result, result)

    async def review(self) -> None:
        """The agent's last weeks, appraised by the head of the department."""
        last = self._clock.latest.astimezone(SHANGHAI).date()
        given = ReviewPerformance(
            person=AGENT,
            first_day=(last - timedelta(days=59)).isoformat(),
            last_day=last.isoformat(),
            remarks="答复及时，办结时效有待提高。",
        )
        await self._do(LEAD, "review", self._service.figures.review, given)

    async def _do(self, username: str, name: str, use_case: UseCase[Given], given: Given) -> str:
        caller = demo_caller(username, key="demo")
        return await use_case(caller, given, idempotent(caller, f"service {name}", [name]))
