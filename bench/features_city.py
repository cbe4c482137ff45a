"""The city of bench.features (测速用的城市): enterprises and events as plain typed columns, the same for every contender.

Nothing of it is ready for one side only: enterprise codes are texts, dates are days since 1970, other texts are small
integers with their distinct values, which is how both pandas (category) and polars (Categorical) like to hold them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

AS_OF = date(2026, 6, 1)
LATEST = date(2026, 8, 1)
"""The archive knows two months more than the day asked for: point-in-time has something to leave out."""
PLACE = "990100"
FIRST_DAY, LAST_DAY = 18_262, 20_650  # 2020-01-01 to two weeks before LATEST
MICROSECONDS = 86_400_000_000
YEARS = range(2019, 2026)
CAPITALS = 5_000
SHARES = {
    "annual_report": 0.36, "filing": 0.15, "inspection_result": 0.13, "complaint": 0.10, "premises": 0.105,
    "permit": 0.06, "penalty": 0.055, "abnormal_listing": 0.035, "serious_violation": 0.005,
}  # fmt: skip
"""Of all event versions; about what the simulated city sends in six years."""
INDUSTRIES = (
    "5211", "5212", "5221", "5251", "6210", "6220", "1310", "1411", "2710", "7299", "5179", "8121", "6531", "4790", "8010",
)  # fmt: skip
LETTERS = "FFFFHHCCCLFORES"
AREAS = tuple(f"99010{n}" for n in range(1, 10))
SCOPES = tuple(
    f"{'食品销售；' if n % 5 == 0 else ''}{'许可项目：餐饮服务；' if n % 7 == 0 else ''}日用百货销售；第{n}类技术咨询服务"
    for n in range(400)
)
ITEMS = (
    "名称变更", "住所变更", "法定代表人变更", "注册资本变更", "股东变更", "经营范围变更", "章程备案", "联络员备案",
    "经营期限变更", "负责人变更",
)  # fmt: skip
PENALTIES = (
    "警告", "罚款", "罚款;没收违法所得", "没收违法所得;没收非法财物", "责令停产停业", "吊销许可证", "限制从业",
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A text column: `codes` point into `distinct`, -1 where there is none."""

    codes: np.ndarray
    distinct: np.ndarray


@dataclass
class Facts:
    """One table: who each row is about (position in `City.codes`), the two times of a version, and its columns."""

    key: np.ndarray
    known_at: np.ndarray
    superseded_at: np.ndarray
    retracted: np.ndarray
    columns: dict[str, np.ndarray | Text] = field(default_factory=dict)


@dataclass(frozen=True)
class City:
    """Codes of all enterprises, sorted, and the tables."""

    codes: np.ndarray
    tables: dict[str, Facts]


class Maker:
    """Draws tables of a city of `enterprises`; one random stream a table, so a table does not depend on the others."""

    def __init__(self, enterprises: int, seed: int, name: str) -> None:
        self.random = np.random.default_rng([seed, *name.encode()])
        self.enterprises = enterprises
        self.record = np.zeros(0, np.int64)
        self.later = np.zeros(0, bool)
        self.day = np.zeros(0, np.int64)

    def versions(self, rows: int, sorted_by_enterprise: bool, twice: float, withdrawn: float) -> Facts:
        """Versions of records, those of one record one after another; the busiest fifth has half of the records."""
        records = int(rows / (1 + twice))
        anyone, busy = self.random.integers(self.enterprises, size=(2, records))
        key = np.where(self.random.random(records) < 0.5, anyone, busy // 5 * 5).astype(np.int32)
        if sorted_by_enterprise:
            key.sort()
        return self.of(key, self.random.integers(FIRST_DAY, LAST_DAY, records), twice, withdrawn)

    def of(self, key: np.ndarray, day: np.ndarray, twice: float, withdrawn: float) -> Facts:
        """Versions of records about `key` that happened on `day`: a share is said twice, a share withdrawn then."""
        again = self.random.random(len(key)) < twice
        self.record = np.repeat(np.arange(len(key)), 1 + again)
        self.later = np.zeros(len(self.record), bool)
        self.later[1:] = self.record[1:] == self.record[:-1]
        self.day = day[self.record]
        known = (self.day + self.random.integers(1, 20, len(self.day))) * MICROSECONDS + 33_000_000_000
        known += np.where(self.later, self.random.integers(20, 400, len(self.day)), 0) * MICROSECONDS
        following = np.full(len(known), np.iinfo(np.int64).min)
        following[:-1][self.later[1:]] = known[1:][self.later[1:]]
        retracted = self.later & (self.random.random(len(known)) < withdrawn / twice)
        return Facts(key[self.record], known.view("M8[us]"), following.view("M8[us]"), retracted)

    def words(self, distinct: tuple[str, ...] | np.ndarray, missing: float = 0.0, skew: float = 1.0) -> Text:
        """One text a record, the first ones more often."""
        records = int(self.record[-1]) + 1 if len(self.record) else 0
        codes = (len(distinct) * self.random.random(records) ** skew).astype(np.int32)
        codes[self.random.random(records) < missing] = -1
        return Text(codes[self.record], np.array(distinct, dtype=object))

    def numbers(self, low: float, high: float, missing: float = 0.0, whole: bool = False) -> np.ndarray:
        """One number a record."""
        records = int(self.record[-1]) + 1 if len(self.record) else 0
        values = low + (high - low) * self.random.random(records)
        values = np.floor(values) if whole else values.round(4)
        values[self.random.random(records) < missing] = np.nan
        return values[self.record]

    def flags(self, share: float, missing: float = 0.0) -> np.ndarray:
        """One yes (1) or no (0) a record."""
        return np.where(np.isnan(drawn := self.numbers(0, 1, missing)), np.nan, drawn < share)

    def after(self, low: int, high: int, missing: float = 0.0) -> np.ndarray:
        """A day some days after the record's own."""
        return self.day + self.numbers(low, high, missing, whole=True)

    def only_later(self, values: np.ndarray) -> np.ndarray:
        """What only the second version of a record knows."""
        return np.where(self.later, values, np.nan)


def make_city(enterprises: int, events: int, seed: int = 0) -> City:
    """A city with about `events` versions of events (and 5 % more versions than enterprises of registrations)."""
    codes = np.array([f"9199010{n:011d}" for n in range(enterprises)], dtype=object)
    tables = {"enterprise": _registrations(enterprises, seed)}
    for name, share in SHARES.items():
        tables[name] = MAKERS[name](Maker(enterprises, seed, name), int(events * share))
    return City(codes, tables)


def _registrations(enterprises: int, seed: int) -> Facts:
    make = Maker(enterprises, seed, "enterprise")
    day = make.random.integers(FIRST_DAY, LAST_DAY, enterprises)
    facts = make.of(np.arange(enterprises, dtype=np.int32), day, 0.05, 0.002)
    industry = make.words(INDUSTRIES, skew=2)
    people = np.array([f"人{n}" for n in range(enterprises)], dtype=object)
    addresses = np.array([f"安和路{n}号" for n in range(enterprises)], dtype=object)
    facts.columns = {
        "entkind": make.words(("1", "3", "2", "4"), skew=2), "is_branch": make.flags(0.05),
        "regcap": make.numbers(1, 1000, 0.02), "reccap": make.numbers(0, 500, 0.3),
        "estdate": make.numbers(10_000, 20_640, 0.001, True), "opto": make.numbers(18_000, 40_000, 0.7, True),
        "regstate": make.words(("存续", "歇业", "吊销", "注销", "迁出", "清算"), skew=6),
        "dom": make.words(addresses, skew=1.3), "domdistrict": make.words(AREAS),
        "opscope": make.words(SCOPES, skew=1.5), "industryphy": _letters(industry),
        "industryco": industry, "empnum": make.numbers(0, 200, 0.2, True), "scaled": make.flags(0.02),
        "lerep": make.words(people, 0.02, 1.2), "tel_hash": make.words(people, 0.05, 1.1),
    }  # fmt: skip
    return facts


def _letters(industry: Text) -> Text:
    distinct = np.array(sorted(set(LETTERS)), dtype=object)
    place = np.array([list(distinct).index(letter) for letter in LETTERS], np.int32)
    return Text(place[industry.codes], distinct)


def _reports(make: Maker, rows: int) -> Facts:
    """One of a year at most."""
    cells = make.enterprises * len(YEARS)
    filed = np.flatnonzero(make.random.random(cells) < rows / 1.08 / cells)
    year = np.array(YEARS)[filed % len(YEARS)]
    submitted = (year - 1969) * 365.25 // 1 + make.random.integers(1, 220, len(filed))
    facts = make.of((filed // len(YEARS)).astype(np.int32), submitted.astype(np.int64), 0.08, 0.002)
    facts.columns = {
        "report_year": year[make.record].astype(float), "submitted_on": make.day.astype(float),
        "all_zero": make.flags(0.08), "amended": np.where(make.later, 1.0, 0.0),
        "empnum": make.numbers(0, 50, 0.1, True), "insured": make.numbers(-10, 40, 0.2, True).clip(0),
    }  # fmt: skip
    return facts


def _filings(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, True, 0.02, 0.005)
    item = make.words(ITEMS)
    amounts = [f"{n % 977}.{n % 10}万元人民币" for n in range(CAPITALS)]
    pool = np.array([*amounts, *(f"安和市{n}街{n % 97}号" for n in range(150_000))], dtype=object)
    capital = item.codes == ITEMS.index("注册资本变更")
    before, after = make.words(pool, 0.02), make.words(pool, 0.02)
    for side in (before, after):
        side.codes[capital & (side.codes >= 0)] %= CAPITALS
    facts.columns = {
        "kind": make.words(("变更", "备案")), "altitem": item, "altdate": make.day.astype(float),
        "due_on": make.after(-5, 30, 0.4), "altbe": before, "altaf": after,
    }  # fmt: skip
    return facts


def _checks(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, False, 0.05, 0.01)
    facts.columns = {
        "inspdate": make.day.astype(float), "draw_type": make.words(("不定向", "定向", "投诉举报", "日常巡查")),
        "result_code": make.words(("R01", "R05", "R06", "R03", "R02", "S05"), skew=3), "problem": make.flags(0.12, 0.05),
        "measure": make.numbers(50, 100, 0.6, True), "inspectors": make.words(tuple(f"{{S{n},S{n + 1}}}" for n in range(200))),
    }  # fmt: skip
    return facts


def _complaints(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, False, 0.3, 0.005)
    facts.columns = {
        "kind": make.words(("投诉", "举报"), skew=1.5), "received_on": make.day.astype(float),
        "topic": make.words(("质量", "价格", "广告", "售后", "食品安全")),
        "verified": make.only_later(make.flags(0.4)), "closed_on": make.only_later(make.after(10, 90)),
    }  # fmt: skip
    return facts


def _premises(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, True, 0.02, 0.01)
    facts.columns = {"premises_no": make.numbers(1, 4, whole=True)}
    return facts


def _permits(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, False, 0.05, 0.005)
    facts.columns = {
        "xk_xkzs": make.words(("食品经营许可证", "药品经营许可证", "特种设备使用登记证", "烟草专卖零售许可证"), 0.02, 2),
        "xk_yxqz": make.day.astype(float), "xk_yxqzi": make.after(300, 1826, 0.15), "xk_zt": make.words(("1", "2"), 0.01, 3),
    }  # fmt: skip
    return facts


def _penalties(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, False, 0.15, 0.02)
    facts.columns = {
        "violation_code": make.words(tuple(f"F{n}" for n in range(60)), 0.3, 2),
        "cf_wfxw": make.words(tuple(f"违反第{n}条的行为" for n in range(300)), 0.05, 2),
        "cf_cflb": make.words(PENALTIES, skew=2), "cf_nr_fk": make.numbers(0.01, 20, 0.3),
        "cf_nr_wfff": make.numbers(0.01, 5, 0.7), "cf_jdrq": make.day.astype(float),
        "department": make.words(("市场监管", "消防", "税务", "城管"), skew=2),
        "repaired_on": make.only_later(make.after(30, 500, 0.2)),
    }  # fmt: skip
    return facts


def _listings(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, True, 0.5, 0.01)
    facts.columns = {
        "specause": make.words(("1", "4", "3", "2", "9"), skew=2), "abntime": make.day.astype(float),
        "remdate": make.only_later(make.after(20, 700)),
    }  # fmt: skip
    return facts


def _serious(make: Maker, rows: int) -> Facts:
    facts = make.versions(rows, True, 0.3, 0.01)
    facts.columns = {"abntime": make.day.astype(float), "remdate": make.only_later(make.after(300, 1200))}
    return facts


MAKERS = {
    "annual_report": _reports, "filing": _filings, "inspection_result": _checks, "complaint": _complaints,
    "premises": _premises, "permit": _permits, "penalty": _penalties, "abnormal_listing": _listings,
    "serious_violation": _serious,
}  # fmt: skip
