"""Whom a name means: equal keys match, everything else waits for a person, whose word then counts and can be taken back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ingestion.identify import credit_code_valid
from ingestion.matching.alike import core, likeness
from ingestion.matching.candidates import propose_candidates
from ingestion.matching.decisions import ClaimReport, after_decision, bring_in_known, decide
from ingestion.names import name_key
from ingestion.undo import undo_batch
from registry import journal
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import INN, OLD, STRANGER, TEA, good

TEA_NAME = "安和市青叶茶业有限公司"
CODE = "行政相对人代码_1(统一社会信用代码)"


@pytest.fixture
def role(database: Database) -> Engine:
    return database.engine_for("ingest")


def complaint(number: str, name: str = "", code: str = "", **more: str) -> dict[str, str]:
    return good("complaint", 投诉举报编号=number, 统一社会信用代码=code, 企业名称=name, **more)


def penalty(number: str, name: str, office: str, code: str = "") -> dict[str, str]:
    return good("penalty", 行政处罚决定书文号=number, 行政相对人名称=name, 处罚机关=office, **{CODE: code})


def questions(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM match_question ORDER BY id")).mappings())


def candidates(engine: Engine, question: Any) -> list[Any]:
    wanted = text("SELECT * FROM match_candidate WHERE question_id = :id AND round = :round ORDER BY rank")
    with engine.connect() as connection:
        return list(connection.execute(wanted, {"id": question["id"], "round": question["round"]}).mappings())


def say(role: Engine, question: Any, choice: str, **more: str) -> ClaimReport:
    with role.begin() as connection:
        decide(connection, question["id"], choice, "王芳", **more)
    return after_decision(role, question["id"])


def owners(engine: Engine, table: str, column: str) -> dict[str, str]:
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT {column}, enterprise_code FROM {table} WHERE NOT retracted"))
        return {row[0]: row[1] for row in found}


def test_brackets_blanks_and_width_do_not_count(town: Ingest) -> None:
    written = (
        "安和市青叶茶业（有限公司）", "【安和市】青叶茶业有限公司", "安和市 青叶 茶业有限公司", "「安和市青叶茶业」有限公司",
        "安和市(青叶)茶业有限公司", "安和市［青叶］茶业有限公司",
    )  # fmt: skip
    rows = [complaint(f"b{n}", name) for n, name in enumerate(written)]
    assert town("complaint", rows).rows_valid == len(written)


def test_what_is_only_alike_is_never_joined(town: Ingest, engine: Engine) -> None:
    written = [
        "安和市青叶茶业有限责任公司",
        "青叶茶业有限公司",
        "安和市青叶茶叶有限公司",
        "安和青叶茶业",
        "安和市绿叶茶庄",
    ]
    report = town("complaint", [complaint(f"f{n}", name) for n, name in enumerate(written)])
    assert report.fault_counts == {"unmatched": len(written)}
    asked = questions(engine)
    assert [question["given_name"] for question in asked] == written
    assert {(question["state"], question["dataset"]) for question in asked} == {("open", "complaint")}
    for question in asked:
        first = candidates(engine, question)[0]
        assert first["enterprise_code"] == TEA
        assert 60 <= first["score"] < 100
        assert ("曾用名" in first["why"]) == ("绿叶" in question["given_name"])


def test_damaged_codes_find_what_they_were(town: Ingest, engine: Engine) -> None:
    swapped = TEA[:9] + TEA[10] + TEA[9] + TEA[11:]
    damaged = {
        TEA[:4] + TEA[5:]: "少了第", TEA[:5] + TEA[4:]: "多了第", TEA.replace("0", "O"): "形近",
        TEA[:12] + "Q" + TEA[13:]: "应为", swapped: "颠倒", OLD[:-1]: "少了第", OLD[0] + "8" + OLD[2:]: "应为",
    }  # fmt: skip
    town("complaint", [complaint(f"d{n}", code=code) for n, code in enumerate(damaged)])
    asked = {question["number"]: question for question in questions(engine)}
    assert set(asked) == set(damaged)
    for code, why in damaged.items():
        first = candidates(engine, asked[code])[0]
        assert first["enterprise_code"] == (OLD if len(code) < 17 else TEA)
        assert why in first["why"], (code, first["why"])


def test_an_enterprise_that_moved_is_found_by_its_organisation_part(town: Ingest, engine: Engine) -> None:
    moved = next(
        code for code in (f"9133010{n % 10}{TEA[8:17]}{last}" for n in range(10) for last in "0123456789ABCDEFGHJKLMNPQRTUWXY")
        if credit_code_valid([code])[0]
    )  # fmt: skip
    assert town("complaint", [complaint("o", code=moved)]).fault_counts == {"unmatched": 1}
    (question,) = questions(engine)
    assert [(c["enterprise_code"], c["why"]) for c in candidates(engine, question)] == [
        (TEA, "组织机构代码部分（第 9 至 17 位）相同")
    ]


def test_two_owners_of_one_name_are_both_named(town: Ingest, engine: Engine) -> None:
    twin = "9199010163096914XD"
    town(
        "registration",
        [
            good("registration", 统一社会信用代码=c, 企业名称="安和市同名商行", 曾用名="")
            for c in (STRANGER, twin)
        ],
    )
    town("complaint", [complaint("t", "安和市同名商行")])
    (question,) = questions(engine)
    assert question["code"] == "ambiguous_name"
    assert {c["enterprise_code"]: c["score"] for c in candidates(engine, question)} == {
        STRANGER: 100,
        twin: 100,
    }


def test_an_accepted_name_brings_its_rows_in_and_counts_from_then_on(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    name = "青叶茶业有限公司"
    first = town(
        "complaint",
        [complaint("a1", name), complaint("a2", name, 登记日期="无日"), complaint("a3", TEA_NAME)],
    )
    town("complaint", [complaint("a4", name)])
    (question,) = questions(engine)
    answer = say(role, question, "accepted", enterprise_code=TEA)
    assert [(report.state, report.rows_new) for report in answer.batches] == [("loaded", 1), ("loaded", 1)]
    assert "另有 1 行还有别的问题" in answer.sentence
    assert owners(engine, "complaint", "complaint_no") == {"a1": TEA, "a3": TEA, "a4": TEA}
    assert f"第{first.batch_id}批认领" in answer.batches[0].file_name

    assert town("complaint", [complaint("a5", f" {name}")]).rows_valid == 1
    assert after_decision(role, question["id"]).batches == (), "nothing is brought in twice"
    with engine.connect() as connection:
        act = text("SELECT actor, act, detail FROM journal WHERE act LIKE 'match.%' ORDER BY number")
        (record,) = connection.execute(act).mappings()
        assert list(journal.faults(connection)) == []
    assert (record["actor"], record["act"]) == ("王芳", "match.accepted")
    assert record["detail"]["enterprise_code"] == TEA


def test_a_decision_holds_for_its_dataset_its_sender_and_its_very_text(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    name, one, other = "青叶茶业有限公司", "安和市市场监督管理局", "安和市税务局"
    town("penalty", [penalty("p1", name, one), penalty("p2", name, other)])
    asked = questions(engine)
    assert [question["sender"] for question in asked] == [one, other]
    say(role, asked[0], "accepted", enterprise_code=TEA)
    report = town(
        "penalty", [penalty("p3", name, one), penalty("p4", name, other), penalty("p5", "青叶茶业公司", one)]
    )
    assert (report.rows_new, report.fault_counts) == (1, {"unmatched": 2})
    assert town("complaint", [complaint("c", name)]).rows_faulty == 1
    assert set(owners(engine, "penalty", "cf_wsh")) == {"p1", "p3"}


def test_a_damaged_code_that_a_person_read_counts_too(town: Ingest, engine: Engine, role: Engine) -> None:
    damaged = TEA[:12] + "Q" + TEA[13:]
    town("complaint", [complaint("c1", code=damaged)])
    (question,) = questions(engine)
    assert say(role, question, "accepted", enterprise_code=TEA).batches[0].rows_new == 1
    again = town(
        "complaint", [complaint("c2", code=damaged), complaint("c3", code=TEA[:12] + "R" + TEA[13:])]
    )
    assert (again.rows_new, again.fault_counts) == (1, {"code_check": 1}), (
        "only the very code that was decided"
    )


def test_a_decision_can_be_taken_back(town: Ingest, engine: Engine, role: Engine) -> None:
    town("complaint", [complaint("r1", "青叶茶业有限公司")])
    (question,) = questions(engine)
    brought = say(role, question, "accepted", enterprise_code=TEA).batches[0]
    with pytest.raises(Refusal, match="写明理由"):
        say(role, question, "rejected")
    answer = say(role, question, "rejected", reason="看错了执照")
    assert f"第 {brought.batch_id} 批仍然有效" in answer.sentence
    assert town("complaint", [complaint("r2", "青叶茶业有限公司")]).rows_faulty == 1
    undo_batch(role, brought.batch_id or 0, "看错了执照", "王芳")
    answer = say(role, question, "accepted", enterprise_code=INN)
    assert sum(report.rows_new for report in answer.batches) == 2
    with engine.connect() as connection:
        decisions = connection.execute(text("SELECT choice FROM match_decision ORDER BY id")).scalars().all()
        last = text(
            "SELECT enterprise_code FROM complaint WHERE complaint_no = 'r1' ORDER BY known_at DESC, id DESC LIMIT 1"
        )
        assert connection.execute(last).scalar_one() == INN
    assert decisions == ["accepted", "rejected", "accepted"]


def test_a_rejected_name_is_asked_again_only_for_a_new_candidate(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    name = "安和市新来酒楼"
    town("complaint", [complaint("n1", name)])
    (question,) = questions(engine)
    say(role, question, "rejected")
    town("complaint", [complaint("n2", name)])
    assert [q["state"] for q in questions(engine)] == ["rejected"]
    town(
        "registration",
        [good("registration", 统一社会信用代码=STRANGER, 企业名称="安和市新来酒楼有限公司", 曾用名="")],
    )
    (question,) = questions(engine)
    assert question["state"] == "open"
    assert candidates(engine, question)[0]["enterprise_code"] == STRANGER
    assert (
        sum(report.rows_new for report in say(role, question, "accepted", enterprise_code=STRANGER).batches)
        == 2
    )


def test_one_who_waits_for_a_new_enterprise_is_told_when_it_comes(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    town("complaint", [complaint("w1", code=STRANGER)])
    (question,) = questions(engine)
    assert "登记信息到后" in say(role, question, "waiting").sentence
    town(
        "registration",
        [good("registration", 统一社会信用代码=STRANGER, 企业名称="安和市新来酒楼有限公司", 曾用名="")],
    )
    (question,) = questions(engine)
    assert question["state"] == "open"
    first = candidates(engine, question)[0]
    assert (first["enterprise_code"], first["score"]) == (STRANGER, 100)


def test_what_is_registered_meanwhile_comes_in_by_itself(town: Ingest, engine: Engine, role: Engine) -> None:
    """By the ordinary rule only: the very number, or the very name of exactly one."""
    first = town(
        "complaint",
        [complaint("k1", code=STRANGER), complaint("k2", "安和市新来酒楼"), complaint("k3", "新来酒楼")],
    )
    town("complaint", [complaint("k4", code=STRANGER), complaint("k5", code=STRANGER, 登记日期="无日")])
    assert bring_in_known(role).sentence == "没有新登记的名称。"
    new = good(
        "registration", 统一社会信用代码=STRANGER, 企业名称="安和市新来酒楼有限公司", 曾用名="安和市新来酒楼"
    )
    registered = town("registration", [new])
    done = bring_in_known(role)
    assert [(report.rows_new, report.rows_faulty) for report in done.batches] == [(2, 0), (1, 0)]
    assert f"第{first.batch_id}批认领" in done.batches[0].file_name
    assert set(owners(engine, "complaint", "complaint_no")) == {"k1", "k2", "k4"}
    assert {q["given_name"]: q["state"] for q in questions(engine)} == {
        "": "known", "安和市新来酒楼": "known", "新来酒楼": "open"
    }  # fmt: skip
    assert bring_in_known(role).batches == ()
    undo_batch(role, registered.batch_id or 0, "误报", "王芳")
    town("complaint", [complaint("k6", code=STRANGER)])
    assert {q["number"]: q["state"] for q in questions(engine) if q["number"]} == {STRANGER: "open"}


def test_an_enterprise_that_is_no_longer_known_is_no_answer(
    town: Ingest, engine: Engine, role: Engine
) -> None:
    new = town(
        "registration",
        [good("registration", 统一社会信用代码=STRANGER, 企业名称="安和市新来酒楼有限公司", 曾用名="")],
    )
    town("complaint", [complaint("u1", "新来酒楼有限公司")])
    (question,) = questions(engine)
    say(role, question, "accepted", enterprise_code=STRANGER)
    undo_batch(role, new.batch_id or 0, "误报", "王芳")
    assert town("complaint", [complaint("u2", "新来酒楼有限公司")]).rows_faulty == 1
    assert [q["state"] for q in questions(engine)] == ["open"]
    with pytest.raises(Refusal, match="登记信息里没有"):
        say(role, question, "accepted", enterprise_code=STRANGER)


def test_nobody_decides_nothing(town: Ingest, engine: Engine, role: Engine) -> None:
    town("complaint", [complaint("x1", "青叶茶业有限公司")])
    (question,) = questions(engine)
    with role.connect() as connection:
        for arguments in ((question["id"], "perhaps", "王芳"), (question["id"], "rejected", " "), (10**6, "rejected", "王芳"),
                          (question["id"], "accepted", "王芳", "", "不存在")):  # fmt: skip
            with pytest.raises(Refusal):
                decide(connection, *arguments)


def test_what_may_be_a_person_is_not_put_in_the_queue(town: Ingest, engine: Engine) -> None:
    persons = [complaint("q1", "张某某"), complaint("q2", "欧阳某某"), complaint("q3", "阿桂水果店")]
    resident = "110101199003070898"
    report = town("complaint", [*persons, complaint("q4", f"李某（{resident}）杂货店")])
    assert report.rows_faulty == 4
    natural = penalty("q5", "王五五五五五五", "安和市税务局") | {"行政相对人类别": "自然人"}
    town("penalty", [natural])
    names = [question["given_name"] for question in questions(engine)]
    assert names == ["阿桂水果店", "李某（（证件号码已隐去））杂货店"]


def test_a_search_is_done_once(town: Ingest, engine: Engine, role: Engine) -> None:
    town("complaint", [complaint("s1", "青叶茶业有限公司")])
    with role.connect() as connection:
        assert propose_candidates(connection) == 0
    before = candidates(engine, questions(engine)[0])
    town("complaint", [complaint("s2", "青叶茶业有限公司")])
    (question,) = questions(engine)
    assert (question["round"], candidates(engine, question)) == (1, before)


def test_the_middle_of_a_name_decides() -> None:
    assert core("安和市河东区青叶茶业有限责任公司") == core("青叶茶业") == "青叶茶业"
    assert core("浙江省杭州市西湖区青叶茶业合作社") == "青叶茶业"
    assert core("北京市") == "北京市"
    assert core("有限公司") == "有限公司"
    assert likeness(name_key(TEA_NAME), name_key("青叶茶业有限责任公司")) > 85
    assert likeness(name_key(TEA_NAME), name_key("安和市云来茶业有限公司")) < likeness(
        name_key(TEA_NAME), name_key("安和市青叶茶叶有限公司")
    )


SPELT = st.text("青叶茶业安和市河东区有限责任公司（）()【】　 AaＡ１1·", max_size=30)


@given(SPELT, SPELT)
def test_likeness_is_a_measure(one: str, other: str) -> None:
    a, b = name_key(one), name_key(other)
    assert 0 <= likeness(a, b) <= 100
    assert likeness(a, b) == likeness(b, a)
    assert likeness(a, a) == 100
    assert name_key(a) == a, "a key is its own key"
