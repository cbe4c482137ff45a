"""Names (名称): fictional trade names, enterprise names, and names of persons. None is copied from life."""

import numpy as np
from numpy.typing import NDArray

from ingestion.citylife.places import CITY, DISTRICTS
from ingestion.citylife.trades import TRADES

_FIRST = (
    "启嘉恒瑞宏盛泰和润泽景明博远德信华安锦鸿凯达金汇通源广利诚佳新旭晨曦云海天祥福康裕丰隆昌顺百优"
    "众惠卓越皓宇铭轩雅致禾沐青岚松柏星辰毅坤乾元亨贞聚力创智慧朗澜汀溪峻岭川泉映晖照朗"
)
_SECOND = (
    "航辉腾跃诺森霖彤霁棠桐楠榕樟梓檀芸菱荷蕊薇苒茂荣繁阔达骏驰骋翔鹏鸿鹄燕雁鹭鸥鹤麟麒骥瑶琪琳璇璟"
    "珂珞玥琅钰铂铄钧鑫镒淼焱垚磊晶昇昊旻晟晖煜烁焕炜然尔思维本至为而若如斯"
)
_THIRD = "本元科亿久方圆正同合众力行知言心意乐欢迎来喜庆吉祥如意好美佳良善优品家"
FIRST, SECOND, THIRD = (tuple(dict.fromkeys(text)) for text in (_FIRST, _SECOND, _THIRD))
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁"
    "任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰春梅建国志文波宁辉鹏飞红霖婷雪慧琳健浩然宇轩欣怡"
    "佳俊豪思远子涵梓晨诗雨嘉怡泽凯瑞博雅清秋月如兰若云朝晖立新振东海燕向阳永康学义世昌德林宗元维正"
)
SURNAMES, GIVEN = tuple(_SURNAMES), tuple(dict.fromkeys(_GIVEN))
COMPANY_FORMS = ("有限公司", "有限责任公司", "股份有限公司", "企业（普通合伙）", "厂")
_STRIDE = 7_919
"""Prime, so it is coprime to the number of two-character trade names: each serial gets its own."""


def trade_names(serial: NDArray[np.int64]) -> list[str]:
    """Trade names (字号), one for each serial number and never the same twice within a city."""
    pairs = len(FIRST) * len(SECOND)
    lap, within = np.divmod(serial, pairs)
    spot = within * _STRIDE % pairs
    return [
        FIRST[s // len(SECOND)] + SECOND[s % len(SECOND)] + (_third(turn) if turn else "")
        for s, turn in zip(spot.tolist(), lap.tolist(), strict=True)
    ]


def _third(lap: int) -> str:
    lap -= 1
    head = _third(lap // len(THIRD)) if lap >= len(THIRD) else ""
    return head + THIRD[lap % len(THIRD)]


def person_names(random: np.random.Generator, count: int) -> NDArray[np.object_]:
    """Names of persons who do not exist."""
    surname = random.integers(0, len(SURNAMES), count).tolist()
    first, second = random.integers(0, len(GIVEN), (2, count)).tolist()
    short = (random.random(count) < 0.25).tolist()
    made = [
        SURNAMES[s] + GIVEN[a] + ("" if brief else GIVEN[b])
        for s, a, b, brief in zip(surname, first, second, short, strict=True)
    ]
    return np.array(made, dtype=object)


def enterprise_name(kind: str, district: int, trade_name: str, trade: int, word: float, form: int) -> str:
    """A full name: region, trade name, line of business, form. `word` in [0, 1) picks the line's wording."""
    words = TRADES[trade].words
    line = words[int(word * len(words))]
    if kind == "1":
        factory = COMPANY_FORMS[form] == "厂" and TRADES[trade].phy != "C"
        return f"{CITY}{trade_name}{line}{COMPANY_FORMS[0 if factory else form]}"
    if kind == "2":
        return f"{CITY}{DISTRICTS[district]}{trade_name}{line}专业合作社"
    if kind == "3":
        return f"{CITY}{DISTRICTS[district]}{trade_name}{line}"
    return f"模拟国{trade_name}{line}株式会社{CITY}代表处"
