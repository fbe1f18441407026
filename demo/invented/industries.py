"""Lines of business as GB/T 4754-2017 names its divisions, with what firms in them call themselves and do."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.invented.chance import Weighted


@dataclass(frozen=True, slots=True)
class Industry:
    """A division of GB/T 4754-2017: name, words of firms' names, lines of a scope of business."""

    name: str
    trade_words: tuple[str, ...]
    activities: tuple[str, ...]


# Division | share | words in firms' names | activities
_TABLE = """
农业|3|农业科技 生态农业 农业发展|谷物种植 蔬菜种植 农产品初加工 农业技术推广 农产品销售
畜牧业|2|牧业 养殖|牲畜饲养 家禽饲养 饲料销售 畜禽粪污处理
农副食品加工业|4|食品 粮油 农产品|粮食加工 植物油加工 肉制品加工 食品销售 仓储服务
酒、饮料和精制茶制造业|1|酒业 饮品|酒类生产 饮料生产 预包装食品销售 包装服务
纺织服装、服饰业|4|服饰 制衣 纺织|服装制造 服装加工 针纺织品销售 货物进出口
木材加工和木、竹、藤、棕、草制品业|5|木业 板材|人造板制造 木材加工 木制品销售 货物进出口
家具制造业|2|家居 家具|家具制造 家具销售 家具安装和维修 室内装饰
化学原料和化学制品制造业|3|化工 新材料|专用化学产品制造 涂料销售 化工产品销售 新材料技术研发
医药制造业|2|药业 生物科技|中药饮片加工 生物制品研发 医疗器械销售 医学研究和试验发展
非金属矿物制品业|4|建材 玻璃 水泥制品|水泥制品制造 技术玻璃制品制造 砼结构构件制造 建筑材料销售
金属制品业|5|金属制品 钢构|金属结构制造 金属制品销售 模具制造 金属表面处理
通用设备制造业|5|机械 机电|机械设备制造 机械零件加工 通用设备修理 液压动力机械销售
专用设备制造业|7|重工 工程机械 机械制造|建筑工程用机械制造 矿山机械制造 机械设备租赁 专用设备修理
汽车制造业|2|汽车部件 车业|汽车零部件制造 汽车零配件批发 新能源汽车整车销售
电气机械和器材制造业|5|电气 新能源|光伏设备及元器件制造 电池制造 输配电设备制造 太阳能发电技术服务
计算机、通信和其他电子设备制造业|3|电子 半导体|电子元器件制造 集成电路销售 通信设备制造 电子专用材料研发
房屋建筑业|6|建设工程 建筑|房屋建筑工程施工 市政设施管理 土石方工程施工 建筑劳务分包
建筑装饰、装修和其他建筑业|5|装饰工程 装饰设计|住宅室内装饰装修 建筑装饰材料销售 园林绿化工程施工
批发业|12|商贸 贸易|建筑材料批发 五金产品批发 日用百货批发 食品批发 货物进出口
零售业|8|商业 超市 百货|日用品零售 食品零售 家用电器零售 互联网销售
道路运输业|6|物流 运输|道路货物运输 国内货物运输代理 装卸搬运 普通货物仓储服务
装卸搬运和仓储业|2|仓储 供应链|普通货物仓储服务 装卸搬运 供应链管理服务 低温仓储
餐饮业|4|餐饮管理|餐饮服务 餐饮管理 外卖递送服务 食品销售
软件和信息技术服务业|6|软件 信息技术 网络科技|软件开发 信息系统集成服务 数据处理和存储支持服务 技术咨询
房地产业|3|置业 物业服务|房地产开发经营 物业管理 住房租赁 停车场服务
商务服务业|5|企业管理 咨询 广告传媒|企业管理咨询 广告设计制作 会议及展览服务 人力资源服务
科技推广和应用服务业|3|科技 环保科技|技术开发 技术转让 环保咨询服务 节能管理服务
居民服务业|2|家政服务 生活服务|家政服务 洗染服务 摄影扩印服务 养老服务
"""


def _read(line: str) -> tuple[Industry, float]:
    name, share, words, activities = line.split("|")
    return Industry(name, tuple(words.split()), tuple(activities.split())), float(share)


_SHARES = tuple(_read(line) for line in _TABLE.strip().splitlines())
_INDUSTRIES = Weighted(_SHARES)


def draw_industry(random: Random) -> Industry:
    return _INDUSTRIES.draw(random)


def draw_business_scope(random: Random, industry: Industry) -> str:
    """The text of a business licence: some of the industry's activities and its standing formula."""
    count = min(len(industry.activities), 2 + int(random.random() * 3))
    activities = "；".join(random.sample(industry.activities, count))
    return f"{activities}（依法须经批准的项目，经相关部门批准后方可开展经营活动）。"
