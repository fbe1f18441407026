"""What is said of undertakings, sharing and revealing, by published code or rule."""

from __future__ import annotations

from typing import Final

from schema.language import Texts

TEXTS: Final[Texts] = {
    "undertaking.text_version": (
        "The text of the undertaking changed: please read and sign version {current}.",
        "保密承诺书文本已更新：请阅读并签署第 {current} 版。",
    ),
    "undertaking.withdrawn_already": ("The undertaking was withdrawn already.", "该承诺书已被撤销。"),
    "sharing.ended_already": ("It has ended already.", "该授权已终止。"),
    "sharing.ends_before_it_begins": ("It must end after it begins.", "到期时间必须晚于生效时间。"),
    "reveal.not_allowed": ("You may not see this field in full.", "您无权查看该字段的完整内容。"),
}
