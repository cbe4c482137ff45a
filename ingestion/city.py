"""The simulated city (模拟城市): files as bureaus really send them, from a seed, as many as wanted.

`write_city` writes `folder/files/` (what an ingestion may read), `folder/truth/` (what really drives the
city: for evaluation only, nothing in risk/ may read it) and `folder/manifest.json`.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ingestion.citylife import (
    changes,
    commitments,
    complaints,
    declared,
    honours,
    inspecting,
    key_lists,
    listings,
    penalties,
    permits,
    quiet,
    relations,
    reporting,
    signals,
    staff,
)
from ingestion.citylife.columns import texts
from ingestion.citylife.deliveries import deliver
from ingestion.citylife.dirt import KINDS, soil
from ingestion.citylife.enterprises import Backdrop, Cohort, register, set_the_scene
from ingestion.citylife.files import Outbox, to_text
from ingestion.citylife.items import item_rows
from ingestion.citylife.offices import department_rows
from ingestion.citylife.places import office_rows, survey
from ingestion.citylife.process import Lives, Risk, latent_risk, live
from ingestion.citylife.tables import Changing, Table
from ingestion.citylife.timeline import unroll
from ingestion.datasets import DATASETS
from registry.errors import Refusal

CHUNK = 2_000
"""Enterprises made at once: memory does not grow with the city."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CityFile:
    """One file: its name, dataset and number of rows without the headings."""

    name: str
    dataset: str
    rows: int


@dataclass(frozen=True)
class DirtyKind:
    """How many rows of one kind of dirt a dataset has, and whether ingestion must reject or normalise them."""

    dataset: str
    kind: str
    effect: str
    rows: int


@dataclass(frozen=True)
class CityManifest:
    """What was written, and where."""

    seed: int
    enterprises: int
    as_of: date
    files_folder: Path
    truth_folder: Path
    files: tuple[CityFile, ...]
    dirty: tuple[DirtyKind, ...]

    def rows(self, dataset: str | None = None) -> int:
        """Rows of one dataset, or of all."""
        return sum(f.rows for f in self.files if dataset in (None, f.dataset))

    def dirty_rows(self, effect: str | None = None, dataset: str | None = None) -> int:
        """Dirty rows, of one effect (rejected, normalised, repeated) or dataset, or all."""
        return sum(d.rows for d in self.dirty if effect in (None, d.effect) and dataset in (None, d.dataset))


def write_city(
    folder: Path, seed: int = 20260930, enterprises: int = 20_000, as_of: date = date(2026, 9, 30),
    progress: Progress | None = None,
) -> CityManifest:  # fmt: skip
    """Write a city whose five years end on `as_of`. The same arguments give the same bytes.

    progress: called with (enterprises done, of how many) after each chunk. Raises Refusal city.too_small,
    city.not_empty.
    """
    if enterprises < 1:
        raise Refusal("city.too_small", f"模拟城市至少要有 1 户主体，收到 {enterprises}。", "请给出正整数。")
    files, truth = folder / "files", folder / "truth"
    _make_empty(files)
    _make_empty(truth)
    backdrop = set_the_scene(seed, survey(seed), unroll(as_of), enterprises)
    crew = staff.hire(seed, enterprises)
    outbox, dirt = Outbox(files), Counter[tuple[str, str]]()
    _send(outbox, _city_tables(backdrop, crew), np.random.default_rng((seed, 7)), dirt, as_of)
    _write_strictness(truth, crew)
    with (truth / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("enterprise_code", "on", "latent", "problem_probability"))
        for first in range(0, enterprises, CHUNK):
            count = min(CHUNK, enterprises - first)
            cohort = register(backdrop, first, count)
            risk = latent_risk(backdrop, cohort)
            _send(
                outbox,
                _chunk_tables(backdrop, crew, cohort, risk),
                np.random.default_rng((seed, 8, first)),
                dirt,
                as_of,
            )
            writer.writerows(_truth(cohort, risk))
            if progress:
                progress(first + count, enterprises)
    return _settle(folder, outbox, dirt, seed, enterprises, as_of)


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Refusal(
            "city.not_empty", f"文件夹 {folder} 里已有文件。", "换一个空文件夹，或先移走其中的文件。"
        )


def _send(
    outbox: Outbox, tables: Iterator[tuple[str, Table]], random: np.random.Generator, dirt: Counter[tuple[str, str]],
    as_of: date,
) -> None:  # fmt: skip
    for name, table in tables:
        dataset = DATASETS[name]
        for delivery, part in deliver(name, table, f"{as_of:%Y-%m}"):
            outbox.send(dataset, delivery, part, soil(random, to_text(part, delivery), dataset, dirt))


def _city_tables(backdrop: Backdrop, crew: staff.Staff) -> Iterator[tuple[str, Table]]:
    """What exists once: offices, departments, items, inspectors and their papers, quiet days of areas."""
    random = np.random.default_rng((backdrop.seed, 9))
    timeline = backdrop.timeline
    founded = timeline.start - 400
    long_ago = founded.astype("datetime64[s]") + 36_000
    lately = (timeline.as_of - 12).astype("datetime64[s]") + 36_000
    offices = {name: texts(values) for name, values in office_rows().items()}
    yield "office", {**offices, "known_at": np.full(len(offices["office"]), long_ago)}
    yield "department", department_rows(long_ago)
    yield "check_item", item_rows(founded)
    yield "inspector", staff.staff_rows(random, crew, long_ago)
    yield "inspector_certificate", staff.certificate_rows(random, crew, timeline, long_ago)
    yield "inspector_leave", staff.leave_rows(random, crew, timeline, lately)
    for table in quiet.area_rows(backdrop.ground, timeline.start):
        yield "quiet_day", table
    yield "address_negative", key_lists.bad_addresses(np.random.default_rng((backdrop.seed, 12)), backdrop)


def _chunk_tables(
    backdrop: Backdrop, crew: staff.Staff, cohort: Cohort, risk: Risk
) -> Iterator[tuple[str, Table]]:
    """Everything about one cohort, in the order in which one thing leads to another."""
    random = np.random.default_rng((backdrop.seed, 10, int(cohort.serial[0])))
    ground, lives = backdrop.ground, live(backdrop, cohort, risk)
    entries = changes.Register(backdrop, cohort)
    called = entries.called
    filings = changes.file_changes(random, entries, risk, lives)
    changes.close_entries(random, entries, lives)
    yield "registration", changes.registration_table(random, entries)
    yield "filing", filings
    reports, missed = reporting.report(random, cohort, called, risk, lives)
    yield "annual_report", reports
    granted, library = permits.grant(random, cohort, called, ground, risk, lives)
    yield "permit", granted
    yield "library", library
    heard_rows, heard = complaints.complain(random, cohort, called, risk, lives)
    yield "complaint", heard_rows
    checked, findings = inspecting.inspect(random, cohort, called, ground, risk, lives, crew, heard)
    yield "inspection", checked
    punished, severe = penalties.penalise(random, cohort, called, ground, risk, lives, findings)
    yield "penalty", punished
    yield "abnormal", listings.put_on_lists(random, cohort, called, ground, risk, lives, missed, findings)
    yield "serious_violation", listings.put_on_black_list(random, cohort, called, ground, risk, lives, severe)
    lately = (backdrop.timeline.as_of - 12).astype("datetime64[s]") + 36_000
    yield "inspector_conflict", staff.conflict_rows(random, crew, cohort, called, lately)
    yield "quiet_day", quiet.enterprise_rows(random, cohort, backdrop.timeline.as_of - 200)
    yield from _background(backdrop, cohort, called, risk, lives)
    yield from _afterwards(backdrop, cohort, called, risk, lives, checked)
    own = np.random.default_rng((backdrop.seed, 14, int(cohort.serial[0])))
    yield "inspector_relative", declared.relative_rows(own, crew, cohort, lately)
    yield (
        "inspector_employment",
        declared.employment_rows(own, crew, cohort, called, backdrop.timeline, lately),
    )


def _background(
    backdrop: Backdrop, cohort: Cohort, called: Changing, risk: Risk, lives: Lives
) -> Iterator[tuple[str, Table]]:
    """What else is known of a cohort: it leads to nothing above, so an own generator leaves those bytes alone."""
    random = np.random.default_rng((backdrop.seed, 11, int(cohort.serial[0])))
    ground = backdrop.ground
    yield "relation", relations.relate(random, cohort, called, risk)
    promised, checked = commitments.promise(random, cohort, called, ground, risk, lives)
    yield "commitment", promised
    yield "commitment_check", checked
    yield "honour", honours.honour(random, cohort, called, risk, lives)
    yield "judicial_signal", signals.sue(random, cohort, called, ground, risk, lives)
    yield "tax_signal", signals.tax(random, cohort, called, risk, lives)
    yield "key_supervision", key_lists.watch(random, cohort, called, ground, risk, lives)


def _afterwards(
    backdrop: Backdrop, cohort: Cohort, called: Changing, risk: Risk, lives: Lives, checked: Table
) -> Iterator[tuple[str, Table]]:
    """What came into the city last, after everything else and by an own generator: the bytes above stay."""
    random = np.random.default_rng((backdrop.seed, 13, int(cohort.serial[0])))
    ground = backdrop.ground
    yield "inspection", inspecting.correct_later(random, checked, risk)
    yield "judicial_signal", signals.sue(random, cohort, called, ground, risk, lives, signals.RESTRAINTS)
    yield "tax_signal", signals.owe(random, cohort, called, risk, lives)
    yield "honour", honours.entitle(random, cohort, called, risk, lives)
    yield "relation", relations.act_for(random, cohort, called, risk)
    yield "penalty", penalties.revoke(random, cohort, called, ground, risk, lives)
    yield "filing", changes.wind_up(random, cohort, called, risk, lives)


def _truth(cohort: Cohort, risk: Risk) -> Iterator[tuple[object, ...]]:
    everyone = np.arange(len(cohort))
    for number, day in enumerate(risk.timeline.edges):
        chance = risk.problem(everyone, np.full(len(cohort), day))
        for code, level, p in zip(cohort.code, risk.latent[:, number].tolist(), chance.tolist(), strict=True):
            yield code, day, f"{level:.5f}", f"{p:.5f}"


def _write_strictness(truth: Path, crew: staff.Staff) -> None:
    with (truth / "inspectors.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("staff_no", "strictness"))
        writer.writerows((n, f"{s:.5f}") for n, s in zip(crew.number, crew.strictness.tolist(), strict=True))


def _settle(
    folder: Path, outbox: Outbox, dirt: Counter[tuple[str, str]], seed: int, enterprises: int, as_of: date
) -> CityManifest:
    files = tuple(CityFile(f.path.name, outbox.datasets[f.path.name], f.rows) for f in outbox.close())
    dirty = tuple(DirtyKind(d, k, KINDS[k].effect, n) for (d, k), n in sorted(dirt.items()))
    manifest = CityManifest(seed, enterprises, as_of, folder / "files", folder / "truth", files, dirty)
    written = {
        **asdict(manifest),
        "files_folder": "files",
        "truth_folder": "truth",
        "as_of": as_of.isoformat(),
    }
    text = json.dumps(written, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest
