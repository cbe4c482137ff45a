"""Penalties (行政处罚) by several departments, and their credit repair (信用修复) as later versions."""

from dataclasses import dataclass

import numpy as np

from ingestion.citylife.columns import Integers, Texts, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.inspecting import Findings, in_charge
from ingestion.citylife.offices import SHORT_SIGNS, authority, authority_code
from ingestion.citylife.places import Ground
from ingestion.citylife.process import Lives, Risk, occurrences
from ingestion.citylife.tables import Changing, Table, height, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time
from ingestion.citylife.trades import KIND_NAMES
from registry.vocabulary import DEPARTMENTS


@dataclass(frozen=True)
class Offence:
    """One kind of offence: code (domain.md 4.4 where it has one), words, basis, sanction, fine in 万元."""

    code: str
    department: str
    name: str
    basis: str
    sanction: str
    low: float
    high: float
    severe: bool = False
    needs: tuple[str, ...] = ()
    """Permit kinds of which one makes the offence possible at all; empty: anybody."""


def _o(text: str, needs: str = "", severe: bool = False) -> Offence:
    code, department, name, basis, sanction, low, high = text.split("|")
    return Offence(
        code, department, name, basis, sanction, float(low), float(high), severe, tuple(needs.split())
    )


OFFENCES = (
    _o("W03|市场监管|未依照规定办理变更登记|市场主体登记管理条例第四十六条|罚款|.1|1"),
    _o("W04|市场监管|未按期公示年度报告|市场主体登记管理条例实施细则第七十条|罚款|.05|.5"),
    _o("W06|市场监管|未明码标价|价格违法行为行政处罚规定第十三条|警告;罚款|.02|.3"),
    _o("W07|市场监管|广告使用绝对化用语|广告法第五十七条|罚款|.5|10"),
    _o("W12|市场监管|强制检定计量器具未定期检定|计量法实施细则第四十三条|罚款|.02|.1"),
    _o("W14|市场监管|未建立并遵守进货查验记录制度|食品安全法第一百二十六条第一款|警告|0|0", "food_sell food_make"),
    _o("F5|市场监管|经营超过保质期的食品|食品安全法第一百二十四条第一款|罚款;没收违法所得、没收非法财物|.2|5", "food_sell"),
    _o("F6|市场监管|经营标签不符合规定的预包装食品|食品安全法第一百二十五条第一款|罚款|.1|2", "food_sell"),
    _o("P01|市场监管|销售不合格产品|产品质量法第四十九条|罚款;没收违法所得、没收非法财物|.5|8"),
    _o("P02|市场监管|未取得许可从事食品经营活动|食品安全法第一百二十二条|罚款;没收违法所得、没收非法财物|.5|10", "food_sell"),
    _o("P03|市场监管|使用未经检验的特种设备|特种设备安全法第八十四条|罚款|3|15", "device", True),
    _o("P04|市场监管|虚假宣传|反不正当竞争法第二十条|罚款|1|20", "", True),
    _o("R01|人社|未依法支付劳动报酬|劳动保障监察条例第二十六条|罚款|.2|2"),
    _o("R02|人社|未按规定办理社会保险登记|社会保险法第八十四条|罚款|.1|1"),
    _o("X01|消防|消防设施未保持完好有效|消防法第六十条第一款|罚款|.5|3", "fire hazard"),
    _o("X02|消防|占用、堵塞疏散通道|消防法第六十条第一款|罚款|.5|2"),
    _o("X03|消防|未经消防安全检查擅自投入使用|消防法第五十八条|罚款;责令停产停业|3|15", "fire", True),
    _o("H01|生态环境|超过许可排放浓度排放污染物|排污许可管理条例第三十四条|罚款|10|40", "pollute", True),
    _o("H02|生态环境|未建立环境管理台账|排污许可管理条例第三十七条|罚款|.5|2", "pollute"),
    _o("H03|生态环境|未按规定贮存危险废物|固体废物污染环境防治法第一百一十二条|罚款|5|20", "pollute"),
    _o("H04|生态环境|排放油烟、噪声超过标准|大气污染防治法第一百一十八条|罚款|.5|3"),
    _o("J01|卫健|公共场所卫生检测不符合要求|公共场所卫生管理条例实施细则第三十六条|警告;罚款|.05|.5", "health"),
    _o("J02|卫健|从业人员无有效健康合格证明|公共场所卫生管理条例实施细则第三十八条|警告;罚款|.05|.5", "health clinic"),
    _o("L01|文旅|接纳未成年人|互联网上网服务营业场所管理条例第三十一条|警告;罚款|.3|1.5", "netbar"),
    _o("L02|文旅|未按规定核对登记有效证件|娱乐场所管理条例第四十九条|警告|0|0", "amuse"),
    _o("L03|文旅|未与旅游者签订书面合同|旅行社条例第五十五条|罚款|1|5", "travel"),
)  # fmt: skip
REVOKING = _o(
    "P05|市场监管|许可条件灭失仍从事食品经营|食品安全法第一百二十六条第一款|吊销许可证|0|0",
    "food_sell food_make",
    True,
)
_RATES = {"市场监管": 0.014, "人社": 0.003, "消防": 0.012, "生态环境": 0.014, "卫健": 0.010, "文旅": 0.012}
_FOLLOWS = {"R08": 0.62, "R05": 0.06, "R06": 0.4, "R03": 0.3}


def penalise(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives,
    findings: Findings,
) -> tuple[Table, tuple[Integers, Dates]]:  # fmt: skip
    """The penalty table, and the severe ones as (owner, day): serious violations follow from them."""
    owner, day, department = _cases(random, cohort, risk, lives, findings)
    offence = _offences(random, cohort, owner, department)
    fine = _fines(random, risk, owner, day, offence)
    first = _rows(random, cohort, called, ground, risk, owner, day, offence, fine)
    repaired = _repairs(random, risk, first, day, offence)
    table = stack([first, repaired])
    severe = np.array([OFFENCES[k].severe for k in offence], dtype=bool) & (fine > 3)
    return pick(table, known_in_time(risk.timeline, table["known_at"])), (owner[severe], day[severe])


def revoke(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives
) -> Table:
    """Permits revoked as a penalty (吊销许可证), a few among those who sell or make food."""
    holders = np.asarray(cohort.permits[:, [KIND_NAMES.index(name) for name in REVOKING.needs]].any(axis=1))
    rate = np.minimum(holders[:, None] * 0.006 * np.exp(risk.yearly()), 1)
    owner, day = occurrences(random, rate, lives, risk.timeline)
    day = risk.timeline.workday(day)
    table = _rows(
        random,
        cohort,
        called,
        ground,
        risk,
        owner,
        day,
        np.zeros(len(owner), int),
        np.zeros(len(owner)),
        (REVOKING,),
    )
    signs = [f"{number[:-1]}销号" for number in table["cf_wsh"]]
    table |= {"cf_wsh": texts(signs), "cf_nr_zkdx": texts(["食品经营许可证"] * len(owner))}
    return pick(table, known_in_time(risk.timeline, table["known_at"]))


def _cases(
    random: np.random.Generator, cohort: Cohort, risk: Risk, lives: Lives, findings: Findings
) -> tuple[Integers, Dates, Texts]:
    owners, days, departments = [], [], []
    drive = np.minimum(np.exp(1.1 * risk.yearly()), 60)
    for name in DEPARTMENTS:
        rate = np.where(in_charge(cohort, name)[:, None], _RATES[name] * drive, 0.0)
        owner, day = occurrences(random, rate, lives, risk.timeline)
        owners.append(owner)
        days.append(day)
        departments.append(texts([name] * len(owner)))
    follows = random.random(len(findings.owner)) < np.array([_FOLLOWS.get(r, 0.0) for r in findings.result])
    owners.append(findings.owner[follows])
    days.append(risk.timeline.after(findings.day[follows], random.integers(8, 60, int(follows.sum()))))
    departments.append(findings.department[follows])
    owner, day, department = (
        np.concatenate(owners),
        risk.timeline.workday(np.concatenate(days)),
        np.concatenate(departments),
    )
    order = np.lexsort((day, owner))
    return owner[order], day[order], department[order]


def _offences(random: np.random.Generator, cohort: Cohort, owner: Integers, department: Texts) -> Integers:
    """Which offence each case is about: one that the enterprise's business makes possible."""
    possible = np.ones((len(OFFENCES), len(cohort)), dtype=bool)
    for row, kind in enumerate(OFFENCES):
        if kind.needs:
            possible[row] = cohort.permits[:, [KIND_NAMES.index(n) for n in kind.needs]].any(axis=1)
    weights = np.array([[0.3 if o.severe else 1.0] for o in OFFENCES]) * possible[:, owner]
    weights *= np.array([o.department for o in OFFENCES], dtype=object)[:, None] == department[None, :]
    ladder = np.cumsum(weights, axis=0)
    return np.asarray((ladder <= random.random(len(owner)) * ladder[-1]).sum(axis=0))


def _fines(
    random: np.random.Generator, risk: Risk, owner: Integers, day: Dates, offence: Integers
) -> np.ndarray:
    low = np.array([OFFENCES[k].low for k in offence])
    high = np.array([OFFENCES[k].high for k in offence])
    share = np.clip(random.beta(1.2, 4.0, len(owner)) * np.exp(0.15 * risk.at(owner, day)), 0, 1)
    return np.asarray(np.round(low + (high - low) * share, 4))


def _rows(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, owner: Integers,
    day: Dates, offence: Integers, fine: np.ndarray, offences: tuple[Offence, ...] = OFFENCES,
) -> Table:  # fmt: skip
    kinds = [offences[k] for k in offence]
    district = ground.districts[cohort.place[owner]]
    chunk = int(cohort.serial[0])
    years = day.astype("datetime64[Y]").astype(str)
    seized = np.where(["没收" in k.sanction for k in kinds], np.round(fine * 0.2 + 0.01, 4), np.nan)
    offices = np.array(
        [authority(k.department, district[r : r + 1])[0] for r, k in enumerate(kinds)], dtype=object
    )
    codes = np.array(
        [authority_code(k.department, district[r : r + 1])[0] for r, k in enumerate(kinds)], dtype=object
    )
    return {
        **subject(cohort, called, owner, day),
        "counterpart": np.where(cohort.kind[owner] == "3", "个体工商户", "法人及非法人组织").astype(object),
        "cf_wsh": texts(
            [
                f"安{SHORT_SIGNS[k.department]}罚〔{y}〕{chunk + r}号"
                for r, (k, y) in enumerate(zip(kinds, years, strict=True))
            ]
        ),
        "cf_wfxw": texts([k.name for k in kinds]),
        "violation_code": texts([k.code for k in kinds]),
        "cf_sy": texts([f"经查，当事人{k.name}。" for k in kinds]),
        "cf_yj": texts([k.basis for k in kinds]),
        "cf_cflb": texts([k.sanction for k in kinds]),
        "cf_nr": texts(
            [
                f"{k.sanction.replace(';', '，')}{f'，罚款{f:g}万元' if f else ''}。"
                for k, f in zip(kinds, fine, strict=True)
            ]
        ),
        "cf_nr_fk": np.where(["罚款" in k.sanction for k in kinds], fine, np.nan),
        "cf_nr_wfff": seized,
        "cf_jdrq": day,
        "cf_yxq": np.full(len(owner), np.datetime64("2099-12-31")),
        "cf_gsjzq": day + np.where([k.severe for k in kinds], 3 * 365, 365),
        "cf_cfjg": offices,
        "cf_cfjgdm": codes,
        "cf_sjly": offices,
        "cf_sjlydm": codes,
        "department": texts([k.department for k in kinds]),
        "repaired_on": np.full(len(owner), NEVER),
        "known_at": risk.timeline.learned(random, day, late=0.06),
    }


def _repairs(random: np.random.Generator, risk: Risk, first: Table, day: Dates, offence: Integers) -> Table:
    """A third of the repairable ones are repaired, some months after the shortest publicity period."""
    severe = np.array([OFFENCES[k].severe for k in offence], dtype=bool)
    repaired = (random.random(height(first)) < 0.33) & ~severe
    table = pick(first, repaired)
    table["repaired_on"] = risk.timeline.workday(
        day[repaired] + random.integers(100, 420, int(repaired.sum()))
    )
    table["known_at"] = np.maximum(
        risk.timeline.learned(random, table["repaired_on"]), table["known_at"] + np.timedelta64(1, "h")
    )
    return table
