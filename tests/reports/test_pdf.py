"""Printable sheets: real PDF with embedded Chinese fonts, the right pages, only this visit's items."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from registry.tables import Draw, Notice, RosterVersion
from registry.vocabulary import CLASS_NAMES
from reports.everything import write_all
from reports.notices import issue_notices
from reports.pdf import compile_pdf, qr_svg, write_check_sheet_pdf, write_notice_pdf, write_roster_pdf
from reports.roster import RosterView
from tests.reports.sample_plan import insert_sample
from tests.reports.sample_records import AS_OF, HOSTILE_NAME, MADE


def text_of(path: Path) -> str:
    """The text of a PDF without spaces and line ends, which follow the layout."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def test_the_roster_prints_every_visit(view: RosterView, tmp_path: Path) -> None:
    path = write_roster_pdf(view, tmp_path / "roster.pdf")
    assert path.read_bytes().startswith(b"%PDF-")
    text = text_of(path)
    assert all(visit.object_id in text for visit in view.visits)
    assert all(line.reason_name in text for line in view.exclusions)
    assert "少敲的门" in text


def test_a_check_sheet_has_only_its_own_items(view: RosterView, tmp_path: Path) -> None:
    single = next(visit for visit in view.visits if len(visit.errands) == 1)
    joint = next(visit for visit in view.visits if len(visit.errands) == 2)
    alone = text_of(write_check_sheet_pdf(view, [single], tmp_path / "single.pdf"))
    both = text_of(write_check_sheet_pdf(view, [joint], tmp_path / "joint.pdf"))
    assert "A07" in alone
    assert "A09" not in alone
    assert "A09" in both


def test_names_cannot_run_as_markup() -> None:
    name = '#panic("x") $y$ *z* <label>'
    sheet = {"plan": name, "visit_no": "V", "notice_no": "", "enterprise": name, "code": "1", "address": name,
             "when": "", "team": name, "items": [[name, name, name, name]]}  # fmt: skip
    assert compile_pdf("check_sheet.typ", {"sheets": [sheet], "results": []}, MADE).startswith(b"%PDF-")


def test_the_same_sheet_gives_the_same_bytes(view: RosterView, tmp_path: Path) -> None:
    one = write_check_sheet_pdf(view, view.visits[:1], tmp_path / "one.pdf").read_bytes()
    assert one == write_check_sheet_pdf(view, view.visits[:1], tmp_path / "two.pdf").read_bytes()


def test_the_door_code_is_a_square_of_modules() -> None:
    svg = qr_svg("https://x.example/d/ABCD-2345")
    assert svg.startswith("<svg")
    assert qr_svg("other") != svg


def test_notices_print_what_was_said_and_no_class(engine: Engine, tmp_path: Path) -> None:
    sample = insert_sample(engine, visits=4)
    issue_notices(engine, sample.roster_id, AS_OF)
    with engine.connect() as connection:
        contents = list(connection.execute(select(Notice.content).order_by(Notice.id)).scalars())
    text = text_of(write_notice_pdf(contents, tmp_path / "notices.pdf", MADE))
    for content in contents:
        assert content["number"].replace(" ", "") in text
        assert content["door_code"] in text
    assert text.count("五个严禁、八个不得") == 4
    assert "申请回避" in text
    assert not any(name in text for name in CLASS_NAMES.values())
    assert HOSTILE_NAME.replace(" ", "") in text


def test_everything_is_written_in_the_role_of_reports(
    engine: Engine, engine_for: Callable[[str], Engine], tmp_path: Path
) -> None:
    sample = insert_sample(engine)
    told: list[tuple[str, float]] = []
    report = engine_for("report")
    paths = write_all(
        report, sample.plan_id, None, tmp_path, lambda stage, share: told.append((stage, share))
    )
    assert set(paths) == {
        "workbook", "roster_pdf", "check_sheets", "public_page", "announcement", "notices", "summary",
    }  # fmt: skip
    assert all(path.stat().st_size > 500 for path in paths.values())
    assert told[-1] == ("报表", 1.0)
    assert all(0 <= share <= 1 for _, share in told)
    assert paths["public_page"].parent == paths["announcement"].parent == tmp_path / "public"
    again = write_all(report, sample.plan_id, sample.roster_id, tmp_path)
    assert again == paths


def test_an_unfit_roster_is_printed_without_notices(engine: Engine, tmp_path: Path) -> None:
    sample = insert_sample(engine)
    with engine.begin() as connection:
        connection.execute(update(RosterVersion).values(state="dated"))
    told: list[str] = []
    paths = write_all(engine, sample.plan_id, None, tmp_path, lambda stage, share: told.append(stage))
    assert "notices" not in paths
    assert "summary" in paths
    assert any("通知书未发出" in said for said in told)


def test_the_public_folder_takes_only_the_public_bundle(engine: Engine, tmp_path: Path) -> None:
    sample = insert_sample(engine)
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    for name in ("draw", "audit"):
        (bundles / f"{name}-99010020261001-v1.zip").write_bytes(name.encode())
    with engine.begin() as connection:
        connection.execute(update(Draw).values(bundle=str(bundles)))
    paths = write_all(engine, sample.plan_id, None, tmp_path / "reports")
    public = sorted(path.name for path in paths["public_page"].parent.iterdir())
    assert public == ["announcement.txt", "draw-99010020261001-v1.zip", "public.html"]
    assert 'href="draw-99010020261001-v1.zip"' in paths["public_page"].read_text("utf-8")
    assert "wurao verify draw-99010020261001-v1.zip" in paths["summary"].read_text("utf-8")
