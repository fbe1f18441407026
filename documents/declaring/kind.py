"""The kinds of record, each with the names that people read.

Owns their list; what a kind is made of is declared elsewhere.
"""

from __future__ import annotations

from documents.declaring.labels import Labelled


class Kind(Labelled):
    """The kinds of stored record: those of customers (C1), then those that hang on a customer or on the company.

    Rules name them; the value is the record's kind in the database and the head of its public id."""

    INDIVIDUAL = "individual", "Individual customer", "个人客户"
    ENTERPRISE = "enterprise", "Enterprise customer", "企业客户"
    INSTITUTION = "institution", "Institutional customer", "机构客户"

    ATTACHMENT = "attachment", "Attachment", "附件"
    VERIFICATION = "verification", "Verification", "身份核验"
    RISK_TABLE = "risk_table", "Risk table", "风险评估表"
    RISK_ASSESSMENT = "risk_assessment", "Risk assessment", "风险评估"
    REVIEW = "review", "Information review", "信息复核"
    UNDERTAKING = "undertaking", "Confidentiality undertaking", "保密承诺书"
    INCIDENT = "incident", "Incident", "信息安全事件"
    AFFECTED_CUSTOMER = "affected_customer", "Affected customer", "受影响客户"
    REMINDER = "reminder", "Reminder", "提醒"
    PARTNER = "partner", "Partner", "合作方"
    SHARING_AGREEMENT = "sharing_agreement", "Sharing agreement", "信息共享保密协议"
    CONSENT = "consent", "Consent to sharing", "信息共享同意书"
    REVELATION = "revelation", "Revealed field", "敏感信息查看记录"
    SERVICE_CONTACT = "service_contact", "Service contact", "服务联系记录"
    TICKET = "ticket", "Ticket", "服务工单"
    COMPLAINT = "complaint", "Complaint", "投诉"
    SERVICE_STANDARD = "service_standard", "Service standard", "服务标准"
    SATISFACTION = "satisfaction", "Satisfaction", "满意度评价"
    COURSE = "course", "Course", "培训课程"
    TRAINING_SESSION = "training_session", "Training session", "培训场次"
    TRAINING_RESULT = "training_result", "Training result", "培训结果"
    PERFORMANCE_REVIEW = "performance_review", "Performance review", "绩效考核"
    INDICATOR_TABLE = "indicator_table", "Table of credit indicators", "信用指标体系"
    CREDIT_ASSESSMENT = "credit_assessment", "Credit assessment", "信用评估"
    CONTRACT = "contract", "Contract", "合同"
    RECEIVABLE = "receivable", "Receivable", "应收款"
    PAYMENT = "payment", "Payment", "回款"
    COLLECTION_STEP = "collection_step", "Collection step", "催收记录"
    HANDLING_CHANGE = "handling_change", "Change of handling", "管理措施变更"
    RULE_DRAFT = "rule_draft", "Draft of rules", "规则草案"
    RULE_SET = "rule_set", "Rule set", "规则集"
    ROLE_GRANT = "role_grant", "Granted role", "角色授权"
    ACCOUNT_CHANGE = "account_change", "Change of an account", "账号变更"
    AUDIT_ENTRY = "audit_entry", "Audit entry", "审计记录"
    VAULT_KEY = "vault_key", "Vault key", "保管密钥"
    JOB = "job", "Background job", "后台任务"


CUSTOMER_KINDS = (Kind.INDIVIDUAL, Kind.ENTERPRISE, Kind.INSTITUTION)
"""The kinds of customer."""
