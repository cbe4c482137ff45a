"""The simulated city: the same seed gives the same bytes, numbers are valid and fictional, rates are as stated."""

import hashlib
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from ingestion.city import CHUNK, CityManifest, write_city
from ingestion.datasets import dataset_of
from registry.errors import Refusal
from registry.vocabulary import ABNORMAL_CAUSES, DEPARTMENTS
from tests.ingestion.city_files import Row, code_of, iso, read_rows

AS_OF = date(2026, 9, 30)
IN_BUSINESS = ("存续", "在营（开业）企业", "歇业")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityManifest:
    return write_city(tmp_path_factory.mktemp("city"), enterprises=3 * CHUNK, as_of=AS_OF)


@pytest.fixture(scope="module")
def registration(city: CityManifest) -> list[Row]:
    return read_rows(city, "registration")


@pytest.fixture(scope="module")
def latest(registration: list[Row]) -> dict[str, Row]:
    """The last version of each soundly numbered enterprise."""
    ordered = sorted(registration, key=lambda row: row["known_at"])
    return {code_of(row): row for row in ordered if sound(code_of(row)) and row["given_name"].strip()}


def sound(code: str) -> bool:
    if len(code) == 18:
        return uscc.is_valid(code)
    return len(code) == 15 and code.isdigit() and mod_11_10.is_valid(code)


def digest(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_same_seed_same_bytes_and_another_seed_differs(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        write_city(tmp_path / name, seed=seed, enterprises=CHUNK + 150, as_of=AS_OF)
    one, two, three = (digest(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert (
        one["files/registration_企业_安和市_2026-09.csv"]
        != three["files/registration_企业_安和市_2026-09.csv"]
    )


def test_manifest_counts_what_is_in_the_files(city: CityManifest) -> None:
    assert {p.name for p in city.files_folder.iterdir()} == {f.name for f in city.files}
    for file in city.files:
        assert dataset_of(file.name) == file.dataset
    for dataset in {f.dataset for f in city.files}:
        assert len(read_rows(city, dataset)) == city.rows(dataset)
    written = json.loads((city.files_folder.parent / "manifest.json").read_text(encoding="utf-8"))
    assert written["enterprises"] == city.enterprises
    assert sum(f["rows"] for f in written["files"]) == city.rows()


def test_bureaus_send_four_formats(city: CityManifest) -> None:
    starts = {f.name: (city.files_folder / f.name).read_bytes()[:4096] for f in city.files}
    assert {name.rsplit(".", 1)[1] for name in starts} == {"csv", "xlsx", "jsonl"}
    marked = [name for name, start in starts.items() if start.startswith(b"\xef\xbb\xbf")]
    gb = [name for name in starts if name.endswith(".csv") and name not in marked]
    assert marked
    for name in gb:
        assert "名称" in (city.files_folder / name).read_text(encoding="gb18030")
        with pytest.raises(UnicodeDecodeError):
            (city.files_folder / name).read_text(encoding="utf-8")


def test_every_enterprise_has_one_valid_fictional_number(city: CityManifest, latest: dict[str, Row]) -> None:
    assert len(latest) == city.enterprises
    divisions = Counter(code[2:8] if len(code) == 18 else code[:6] for code in latest)
    assert {d[:2] for d in divisions} == {"99", "98"}, "no division of GB/T 2260 begins with 98 or 99"
    moved = sum(n for d, n in divisions.items() if d.startswith("98")) / len(latest)
    assert 0.005 < moved < 0.025


def test_old_numbers_are_twelve_in_a_hundred(latest: dict[str, Row]) -> None:
    old = sum(len(code) == 15 for code in latest) / len(latest)
    assert 0.105 < old < 0.135


def test_first_characters_tell_the_kind(latest: dict[str, Row]) -> None:
    starts = {"91": "企业", "92": "个体工商户", "93": "农民专业合作社", "99": "外国企业常驻代表机构"}
    assert all(starts[c[:2]] == row["entkind"] for c, row in latest.items() if len(c) == 18)
    shares = Counter(row["entkind"] for row in latest.values())
    assert set(shares) == set(starts.values())
    assert shares["个体工商户"] > shares["农民专业合作社"] > shares["外国企业常驻代表机构"] > 0


def test_names_are_distinct_and_of_a_city_that_is_not(latest: dict[str, Row]) -> None:
    names = Counter(row["given_name"].strip() for row in latest.values())
    assert names.most_common(1)[0][1] == 1
    assert all(name.startswith(("安和市", "模拟国")) for name in names)


def test_telephones_cannot_ring_and_some_are_shared(latest: dict[str, Row]) -> None:
    telephones = Counter(row["tel"] for row in latest.values())
    assert 0 < telephones.pop("") < 0.03 * len(latest)  # who filed before telephones were asked
    assert all(re.fullmatch(r"100\d{8}", t) for t in telephones)
    assert telephones.most_common(1)[0][1] > 10


def test_shared_addresses_branches_parks_and_changes(registration: list[Row], latest: dict[str, Row]) -> None:
    rows = list(latest.values())
    addresses = Counter(row["dom"] for row in rows)
    assert addresses.most_common(1)[0][1] >= 8
    for column, least in (("is_branch", 0.01), ("scaled", 0.005)):
        assert sum(row[column] == "是" for row in rows) / len(rows) > least
    assert sum(bool(row["park"]) for row in rows) / len(rows) > 0.03
    assert sum(bool(row["former_names"]) for row in rows) > 10
    assert len(registration) > len(latest) * 1.15, "changed entries come as later versions"
    in_business = sum(row["regstate"] in IN_BUSINESS for row in rows) / len(rows)
    assert 0.85 < in_business < 0.93


def test_dirt_is_about_one_row_in_a_hundred_and_of_ten_kinds(city: CityManifest) -> None:
    assert 0.008 < city.dirty_rows() / city.rows() < 0.016
    assert len({d.kind for d in city.dirty}) >= 10
    assert {d.effect for d in city.dirty} == {"rejected", "normalised", "repeated"}
    assert city.dirty_rows("rejected") > city.dirty_rows("normalised") > 0


def test_nothing_is_known_after_the_date_nor_before_it_happened(city: CityManifest) -> None:
    for dataset, occurred in (("penalty", "cf_jdrq"), ("inspection", "inspdate"), ("complaint", "received_on"),
                              ("filing", "altdate"), ("abnormal", "abntime"), ("annual_report", "submitted_on")):  # fmt: skip
        rows = read_rows(city, dataset)
        assert max(row["known_at"] for row in rows) < "2026-10-01"
        early = [
            r
            for r in rows
            if iso(r[occurred]) > r["known_at"][:10] and not iso(r[occurred]).startswith("2088")
        ]
        assert early == []


def test_some_penalties_arrive_after_the_seven_working_days(city: CityManifest) -> None:
    first = {
        (r["cf_wsh"], code_of(r)): r for r in reversed(read_rows(city, "penalty")) if not r["repaired_on"]
    }
    late = sum(working_days(iso(r["cf_jdrq"]), r["known_at"][:10]) > 7 for r in first.values()) / len(first)
    assert 0.02 < late < 0.12


def working_days(first: str, last: str) -> int:
    """Working days after `first` up to `last`; dirty dates count none."""
    try:
        day, end, count = date.fromisoformat(first), date.fromisoformat(last), 0
    except ValueError:
        return 0
    while day < end:
        day += timedelta(days=1)
        count += chinese_calendar.is_workday(day)
    return count


def test_causes_of_abnormal_listings(city: CityManifest) -> None:
    entries = {(code_of(r), r["specause"], r["abntime"]) for r in read_rows(city, "abnormal")}
    causes = Counter(cause for _, cause, _ in entries)
    share = causes[ABNORMAL_CAUSES["1"]] / causes.total()
    assert 0.7 < share < 0.92, "about 77.5 % are missing annual reports"
    assert all(causes[text] for text in ABNORMAL_CAUSES.values())


def test_penalties_of_six_departments_some_repaired(city: CityManifest) -> None:
    rows = read_rows(city, "penalty")
    assert {r["department"] for r in rows} == set(DEPARTMENTS)
    decisions = {(r["cf_wsh"], code_of(r)) for r in rows}
    repaired = {(r["cf_wsh"], code_of(r)) for r in rows if r["repaired_on"]}
    assert 0.1 < len(repaired) / len(decisions) < 0.4


def test_items_and_libraries_fit_together(city: CityManifest) -> None:
    items, entries = read_rows(city, "check_item"), read_rows(city, "library")
    assert len(items) >= 24
    assert {i["department"] for i in items} == set(DEPARTMENTS)
    libraries = {e["library"] for e in entries}
    assert {i["library"] for i in items} <= libraries | {"主体综合库"}
    assert len(libraries) >= 11
    known = {i["item_code"] for i in items}
    used = {code for r in read_rows(city, "inspection") for code in r["item_codes"].split(";")}
    assert used <= known


def test_inspectors_can_staff_every_item(city: CityManifest) -> None:
    staff = {r["staff_no"]: r for r in read_rows(city, "inspector")}
    certificates = read_rows(city, "inspector_certificate")
    assert {c["staff_no"] for c in certificates if c["kind"] == "执法证"} == set(staff)
    ends = [c["valid_to"] for c in certificates]
    assert any(e < "2026-09-30" for e in ends)
    assert any("2026-10-01" <= e <= "2026-12-31" for e in ends)
    for item in read_rows(city, "check_item"):
        holders = {c["staff_no"] for c in certificates if c["kind"] == (item["qualification"] or "执法证")}
        fit = [
            n
            for n in holders
            if staff[n]["department"] == item["department"] and staff[n]["active"] == "有效"
        ]
        assert len(fit) >= 2, item["item_name"]
    visits = read_rows(city, "inspection")
    teams = [r["inspectors"].split(";") for r in visits]
    assert all(len(set(team)) == 2 for team in teams)
    assert all(
        staff[n]["department"] == r["department"] for r, team in zip(visits, teams, strict=True) for n in team
    )


def test_declared_relatives_are_owners_and_employments_have_ended(city: CityManifest) -> None:
    owners = {row["person_number"] for row in read_rows(city, "relation") if row["person_number"]}
    relatives = read_rows(city, "inspector_relative")
    assert relatives
    assert {row["person_key"] for row in relatives} <= owners
    known = {row["staff_no"] for row in read_rows(city, "inspector")}
    left = read_rows(city, "inspector_employment")
    assert left
    assert {row["staff_no"] for row in (*relatives, *left)} <= known
    assert all(row["date_from"] < row["date_to"] < city.as_of.isoformat() for row in left)


def test_leave_conflicts_and_quiet_days(city: CityManifest) -> None:
    leave = read_rows(city, "inspector_leave")
    assert leave
    assert all("2026-10-01" <= iso(r["leave_from"]) <= iso(r["leave_to"]) <= "2027-01-10" for r in leave)
    assert read_rows(city, "inspector_conflict")
    assert {(r["scope"], r["month_days"]) for r in read_rows(city, "quiet_day")} == {
        ("园区", "1-20"), ("规上企业", "1-15"), ("企业", "1-25"),
    }  # fmt: skip


@pytest.mark.parametrize("as_of", [date(2024, 2, 28), date(2025, 12, 31), date(2028, 6, 30)])
def test_a_city_of_another_date(tmp_path: Path, as_of: date) -> None:
    city = write_city(tmp_path, enterprises=120, as_of=as_of)
    rows = read_rows(city, "annual_report")
    assert rows
    assert max(r["known_at"] for r in rows) < (as_of + timedelta(days=1)).isoformat()


def test_progress_is_told_chunk_by_chunk(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_city(
        tmp_path, enterprises=CHUNK + 10, as_of=AS_OF, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(CHUNK, CHUNK + 10), (CHUNK + 10, CHUNK + 10)]


def test_refuses_to_mix_two_cities_or_to_build_none(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as none:
        write_city(tmp_path / "none", enterprises=0)
    assert none.value.code == "city.too_small"
    write_city(tmp_path / "one", enterprises=1, as_of=AS_OF)
    with pytest.raises(Refusal) as twice:
        write_city(tmp_path / "one", enterprises=1, as_of=AS_OF)
    assert twice.value.code == "city.not_empty"
