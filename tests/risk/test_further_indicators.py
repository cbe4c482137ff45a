"""Every further indicator by hand: before the event, inside, after its end or repair, after its window; and its records."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.rules import load_rules
from risk.archive import Archive, load_archive
from risk.indicators import FeatureFrame, feature_frame
from risk.indicators.sheet import IndicatorLine, indicator_sheet, sheet_of
from tests.conftest import make_database
from tests.risk.suburb import (
    bad_address,
    commitment,
    commitment_check,
    filing,
    honour,
    relation,
    signal,
    tax,
    waiver,
    watched,
)
from tests.risk.town import PLACE, Rows, enterprise, inspection, listing, penalty, report, store

BEFORE, INSIDE, ENDED = date(2026, 1, 10), date(2026, 6, 1), date(2026, 9, 1)
LAPSED, LONG_AFTER = date(2029, 8, 1), date(2032, 1, 1)
EVENT = date(2026, 3, 10)
END, KNOWN_END = date(2026, 8, 1), datetime(2026, 8, 5, 9)
DAYS = (BEFORE, INSIDE, ENDED, LAPSED, LONG_AFTER)


@dataclass
class Case:
    """Facts about `code`, the values of one indicator on the five days, and how many records stand behind INSIDE."""

    key: str
    code: str
    rows: Rows
    values: tuple[float | None, ...]
    records: int = 1
    more: dict[str, Any] = field(default_factory=dict)


def ended(first: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """A fact and the later version that ends it."""
    return [first, {**first, **changes, "known_at": KNOWN_END}]


def _court() -> Iterator[Case]:
    over = {"ended_on": END, "state": "解除"}
    for key, kind, window in (
        ("equity_pledge_cnt", "股权出质", True), ("chattel_mortgage_cnt", "动产抵押", True),
        ("equity_frozen", "股权冻结", False), ("bankrupt_now", "破产", False), ("dishonest_executed", "失信被执行人", False),
        ("executed_cnt", "被执行人", True), ("lerep_restricted", "限制高消费", False),
    ):  # fmt: skip
        code = f"J{key}"
        yield Case(
            key,
            f"{code}1",
            {"judicial_signal": ended(signal(f"{code}1", kind, EVENT), **over)},
            (0, 1, 0, 0, 0),
        )
        left = (0, 1, 1, 0, 0) if window else (0, 1, 1, 1, 1)
        yield Case(key, f"{code}2", {"judicial_signal": [signal(f"{code}2", kind, EVENT)]}, left)
        until = signal(f"{code}3", kind, EVENT, valid_to=date(2026, 7, 15))
        yield Case(key, f"{code}3", {"judicial_signal": [until]}, (0, 1, 0, 0, 0))
    case = ended(signal("JLAW", "涉诉被告", EVENT), **over)
    yield Case("lawsuit_def_cnt", "JLAW", {"judicial_signal": case}, (0, 1, 1, 0, 0))


def _tax() -> Iterator[Case]:
    for key, kind in (
        ("tax_arrears", "欠税"), ("tax_abnormal", "非正常户"), ("social_ins_arrears", "欠缴社保"),
        ("tax_major_illegal", "重大税收违法"),
    ):  # fmt: skip
        code = f"T{key}"
        settled = {"tax_signal": ended(tax(f"{code}1", kind, EVENT), ended_on=END)}
        yield Case(key, f"{code}1", settled, (0, 1, 0, 0, 0))
        after = 0 if key == "tax_major_illegal" else 1
        yield Case(key, f"{code}2", {"tax_signal": [tax(f"{code}2", kind, EVENT)]}, (0, 1, 1, after, after))
    first = tax("TGRADE", "纳税信用等级", date(2025, 4, 20), tax_grade="A", period="2024")
    second = tax("TGRADE", "纳税信用等级", EVENT, tax_grade="D", period="2025")
    yield Case("tax_grade", "TGRADE", {"tax_signal": [first, second]}, (5, 1, 1, None, None))


def _promises() -> Iterator[Case]:
    yield Case("promise_cnt", "P1", {"commitment": [commitment("P1", "CN1", EVENT)]}, (0, 1, 1, 0, 0))
    broken = commitment_check("P2", "CN2", EVENT, "承诺不实")
    mended = {"commitment_check": ended(broken, mended_on=END)}
    yield Case("promise_breach_cnt", "P2", mended, (0, 1, 0, 0, 0))
    kept = commitment_check("P3", "CN3", END, "已履行")
    late = {"commitment_check": [commitment_check("P3", "CN3", EVENT, "未履行"), kept]}
    yield Case("promise_breach_cnt", "P3", late, (0, 1, 0, 0, 0))
    two = [commitment_check("P4", f"CN4{n}", EVENT, "未履行") for n in (1, 2)]
    part = commitment_check("P4", "CN5", EVENT, "部分履行")
    yield Case("promise_breach_cnt", "P4", {"commitment_check": [*two, part]}, (0, 2, 2, 0, 0), 2)
    yield Case("waiver_cnt", "P5", waiver("P5", 501, EVENT), (0, 1, 1, 0, 0))
    yield Case("waiver_cnt", "P6", waiver("P6", 502, EVENT, waived=False), (0, 0, 0, 0, 0), 0)


def _checks() -> Iterator[Case]:
    for key, result, lapsed in (
        ("addr_uncontactable_hist", "R04", 0), ("insp_unpublished_cnt", "R02", 0)
    ):  # fmt: skip
        code = f"C{key}"
        yield Case(
            key,
            code,
            {"inspection_result": [inspection(code, EVENT, True, result_code=result)]},
            (0, 1, 1, lapsed, 0),
        )
    order = inspection("C1", EVENT, True, rectify_due=date(2026, 4, 10), rectified_on=None)
    done = {"inspection_result": ended(order, rectified_on=END)}
    yield Case("insp_rectify_overdue", "C1", done, (0, 1, 0, 0, 0))
    open_still = inspection("C2", EVENT, True, rectify_due=date(2026, 7, 10), rectified_on=None)
    yield Case("insp_rectify_overdue", "C2", {"inspection_result": [open_still]}, (0, 0, 1, 0, 0), 0)
    items = {
        "A01": {"checked": True, "words": "", "result_code": "R05"},
        "A02": {"checked": True, "words": "", "result_code": "R01"},
        "A03": {"checked": False, "words": "合理缺项"}, "A04": {"checked": True, "words": "", "result_code": "R08"},
    }  # fmt: skip
    check = inspection("C3", EVENT, True, item_results=items)
    yield Case("insp_item_problem_cnt", "C3", {"inspection_result": [check]}, (0, 2, 2, 0, 0), 2)
    fewer = ended(inspection("C4", EVENT, True, item_results=items), item_results={"A01": items["A02"]})
    yield Case("insp_item_problem_cnt", "C4", {"inspection_result": fewer}, (0, 2, 0, 0, 0), 2)


def _lists() -> Iterator[Case]:
    for key, cause in (("abn_cause_no_report", "1"), ("abn_cause_unpublished", "2")):
        code = f"L{key}"
        yield Case(key, code, {"abnormal_listing": [listing(code, EVENT, specause=cause)]}, (0, 1, 1, 1, 0))
    watch = {"key_supervision": ended(watched("L1", EVENT), removed_on=END)}
    yield Case("key_supervision_now", "L1", watch, (0, 1, 0, 0, 0))
    home = {
        "address_negative": ended(bad_address("澄东路 1 号（集群注册）", "澄东路1号", EVENT), removed_on=END)
    }
    yield Case("addr_negative_list", "L2", home, (0, 1, 0, 0, 0), more={"dom": "澄东路1号(1楼)"})
    yield Case("addr_is_hosted", "L3", {}, (1,) * 5, more={"dom": "创业路3号（商务秘书企业托管）"})
    yield Case("addr_is_hosted", "L4", {}, (0,) * 5, more={"dom": "创业路3号"})


def _penalties() -> Iterator[Case]:
    repair = {"penalty": ended(penalty("F1", EVENT, department="生态环境"), repaired_on=END)}
    yield Case("env_pen_cnt", "F1", repair, (0, 1, 0, 0, 0))
    yield Case(
        "env_pen_cnt", "F2", {"penalty": [penalty("F2", EVENT, department="生态环境")]}, (0, 1, 1, 0, 0)
    )
    revoked = penalty("F3", EVENT, cf_cflb="罚款;吊销许可证")
    yield Case("lic_revoked_cnt", "F3", {"penalty": [revoked]}, (0, 1, 1, 1, 0))
    mended = {"penalty": ended(penalty("F4", EVENT, cf_cflb="吊销许可证"), repaired_on=END)}
    yield Case("lic_revoked_cnt", "F4", mended, (0, 1, 0, 0, 0))


def _condition() -> Iterator[Case]:
    yield Case("in_liquidation", "S1", {"filing": [filing("S1", "清算组备案", EVENT)]}, (0, 1, 1, 0, 0))
    yield Case("in_liquidation", "S2", {"filing": [filing("S2", "章程备案", EVENT)]}, (0, 0, 0, 0, 0), 0)
    yield Case("no_liaison", "S3", {}, (1,) * 5)
    liaison = relation("S4", "主要人员", EVENT, person_key="someone", role="联络员", date_from=EVENT)
    left = {"relation": ended(liaison, date_to=END)}
    yield Case("no_liaison", "S4", left, (1, 0, 1, 1, 1))
    yield Case("no_liaison", "S5", {}, (0,) * 5, more={"tel_hash": "t"})
    odd = [report("S6", 2024, date(2025, 3, 1), empnum=8), report("S6", 2025, EVENT, empnum=100, insured=101)]
    yield Case("ar_outlier_score", "S6", {"annual_report": odd}, (0, 3, 3, 0, 0))
    zero = report("S7", 2025, EVENT, all_zero=True, empnum=8, insured=8)
    corrected = ended(zero, all_zero=False, amended=1)
    yield Case("ar_outlier_score", "S7", {"annual_report": corrected}, (0, 1, 0, 0, 0))


def _honours() -> Iterator[Case]:
    for key, kind in (
        ("honor_cnt", "荣誉"),
        ("cert_valid_cnt", "体系认证"),
        ("ip_cnt", "知识产权"),
        ("redlist", "联合激励"),
    ):
        code = f"H{key}"
        revoked = {"honour": ended(honour(f"{code}1", kind, EVENT), active=False)}
        yield Case(key, f"{code}1", revoked, (0, 1, 0, 0, 0))
        until = {"honour": [honour(f"{code}2", kind, EVENT, valid_to=date(2026, 7, 1))]}
        yield Case(key, f"{code}2", until, (0, 1, 0, 0, 0))
        endless = (0, 1, 1, 0, 0) if key == "honor_cnt" else (0, 1, 1, 1, 1)
        yield Case(key, f"{code}3", {"honour": [honour(f"{code}3", kind, EVENT)]}, endless)
    other = {"honour": [honour("H9", "强制性认证", EVENT), honour("H9", "白名单", EVENT)]}
    yield Case("cert_valid_cnt", "H9", other, (0,) * 5, 0)


def _owners() -> Iterator[Case]:
    """B is in trouble by a penalty of EVENT that is repaired at END; A is tied to it in four ways, each of its own."""
    for number, (key, about) in enumerate(
        (
            ("invest_bad_cnt", lambda a, b: relation(a, "对外投资", other_code=b)),
            ("invest_bad_cnt", lambda a, b: relation(b, "股东", other_code=a, share=60.0)),
            ("branch_bad_cnt", lambda a, b: relation(a, "分支机构", other_code=b)),
            ("branch_bad_cnt", lambda a, b: relation(b, "隶属企业", other_code=a)),
            ("shareholder_bad_ratio", lambda a, b: relation(a, "股东", other_code=b)),
            ("shareholder_bad_ratio", lambda a, b: relation(b, "对外投资", other_code=a)),
        )
    ):
        a, b = f"O{number}A", f"O{number}B"
        trouble = ended(penalty(b, EVENT), repaired_on=END)
        records = 0 if number == 5 else 1  # the record is the owner's own, not this enterprise's
        yield Case(
            key, a, {"relation": [about(a, b)], "penalty": trouble}, (0, 1, 0, 0, 0), records, {"others": [b]}
        )
    both = [relation(code, "股东", person_key="p1") for code in ("O8A", "O8B", "O8C")]
    trouble = [penalty("O8B", EVENT)]
    yield Case("shareholder_bad_ratio", "O8A", {"relation": both, "penalty": trouble}, (0, 0.5, 0.5, 0, 0),
               more={"others": ["O8B", "O8C"]})  # fmt: skip
    gone = ended(relation("O9A", "对外投资", other_code="O9B"), date_to=END)
    forever = {"relation": gone, "penalty": [penalty("O9B", EVENT)]}
    yield Case("invest_bad_cnt", "O9A", forever, (0, 1, 0, 0, 0), more={"others": ["O9B"]})
    agents = [relation(code, "主要人员", person_key="agent", role="联络员") for code in ("OXA", "OXB", "OXC")]
    yield Case("same_agent_ent_cnt", "OXA", {"relation": agents}, (2,) * 5, more={"others": ["OXB", "OXC"]})
    heads = [relation(code, "股东", person_key="boss", share=60.0) for code in ("OYA", "OYB", "OYC")]
    away = {"domdistrict": "990102", "estdate": EVENT}
    yield Case("controller_multi_region", "OYA", {"relation": heads}, (0, 1, 1, 0, 0),
               more={"others": ["OYB", "OYC"], "away": {"OYB": away}})  # fmt: skip
    chain = [relation("OZA", "股东", other_code="OZB"), relation("OZB", "股东", other_code="OZC")]
    # From A one step leads to B, the next back to A or on to C, half and half; C in trouble: of three steps worth
    # 1/2, 1/4 and 1/8 only the second reaches it, half the time (a third step from C leads back to B).
    share = 0.25 * 0.5 / (0.5 + 0.25 + 0.125)
    found = {"relation": chain, "penalty": ended(penalty("OZC", EVENT), repaired_on=END)}
    yield Case("graph_risk_pagerank", "OZA", found, (0, share, 0, 0, 0), more={"others": ["OZB", "OZC"]})


CASES = [
    *_court(), *_tax(), *_promises(), *_checks(), *_lists(), *_penalties(), *_condition(), *_honours(), *_owners(),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, dict[date, FeatureFrame]]]:
    """All cases side by side, and the frames of the five days."""
    with make_database(server, template) as database:
        people: list[dict[str, Any]] = [enterprise("0TEL", tel_hash="known")]
        for case in CASES:
            own = {name: value for name, value in case.more.items() if name not in ("others", "away")}
            people.append(enterprise(case.code, **own))
            away = case.more.get("away", {})
            people += [enterprise(other, **away.get(other, {})) for other in case.more.get("others", ())]
        store(database.owner(), {"enterprise": people})
        for case in CASES:
            for table, many in case.rows.items():
                for row in many:
                    store(database.owner(), {table: [row]})
        with database.owner().connect() as connection:
            archive: Archive = load_archive(connection, LONG_AFTER)
        yield database, {day: feature_frame(archive, day, load_rules(), PLACE) for day in DAYS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}-{case.code}")
def test_value_before_inside_ended_and_lapsed(
    world: tuple[Database, dict[date, FeatureFrame]], case: Case
) -> None:
    found = [frame[case.key][list(frame.codes).index(case.code)] for frame in world[1].values()]
    expected = [float("nan") if value is None else value for value in case.values]
    assert found == pytest.approx(expected, abs=2e-5, nan_ok=True)


@pytest.fixture(scope="module")
def sheets(world: tuple[Database, dict[date, FeatureFrame]]) -> dict[str, dict[str, IndicatorLine]]:
    """The sheet of every case on the day INSIDE, read as the command does, from one frame."""
    frame = world[1][INSIDE]
    made = (sheet_of(frame, case.code) for case in CASES)
    return {sheet.enterprise_code: {line.key: line for line in sheet.lines} for sheet in made}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}-{case.code}")
def test_the_records_behind_a_value(
    world: tuple[Database, dict[date, FeatureFrame]], sheets: dict[str, dict[str, IndicatorLine]], case: Case
) -> None:
    """As many as were counted, and each is about this enterprise (or is its branch, or its address)."""
    line = sheets[case.code][case.key]
    assert len(line.records) == case.records
    if not line.records:
        return
    with world[0].owner().connect() as connection:
        found = connection.execute(
            text(f"SELECT * FROM {line.table} WHERE id = ANY(:ids)"), {"ids": list(line.records)}
        ).mappings()
        rows = list(found)
    assert len(rows) == len(set(line.records))
    if line.table == "waiver_decision":
        assert rows[0]["proposal_id"] == 501
    elif line.table == "address_negative":
        assert rows[0]["address_key"] == "澄东路1号"
    else:
        allowed = {case.code, *case.more.get("others", ())}
        assert {row["enterprise_code"] for row in rows} <= allowed


def test_every_further_indicator_has_a_case() -> None:
    """What this file is for: all that came after the first 72, by the file of their rules."""
    further = {rule.key.removeprefix("indicator.") for many in load_rules().rules.values() for rule in many
               if rule.source.startswith("indicators_more.toml") and isinstance(rule.value, dict)}  # fmt: skip
    assert further == {case.key for case in CASES}


def test_the_sheet_says_window_validity_and_what_nobody_sends(
    world: tuple[Database, dict[date, FeatureFrame]],
) -> None:
    """By the door of the command: the one enterprise among its cohort; strangers are refused."""
    with world[0].owner().connect() as connection:
        sheet = indicator_sheet(connection, "JLAW", INSIDE, PLACE)
        with pytest.raises(Refusal) as refused:
            indicator_sheet(connection, "NOBODY", INSIDE, PLACE)
    lines = {line.key: line for line in sheet.lines}
    law = lines["lawsuit_def_cnt"]
    assert (law.months, law.latest, law.value) == (24, EVENT, 1)
    assert "24个月" in law.says
    assert "结案" in law.validity
    assert not lines["complaint_cnt"].supplied
    assert lines["tax_grade"].value is None
    assert refused.value.code == "indicators.not_judged"
