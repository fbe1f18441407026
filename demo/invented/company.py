"""The demo's own company, as its letters name it: invented, like everybody in the demo."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEMO_COMPANY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DOSSIER_COMPANY_NAME": "徐州云汇商贸有限公司（演示）",
        "DOSSIER_COMPANY_ADDRESS": "江苏省徐州市云龙区和平路 1 号",
        "DOSSIER_COMPANY_TELEPHONE": "0516-8555 0000",
        "DOSSIER_COMPANY_ACCOUNT": "演示银行徐州分行 0000 1111 2222 3333",
    }
)
"""By the setting's variable: processes of workers read them too."""
