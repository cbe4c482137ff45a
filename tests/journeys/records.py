"""A small consistent house for tests of the doors: one city, three offices, six firms, one published draw.

Everything that must never reach an enterprise or the public is planted with values found nowhere else, so that a
test can look for them in every response.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, update
from stdnum.cn import uscc

from registry import tables as t
from scheduling.ceremony import commit_draw, record_seed, run_draw
from scheduling.publication import publish_draw
from tests.journeys.source_records import add_sources

TODAY = date(2026, 12, 1)
AS_OF = date(2026, 11, 20)
LONG_AGO = datetime(2026, 1, 1)
CITY, NORTH, SOUTH = "990100", "990102", "990103"
PLANTED_PROBABILITY, PLANTED_SCORE = 0.7319431, 4.6682013
PLANTED_RULE, PLANTED_INDICATOR, PLANTED_REASON = "HR-PLANTED-77", "植入指标甲", "植入理由句：不得外泄"
PLANTED_VISIT_REASON = "植入选取原因：不得外泄"
SECRETS = (
    "0.7319",
    "73.19",
    "4.6682",
    "4.668",
    PLANTED_RULE,
    PLANTED_INDICATOR,
    PLANTED_REASON,
    PLANTED_VISIT_REASON,
    "credit_risk_class",
    "信用风险",
    "风险分类",
    "分类结果",
    "probability",
    "概率",
    "stratum",
    "rule_code",
    "deciding_layer",
    'class="klass',
    "HARD-RULE",
)
"""What no enterprise and no member of the public may find anywhere."""

FIRMS = [
    ("91990100MAHR10016J", "安和市晨光食品有限公司", NORTH, "D"),
    ("91990100MAHR10024D", "安和市北岸电梯维保有限公司", NORTH, "C"),
    ("91990100MAHR100328", "安和市青禾幼儿用品店", NORTH, "B"),
    ("91990100MAHR100403", "安和市南桥化工有限公司", SOUTH, "D"),
    ("91990100MAHR100590", "安和市和顺旅馆", SOUTH, "A"),
    ("91990100MAHR10067T", "安和市博雅印务有限公司", SOUTH, "A"),
]
FIRMS += [
    (stem + uscc.calc_check_digit(stem), f"安和市{word}兴便利店", SOUTH, "A")
    for word, stem in (
        (word, f"91990100MAHR1{number:03d}1")
        for number, word in enumerate("福禄寿喜康宁丰泰盛裕昌隆吉祥和顺富贵安居乐业", start=101)
    )
]
"""Honest ones enough for the quota of firms left undisturbed to let one visit pass."""
OWN, NEIGHBOUR = FIRMS[0][0], FIRMS[3][0]
ITEMS = [
    ("A09", "年度报告公示信息检查", "市场监管", "企业信息公示暂行条例第十四条"),
    ("B03", "食品经营许可及进货查验检查", "市场监管", "食品安全法第五十三条"),
    ("X01", "消防安全责任制落实情况检查", "消防", "消防法第十六条"),
]
INSPECTORS = [("S1001", "王建国", "市场监管"), ("S1002", "李秀英", "市场监管"), ("F2001", "陈卫东", "消防")]


@dataclass
class Records:
    """Numbers of what was inserted."""

    plan_id: int = 0
    draw_id: int = 0
    roster_id: int = 0
    visit_id: int = 0
    """The first visit: today, at OWN, noticed, with all three inspectors."""
    foreign_visit_id: int = 0
    """A visit at NEIGHBOUR without S1001 and without a notice."""
    case_id: int = 0
    task_ids: list[int] = field(default_factory=list)


def build_records(engine: Engine, engine_for: Any, bundles: Path) -> Records:
    """Insert everything as the schema's owner, and hold a real draw through the schedule stage."""
    records = Records()
    with engine.begin() as connection:
        _facts(connection)
        _grades(connection)
        _warnings(connection)
        _plan(connection, records)
    _draw(engine_for("schedule"), records, bundles)
    with engine.begin() as connection:
        _roster(connection, records)
        _case(connection, records)
        add_sources(connection)
    return records


def _fact(key: str, **values: Any) -> dict[str, Any]:
    content = hashlib.sha256(repr((key, values)).encode()).hexdigest()
    return {
        "natural_key": key,
        "content_hash": content,
        "known_at": LONG_AGO,
        "batch_id": 1,
        "row_no": 1,
    } | values


def _question(connection: Connection, batch_id: int) -> None:
    """A name that found nobody, and the two enterprises that it may mean."""
    question = {
        "dataset": "complaint", "sender": "", "given_name": "晨光食品有限责任公司", "given_number": "91990100MAHR1OO16J",
        "name_key": "晨光食品有限责任公司", "number": "91990100MAHR1OO16J", "code": "code_alphabet", "batch_id": batch_id,
        "asked_at": LONG_AGO, "round": 1, "searched_at": LONG_AGO,
    }  # fmt: skip
    made = insert(t.MatchQuestion).values(**question).returning(t.MatchQuestion.id)
    number = connection.execute(made).scalar_one()
    connection.execute(insert(t.MatchRow).values(question_id=number, batch_id=batch_id, row_no=8))
    found = [(FIRMS[0], 99.0, "字母写成了形近的数字；名称相近"), (FIRMS[3], 61.0, "曾用名相近")]
    for rank, (firm, score, why) in enumerate(found, start=1):
        candidate = {
            "question_id": number,
            "round": 1,
            "rank": rank,
            "enterprise_code": firm[0],
            "known_as": firm[1],
        }
        connection.execute(insert(t.MatchCandidate).values(score=score, why=why, **candidate))


def _facts(connection: Connection) -> None:
    batch = {
        "dataset": "registration",
        "file_name": "registration_2026-11.csv",
        "sha256": "ab" * 32,
        "received_at": LONG_AGO,
        "finished_at": LONG_AGO,
        "state": "loaded",
        "rows_read": 8,
        "rows_valid": 6,
        "rows_faulty": 2,
        "rows_new": 6,
    }
    batch_id = connection.execute(insert(t.Batch).values(**batch).returning(t.Batch.id)).scalar_one()
    connection.execute(
        insert(t.RowFault).values(
            batch_id=batch_id,
            row_no=7,
            column="统一社会信用代码",
            code="code.check_digit",
            sentence="第 7 行的统一社会信用代码校验位不对。",
            raw={"身份证号": "330921190001010000"},
        )
    )
    _question(connection, batch_id)
    offices = [
        (CITY, "安和市市场监督管理局", "市", None),
        (NORTH, "北岸区局", "区", CITY),
        (SOUTH, "南桥区局", "区", CITY),
    ]
    connection.execute(
        insert(t.Office),
        [
            _fact(code, office=code, office_name=name, level=level, parent=parent, division=code)
            for code, name, level, parent in offices
        ],
    )
    connection.execute(
        insert(t.Department),
        [
            _fact(d, department=d, full_name=f"安和市{d}局", initiates=d == "市场监管")
            for d in ("市场监管", "消防")
        ],
    )
    connection.execute(
        insert(t.CheckItem),
        [
            _fact(
                code,
                item_code=code,
                item_name=name,
                sub_item=None,
                category="一般",
                basis=basis,
                department=department,
                object_scope="企业",
                library="主体综合库",
                frequency="每年不超过一次",
                method="现场",
                minutes=60,
                valid_from=date(2024, 1, 1),
                valid_to=None,
                ratio_low=None,
                ratio_high=None,
                qualification=None,
                exempt_category=None,
            )
            for code, name, department, basis in ITEMS
        ],
    )
    connection.execute(insert(t.Enterprise), [_enterprise(*firm) for firm in FIRMS])
    connection.execute(
        insert(t.Premises),
        [
            _fact(
                f"{code}#1",
                enterprise_code=code,
                premises_no=1,
                address=f"安和市{name[3:5]}路 8 号",
                domdistrict=office,
                localadm=office,
                cluster=f"{office}001",
                longitude=None,
                latitude=None,
            )
            for code, name, office, _ in FIRMS
        ],
    )
    connection.execute(
        insert(t.Inspector),
        [
            _fact(
                no,
                staff_no=no,
                name=name,
                department=department,
                office=CITY,
                specialities=["综合"],
                expert=False,
                active=True,
            )
            for no, name, department in INSPECTORS
        ],
    )
    connection.execute(
        insert(t.InspectorCertificate),
        [
            _fact(
                f"{no}-card",
                staff_no=no,
                kind="执法证",
                certificate_no=f"AH{no}",
                valid_from=date(2024, 1, 1),
                valid_to=date(2028, 1, 1),
            )
            for no, *_ in INSPECTORS
        ],
    )


def _enterprise(code: str, name: str, office: str, _klass: str) -> dict[str, Any]:
    return _fact(
        code,
        enterprise_code=code,
        uniscid=code,
        regno=None,
        entname=name,
        entname_sort=name,
        enttype="有限责任公司",
        entkind="1",
        is_branch=False,
        regcap=100,
        reccap=None,
        estdate=date(2015, 3, 1),
        opfrom=None,
        opto=None,
        regorg=CITY,
        localadm=office,
        regstate="存续",
        dom=f"安和市{name[3:5]}路 8 号",
        domdistrict=office,
        opscope="一般项目",
        industryphy="F",
        industryco="5221",
        empnum=12,
        scaled=False,
        park=None,
        lerep="赵某",
        tel_hash=None,
    )


def _grades(connection: Connection) -> None:
    made = {"rules_version": "r", "code_version": "c", "made_at": LONG_AGO}
    snapshot = connection.execute(
        insert(t.FeatureSnapshot)
        .values(as_of=AS_OF, place=CITY, feature_names=["x"], data_hash="d", **made)
        .returning(t.FeatureSnapshot.id)
    ).scalar_one()
    run = connection.execute(
        insert(t.ModelRun)
        .values(
            as_of=AS_OF,
            place=CITY,
            learner="lightgbm",
            data_hash="d",
            seed=1,
            parameters={},
            metrics={},
            model_file=b"m",
            model_hash="h",
            **made,
        )
        .returning(t.ModelRun.id)
    ).scalar_one()
    connection.execute(
        insert(t.SnapshotRelease).values(
            snapshot_id=snapshot, how="automatic", reason="监测无异常", released_at=LONG_AGO
        )
    )
    for place, (code, _, _, klass) in enumerate(FIRMS):
        grade_id = connection.execute(
            insert(t.Grade)
            .values(
                as_of=AS_OF,
                place=CITY,
                enterprise_code=code,
                snapshot_id=snapshot,
                model_run_id=run,
                score=PLANTED_SCORE - place,
                probability=PLANTED_PROBABILITY / (place + 1),
                probability_low=0.1,
                probability_high=0.9,
                model_class="C",
                credit_risk_class=klass,
                previous_class="B",
                deciding_layer="hard_rule",
                rule_code=PLANTED_RULE,
                no_history=False,
                rules_version="r",
                made_at=LONG_AGO,
            )
            .returning(t.Grade.id)
        ).scalar_one()
        connection.execute(
            insert(t.GradeReason).values(
                grade_id=grade_id,
                rank=1,
                indicator=PLANTED_INDICATOR,
                sentence=PLANTED_REASON,
                contribution=1.5,
                evidence={},
            )
        )


def _warnings(connection: Connection) -> None:
    for code in (OWN, NEIGHBOUR):
        connection.execute(
            insert(t.Warning).values(
                as_of=AS_OF,
                place=CITY,
                enterprise_code=code,
                kind="annual_report",
                title="2025 年度年报尚未报送",
                sentence=f"截至 2026年11月20日，没有查到 {code} 的 2025 年度报告。",
                basis="企业信息公示暂行条例第八条",
                deadline=TODAY + timedelta(days=30),
                way_out="登录国家企业信用信息公示系统补报并公示，当日生效。",
                source_table="annual_report",
                made_at=LONG_AGO,
            )
        )


def _plan(connection: Connection, records: Records) -> None:
    window = {"window_from": date(2026, 12, 1), "window_to": date(2026, 12, 31)}
    records.plan_id = connection.execute(
        insert(t.Plan)
        .values(
            number="99010020260001",
            version=1,
            name="2026年12月双随机联合抽查计划",
            place=CITY,
            as_of=AS_OF,
            initiating_department="市场监管",
            state="allocated",
            made_by="zhangsan",
            approved_by="lisi",
            rules_version="r",
            made_at=LONG_AGO,
            **window,
        )
        .returning(t.Plan.id)
    ).scalar_one()
    for order, (department, items) in enumerate((("市场监管", ["A09", "B03"]), ("消防", ["X01"])), start=1):
        records.task_ids.append(
            connection.execute(
                insert(t.Task)
                .values(
                    plan_id=records.plan_id,
                    number=f"990100202611200{order:03d}",
                    short=f"T{order}",
                    name=f"{department}综合检查",
                    department=department,
                    lead=order == 1,
                    directed=False,
                    item_codes=items,
                    library="主体综合库",
                    method="现场",
                    minutes=60,
                    level="一般",
                    class_rates={"A": 0.1, "B": 0.2, "C": 0.5, "D": 1.0},
                    object_total=6,
                    target_total=4,
                    **window,
                )
                .returning(t.Task.id)
            ).scalar_one()
        )
    for task_id in records.task_ids:
        for code, _, office, klass in FIRMS:
            connection.execute(
                insert(t.PoolObject).values(
                    plan_id=records.plan_id,
                    task_id=task_id,
                    object_id=code,
                    enterprise_code=code,
                    premises_no=1,
                    stratum=f"{klass}/{office}",
                    honest=klass == "A",
                )
            )
        for _, _, office, klass in FIRMS[:5]:
            size = sum(1 for firm in FIRMS if firm[2:] == (office, klass))
            connection.execute(
                insert(t.StratumCount).values(
                    plan_id=records.plan_id,
                    task_id=task_id,
                    stratum=f"{klass}/{office}",
                    size=size,
                    rate=1.0,
                    count=1,
                    reason="比例",
                )
            )
    connection.execute(
        insert(t.PoolExclusion).values(
            plan_id=records.plan_id,
            task_id=records.task_ids[0],
            object_id="91990100MAHR10075N",
            reason="spacing",
            sentence="30 日内已被检查过一次。",
        )
    )


def _draw(engine: Engine, records: Records, bundles: Path) -> None:
    ceremony = "2026年12月1日9时，安和市局一楼大厅，当众掷骰子三十次"
    records.draw_id = commit_draw(engine, records.plan_id, "zhangsan", ceremony)
    record_seed(
        engine,
        records.draw_id,
        "2026-12-01 dice 3 6 1 4 4 2 5 1 6 3 2 2 5 4 1",
        "大厅掷骰，公证员见证",
        "lisi",
    )
    run_draw(engine, records.draw_id, "lisi")
    publish_draw(engine, records.draw_id, bundles, "lisi")


def _roster(connection: Connection, records: Records) -> None:
    records.roster_id = connection.execute(
        insert(t.RosterVersion)
        .values(
            plan_id=records.plan_id,
            version=1,
            reason="首次排班",
            state="checked",
            draw_id=records.draw_id,
            problem="{}",
            roster="{}",
            statistics={},
            violations=[],
            unplaced=[],
            made_by="zhangsan",
            made_at=LONG_AGO,
        )
        .returning(t.RosterVersion.id)
    ).scalar_one()
    connection.execute(update(t.Plan).where(t.Plan.id == records.plan_id).values(state="rostered"))
    records.visit_id = _visit(connection, records, 1, FIRMS[0], TODAY, [0, 1, 2])
    records.foreign_visit_id = _visit(connection, records, 2, FIRMS[3], TODAY + timedelta(days=7), [1])
    _visit(connection, records, 3, FIRMS[1], TODAY + timedelta(days=9), [0, 1])
    connection.execute(
        insert(t.Notice).values(
            number="安市监检通〔2025〕第 88 号",
            kind="行政检查通知书",
            visit_id=records.visit_id,
            enterprise_code=OWN,
            door_code="K7QX-29PM-HH4T-W3ZA",
            content={},
            issued_on=AS_OF,
            made_at=LONG_AGO,
        )
    )


def _visit(connection: Connection, records: Records, number: int, firm: tuple[str, str, str, str], day: date,
           people: list[int]) -> int:  # fmt: skip
    visit_id = connection.execute(
        insert(t.Visit)
        .values(
            roster_id=records.roster_id,
            visit_no=f"JC-{number:04d}",
            object_id=firm[0],
            enterprise_code=firm[0],
            premises_no=1,
            visit_date=day,
            half="am" if number % 2 else "pm",
            lead_department="市场监管",
            cluster=f"{firm[2]}001",
            localadm=firm[2],
            reasons=[PLANTED_VISIT_REASON],
        )
        .returning(t.Visit.id)
    ).scalar_one()
    tasks = [(records.task_ids[0], "市场监管", ["A09", "B03"])]
    tasks += [(records.task_ids[1], "消防", ["X01"])] if 2 in people else []
    connection.execute(
        insert(t.VisitTask),
        [
            {
                "visit_id": visit_id,
                "task_id": task,
                "department": department,
                "item_codes": items,
                "minutes": 60,
            }
            for task, department, items in tasks
        ],
    )
    connection.execute(
        insert(t.VisitMember),
        [
            {
                "visit_id": visit_id,
                "staff_no": INSPECTORS[place][0],
                "department": INSPECTORS[place][2],
                "seat_group": "g",
                "lead": order == 0,
                "probability": 0.25,
            }
            for order, place in enumerate(people)
        ],
    )
    return int(visit_id)


def _case(connection: Connection, records: Records) -> None:
    records.case_id = connection.execute(
        insert(t.WaiverCase)
        .values(
            enterprise_code=OWN,
            item_code="W04",
            occurred_on=date(2026, 7, 1),
            corrected_on=date(2026, 8, 1),
            order_deadline=date(2026, 8, 10),
            harm=False,
            facts={},
            entered_by="zhangsan",
            entered_at=LONG_AGO,
        )
        .returning(t.WaiverCase.id)
    ).scalar_one()
    proposal = connection.execute(
        insert(t.WaiverProposal)
        .values(
            as_of=AS_OF,
            place=CITY,
            case_id=records.case_id,
            enterprise_code=OWN,
            item_code="W04",
            verdict="eligible",
            kind="首违不罚",
            article="行政处罚法第三十三条第一款",
            reasons=["两年内没有同类违法行为"],
            missing=[],
            documents=["不予行政处罚决定书", "教育记录"],
            evidence={},
            rules_version="r",
            made_at=LONG_AGO,
        )
        .returning(t.WaiverProposal.id)
    ).scalar_one()
    connection.execute(
        insert(t.WaiverDecision).values(
            proposal_id=proposal,
            waived=True,
            reason="首次未按期年报，责令期限内已补报，没有危害后果。",
            decided_by="lisi",
            decided_at=datetime(2026, 11, 21, 10),
        )
    )
