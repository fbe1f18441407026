"""Places in Xuzhou (徐州市): the districts are real, what stands in their streets is invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.invented.chance import Weighted, pair


@dataclass(frozen=True, slots=True)
class District:
    """A county-level division: its name, GB/T 2260 code, postal code and main streets."""

    name: str
    code: str
    postal_code: str
    streets: tuple[str, ...]

    @property
    def is_urban(self) -> bool:
        return self.name.endswith("区")

    @property
    def full_name(self) -> str:
        return f"徐州市{self.name}" if self.is_urban else self.name


# Name, GB/T 2260 code, postal code, share of the customers in percent, main streets.
_TABLE = """
云龙区 320303 221009 17 和平路 民主南路 青年路 解放南路 黄河南路 铜山路 郭庄路 汉风路 庆丰路 元和路 民祥路
鼓楼区 320302 221005 15 中山北路 复兴北路 二环北路 煤港路 环城路 祥和路 奔腾大道 平山路 襄王北路 朱庄路
泉山区 320311 221006 17 淮海西路 建国西路 矿山路 解放南路 泰山路 湖北路 金山东路 二环西路 苏堤南路 软件园路
铜山区 320312 221116 14 北京北路 黄山路 长江西路 珠江东路 华山路 海河路 第二工业园路 同昌街 钱江路 银山路
贾汪区 320305 221011 6 泉城路 将军大道 转型大道 府新路 山水大道 夏桥路 团结路 新城大道
丰县 320321 221700 7 中阳大道 向阳路 解放路 人民路 沙支河路 西环路 南苑路 凤鸣路
沛县 320322 221600 7 汉源大道 歌风路 沛公路 东风路 正阳路 香城路 新华路 汤沐路
睢宁县 320324 221200 6 中山路 八一路 元府路 永安路 天虹大道 青年西路 文学路 红叶路
新沂市 320381 221400 5 市府路 大桥路 新安路 建邺路 钟吾路 北京路 公园路 南京路
邳州市 320382 221300 6 解放东路 建设路 世纪大道 珠江路 长江路 青年路 瑞兴路 运河路
"""


def _read(line: str) -> tuple[District, float]:
    name, code, postal_code, share, *streets = line.split()
    return District(name, code, postal_code, tuple(streets)), float(share)


_SHARES = tuple(_read(line) for line in _TABLE.strip().splitlines())
DISTRICTS: tuple[District, ...] = tuple(district for district, _ in _SHARES)
_DISTRICTS = Weighted(_SHARES)
_ELSEWHERE = ("320102", "321302", "320706", "341302", "341222", "370811", "370402", "411402", "411481")

_ESTATE_FIRST = "翠锦丽金玉碧滨景绿祥和盛云紫天御"
_ESTATE_SECOND = "湖华景水苑泉园岸林山庭澜城悦府江"
_ESTATE_KINDS = ("花园", "小区", "家园", "新村", "名邸", "公寓")
_PREMISES = ("大厦", "商务中心", "广场", "科技园", "产业园")


def draw_district(random: Random) -> District:
    return _DISTRICTS.draw(random)


def draw_birth_place_code(random: Random, home: District) -> str:
    """A GB/T 2260 code for an identity number: mostly of the home, else of Xuzhou or its neighbours."""
    chance = random.random()
    if chance < 0.7:
        return home.code
    return _DISTRICTS.draw(random).code if chance < 0.88 else random.choice(_ELSEWHERE)


def _street(random: Random, district: District) -> str:
    return f"江苏省徐州市{district.name}{random.choice(district.streets)}{1 + int(random.random() * 398)}号"


def draw_home_address(random: Random, district: District) -> str:
    """A flat in a housing estate."""
    estate = pair(random, _ESTATE_FIRST, _ESTATE_SECOND) + random.choice(_ESTATE_KINDS)
    building, entrance = 1 + int(random.random() * 36), 1 + int(random.random() * 4)
    floor, flat = 1 + int(random.random() * 18), 1 + int(random.random() * 4)
    return f"{_street(random, district)}{estate}{building}幢{entrance}单元{floor}{flat:02d}室"


def draw_business_address(random: Random, district: District) -> str:
    """A floor in a building, or a whole number of the street."""
    street = _street(random, district)
    if random.random() < 0.45:
        return street
    premises = pair(random, _ESTATE_FIRST, _ESTATE_SECOND) + random.choice(_PREMISES)
    return f"{street}{premises}{'ABCD'[int(random.random() * 4)]}座{2 + int(random.random() * 24)}层"


def with_postal_code(district: District, address: str) -> str:
    return f"{district.postal_code} {address}"
