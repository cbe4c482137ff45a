"""A small town really trained and graded twice, with a model, an appeal and an override that wait for a second person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, insert, select

from registry import tables as t
from risk.adoption import adopt, propose_adoption
from risk.appeals import open_appeal
from risk.grade import grade
from risk.overrides import Proposal, propose_override
from risk.train import train
from tests.journeys import records as r
from tests.risk.town import PLACE, enterprise, penalty, release_all, store, town

TRAINED, EARLIER, LATER = date(2026, 6, 1), date(2026, 11, 1), date(2026, 12, 1)
PUNISHED_ON = date(2026, 11, 12)
STATION = "990101001"
"""The office of the town's enterprises, below the city's."""


@dataclass
class Decisions:
    """What waits for whom: `punished` is the firm of the appeal, `adjusted` that of the override."""

    punished: str
    penalty_id: int
    adjusted: str
    new_run: int
    appeal_id: int
    override_id: int
    adoption_id: int


def build_decided_town(engine_for: Callable[[str], Engine], owner: Engine) -> Decisions:
    """Build everything on the day of the records (WURAO_TODAY)."""
    rows = town(300, seed=5)
    rows["enterprise"].append(enterprise(r.OWN, localadm=r.NORTH))
    store(owner, rows)
    _offices(owner)
    engine = engine_for("risk")
    first = train(engine, TRAINED, PLACE).model_run_id
    adopt(engine, first, "张三", "李四", "测试期指标已核对，优于规则评分", TRAINED)
    grade(engine, EARLIER, PLACE)
    release_all(engine)
    punished, adjusted = _firm(engine, "A", "model"), _firm(engine, "C", "hard_rule")
    store(
        owner,
        {
            "penalty": [
                penalty(punished, PUNISHED_ON, PUNISHED_ON, "wrong", cf_cflb="责令停产停业", cf_nr_fk=20)
            ]
        },
    )
    grade(engine, LATER, PLACE)
    release_all(engine)
    with engine.connect() as connection:
        wanted = select(t.Penalty.id).where(
            t.Penalty.enterprise_code == punished, t.Penalty.cf_wsh == "wrong"
        )
        number = connection.execute(wanted).scalar_one()
    second = _another_run(engine, first)
    adoption = propose_adoption(engine, second, "张三", "补充半年检查结果后重新训练", LATER)
    appeal = open_appeal(
        engine, punished, LATER, PLACE, [("penalty", number)], "处罚决定已被复议机关撤销", "窗口受理"
    )
    proposal = Proposal(adjusted, "B", "已完成整改，正在办理移出", "安市监函〔2026〕7号", LATER)
    override = propose_override(engine, PLACE, proposal, "张三")
    return Decisions(punished, number, adjusted, second, appeal, override, adoption)


def _offices(owner: Engine) -> None:
    fixed = {"content_hash": "0" * 64, "batch_id": 1, "row_no": 1, "known_at": datetime(2026, 1, 1)}
    offices = (
        (r.CITY, "安和市市场监督管理局", "市局", None), (r.NORTH, "北岸区局", "区局", r.CITY),
        (r.SOUTH, "南桥区局", "区局", r.CITY), (STATION, "城关所", "所", r.CITY),
    )  # fmt: skip
    values = [
        {**fixed, "natural_key": f"office|{code}", "office": code, "office_name": name, "level": level,
         "parent": parent, "division": code}
        for code, name, level, parent in offices
    ]  # fmt: skip
    with owner.begin() as connection:
        connection.execute(insert(t.Office), values)


def _firm(engine: Engine, klass: str, layer: str) -> str:
    wanted = select(t.Grade.enterprise_code).where(
        t.Grade.credit_risk_class == klass, t.Grade.deciding_layer == layer
    )
    with engine.connect() as connection:
        return str(connection.execute(wanted.order_by(t.Grade.id).limit(1)).scalar_one())


def _another_run(engine: Engine, run: int) -> int:
    """A second model run like the first."""
    with engine.begin() as connection:
        values = dict(
            connection.execute(select(*t.ModelRun.__table__.c).where(t.ModelRun.id == run)).mappings().one()
        )
        values.pop("id")
        return int(
            connection.execute(insert(t.ModelRun).values(**values).returning(t.ModelRun.id)).scalar_one()
        )
