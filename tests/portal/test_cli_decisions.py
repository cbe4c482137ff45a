"""Commands about models, appeals and overrides, from trial to decision, and the worker that never adopts."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.cli.console import run
from portal.house import House
from portal.tasks import monthly_grade
from registry.database import Database
from registry.tables import Grade
from tests.journeys.decision_records import EARLIER, LATER, Decisions, build_decided_town

DAY = LATER.isoformat()


@pytest.fixture(scope="module")
def records(town: Database, december: None) -> Decisions:
    return build_decided_town(town.engine_for, town.owner())


@pytest.fixture
def wurao(
    town: Database, records: Decisions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """`wurao("model", "list")`: exit code and what was printed."""
    monkeypatch.setenv("WURAO_DATABASE_URL", town.url)

    def command(*words: object) -> tuple[int, str]:
        code = run([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return command


def test_a_trial_says_that_it_is_one_and_stores_nothing(
    wurao: Any, town: Database, records: Decisions
) -> None:
    counted = select(func.count()).select_from(Grade)
    with town.owner().connect() as connection:
        before = connection.execute(counted).scalar_one()
    code, said = wurao("grade", "--as-of", DAY, "--run", records.new_run)
    assert code == 0
    assert "试算" in said
    assert "没有入库" in said
    with town.owner().connect() as connection:
        assert connection.execute(counted).scalar_one() == before


def test_models_are_listed_shown_and_adopted_by_two(wurao: Any, records: Decisions) -> None:
    _, listed = wurao("model", "list", "--as-of", DAY)
    assert "已启用" in listed
    assert "待批准" in listed
    _, shown = wurao("model", "show", records.new_run)
    assert "测试期检查" in shown
    same = ("model", "adopt", records.new_run, "--as-of", DAY, "--by", "甲", "--reason", "指标已核对")
    code, said = wurao(*same, "--approve", "甲")
    assert (code, "decision.same_person" in said) == (1, True)
    code, said = wurao(*same, "--approve", "乙", "--json")
    adoption = json.loads(said)["adoption"]
    assert wurao("model", "withdraw", adoption, "--by", "乙", "--reason", "演示后停用")[0] == 0


def test_an_explanation_says_what_would_better_it(wurao: Any, records: Decisions) -> None:
    code, said = wurao("explain", records.punished, "--as-of", DAY)
    assert code == 0
    assert "信用修复后为" in said
    assert "影响期届满（2027-11-12）后为" in said
    assert "模型自身为" in said


def test_an_appeal_is_opened_shown_and_decided(wurao: Any, records: Decisions) -> None:
    facts = f"penalty:{records.penalty_id}"
    code, said = wurao(
        "appeal", "open", records.punished, "--as-of", DAY, "--facts", facts, "--reason", "处罚已撤销", "--by", "窗口"
    )  # fmt: skip
    assert code == 0, said
    assert "新旧对照" in said
    number = json.loads(wurao("appeal", "list", "--json")[1])[0]["id"]
    assert "行政处罚" in wurao("appeal", "show", number)[1]
    two = ("--by", "甲", "--approve", "乙", "--reason", "复议决定书在案")
    code, said = wurao("appeal", "decide", number, "--uphold", *two)
    assert (code, "已支持" in said, "更正" in said) == (0, True, True)
    assert wurao("appeal", "decide", number, "--reject", *two)[0] == 1
    assert "decision" in wurao("appeal", "decide", number, "--reject", *two)[1]


def test_an_override_is_proposed_approved_and_withdrawn(wurao: Any, records: Decisions) -> None:
    words = ("--class", "A", "--basis", "安市监函〔2026〕9号", "--reason", "已完成整改", "--by", "甲")
    _, said = wurao("override", "propose", records.adjusted, "--as-of", DAY, *words, "--json")
    number = json.loads(said)["override"]
    assert wurao("override", "approve", number, "--by", "甲", "--reason", "自己批准")[0] == 1
    assert wurao("override", "approve", number, "--by", "乙", "--reason", "情况属实")[0] == 0
    assert "生效中" in wurao("override", "list", "--as-of", DAY, "--code", records.adjusted)[1]
    assert wurao("override", "withdraw", number, "--by", "乙", "--reason", "演示后撤回")[0] == 0
    assert "已撤回" in wurao("override", "list", "--as-of", DAY)[1]


def test_the_matrix_of_two_gradings(wurao: Any) -> None:
    code, said = wurao("grades", "matrix", "--from", EARLIER, "--to", DAY)
    assert code == 0
    assert "没有新情况的" in said
    assert (
        len(json.loads(wurao("grades", "matrix", "--from", EARLIER, "--to", DAY, "--json")[1])["quiet"]) == 4
    )


def test_the_worker_grades_with_the_adopted_model_and_adopts_none(
    house: House, town: Database, records: Decisions
) -> None:
    done = monthly_grade(house, {}, lambda *_: None)
    assert done["enterprises"] == 301
    with town.owner().begin() as connection:
        connection.exec_driver_sql("UPDATE model_adoption SET in_force_from = '2099-01-01'")
        graded = connection.execute(select(func.max(Grade.id))).scalar_one()
    idle = monthly_grade(house, {}, lambda *_: None)
    assert idle["enterprises"] == 0
    assert "模型启用" in idle["sentence"]
    with town.owner().connect() as connection:
        assert connection.execute(select(func.max(Grade.id))).scalar_one() == graded
