"""What is said of service and training, by published code or rule."""

from __future__ import annotations

from typing import Final

from schema.language import Texts

TEXTS: Final[Texts] = {
    "satisfaction.out_of_range": ("A score is from 1 to 5.", "评分应为 1 至 5 分。"),
    "satisfaction.more_answers_than_asked": (
        "More customers answered than were asked.",
        "答复人数多于受访人数。",
    ),
    "contact.in_future": ("A contact is recorded after it happened.", "联系记录只能在发生之后登记。"),
    "satisfaction.too_early": (
        "Satisfaction is recorded once the work is done.",
        "服务办结后方可记录满意度。",
    ),
    "satisfaction.already_recorded": ("Satisfaction with this was recorded before.", "该服务的满意度已记录。"),
    "satisfaction.own_work": (
        "Nobody records the customer's satisfaction with their own work.",
        "不得由经办人本人记录对其服务的满意度。",
    ),
    "course.code_taken": ("Another course has this code.", "该课程编号已被使用。"),
    "training.not_held": ("The session has not been held yet.", "该培训尚未举行。"),
    "training.passed_unattended": ("Nobody passes what they did not attend.", "未出席者不能记为合格。"),
    "training.already_recorded": (
        "The result of this person in this session was recorded before.",
        "该人员在该场次的结果已记录。",
    ),
    "performance.own_review": ("Nobody appraises their own performance.", "不得考核本人的绩效。"),
    "performance.period_reversed": ("The period ends before it begins.", "考核期的截止日期早于起始日期。"),
}
