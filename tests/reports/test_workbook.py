"""The roster workbook reopened as a stranger's spreadsheet program would open it (proof C-10)."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from reports.roster import RosterView
from reports.workbook import FORMULA_STARTS, neutral, sheet_name, write_roster_workbook
from tests.reports.sample_plan import Sample
from tests.reports.sample_records import HOSTILE_NAME


@pytest.fixture
def book(view: RosterView, tmp_path: Path) -> CalamineWorkbook:
    return CalamineWorkbook.from_path(str(write_roster_workbook(view, tmp_path / "roster.xlsx")))


def test_one_sheet_a_person_and_one_a_day(book: CalamineWorkbook, view: RosterView) -> None:
    people = [f"{member.staff_no} {member.name}" for member in view.staff]
    days = [f"{day:%m-%d}" for day in view.days()]
    assert book.sheet_names[0] == "总览"
    assert book.sheet_names[1 : 1 + len(people)] == people
    assert [name[:5] for name in book.sheet_names[1 + len(people) : -2]] == days
    assert book.sheet_names[-2:] == ["未纳入对象", "说明"]


def test_codes_are_text_and_unchanged(book: CalamineWorkbook, view: RosterView) -> None:
    day = next(iter(view.days()))
    rows = book.get_sheet_by_name(book.sheet_names[1 + len(view.staff)]).to_python()
    column = rows[1].index("统一社会信用代码")
    assert [row[column] for row in rows[2:]] == [visit.enterprise_code for visit in view.days()[day]]
    assert all(isinstance(row[column], str) and len(row[column]) == 18 for row in rows[2:])


def test_no_cell_can_run_as_a_formula(book: CalamineWorkbook) -> None:
    texts = [
        cell
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
        if isinstance(cell, str)
    ]
    assert f"'{HOSTILE_NAME}" in texts
    assert not [text for text in texts if text.startswith(FORMULA_STARTS)]


@pytest.mark.parametrize("start", ["=", "+", "-", "−", "@", "\t", "\r"])
def test_each_dangerous_start_is_quoted(start: str) -> None:
    assert neutral(f"{start}1+1") == f"'{start}1+1"


def test_harmless_text_is_left_alone() -> None:
    assert neutral("91990100000000001X") == "91990100000000001X"


def test_a_person_sees_every_own_visit_in_order(book: CalamineWorkbook, view: RosterView) -> None:
    member = view.staff[0]
    rows = book.get_sheet_by_name(f"{member.staff_no} {member.name}").to_python()[2:]
    mine = [visit for visit in view.visits if member.staff_no in {m.staff_no for m in visit.members}]
    assert [row[5] for row in rows] == [visit.enterprise_code for visit in mine]
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    assert all(member.name not in row[8] for row in rows), "teammates, not oneself"


def test_exclusions_are_all_there(book: CalamineWorkbook, view: RosterView, sample: Sample) -> None:
    rows = book.get_sheet_by_name("未纳入对象").to_python()[2:]
    assert {(row[3], int(row[4])) for row in rows} == {(e.reason_name, e.objects) for e in view.exclusions}
    assert len(rows) == 4


def test_sheet_names_are_legal() -> None:
    assert sheet_name("S1 [张:三]/李*四?") == "S1  张 三  李 四"
    assert len(sheet_name("长" * 60)) == 31


def test_a_thousand_visits_are_quick(view: RosterView, tmp_path: Path) -> None:
    many = tuple(replace(visit, id=1000 * place + visit.id) for place in range(84) for visit in view.visits)
    started = time.process_time()
    write_roster_workbook(replace(view, visits=many), tmp_path / "many.xlsx")
    assert time.process_time() - started < 10


def test_why_somebody_stands_aside_is_told_to_staff_with_its_basis(view: RosterView, tmp_path: Path) -> None:
    problem = {
        "rules": {"separate_pairs": True, "basis": [["recused", "公务员法第七十六条"], ["same_pair", "国办发〔2015〕58号"]]},
        "inspectors": [
            {"id": "S1", "department": "市场监管", "recusals": [
                {"object_id": "O1", "kind": "relative", "sentence": "配偶是该企业股东，依关联关系自动回避"}]},
            {"id": "S2", "department": "市场监管"},
            {"id": "R1", "department": "人社"},
        ],
        "objects": [{"object_id": "O2", "last_team": ["R1", "S1", "S2"]}, {"object_id": "O3", "last_team": ["S1"]}],
    }  # fmt: skip
    roster = {
        "settled": [{"check": "T1:O4", "kind": "recognised", "items": ["A"], "sentence": "180 日内结果互认"}],
        "desk": [{"department": "人社", "day": "2026-10-23", "half": "pm", "people": 2}],
    }
    told = {**view.roster, "problem": json.dumps(problem), "roster": json.dumps(roster)}
    path = write_roster_workbook(replace(view, roster=told), tmp_path / "why.xlsx")
    notes = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("说明").to_python()
    said = [tuple(row) for row in notes if row[0] in ("回避", "搭档拆分", "结果互认", "书面、网络检查")]
    assert said == [
        ("结果互认", "T1:O4：180 日内结果互认"),
        ("书面、网络检查", "人社 2026-10-23 下午留 2 人办理书面、网络检查"),
        ("回避", "S1 对 O1：配偶是该企业股东，依关联关系自动回避（公务员法第七十六条）"),
        ("搭档拆分", "O2：市场监管 S1、S2 上次同去，本次至多一人可被抽中（国办发〔2015〕58号）"),
    ]
