"""Notices: gapless numbers, unguessable door codes, everything 国办发〔2024〕54号 asks for, and no class."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.tables import Draw, Notice, NumberSequence, RosterVersion, Visit
from registry.vocabulary import CLASS_NAMES
from reports.notices import DOOR_ALPHABET, door_code, issue_notices, read_notice
from reports.roster import read_roster
from tests.conftest import make_database
from tests.reports.sample_plan import Sample, insert_roster, insert_sample

ISSUED = date(2026, 10, 22)


@pytest.fixture(scope="module")
def issued(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, Sample, list[int]]]:
    """A sample whose notices were issued in the role of the reports stage."""
    with make_database(server, template) as database:
        sample = insert_sample(database.owner())
        ids = issue_notices(
            database.engine_for("report"), sample.roster_id, ISSUED, door_url="https://x.example/d/"
        )
        yield database, sample, ids


def test_numbers_follow_each_other_without_gaps(issued: tuple[Database, Sample, list[int]]) -> None:
    database, _, ids = issued
    with database.owner().connect() as connection:
        numbers = connection.execute(select(Notice.number).order_by(Notice.id)).scalars().all()
    assert len(ids) == 12
    assert numbers == [f"安市监检通〔2026〕第 {n} 号" for n in range(1, 13)]


def test_numbers_are_in_the_order_of_the_visits(issued: tuple[Database, Sample, list[int]]) -> None:
    database, _, _ = issued
    with database.owner().connect() as connection:
        rows = connection.execute(
            select(Visit.visit_date).join(Notice, Notice.visit_id == Visit.id).order_by(Notice.id)
        )
        days = list(rows.scalars())
    assert days == sorted(days)


def test_issuing_twice_changes_nothing(issued: tuple[Database, Sample, list[int]]) -> None:
    database, sample, _ = issued
    assert issue_notices(database.engine_for("report"), sample.roster_id, ISSUED) == []


def test_a_notice_says_what_the_law_asks(issued: tuple[Database, Sample, list[int]]) -> None:
    database, sample, _ = issued
    with database.owner().connect() as connection:
        notice = connection.execute(
            select(Notice.content).where(Notice.enterprise_code == sample.codes[2])
        ).scalar_one()
    assert notice["subjects"] == ["安和市市场监管局", "安和市人社局"]
    assert "《企业信息公示暂行条例》第十四条" in notice["basis"]
    assert "99010020261001" in notice["source"][0]
    assert "已对你单位实施计划内现场检查 1 次，本次为第 2 次" in notice["frequency"][0]
    assert "检查 0 次" in notice["frequency"][1]
    assert len(notice["prohibitions"]) == 5
    assert sum(len(one["must_not"]) for one in notice["prohibitions"]) == 8
    assert any("回避" in right for right in notice["rights"])
    assert notice["assistants"] == 0
    assert notice["contacts"]
    assert {item["code"] for item in notice["items"]} == {"A07", "A08", "A09"}
    assert all(member["certificate_no"] for member in notice["members"])


def test_one_notice_one_arrival_for_all_departments_the_lead_first(
    issued: tuple[Database, Sample, list[int]],
) -> None:
    """进一次门、查多项事: a joint visit has one number, one door code, one time, and every department's items and people."""
    database, sample, _ = issued
    with database.owner().connect() as connection:
        view = read_roster(connection, sample.roster_id)
        rows = connection.execute(select(Notice.visit_id, Notice.door_code, Notice.content)).all()
    notices = {row.visit_id: row for row in rows}
    assert len(notices) == len(rows) == len(view.visits)
    assert len({row.door_code for row in rows}) == len(rows)
    joint = [visit for visit in view.visits if len(visit.departments) > 1]
    assert joint
    for visit in view.visits:
        told = notices[visit.id].content
        assert told["door_code"] == notices[visit.id].door_code
        assert told["subjects"][0] == told["issuer"] == f"安和市{visit.lead_department}局"
        assert told["subjects"] == [f"安和市{each}局" for each in visit.departments]
        assert {item["department"] for item in told["items"]} == set(visit.departments)
        first, *others = [(m["department"], m["lead"]) for m in told["members"]]
        assert first == (told["issuer"], True)
        assert isinstance(told["when"], str)
        leads = [lead for _, lead in (first, *others)]
        assert leads == sorted(leads, reverse=True), "the lead's people stand first"


def test_no_class_or_draw_secret_reaches_a_notice(issued: tuple[Database, Sample, list[int]]) -> None:
    database, _, ids = issued
    with database.owner().connect() as connection:
        text = json.dumps([read_notice(connection, one) for one in ids], ensure_ascii=False)
    for secret in (*CLASS_NAMES.values(), "分类", "990101-", "-990101", "概率", "0.25", "ticket", "score"):
        assert secret not in text


def test_door_codes_cannot_be_guessed(issued: tuple[Database, Sample, list[int]]) -> None:
    database, _, _ = issued
    with database.owner().connect() as connection:
        codes = connection.execute(select(Notice.door_code)).scalars().all()
    assert len(set(codes)) == 12
    assert all(len(code.replace("-", "")) == 16 and set(code) <= {*DOOR_ALPHABET, "-"} for code in codes)
    assert len({door_code() for _ in range(1000)}) == 1000


def test_a_later_version_continues_and_names_what_it_replaces(engine: Engine) -> None:
    sample = insert_sample(engine)
    issue_notices(engine, sample.roster_id, ISSUED)
    with engine.begin() as connection:
        draws = list(connection.execute(select(Draw.id).order_by(Draw.id)).scalars())
        connection.execute(update(RosterVersion).values(state="superseded"))
        second = insert_roster(
            connection, sample.plan_id, draws, sample.task_ids, sample.codes[:4], 8, version=2
        )
        moved = update(Visit).where(Visit.roster_id == second, Visit.visit_no != "V0003")
        connection.execute(moved.values(half="day"))
    assert len(issue_notices(engine, second, ISSUED)) == 3, "the notice of a visit that stays as it was holds"
    with engine.connect() as connection:
        rows = connection.execute(
            select(Notice.number, Notice.supersedes, Notice.content).where(Notice.supersedes.is_not(None))
        ).all()
        numbers = {row.number for row in rows}
        first = {row.id: row.number for row in connection.execute(select(Notice.id, Notice.number))}
    assert numbers == {f"安市监检通〔2026〕第 {n} 号" for n in (13, 14, 15)}
    assert all(row.content["replaces"] == first[row.supersedes] for row in rows)


def test_a_failure_leaves_no_gap(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = insert_sample(engine)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("reports.notices.journal.append", fail)
    with pytest.raises(RuntimeError):
        issue_notices(engine, sample.roster_id, ISSUED)
    monkeypatch.undo()
    with engine.connect() as connection:
        assert connection.execute(select(NumberSequence.last)).first() is None
    issue_notices(engine, sample.roster_id, ISSUED)
    with engine.connect() as connection:
        assert connection.execute(select(NumberSequence.last)).scalar_one() == 12


def test_each_lead_department_counts_for_itself(engine: Engine) -> None:
    sample = insert_sample(engine)
    with engine.begin() as connection:
        connection.execute(update(Visit).values(lead_department="人社").where(Visit.visit_no == "V0000"))
    issue_notices(engine, sample.roster_id, ISSUED)
    with engine.connect() as connection:
        numbers = set(connection.execute(select(Notice.number)).scalars())
    assert "安人社检通〔2026〕第 1 号" in numbers
    assert "安市监检通〔2026〕第 11 号" in numbers


@pytest.mark.parametrize(
    ("state", "day", "code"),
    [
        ("superseded", ISSUED, "notices.superseded_roster"),
        ("dated", ISSUED, "notices.unchecked_roster"),
        ("staffed", ISSUED, "notices.unchecked_roster"),
        ("checked", date(2026, 11, 12), "notices.too_late"),
    ],
)
def test_unfit_rosters_are_refused(engine: Engine, state: str, day: date, code: str) -> None:
    sample = insert_sample(engine)
    with engine.begin() as connection:
        connection.execute(update(RosterVersion).values(state=state))
    with pytest.raises(Refusal) as refusal:
        issue_notices(engine, sample.roster_id, day)
    assert refusal.value.code == code


def test_unknown_rosters_and_notices_are_refused(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(Refusal, match="999"):
            read_roster(connection, 999)
        with pytest.raises(Refusal, match="999"):
            read_notice(connection, 999)


def test_two_notices_never_share_a_number(engine: Engine) -> None:
    sample = insert_sample(engine)
    issue_notices(engine, sample.roster_id, ISSUED)
    with engine.connect() as connection:
        visit = connection.execute(select(Visit.id).limit(1)).scalar_one()
        twin = insert(Notice).values(
            number="安市监检通〔2026〕第 1 号", kind="另一种", visit_id=visit, enterprise_code="x", door_code="y",
            content={}, issued_on=ISSUED, made_at=ISSUED,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="uq_notice_number"):
            connection.execute(twin)
