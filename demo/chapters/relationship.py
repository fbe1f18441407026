"""What every invented customer has of us: status, since when, and what colleagues noted."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from demo.invented.chance import Weighted, day_between, sometimes
from documents.chapters.customers.kinds import Status

AS_OF = date(2026, 6, 30)
"""The day on which the invented data were collected: nothing in them happened later."""

_FIRST_CUSTOMER = date(2008, 3, 1)
_STATUSES = Weighted(((Status.ACTIVE, 68), (Status.PROSPECT, 13), (Status.DORMANT, 13), (Status.CLOSED, 6)))

_NOTES = (
    "季度回访已完成，对服务响应速度表示满意。",
    "客户希望账单改为每月5日前以电子邮件发送。",
    "近期有增购意向，待下次拜访时确认预算。",
    "上次投诉已结案，客户接受处理结果，请继续关注。",
    "偏好上午十点以后电话联系，节假日勿扰。",
    "合同将于年内到期，提前两个月启动续签沟通。",
    "由老客户转介绍，已发送产品手册。",
    "资料复核时发现地址有变更，已请客户补充证明。",
    "对价格较敏感，可推荐年度套餐方案。",
    "付款及时，信用记录良好，可考虑提高额度。",
    "本人要求仅以书面方式接收营销信息。",
    "拟参加下半年客户交流会，需确认参会人数。",
)


def draw_relationship(random: Random, earliest: date) -> dict[str, Any]:
    """Status, first day (none for prospects, never before `earliest`) and notes."""
    status = _STATUSES.draw(random)
    since = day_between(random, max(earliest, _FIRST_CUSTOMER), AS_OF)
    notes = " ".join(random.sample(_NOTES, 1 + int(random.random() * 2)))
    return {
        "status": status.value,
        "customer_since": None if status is Status.PROSPECT else sometimes(random, 0.96, since),
        "notes": sometimes(random, 0.35, notes),
    }
