"""The commands of docs/real-data.md, run as written: Austin from its file to a staffed roster, Zhejiang to libraries."""

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, func, select, text

from ingestion.identify import judge_codes
from portal.cli.console import run
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import load_rules
from registry.tables import (
    DrawnObject,
    Grade,
    Inspector,
    LibraryEntry,
    ModelRun,
    Plan,
    PoolExclusion,
    PoolObject,
    RosterVersion,
    StratumCount,
    Visit,
    VisitMember,
)
from scheduling.check import check_roster
from scheduling.problem import Calendar, DayOverride
from scheduling.told import told_roster
from scheduling.verify import verify_bundle
from scheduling.workdays import is_working
from tests.conftest import make_database

CHECKOUT = Path(__file__).parents[2]
GUIDE = CHECKOUT / "docs" / "real-data.md"
SHUT = {
    *(date(2026, month, day) for month, day in ((1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7))),
    *(date(2026, month, day) for month, day in ((10, 12), (11, 11), (11, 26), (11, 27), (12, 24), (12, 25))),
}
"""Weekdays of 2026 on which nobody in Austin works, written down here a second time."""


def documented(heading: str) -> list[list[str]]:
    """The commands of the first sh block below a heading of the guide, as `wurao` gets them."""
    part = GUIDE.read_text().split(f"\n## {heading}", 1)[1]
    block = re.search(r"```sh\n(.*?)```", part, re.DOTALL)
    assert block, f"no commands below {heading}"
    lines = block[1].replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("wurao ")]


@contextmanager
def carried_out(heading: str, place: str, database: Database, folder: Path) -> Iterator[Connection]:
    """Run what the guide says below a heading; the connection reads what came of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(CHECKOUT)
        settings = {"WURAO_DATA": str(folder), "WURAO_PLACE": place, "WURAO_DATABASE_URL": database.url}
        for name, value in settings.items():
            patch.setenv(name, value)
        for command in documented(heading):
            assert run([os.path.expandvars(word) for word in command]) == 0, f"failed: wurao {command}"
        with database.owner().connect() as connection:
            yield connection


def _pairs(connection: Connection, key: Any, value: Any) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(select(key, value))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("austin")


@pytest.fixture(scope="module")
def austin(server: EmbeddedServer, template: str, shared_data: Path, folder: Path) -> Iterator[Connection]:
    with (
        make_database(server, template) as database,
        carried_out("Austin", "austin", database, folder) as connection,
    ):
        yield connection


@pytest.fixture(scope="module")
def zhejiang(
    server: EmbeddedServer, template: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    where = tmp_path_factory.mktemp("zhejiang")
    with (
        make_database(server, template) as database,
        carried_out("Zhejiang", "330000", database, where) as connection,
    ):
        yield connection


@pytest.fixture
def metrics(austin: Connection) -> dict[str, Any]:
    return austin.execute(select(ModelRun.metrics)).scalar_one()


def test_the_chosen_learner_beats_the_last_result_on_later_time(metrics: dict[str, Any]) -> None:
    test = metrics["test"]
    assert (test["snapshot"], test["all"]["visits"], test["all"]["problems"]) == ("2026-02-04", 3050, 212)
    scores = test["all"]["scores"]
    chosen = metrics["selection"]["chosen"]
    assert {"last_result", "mean_score", "rule_score", chosen} <= scores.keys()
    value, low, high = scores[chosen]["auc"]
    assert 0.90 < low < value < high < 0.95
    for baseline in ("last_result", "rule_score"):
        assert metrics["against"][baseline][1] > 0, f"not proved better than {baseline}"


def test_the_guide_does_not_claim_to_beat_the_mean_score(metrics: dict[str, Any]) -> None:
    proved = metrics["against"]["mean_score"][1] > 0
    assert proved is ("**not** proved better than the mean score" not in GUIDE.read_text())


def test_every_establishment_has_a_class_and_worse_classes_were_worse(
    austin: Connection, metrics: dict[str, Any]
) -> None:
    counts = Counter(austin.execute(select(Grade.credit_risk_class)).scalars())
    assert counts.total() == 6720
    assert counts["A"] > counts["B"] > counts["C"] > counts["D"] > 0
    rates = [problems / visits for _, visits, problems in metrics["test_classes"]]
    assert rates == sorted(rates)
    assert rates[3] > 0.5 > 0.01 > rates[0]


def test_everybody_is_in_the_pool_or_left_out_with_a_reason(austin: Connection) -> None:
    inside = set(austin.execute(select(PoolObject.object_id)).scalars())
    reasons = austin.execute(select(PoolExclusion.object_id, PoolExclusion.reason, PoolExclusion.sentence))
    outside = {row.object_id: row for row in reasons}
    assert len(inside) + len(outside) == 6720
    assert not inside & outside.keys()
    assert {row.reason for row in outside.values()} == {"recognised_result", "annual_cap"}
    assert all(row.sentence for row in outside.values())
    edge = text(
        "SELECT count(*) FROM pool_object p JOIN inspection_result i USING (enterprise_code) WHERE i.inspdate >= :day"
    )
    recognised = {"day": date(2026, 8, 4) - timedelta(days=180)}
    assert austin.execute(edge, recognised).scalar() == 0, "a fresh result is recognised"


def test_the_drawn_are_of_the_pool_as_many_as_allocated(austin: Connection) -> None:
    strata = _pairs(austin, PoolObject.object_id, PoolObject.stratum)
    counts = _pairs(austin, StratumCount.stratum, StratumCount.count)
    drawn = austin.execute(select(DrawnObject.object_id)).scalars().all()
    assert len(set(drawn)) == len(drawn) == sum(counts.values()) > 0
    assert set(drawn) <= strata.keys()
    assert Counter(strata[one] for one in drawn) == +Counter(counts)


def test_the_honest_are_left_in_peace(austin: Connection) -> None:
    size = austin.execute(select(Plan.honest_set_size)).scalar_one()
    disturbed = text(
        "SELECT count(DISTINCT object_id) FROM drawn_object JOIN pool_object USING (object_id) WHERE honest"
    )
    assert 1 - austin.execute(disturbed).scalar_one() / size >= 0.9


def test_the_published_bundle_verifies_and_one_changed_byte_is_found(
    austin: Connection, folder: Path, tmp_path: Path
) -> None:
    public, audit = (next((folder / "bundles").glob(f"{kind}-*.zip")) for kind in ("draw", "audit"))
    assert verify_bundle(public, audit).ok
    spoilt = bytearray(public.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    assert not verify_bundle(tmp_path / "spoilt.zip", audit).ok


def test_every_drawn_check_is_dated_and_staffed_and_the_checker_finds_nothing(austin: Connection) -> None:
    roster = austin.execute(select(RosterVersion.id, RosterVersion.state, RosterVersion.unplaced)).one()
    assert (roster.state, roster.unplaced) == ("checked", [])
    visited = sorted(austin.execute(select(Visit.object_id)).scalars())
    assert visited == sorted(austin.execute(select(DrawnObject.object_id)).scalars())
    people = set(austin.execute(select(Inspector.staff_no)).scalars())
    teams = austin.execute(
        select(Visit.id, func.array_agg(VisitMember.staff_no)).join(VisitMember).group_by(Visit.id)
    ).all()
    assert len(teams) == len(visited)
    assert all(len(set(team)) == 2 and set(team) <= people for _, team in teams)
    assert check_roster(*told_roster(austin, roster.id)) == []


def test_nobody_visits_on_a_weekend_or_a_holiday_of_austin(austin: Connection) -> None:
    days = austin.execute(select(Visit.visit_date).distinct()).scalars().all()
    assert date(2026, 9, 1) <= min(days) <= max(days) <= date(2026, 11, 30)
    assert not [day for day in days if day.weekday() >= 5 or day in SHUT]


def test_austin_s_calendar_is_its_own_on_every_day_of_2026() -> None:
    book = load_rules()

    def value(key: str) -> Any:
        return book.value(f"calendar.{key}", "austin", date(2026, 8, 4))

    entries = tuple(DayOverride(**entry) for entry in value("overrides"))
    calendar = Calendar(entries, tuple(value("official_years")), value("allow_estimated"))
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    worked = [day for day in year if is_working(day, calendar)]
    assert worked == [day for day in year if day.weekday() < 5 and day not in SHUT]
    assert book.value("calendar.overrides", "990100", date(2026, 8, 4)) == [], "nobody else's calendar moved"


def test_zhejiang_s_codes_are_checked_and_its_offices_are_the_bureau_s(
    zhejiang: Connection, shared_data: Path
) -> None:
    columns = (LibraryEntry.library, LibraryEntry.enterprise_code, LibraryEntry.localadm)
    rows = zhejiang.execute(select(*columns)).all()
    stored = {(row.library, row.enterprise_code): row.localadm for row in rows}
    assert judge_codes([row.enterprise_code for row in rows]) == [None] * len(rows)
    published: dict[tuple[str, str], str] = {}
    for name, library in (("advertising-businesses", "广告经营主体库"), ("direct-selling", "直销企业库")):
        book = CalamineWorkbook.from_path(shared_data / "zhejiang-2017-draw-list" / f"{name}.xlsx")
        _, *lines = book.get_sheet_by_index(0).to_python()
        published |= {(library, str(code)): str(office) for _, code, _, office in lines}
    assert set(published) - set(stored) == {("广告经营主体库", "3301062015292")}, "13 digits, as published"
    assert stored == {key: office for key, office in published.items() if key in stored}
    divisions: dict[str, set[str]] = {}
    for (_, code), office in stored.items():
        divisions.setdefault(office, set()).add(code[2:8] if len(code) == 18 else code[:6])
    assert len(divisions) > 250
    assert any(len(digits) > 1 for digits in divisions.values()), "an office cares for whoever moved there"
