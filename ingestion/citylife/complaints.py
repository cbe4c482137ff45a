"""Complaints and reports (投诉举报): more of them where customers are many and risk is high.

The file names its complainants, as real ones do; ingestion must drop those columns unread.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.citylife.columns import Integers, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.names import person_names
from ingestion.citylife.process import Lives, Risk, logistic, occurrences
from ingestion.citylife.tables import Changing, Table, leave_out_codes, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time
from ingestion.citylife.trades import TRADES

TOPICS = (
    "商品质量", "食品安全", "价格争议", "虚假宣传", "预付卡退费", "售后服务", "无证经营", "合同违约", "噪声油烟", "拖欠工资",
    "消防通道占用",
)  # fmt: skip
_SHARES = (0.22, 0.16, 0.12, 0.12, 0.12, 0.1, 0.03, 0.05, 0.03, 0.03, 0.02)
_NAME_ONLY = 0.02
DEPARTMENT_OF_TOPIC = {"噪声油烟": "生态环境", "拖欠工资": "人社", "消防通道占用": "消防"}
"""Who follows a complaint up; every other topic is the market regulator's."""


@dataclass(frozen=True)
class Heard:
    """Complaints as events: whose, when, about what."""

    owner: Integers
    day: Dates
    topic: Integers


def complain(
    random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives
) -> tuple[Table, Heard]:
    """The complaint table, part of it in two versions (received, then decided), and the events themselves."""
    public = np.array([t.public for t in TRADES])[cohort.trade] * np.where(cohort.kind == "1", 1.2, 0.7)
    size = np.sqrt(np.clip(cohort.empnum, 1, 200) / 10)
    rate = 0.06 * public[:, None] * size[:, None] * np.exp(0.85 * risk.yearly())
    owner, day = occurrences(random, np.minimum(rate, 6), lives, risk.timeline)
    topic = random.choice(len(TOPICS), len(owner), p=_SHARES)
    closed = risk.timeline.after(day, random.integers(3, 45, len(owner)))
    verified = random.random(len(owner)) < logistic(-1.0 + 0.8 * risk.at(owner, day))
    chunk = int(cohort.serial[0])
    number = [f"9901{d.replace('-', '')}{chunk:08d}{k:05d}" for k, d in enumerate(day.astype(str))]
    final: Table = {
        "complaint_no": texts(number),
        "kind": texts([("投诉", "举报")[int(r)] for r in random.random(len(owner)) < 0.28]),
        **subject(cohort, called, owner, day),
        "received_on": day,
        "topic": texts([TOPICS[t] for t in topic]),
        "verified": texts([("不属实", "属实")[int(v)] for v in verified]),
        "closed_on": closed,
        "known_at": risk.timeline.learned(random, closed),
        "complainant": person_names(random, len(owner)),
        "complainant_tel": (10_098_000_000 + random.integers(0, 10**6, len(owner)))
        .astype(str)
        .astype(object),
    }
    leave_out_codes(random, final, _NAME_ONLY)
    opened = (random.random(len(owner)) < 0.3) | ~known_in_time(risk.timeline, final["known_at"])
    first = pick(final, opened)
    first["verified"] = texts([None] * int(opened.sum()))
    first["closed_on"] = np.full(int(opened.sum()), NEVER)
    first["known_at"] = (
        risk.timeline.after(day[opened], np.ones(int(opened.sum()), dtype=np.int64)).astype("datetime64[s]")
        + 36_000
    )
    table = stack([first, final])
    return pick(table, known_in_time(risk.timeline, table["known_at"])), Heard(owner, day, topic)
