"""Invented enterprises and institutions: names, forms, superior bodies. Likeness to a real one is coincidence."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.invented.chance import Weighted, pair
from demo.invented.industries import Industry
from demo.invented.places import District
from documents.chapters.customers.kinds import EnterpriseSize, FundingSource, InstitutionType, LegalForm

_TRADE_FIRST = "金鼎恒华瑞嘉盛宏永泰汇众诚信德润祥安中天海鑫远达新力正同博凯淮彭云龙楚汉泗沂"
_TRADE_SECOND = "源达泰盛隆昌丰和顺通兴茂裕康宁辉腾跃捷创联成佳美洲业邦基和鸿铭峰驰硕恒"
_PLACE_FIRST = "清玉青柳桃杏白金石银古大小东西南北上双龙凤云明春秋长永新荷桂"
_PLACE_SECOND = "泉山河桥湖湾林园集庄坡楼台岗浦埠沟堤溪洲亭塘圩店铺阁村寨渡口"
_TOWN_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class InstitutionModel:
    """What institutions of one sort have in common. `name` and `superior` are templates over district and place."""

    institution_type: InstitutionType
    category: str  # first two characters of the credit code, GB 32100-2015, annex A
    name: str
    superior: str
    service_scope: str
    staff: tuple[int, int]
    budget: tuple[float, float]  # yuan a year and member of staff
    funding: FundingSource


_GOVERNMENT = InstitutionType.GOVERNMENT_DEPARTMENT
_PUBLIC = InstitutionType.PUBLIC_INSTITUTION
_SOCIAL = InstitutionType.SOCIAL_ORGANISATION
_FULL, _PARTIAL, _SELF = FundingSource.FULL_BUDGET, FundingSource.PARTIAL_BUDGET, FundingSource.SELF_FUNDED

# Type, funding | share | code | name | superior body | scope of service | fewest and most staff
_TABLES: dict[tuple[InstitutionType, FundingSource], str] = {
    (_GOVERNMENT, _FULL): """
7|11|{district}{town}人民政府|{short}人民政府|辖区行政管理、公共服务与公共安全|45|160
5|11|{district}{place}市场监督管理所|{short}市场监督管理局|辖区市场主体登记、食品安全与价格监督|8|30
4|11|{district}{place}司法所|{short}司法局|人民调解、法律援助与社区矫正|4|12
4|11|{district}{place}自然资源所|{short}自然资源和规划局|辖区土地管理与不动产权籍调查|6|18
3|11|{district}{place}财政所|{short}财政局|乡镇财政预算执行与惠农补贴发放|5|15
""",
    (_PUBLIC, _FULL): """
12|12|{district}{place}小学|{short}教育局|小学学历教育|25|140
8|12|{district}{place}初级中学|{short}教育局|初中学历教育|40|210
4|12|{district}{place}高级中学|{short}教育局|高中学历教育|90|320
3|12|{district}{place}农业技术推广站|{short}农业农村局|农业新技术试验、示范与推广|6|24
3|12|{district}{place}文化站|{short}文体广电和旅游局|群众文化活动组织与文化遗产保护|4|15
""",
    (_PUBLIC, _PARTIAL): """
7|12|{district}{place}卫生院|{short}卫生健康委员会|基本医疗、预防保健与家庭医生签约|30|150
6|12|{district}{place}社区卫生服务中心|{short}卫生健康委员会|基本医疗与基本公共卫生服务|25|110
3|12|{district}{place}医院|{short}卫生健康委员会|医疗、护理、急救与健康体检|120|900
4|12|{district}{place}幼儿园|{short}教育局|学龄前儿童保育与教育|15|60
3|12|{district}{place}养老服务中心|{short}民政局|特困人员供养与社会养老服务|12|55
2|12|{district}{place}水利工程管理所|{short}水务局|河道堤防、涵闸与泵站运行管理|10|40
""",
    (_SOCIAL, _SELF): """
5|51|{district}{place}商会|{short}工商业联合会|会员服务、政企沟通与市场信息交流|3|15
4|51|{district}{place}志愿者协会|共青团{short}委员会|志愿服务的组织、培训与宣传|2|12
3|51|{district}{place}老年体育协会|{short}文体广电和旅游局|老年体育健身活动与赛事组织|2|10
3|51|{district}{place}书画研究会|{short}文学艺术界联合会|书画创作、展览与学术交流|2|8
3|51|{district}{place}农产品流通协会|{short}农业农村局|产销对接、质量标准与品牌推广|3|14
3|52|{district}{place}职业培训学校|{short}人力资源和社会保障局|职业技能培训与就业指导|8|45
2|52|{district}{place}社会工作服务中心|{short}民政局|困难帮扶、社区服务与心理疏导|4|25
2|53|{district}{place}教育基金会|{short}民政局|奖教助学与教育公益项目资助|2|8
""",
}


def _read(institution_type: InstitutionType, funding: FundingSource, line: str) -> tuple[InstitutionModel, float]:
    share, category, name, superior, scope, fewest, most = line.split("|")
    budget = (40_000.0, 160_000.0) if institution_type is _SOCIAL else (140_000.0, 320_000.0)
    staff = (int(fewest), int(most))
    model = InstitutionModel(institution_type, category, name, superior, scope, staff, budget, funding)
    return model, float(share)


_MODELS = Weighted(
    _read(institution_type, funding, line)
    for (institution_type, funding), table in _TABLES.items()
    for line in table.strip().splitlines()
)


def draw_institution_model(random: Random) -> InstitutionModel:
    return _MODELS.draw(random)


def draw_institution_name(random: Random, model: InstitutionModel, district: District) -> tuple[str, str]:
    """The names of an institution and of its superior body."""
    place = pair(random, _PLACE_FIRST, _PLACE_SECOND)
    town = place + ("镇" if random.random() < _TOWN_SHARE or not district.is_urban else "街道办事处")
    name = model.name.format(district=district.full_name, place=place, town=town)
    return name.replace("街道办事处人民政府", "街道办事处"), model.superior.format(short=district.full_name)


def draw_trade_name(random: Random) -> str:
    return pair(random, _TRADE_FIRST, _TRADE_SECOND)


def draw_enterprise_name(
    random: Random,
    trade_name: str,
    industry: Industry,
    district: District,
    *,
    legal_form: LegalForm,
    size: EnterpriseSize,
) -> str:
    """Place, trade name, trade and form, as the registration rules order them."""
    place = (
        "徐州" if district.is_urban or random.random() < 0.5 else district.name.removesuffix("市").removesuffix("县")
    )
    place = place if len(place) > 1 else district.name  # 丰县 and 沛县 keep their second character
    stem = f"{place}{trade_name}{random.choice(industry.trade_words)}"
    if legal_form is LegalForm.PARTNERSHIP:
        return f"{stem}中心（有限合伙）" if random.random() < 0.7 else f"{stem}合伙企业（普通合伙）"
    if legal_form is LegalForm.SOLE_PROPRIETORSHIP:
        return f"{stem}{random.choice(('经营部', '厂', '商行'))}"
    if size is EnterpriseSize.LARGE:
        return f"{stem}{random.choice(('集团有限公司', '股份有限公司'))}"
    return f"{stem}有限公司"


def employer_name(random: Random, industry: Industry, district: District) -> str:
    """Where somebody works: an enterprise's name without being anybody's customer."""
    form, size = LegalForm.LEGAL_PERSON, EnterpriseSize.SMALL
    return draw_enterprise_name(random, draw_trade_name(random), industry, district, legal_form=form, size=size)
