"""Invented names of persons: surnames and given names as frequent as in China, put together by chance.

The syllables are among the commonest there are, so that a name identifies nobody; who bears one is coincidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from demo.invented.chance import Weighted, pair
from documents.chapters.customers.kinds import Gender

# Surname, pinyin, share of the population in parts per thousand, after the name reports of the Ministry of Public
# Security. The pinyin stands here because several surnames are read otherwise than the same character elsewhere.
_SURNAME_SHARES = """
王:wang:71 李:li:70 张:zhang:66 刘:liu:52 陈:chen:46 杨:yang:31 黄:huang:22 赵:zhao:21 吴:wu:20
周:zhou:19 徐:xu:16 孙:sun:15 马:ma:13 朱:zhu:13 胡:hu:12 郭:guo:12 何:he:11 林:lin:11 高:gao:10
罗:luo:9 郑:zheng:9 梁:liang:9 谢:xie:8 宋:song:8 唐:tang:7 许:xu:7 韩:han:7 邓:deng:6 冯:feng:6
曹:cao:6 彭:peng:6 曾:zeng:5 肖:xiao:5 田:tian:5 董:dong:5 潘:pan:5 袁:yuan:5 蔡:cai:5 蒋:jiang:5
余:yu:4 于:yu:4 杜:du:4 叶:ye:4 程:cheng:4 魏:wei:4 苏:su:4 吕:lv:4 丁:ding:4 任:ren:4 卢:lu:4
姚:yao:3 沈:shen:3 钟:zhong:3 姜:jiang:3 崔:cui:3 谭:tan:3 陆:lu:3 范:fan:3 汪:wang:3 廖:liao:3
石:shi:3 金:jin:3 韦:wei:3 贾:jia:3 夏:xia:3 付:fu:3 方:fang:3 邹:zou:2 熊:xiong:2 白:bai:2
孟:meng:2 秦:qin:2 邱:qiu:2 侯:hou:2 江:jiang:2 尹:yin:2 薛:xue:2 闫:yan:2 段:duan:2 雷:lei:2
龙:long:2 黎:li:2 史:shi:2 陶:tao:2 贺:he:2 毛:mao:2 郝:hao:2 顾:gu:2 龚:gong:2 邵:shao:2 万:wan:2
覃:qin:1 武:wu:1 钱:qian:1 戴:dai:1 严:yan:1 莫:mo:1 孔:kong:1 向:xiang:1 常:chang:1 汤:tang:1
欧阳:ouyang:1
"""
_SURNAMES = Weighted(
    ((characters, pinyin), float(share))
    for characters, pinyin, share in (entry.split(":") for entry in _SURNAME_SHARES.split())
)

# Generation → first and second character of a given name; a third of all names has the second one only.
_GIVEN: dict[tuple[Gender, int], tuple[str, str]] = {
    (Gender.MALE, 0): ("建国志德玉文永明振世家长庆春宝福光少传继", "华民生平林山海明才贵友安田良忠义成元清国"),
    (Gender.FEMALE, 0): ("秀玉桂淑凤素春美翠爱金兰月惠瑞喜彩雪巧荣", "英兰珍芳梅华云珠琴莲霞芝荣香琳玲娥青环侠"),
    (Gender.MALE, 1): ("建志海晓文俊永国明宏少伟立新振东春广卫子", "伟勇磊涛刚杰峰超鹏斌辉波明飞亮林健龙东海"),
    (Gender.FEMALE, 1): ("晓丽海艳春红小文玉雪婷秀美冬慧佳亚静素云", "静丽敏艳霞燕娟玲芳梅红婷雪莉萍慧琳洁云华"),
    (Gender.MALE, 2): ("子浩宇俊梓嘉一泽天博思文明睿家承景奕铭晨", "轩然宇涵豪杰睿辰泽阳博航凯昊哲霖恒瑞朗川"),
    (Gender.FEMALE, 2): ("子欣梓雨思佳诗一可若语心梦嘉婉静紫怡依晨", "涵怡萱琪妍彤瑶悦雯婷琳瑾妮柔颖菡语宁馨蕾"),
}
_GENERATIONS = ((1972, 0), (1994, 1))  # first birth year that no longer belongs to the generation
_SHORT_SHARE = 0.3

# Names that chance would find and everybody would take for somebody: never drawn.
_PUBLIC_FIGURES = frozenset(
    (
        *(
            "姚明",
            "马云",
            "马龙",
            "马琳",
            "韩红",
            "田亮",
            "李宁",
            "周涛",
            "刘涛",
            "黄磊",
            "张杰",
            "林涛",
            "张静",
            "何洁",
        ),
        *(
            "黄晓明",
            "张国清",
            "许海峰",
            "王志文",
            "江明",
            "李明",
            "王明",
            "陈龙",
            "于洋",
            "高峰",
            "王涛",
            "李霞",
            "王楠",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class PersonName:
    surname: str
    surname_pinyin: str
    given: str

    @property
    def text(self) -> str:
        return self.surname + self.given

    @property
    def pinyin(self) -> str:
        """In one word of lower-case letters: `zhangxiaoli`."""
        return self.surname_pinyin + given_pinyin(self.given)


@cache
def given_pinyin(text: str) -> str:
    """Toneless letters of a text in characters. There are a few thousand given names: they are kept."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionary is slow to load, and wanted by the demo alone

    return "".join(lazy_pinyin(text)).replace("ü", "v")


def draw_name(random: Random, gender: Gender, birth_year: int, surname: tuple[str, str] | None = None) -> PersonName:
    """A name of the generation; of the family `surname` (characters, pinyin) where one is named."""
    generation = next((number for year, number in _GENERATIONS if birth_year < year), 2)
    first, second = _GIVEN[gender, generation]
    characters, pinyin = surname or _SURNAMES.draw(random)
    while True:
        given = random.choice(second) if random.random() < _SHORT_SHARE else pair(random, first, second)
        if characters + given not in _PUBLIC_FIGURES:
            return PersonName(characters, pinyin, given)


def draw_adult_name(random: Random, surname: tuple[str, str] | None = None) -> PersonName:
    """A name of somebody of working age."""
    gender = Gender.MALE if random.random() < 0.55 else Gender.FEMALE
    return draw_name(random, gender, 1962 + int(random.random() * 40), surname)
