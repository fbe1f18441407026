"""What is said of credit: ratings, contracts, receivables, letters, by published code or rule."""

from __future__ import annotations

from typing import Final

from schema.language import Texts

TEXTS: Final[Texts] = {
    "collection.paid": ("Nothing is open: there is nothing to collect.", "款项已结清，无需催收。"),
    "grade.unknown": ("The credit grade is unknown.", "信用等级未知。"),
    "input.unknown_indicator": ("The indicators do not include `{input}`.", "指标体系中没有指标 `{input}`。"),
    "judgement.out_of_bounds": ("The adjustment is beyond its bounds.", "调整分值超出允许范围。"),
    "judgement.reason_missing": ("Give a reason for the adjustment.", "请填写调整理由。"),
    "payment.not_positive": ("A payment is more than nothing.", "付款金额必须大于零。"),
    "payment.unknown_receivable": ("There is no such open receivable.", "该应收款项不存在。"),
    "indicator_table.none": (
        "There is no table of indicators for this kind of customer.",
        "该类客户尚无信用指标体系。",
    ),
    "indicator_table.weights": ("The weights do not sum to 100.", "指标权重合计不等于 100。"),
    "indicator_table.groups": (
        "Each of the four groups needs an indicator.",
        "财务状况、经营能力、信用记录、市场竞争力四类均须设有指标。",
    ),
    "indicator_table.invalid": ("The table contradicts itself.", "该指标体系自相矛盾。"),
    "indicator.twice": ("The value of `{input}` is given twice.", "指标 `{input}` 的数值重复填写。"),
    "contract.exposure_exceeded": (
        "The contract would take the customer above its credit limit.",
        "签订该合同将超出客户的信用限额。",
    ),
    "contract.credit_stopped": ("No new credit is given to the customer.", "该客户已停止新增授信。"),
    "contract.number_taken": ("The customer has another contract of this number.", "该客户已有相同编号的合同。"),
    "contract.ends_before_signing": ("A contract ends after it was signed.", "合同终止日期不得早于签订日期。"),
    "invoice.contract_not_in_force": ("The contract is not in force.", "该合同未生效或已终止。"),
    "invoice.due_before_issued": ("An invoice is due after it was issued.", "到期日不得早于开票日期。"),
    "letter.no_sender": ("The company's name for letters is not configured.", "尚未配置函件的发件单位。"),
    "letter.no_address": ("The customer has no address.", "该客户没有地址。"),
}
