"""The demo's people: departments, staff who own customers, and the logins. All of them are invented.

The logins exist in demo mode only. No password is kept here: who creates the accounts sets one for all.
"""

from __future__ import annotations

from dataclasses import dataclass

from documents.access.plan import Purpose


@dataclass(frozen=True, slots=True)
class DemoDepartment:
    code: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """Somebody who owns customers: `share` of them, in percent."""

    username: str
    display_name: str
    department: str
    share: int


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A login. `customer_index` is the place, in the generated customers, of the one whose own login it is.
    `is_partner`: the login of the partner with whom customers share.

    `sees` is one line for the start banner: what this login is there to show.
    """

    username: str
    display_name: str
    roles: tuple[str, ...]
    department: str | None
    purposes: tuple[Purpose, ...]
    sees: str
    customer_index: int | None = None
    is_partner: bool = False

    @property
    def is_staff(self) -> bool:
        """Neither a customer's own login nor the partner's."""
        return self.customer_index is None and not self.is_partner


SALES_EAST, SALES_WEST, SERVICE = "sales-east", "sales-west", "service"
CREDIT, ARCHIVES, SUPERVISION = "credit", "archives", "supervision"

DEMO_DEPARTMENTS: tuple[DemoDepartment, ...] = (
    DemoDepartment(SALES_EAST, "Sales, eastern districts", "城东客户部"),
    DemoDepartment(SALES_WEST, "Sales, western districts", "城西客户部"),
    DemoDepartment(SERVICE, "Customer service", "客户服务部"),
    DemoDepartment(CREDIT, "Credit control", "信用管理部"),
    DemoDepartment(ARCHIVES, "Archives", "档案室"),
    DemoDepartment(SUPERVISION, "Supervision and information", "监督与信息部"),
)

DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        "demo.agent",
        "林晓燕",
        ("service_agent",),
        SERVICE,
        (Purpose.CUSTOMER_SERVICE,),
        "answers calls: telephones masked (plain in the own department), no identity numbers, no money",
    ),
    DemoAccount(
        "demo.lead",
        "陆婉清",
        ("service_manager",),
        SERVICE,
        (Purpose.CUSTOMER_SERVICE,),
        "assigns tickets, and sees the figures and trainings of the service department",
    ),
    DemoAccount(
        "demo.complaints",
        "秦向东",
        ("complaint_handler",),
        SERVICE,
        (Purpose.CUSTOMER_SERVICE,),
        "takes complaints from step to step, with every note and the telephone of whoever complained",
    ),
    DemoAccount(
        "demo.trainer",
        "罗秀云",
        ("trainer",),
        SERVICE,
        (Purpose.BUSINESS_OPERATION,),
        "keeps courses, sessions and results, and sees no customer",
    ),
    DemoAccount(
        "demo.manager",
        "赵明轩",
        ("account_manager",),
        SALES_EAST,
        (Purpose.BUSINESS_OPERATION, Purpose.CUSTOMER_SERVICE),
        "owns a seventh of the customers and sees those whole; of all others who they are, contacts masked",
    ),
    DemoAccount(
        "demo.credit",
        "孙立群",
        ("credit_officer",),
        CREDIT,
        (Purpose.RISK_ASSESSMENT,),
        "weighs risk: identity, business and money of every customer in plain, contacts masked",
    ),
    DemoAccount(
        "demo.creditmanager",
        "沈卫东",
        ("credit_manager",),
        CREDIT,
        (Purpose.RISK_ASSESSMENT,),
        "what a credit officer sees; approves what others made, replaces the tables of indicators",
    ),
    DemoAccount(
        "demo.collector",
        "方志远",
        ("collector",),
        CREDIT,
        (Purpose.BUSINESS_OPERATION,),
        "collects what is overdue: receivables and steps of every customer, and how to reach it",
    ),
    DemoAccount(
        "demo.archivist",
        "周淑兰",
        ("archivist",),
        ARCHIVES,
        (Purpose.ARCHIVE_KEEPING,),
        "keeps the files: who customers are and their business, identity numbers masked, no contacts",
    ),
    DemoAccount(
        "demo.inspector",
        "郑国安",
        ("inspector",),
        SUPERVISION,
        (Purpose.SUPERVISION,),
        "follows any case through every field, masked where masks exist, and changes nothing",
    ),
    DemoAccount(
        "demo.auditor",
        "韩文静",
        ("auditor",),
        None,
        (Purpose.SUPERVISION,),
        "looks at many from outside: who customers are and their business, and changes nothing",
    ),
    DemoAccount(
        "demo.security",
        "贺建平",
        ("security_officer",),
        SUPERVISION,
        (Purpose.SUPERVISION,),
        "answers for confidentiality: undertakings, partners, incidents, keys; names of customers masked",
    ),
    DemoAccount(
        "demo.policy",
        "唐思远",
        ("policy_administrator",),
        SUPERVISION,
        (Purpose.SUPERVISION,),
        "writes the rules of who sees what, and sees no customer",
    ),
    DemoAccount(
        "demo.policy2",
        "许佳怡",
        ("policy_administrator",),
        SUPERVISION,
        (Purpose.SUPERVISION,),
        "the second writer of rules, who sees no customer either",
    ),
    DemoAccount(
        "demo.admin",
        "高志恒",
        ("administrator",),
        SUPERVISION,
        (Purpose.BUSINESS_OPERATION,),
        "brings customers in, assigns and removes them, and reads their label only",
    ),
    DemoAccount(
        "demo.customer",
        "王子杰",
        ("customer",),
        None,
        (Purpose.CUSTOMER_SERVICE,),
        "a customer: sees the own data, opens and rates tickets and complaints, nothing internal",
        customer_index=0,
    ),
    DemoAccount(
        "demo.partner",
        "彭城物流",
        ("partner",),
        None,
        (Purpose.BUSINESS_OPERATION,),
        "another company: sees what a few customers agreed to share with it, as long as they do",
        is_partner=True,
    ),
)

DEMO_STAFF: tuple[DemoStaff, ...] = (
    DemoStaff("demo.manager", "赵明轩", SALES_EAST, 15),
    DemoStaff("wu.haiyan", "吴海燕", SALES_EAST, 10),
    DemoStaff("chen.guofeng", "陈国锋", SALES_EAST, 9),
    DemoStaff("liu.yating", "刘雅婷", SALES_EAST, 8),
    DemoStaff("xu.bohan", "徐博涵", SALES_WEST, 11),
    DemoStaff("zhu.lihua", "朱丽华", SALES_WEST, 10),
    DemoStaff("ma.junjie", "马俊杰", SALES_WEST, 9),
    DemoStaff("hu.xinyue", "胡欣悦", SALES_WEST, 8),
    DemoStaff("demo.agent", "林晓燕", SERVICE, 6),
    DemoStaff("guo.peng", "郭鹏", SERVICE, 8),
    DemoStaff("he.qiuju", "何秋菊", SERVICE, 6),
)
"""Everybody who owns customers; the shares make 100. Only those who are in `DEMO_ACCOUNTS` as well can log in."""


def owners(staff: tuple[DemoStaff, ...] = DEMO_STAFF) -> tuple[tuple[str, str], ...]:
    """(username, department) as often as the share says: what `generate_customers` takes as its staff."""
    return tuple((person.username, person.department) for person in staff for _ in range(person.share))
