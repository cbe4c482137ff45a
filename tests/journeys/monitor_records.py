"""Half a year of monitoring with a last month that was held back, for the pages of officers."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, insert, select

from registry import tables as t
from tests.journeys import records as r

MONTHS = [date(2026, month, 28) for month in range(6, 12)]
HELD = MONTHS[-1]
SENTENCE = "指标“行政处罚次数”与上期（2026-10-28）相比 PSI 为 1.10。"
FINDINGS = [
    {"level": "red", "code": "psi.indicator", "subject": "pen_cnt_36", "sentence": SENTENCE,
     "remedy": "核对来源“行政处罚”最近的归集批次。", "blocks": True},
    {"level": "amber", "code": "source.silent", "subject": "penalty", "sentence": "来源“行政处罚”可能断供。",
     "remedy": "向报送单位核实。", "blocks": False},
]  # fmt: skip


def build_monitoring(engine: Engine) -> list[int]:
    """Insert everything as the schema's owner; ids of the reports, oldest first."""
    with engine.begin() as connection:
        run = connection.execute(select(t.ModelRun.id).limit(1)).scalar_one()
        return [_month(connection, run, number, day) for number, day in enumerate(MONTHS)]


def _month(connection: Any, run: int, number: int, day: date) -> int:
    made = datetime(day.year, day.month, day.day, 4)
    usual = {"rules_version": "r", "code_version": "c", "made_at": made}
    snapshot = connection.execute(
        insert(t.FeatureSnapshot)
        .values(as_of=day, place=r.CITY, feature_names=["x"], data_hash="d", **usual)
        .returning(t.FeatureSnapshot.id)
    ).scalar_one()
    held = day == HELD
    report = connection.execute(
        insert(t.MonitorReport)
        .values(
            snapshot_id=snapshot, model_run_id=run, as_of=day, place=r.CITY, status="red" if held else "green",
            blocks=held, findings=FINDINGS if held else [], figures=_figures(number, held), **usual,
        )
        .returning(t.MonitorReport.id)
    ).scalar_one()  # fmt: skip
    if not held:
        connection.execute(
            insert(t.SnapshotRelease).values(
                snapshot_id=snapshot,
                report_id=report,
                how="automatic",
                reason="监测没有停止放行的发现",
                released_at=made,
            )
        )
    return int(report)


def _figures(number: int, held: bool) -> dict[str, Any]:
    first = number == 0
    against = (
        {}
        if first
        else {"previous": _compared(number, held), "training": _compared(number, held, "2026-05-28")}
    )
    moved = {
        "compared": 3000, "changed": 60 + 300 * held, "quiet": 2800, "quiet_changed": 30, "entered": 12, "left": 3,
        "table": [["A", "A", 2000, 1900], ["A", "B", 40, 20], ["B", "A", 20, 10]],
    }  # fmt: skip
    classes = [
        {"class": name, "visits": 40 - 10 * place, "problems": 4 + place, "stated": 0.1 + 0.1 * place,
         "rate": (4 + place) / (40 - 10 * place), "interval": [0.03, 0.4], "p_worse": 0.3, "p_two_sided": 0.6}
        for place, name in enumerate("ABCD")
    ]  # fmt: skip
    group = {
        "enterprises": 1500, "classes": {"A": 900, "B": 400, "C": 150, "D": 50}, "probability": 0.12,
        "worse": [0.13, 0.11, 0.15], "visits": 40, "problems": 5, "stated": 0.11, "rate": [0.125, 0.04, 0.27], "p": 0.7,
    }  # fmt: skip
    return {
        "first": first, "enterprises": 3000, "classes": {"A": 1800, "B": 800, "C": 300, "D": 100},
        "trained_on": "2026-05-28", "against": against, "weights": {"pen_cnt_36": 0.2, "age_months": 0.001},
        "ruled": ["abn_in_now"], "movement": {} if first else moved,
        "sources": [{"table": "penalty", "rows": [None if first else 800, 700], "learned": None if first else [40, 3],
                     "missing": {"cf_nr_fk": [None if first else 0.02, 0.09]}}],
        "outcome": {} if first else {"graded": "2026-05-28", "until": "2026-10-28", "complete": True, "classes": classes},
        "finds": {"since": "2025-11-28", "classes": classes, "unclassed": 2},
        "audit": {"size": [{**group, "group": "从业 0–9 人"}], "district": [{**group, "group": r.NORTH}],
                  "ownership": [{**group, "group": "个体工商户", "visits": 0, "rate": None, "stated": None, "p": None}]},
    }  # fmt: skip


def _compared(number: int, held: bool, since: str = "") -> dict[str, Any]:
    def entry(psi: float, key: str) -> dict[str, Any]:
        return {"psi": psi, "bins": ["0", "1", "2", "未知"], "then": [0.8, 0.12, 0.08, 0.0],
                "now": [0.99, 0.01, 0.0, 0.0] if held and key == "pen_cnt_36" else [0.79, 0.13, 0.08, 0.0],
                "means": [0.28, 0.01], "shift": -0.4}  # fmt: skip

    day = since or str(MONTHS[number - 1])
    return {
        "as_of": day, "enterprises": [2990, 3000], "score": entry(0.02 + 0.2 * held, "score"),
        "indicators": {"pen_cnt_36": entry(1.1 if held else 0.01, "pen_cnt_36"), "age_months": entry(0.003 * number, "age"),
                       "phone_ent_cnt": entry(0.3, "phone"), "gone_since": entry(0.01, "gone")},
    }  # fmt: skip
