"""What invented individuals do: occupations with the education, income and employer that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.invented.chance import Weighted
from documents.chapters.customers.kinds import Education, MaritalStatus

STUDENT_UNTIL, RETIRED_FROM = 22, 61  # years of age, between which people work


@dataclass(frozen=True, slots=True)
class Occupation:
    """`income`: yuan a year, the middle of what is earned. `employed`: by somebody who has a name."""

    name: str
    education: Education
    income: int
    employed: bool


# Occupation | share | usual education | income | employed by a firm or body
_TABLE = """
企业职员|14|bachelor|82000|1
生产工人|12|secondary|66000|1
个体经营者|10|secondary|110000|0
销售员|8|college|74000|1
中小学教师|6|bachelor|105000|1
软件工程师|4|bachelor|168000|1
会计|5|bachelor|79000|1
护士|4|college|88000|1
医师|3|master|165000|1
机械工程师|4|bachelor|128000|1
建筑施工员|4|college|92000|1
货车司机|5|secondary|96000|0
务农|7|secondary|38000|0
公务员|4|bachelor|118000|1
餐饮服务员|4|secondary|52000|1
快递员|3|secondary|78000|1
仓库管理员|3|secondary|58000|1
律师|1|master|185000|1
大学教师|1|doctor|172000|1
企业负责人|3|bachelor|320000|1
自由职业|3|college|70000|0
"""
_RETIRED = Occupation("退休", Education.SECONDARY, 46_000, employed=False)
_STUDENT = Occupation("学生", Education.BACHELOR, 8_000, employed=False)


def _read(line: str) -> tuple[Occupation, float]:
    name, share, education, income, employed = line.split("|")
    return Occupation(name, Education(education), int(income), employed == "1"), float(share)


_OCCUPATIONS = Weighted(_read(line) for line in _TABLE.strip().splitlines())
_LEVELS = tuple(Education)
_MARITAL: tuple[tuple[int, Weighted[MaritalStatus]], ...] = tuple(
    (until, Weighted(zip(MaritalStatus, shares, strict=True)))  # single, married, divorced, widowed
    for until, shares in (
        (25, (94, 6, 0, 0)),
        (32, (42, 55, 3, 0)),
        (45, (11, 79, 9, 1)),
        (65, (4, 83, 9, 4)),
        (200, (2, 71, 5, 22)),
    )
)


def draw_occupation(random: Random, age: int) -> Occupation:
    if age >= RETIRED_FROM:
        return _RETIRED
    if age < STUDENT_UNTIL and random.random() < 0.6:
        return _STUDENT
    return _OCCUPATIONS.draw(random)


def draw_education(random: Random, occupation: Occupation, age: int) -> Education:
    """Mostly the usual one of the occupation, else a step beside it; nobody under 27 has a master's degree."""
    step = random.choices((-1, 0, 1), (15, 70, 15))[0]
    level = min(max(_LEVELS.index(occupation.education) + step, 0), len(_LEVELS) - 1)
    return _LEVELS[level] if age >= 27 else _LEVELS[min(level, _LEVELS.index(Education.BACHELOR))]


def draw_marital_status(random: Random, age: int) -> MaritalStatus:
    return next(shares for until, shares in _MARITAL if age < until).draw(random)
