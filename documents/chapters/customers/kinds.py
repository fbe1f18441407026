"""What is stored of a customer: the root and its three kinds (C1, C2), each field declared once.

The classes hold declarations and validation. They are never saved by themselves: only the customer repository writes,
because only it encrypts. To add a field, add one line here; whom it is served to follows from its class and the rules.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

from beanie import Document
from pydantic import BaseModel, Field

from documents.declaring.fields import Mask, Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, Declared
from documents.declaring.values import (
    BankAccount,
    CreditCode,
    DepartmentCode,
    EmailAddress,
    LongText,
    PhoneNumber,
    ResidentId,
    StaffName,
    TaxNumber,
    Text,
)

BASIC, IDENTITY, CONTACT = Sensitivity.BASIC, Sensitivity.IDENTITY, Sensitivity.CONTACT
PERSONAL, BUSINESS = Sensitivity.PERSONAL, Sensitivity.BUSINESS
FINANCIAL, INTERNAL = Sensitivity.FINANCIAL, Sensitivity.INTERNAL
EXACT_OR_LAST_FOUR = frozenset({Search.EQUALITY, Search.LAST_FOUR})

Money = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=2)]
Headcount = Annotated[int, Field(ge=0, le=2_000_000_000)]


class Status(Labelled):
    PROSPECT = "prospect", "Prospect", "潜在客户"
    ACTIVE = "active", "Active", "活跃"
    DORMANT = "dormant", "Dormant", "休眠"
    CLOSED = "closed", "Closed", "已终止"


class Gender(Labelled):
    """GB/T 2261.1."""

    FEMALE = "female", "Female", "女"
    MALE = "male", "Male", "男"
    UNSTATED = "unstated", "Unstated", "未说明"


class MaritalStatus(Labelled):
    SINGLE = "single", "Single", "未婚"
    MARRIED = "married", "Married", "已婚"
    DIVORCED = "divorced", "Divorced", "离婚"
    WIDOWED = "widowed", "Widowed", "丧偶"


class Education(Labelled):
    SECONDARY = "secondary", "Secondary school", "中学"
    COLLEGE = "college", "College", "大专"
    BACHELOR = "bachelor", "Bachelor", "本科"
    MASTER = "master", "Master", "硕士"
    DOCTOR = "doctor", "Doctor", "博士"


class LegalForm(Labelled):
    LEGAL_PERSON = "legal_person", "Legal person", "法人企业"
    PARTNERSHIP = "partnership", "Partnership", "合伙企业"
    SOLE_PROPRIETORSHIP = "sole_proprietorship", "Sole proprietorship", "个人独资企业"


class EnterpriseSize(Labelled):
    LARGE = "large", "Large", "大型"
    MEDIUM = "medium", "Medium", "中型"
    SMALL = "small", "Small", "小型"


class InstitutionType(Labelled):
    GOVERNMENT_DEPARTMENT = "government_department", "Government department", "政府部门"
    PUBLIC_INSTITUTION = "public_institution", "Public institution", "事业单位"
    SOCIAL_ORGANISATION = "social_organisation", "Social organisation", "社会团体"


class FundingSource(Labelled):
    FULL_BUDGET = "full_budget", "Full budget", "全额拨款"
    PARTIAL_BUDGET = "partial_budget", "Partial budget", "差额拨款"
    SELF_FUNDED = "self_funded", "Self-funded", "自收自支"


class Customer(Document, Declared):
    """The root of the three kinds: what every customer has."""

    name: Annotated[Text, declare("Name", "名称", BASIC, search={Search.NAME}, sortable=True, mask=Mask.NAME)]
    status: Annotated[Status, declare("Status", "状态", BASIC, search=EXACT)] = Status.PROSPECT
    region: Annotated[Text | None, declare("Region", "所在区县", BASIC, search=EXACT)] = None
    customer_since: Annotated[date | None, declare("Customer since", "建立关系日期", BASIC, search=RANGED)] = None
    account_manager: Annotated[StaffName, declare("Account manager", "客户经理", BASIC, search=EXACT)]
    department: Annotated[DepartmentCode, declare("Department", "所属部门", BASIC, search=EXACT)]
    telephone: Annotated[PhoneNumber | None, declare("Telephone", "联系电话", CONTACT, encrypted=True, search=EXACT_OR_LAST_FOUR, mask=Mask.DIGITS)] = None
    other_telephones: Annotated[list[PhoneNumber] | None, declare("Other telephones", "其他电话", CONTACT, encrypted=True, search=EXACT_OR_LAST_FOUR, mask=Mask.DIGITS)] = None
    email: Annotated[EmailAddress | None, declare("E-mail", "电子邮箱", CONTACT, encrypted=True, search=EXACT, mask=Mask.EMAIL)] = None
    address: Annotated[Text | None, declare("Address", "地址", CONTACT, encrypted=True)] = None
    postal_address: Annotated[Text | None, declare("Postal address", "通讯地址", CONTACT, encrypted=True)] = None
    bank_accounts: Annotated[list[BankAccount] | None, declare("Bank accounts", "银行账号", FINANCIAL, encrypted=True, search=EXACT, mask=Mask.TAIL)] = None
    notes: Annotated[LongText | None, declare("Notes", "备注", INTERNAL, encrypted=True)] = None
    next_review_on: Annotated[date | None, declare("Next review on", "下次复核日期", BASIC, search=RANGED, sortable=True, managed=True)] = None
    version: Annotated[int, declare("Version", "版本", BASIC, managed=True)] = 1
    created_at: Annotated[datetime | None, declare("Created at", "建档时间", BASIC, search={Search.RANGE}, sortable=True, managed=True)] = None
    created_by: Annotated[StaffName | None, declare("Created by", "建档人", BASIC, managed=True)] = None
    updated_at: Annotated[datetime | None, declare("Updated at", "更新时间", BASIC, search={Search.RANGE}, sortable=True, managed=True)] = None

    class Settings:
        name = "customers"
        is_root = True

    async def insert(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refused: a document saved by itself would be stored in the clear."""
        raise TypeError("customers are written by their repository only")

    save = replace = update = upsert = save_changes = insert_one = insert_many = replace_many = insert


class Individual(Customer):
    """A natural person (个人客户)."""

    kind: ClassVar[Kind] = Kind.INDIVIDUAL

    id_number: Annotated[ResidentId | None, declare("Identity number", "身份证号", IDENTITY, encrypted=True, search=EXACT_OR_LAST_FOUR, mask=Mask.DIGITS, unique=True)] = None
    birth_date: Annotated[date | None, declare("Birth date", "出生日期", PERSONAL, encrypted=True)] = None
    gender: Annotated[Gender | None, declare("Gender", "性别", PERSONAL, encrypted=True)] = None
    nationality: Annotated[Text | None, declare("Nationality", "国籍", PERSONAL, encrypted=True)] = None
    marital_status: Annotated[MaritalStatus | None, declare("Marital status", "婚姻状况", PERSONAL, encrypted=True)] = None
    education: Annotated[Education | None, declare("Education", "学历", PERSONAL, encrypted=True)] = None
    occupation: Annotated[Text | None, declare("Occupation", "职业", PERSONAL, encrypted=True)] = None
    employer: Annotated[Text | None, declare("Employer", "工作单位", PERSONAL, encrypted=True)] = None
    annual_income: Annotated[Money | None, declare("Annual income", "年收入", FINANCIAL, encrypted=True)] = None
    emergency_contact: Annotated[Text | None, declare("Emergency contact", "紧急联系人", CONTACT, encrypted=True, mask=Mask.NAME)] = None
    emergency_telephone: Annotated[PhoneNumber | None, declare("Emergency telephone", "紧急联系电话", CONTACT, encrypted=True, search=EXACT, mask=Mask.DIGITS)] = None


class OrganisationFields(BaseModel):
    """What enterprises and institutions both have."""

    unified_social_credit_code: Annotated[CreditCode | None, declare("Unified social credit code", "统一社会信用代码", IDENTITY, encrypted=True, search=EXACT, mask=Mask.DIGITS, unique=True)] = None
    tax_registration_number: Annotated[TaxNumber | None, declare("Tax registration number", "税务登记号", IDENTITY, encrypted=True, search=EXACT, mask=Mask.TAIL)] = None
    established_on: Annotated[date | None, declare("Established on", "成立日期", BUSINESS, search=RANGED)] = None
    contact_person: Annotated[Text | None, declare("Contact person", "联系人", CONTACT, encrypted=True, mask=Mask.NAME)] = None
    contact_telephone: Annotated[PhoneNumber | None, declare("Contact telephone", "联系人电话", CONTACT, encrypted=True, search=EXACT_OR_LAST_FOUR, mask=Mask.DIGITS)] = None
    website: Annotated[Text | None, declare("Website", "网站", BUSINESS)] = None


class Enterprise(Customer, OrganisationFields):
    """A business (企业客户)."""

    kind: ClassVar[Kind] = Kind.ENTERPRISE

    legal_form: Annotated[LegalForm | None, declare("Legal form", "企业类型", BUSINESS, search=EXACT)] = None
    size: Annotated[EnterpriseSize | None, declare("Size", "企业规模", BUSINESS, search=EXACT)] = None
    industry: Annotated[Text | None, declare("Industry", "所属行业", BUSINESS, search=EXACT)] = None
    business_scope: Annotated[LongText | None, declare("Scope of business", "经营范围", BUSINESS)] = None
    legal_representative: Annotated[Text | None, declare("Legal representative", "法定代表人", PERSONAL, encrypted=True, mask=Mask.NAME)] = None
    legal_representative_id_number: Annotated[ResidentId | None, declare("Legal representative's identity number", "法定代表人身份证号", IDENTITY, encrypted=True, search=EXACT, mask=Mask.DIGITS)] = None
    registered_capital: Annotated[Money | None, declare("Registered capital", "注册资本", FINANCIAL, search=RANGED)] = None
    annual_revenue: Annotated[Money | None, declare("Annual revenue", "年营业收入", FINANCIAL, encrypted=True)] = None
    employee_count: Annotated[Headcount | None, declare("Number of employees", "员工人数", BUSINESS)] = None
    licence_expires_on: Annotated[date | None, declare("Business licence expires on", "营业执照到期日", BUSINESS, search=RANGED)] = None


class Institution(Customer, OrganisationFields):
    """A government department, public institution or social organisation (机构客户)."""

    kind: ClassVar[Kind] = Kind.INSTITUTION

    institution_type: Annotated[InstitutionType | None, declare("Institution type", "机构类型", BUSINESS, search=EXACT)] = None
    superior_body: Annotated[Text | None, declare("Superior body", "主管单位", BUSINESS)] = None
    person_in_charge: Annotated[Text | None, declare("Person in charge", "负责人", PERSONAL, encrypted=True, mask=Mask.NAME)] = None
    person_in_charge_telephone: Annotated[PhoneNumber | None, declare("Telephone of the person in charge", "负责人电话", CONTACT, encrypted=True, search=EXACT, mask=Mask.DIGITS)] = None
    funding_source: Annotated[FundingSource | None, declare("Funding source", "经费来源", FINANCIAL)] = None
    annual_budget: Annotated[Money | None, declare("Annual budget", "年度预算", FINANCIAL, encrypted=True)] = None
    staff_count: Annotated[Headcount | None, declare("Number of staff", "职工人数", BUSINESS)] = None
    service_scope: Annotated[LongText | None, declare("Scope of service", "服务范围", BUSINESS)] = None


KINDS: Final = (Individual, Enterprise, Institution)
