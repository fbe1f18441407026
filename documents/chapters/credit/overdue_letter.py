"""The collection letter (K7): the step between the telephone call and the visit. Its words in both languages."""

from __future__ import annotations

from documents.letters.template import LetterLanguage, LetterTemplate

ENGLISH = LetterTemplate(
    name="collection",
    language="en",
    letterhead="{sender_name}\n{sender_address}\n{sender_telephone}",
    recipient="{customer_name}\n{customer_address}",
    title="Reminder of overdue payment",
    reference="Our reference: {reference}        Date: {date}",
    paragraphs=(
        "Dear Sir or Madam,",
        (
            "according to our books, the payments listed below have not reached us by {date}. The amount overdue is "
            "{total}."
        ),
        (
            "Please pay it by {due_date} to the account {account}, and state our reference. If you have paid in the "
            "meantime, or if you do not agree with what is listed, please let us know on the telephone number above."
        ),
    ),
    column_labels=("Invoice", "Due on", "Days overdue", "Amount outstanding"),
    closing=(
        (
            "If the payment does not arrive by that day, we shall have to take the further steps that the contract and "
            "the law provide, and may suspend deliveries on credit."
        ),
        "Yours faithfully,",
    ),
    signature=("{sender_name}", "{signatory}"),
)

CHINESE = LetterTemplate(
    name="collection",
    language="zh-CN",
    letterhead="{sender_name}\n{sender_address}\n电话：{sender_telephone}",
    recipient="{customer_name}\n{customer_address}",
    title="逾期款项催收函",
    reference="编号：{reference}        日期：{date}",
    paragraphs=(
        "尊敬的客户：",
        "根据我方账目记录，截至{date}，下列款项已逾期而我方尚未收到，逾期金额合计{total}。",
        "请贵方于{due_date}前将上述款项汇入账户{account}，并注明本函编号。如贵方已经付款，或对所列款项有异议，请拨打上述电话与我方联系。",
    ),
    column_labels=("发票号码", "到期日", "逾期天数", "未付金额"),
    closing=(
        "如贵方逾期仍未付款，我方将依照合同约定及法律规定采取进一步措施，并可能暂停赊销供货。",
        "特此函告。",
    ),
    signature=("{sender_name}", "{signatory}"),
)

OVERDUE_LETTERS: dict[LetterLanguage, LetterTemplate] = {"en": ENGLISH, "zh-CN": CHINESE}
