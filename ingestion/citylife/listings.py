"""Lists (经营异常名录、标记异常状态、严重违法失信名单): who is put on them, why, and when they come off."""

import numpy as np

from ingestion.citylife.columns import Integers, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.inspecting import Findings
from ingestion.citylife.offices import authority
from ingestion.citylife.places import Ground
from ingestion.citylife.process import Lives, Risk
from ingestion.citylife.reporting import Missed
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time
from registry.vocabulary import ABNORMAL_CAUSES

_LISTED_AFTER_MISSING = 0.88
_WAYS_OUT = {
    "1": "补报未报年份的年度报告并公示",
    "2": "已履行公示义务",
    "3": "已更正公示的信息",
    "4": "依法办理住所变更登记",
}
_SERIOUS_SHARE = 0.5
_SERIOUS_REASONS = (
    "拒不履行行政处罚决定",
    "因严重违法行为受到较重行政处罚",
    "生产经营不符合安全标准的产品，情节严重",
)


def put_on_lists(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives,
    missed: Missed, findings: Findings,
) -> Table:  # fmt: skip
    """The table of abnormal listings: entry, and removal as a later version."""
    owner, cause, day, way_out = _entries(random, risk, missed, findings)
    alive = lives.alive(owner, day)
    owner, cause, day, way_out = owner[alive], cause[alive], day[alive], way_out[alive]
    order = np.lexsort((day, cause, owner))
    owner, cause, day, way_out = owner[order], cause[order], day[order], way_out[order]
    first = _rows(random, cohort, called, ground, risk, owner, cause, day)
    out = np.nonzero(~np.isnat(way_out) & (way_out <= risk.timeline.as_of))[0]
    removed = pick(first, out)
    removed["remexcpres"] = texts([_WAYS_OUT[c] for c in cause[out]])
    removed["remdate"] = risk.timeline.after(way_out[out], random.integers(1, 6, len(out)))
    removed["redecorg"] = removed["decorg"]
    removed["known_at"] = np.maximum(
        risk.timeline.learned(random, removed["remdate"]), removed["known_at"] + np.timedelta64(1, "h")
    )
    table = stack([first, removed])
    return pick(table, known_in_time(risk.timeline, table["known_at"]))


def _entries(
    random: np.random.Generator, risk: Risk, missed: Missed, findings: Findings
) -> tuple[Integers, np.ndarray, Dates, Dates]:
    timeline = risk.timeline
    listed = (random.random(len(missed.owner)) < _LISTED_AFTER_MISSING) & ~(missed.filed <= missed.due + 12)
    start = timeline.after(missed.due[listed], random.integers(2, 11, int(listed.sum())))
    owners, causes = [missed.owner[listed]], [np.full(int(listed.sum()), "1")]
    days, outs = [start], [np.maximum(missed.filed[listed], start + 1)]
    for result, cause, share in (("R04", "4", 0.9), ("R03", "3", 0.8), ("R02", "2", 0.35)):
        found = np.nonzero((findings.result == result) & (random.random(len(findings.owner)) < share))[0]
        day = timeline.after(findings.day[found], random.integers(5, 40, len(found)))
        level = risk.at(findings.owner[found], findings.day[found])
        stays = (random.exponential(180 * np.exp(0.35 * level)) + 8).astype(np.int64)
        never = random.random(len(found)) < 0.25
        owners.append(findings.owner[found])
        causes.append(np.full(len(found), cause))
        days.append(day)
        outs.append(np.where(never, NEVER, day + stays))
    return (
        np.concatenate(owners),
        np.concatenate(causes).astype(object),
        np.concatenate(days),
        np.concatenate(outs),
    )


def _rows(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, owner: Integers,
    cause: np.ndarray, day: Dates,
) -> Table:  # fmt: skip
    bureau = authority("市场监管", ground.districts[cohort.place[owner]])
    years = day.astype("datetime64[Y]").astype(str)
    serial = cohort.serial[owner]
    return {
        **subject(cohort, called, owner, day),
        "specause": texts([ABNORMAL_CAUSES[c] for c in cause]),
        "abntime": day,
        "decorg": bureau,
        "decno": texts([f"安市监异入〔{y}〕第{s:07d}号" for y, s in zip(years, serial, strict=True)]),
        "remexcpres": texts([None] * len(owner)),
        "remdate": np.full(len(owner), NEVER),
        "redecorg": texts([None] * len(owner)),
        "known_at": risk.timeline.learned(random, day),
        "entkind": cohort.kind[owner],
    }


def put_on_black_list(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives,
    severe: tuple[Integers, Dates],
) -> Table:  # fmt: skip
    """The table of serious violations: half of the severe penalties, and the early exits after a year."""
    chosen = random.random(len(severe[0])) < _SERIOUS_SHARE
    day = risk.timeline.workday(severe[1][chosen] + random.integers(20, 90, int(chosen.sum())))
    owner = severe[0][chosen]
    alive = lives.alive(owner, day)
    owner, day = owner[alive], day[alive]
    first: Table = {
        **subject(cohort, called, owner, day),
        "serillrea": texts([_SERIOUS_REASONS[k] for k in random.integers(0, 3, len(owner))]),
        "abntime": day,
        "decorg": authority("市场监管", ground.districts[cohort.place[owner]]),
        "decno": texts(
            [
                f"安市监严〔{y}〕第{s:07d}号"
                for y, s in zip(day.astype("datetime64[Y]").astype(str), cohort.serial[owner], strict=True)
            ]
        ),
        "remexcpres": texts([None] * len(owner)),
        "remdate": np.full(len(owner), NEVER),
        "known_at": risk.timeline.learned(random, day),
    }
    leaves = random.random(len(owner)) < 0.4
    again = pick(first, leaves)
    again["remexcpres"] = texts(["履行义务满一年，提前移出"] * int(leaves.sum()))
    again["remdate"] = risk.timeline.workday(day[leaves] + random.integers(370, 700, int(leaves.sum())))
    again["known_at"] = risk.timeline.learned(random, again["remdate"])
    table = stack([first, again])
    return pick(table, known_in_time(risk.timeline, table["known_at"]))
