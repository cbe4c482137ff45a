"""Bundles: what is published, what stays secret, and the same bytes every time."""

import csv
import hashlib
import io
import json
import zipfile

import pytest

from scheduling.bundle import make_bundles, manifest_hash, write_folder, write_zip, zip_bytes
from scheduling.bundle_files import read_files
from scheduling.draw import DrawFault, counts_file, draw_objects, pool_file
from tests.scheduling.lottery import COUNTS, KEY, NAMES, ROWS, SALT, SEED, draw_record, vector_bundles

POOL, COUNTED = pool_file(ROWS, SALT), counts_file(COUNTS, SALT)


def rows(content):
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_open_bundle_carries_everything_for_everybody():
    public = vector_bundles(class_secret=False).public
    assert sorted(public) == ["bundle.json", "counts.csv", "drawn.csv", "key.txt", "pool.csv"]
    assert (public["pool.csv"], public["counts.csv"]) == (POOL, COUNTED)
    assert public["key.txt"] == f"{KEY.hex()}\n".encode()
    facts = json.loads(public["bundle.json"])
    assert facts["seed_text"] == SEED
    assert facts["totals"] == {"T1": 3, "T2": 2}
    assert facts["commitment"] == "f6b6930a25d8c998b42d3b185e4396baff21046e27fa3e5e9f03c2b93f1c7b9e"
    result = draw_objects(POOL, COUNTED, KEY, SEED)
    assert [row[0:2] + row[3:] for row in rows(public["drawn.csv"])[1:]] == [
        [row.object_id, row.task, row.ticket] for row in result.drawn
    ]


def test_secret_bundle_holds_nothing_from_which_a_class_follows():
    bundles = vector_bundles(class_secret=True, team=True)
    assert sorted(bundles.public) == ["bundle.json", "drawn.csv", "teams-result.csv", "teams.csv"]
    result = draw_objects(POOL, COUNTED, KEY, SEED)
    everything = b"".join(bundles.public.values()).decode()
    for secret in (KEY.hex(), SALT, result.state, *(row.ticket for row in result.drawn)):
        assert secret not in everything
    table = rows(bundles.public["drawn.csv"])
    assert table[0] == ["object_id", "task", "name"]
    # Sorted by object and task: the order tells nothing about stratum or ticket.
    assert table[1:] == sorted(table[1:])
    assert "state" not in json.loads(bundles.public["bundle.json"])


def test_audit_bundle_carries_the_rest_and_its_hash_is_public():
    bundles = vector_bundles(class_secret=True)
    assert sorted(bundles.audit) == ["audit.json", "counts.csv", "drawn.csv", "key.txt", "pool.csv"]
    listing = "".join(f"{hashlib.sha256(bundles.audit[n]).hexdigest()}  {n}\n" for n in sorted(bundles.audit))
    expected = hashlib.sha256(f"wurao-audit-1\n{listing}".encode()).hexdigest()
    assert json.loads(bundles.public["bundle.json"])["audit_hash"] == expected == manifest_hash(bundles.audit)
    assert rows(bundles.audit["drawn.csv"])[0] == ["object_id", "task", "name", "stratum", "ticket"]


def test_the_later_team_lottery_leaves_the_audit_bundle_as_it_was():
    before, after = vector_bundles(class_secret=True), vector_bundles(class_secret=True, team=True)
    assert before.audit == after.audit
    assert rows(after.public["teams-result.csv"])[0] == ["group", "inspector"]
    assert len(rows(after.public["teams-result.csv"])) == 1 + 5


def test_names_are_one_line_and_never_a_formula():
    names = {**NAMES, "91110000802100433B": '两行\n名称,\t"引号"', "9152000071430580XT": "@SUM(A1)"}
    public = vector_bundles(class_secret=False, names=names).public
    table = {row[0]: row[2] for row in rows(public["drawn.csv"])[1:]}
    assert table["91110000802100433B"] == '两行 名称, "引号"'
    assert table["91330100799655058B"] == "'=HYPERLINK(1)"
    assert table["9152000071430580XT"] == "'@SUM(A1)"
    assert public["drawn.csv"].count(b"\n") == 6


@pytest.mark.parametrize(
    "changes",
    [
        {"committed_at": "2026-12-01T10:05:00+08:00"},
        {"committed_at": "2026-12-01T02:30:00+00:00"},
        {"committed_at": "2026-11-30T17:00:00"},
        {"seed_at": "yesterday"},
        {"version": 0},
        {"version": 2, "redraw_reason": "名单有误"},
        {"version": 2, "approved_by": ("S001", "S002")},
        {"version": 2, "approved_by": ("S001", "S001"), "redraw_reason": "名单有误"},
        {"approved_by": ()},
        {"batch": ""},
    ],
)
def test_a_draw_out_of_order_gets_no_bundle(changes):
    with pytest.raises(DrawFault):
        make_bundles(draw_record(True, **changes), POOL, COUNTED, KEY, NAMES)


def test_a_second_draw_with_reason_and_second_approver_is_published_as_such():
    record = draw_record(True, version=2, approved_by=("S001", "S002"), redraw_reason="第一次名单漏了一所")
    facts = json.loads(make_bundles(record, POOL, COUNTED, KEY, NAMES).public["bundle.json"])
    assert (facts["version"], facts["redraw_reason"]) == (2, "第一次名单漏了一所")
    assert facts["approved_by"] == ["S001", "S002"]


def test_bytes_are_the_same_every_time(tmp_path):
    first, second = (vector_bundles(class_secret=False, team=True) for _ in range(2))
    assert first == second
    backwards = dict(reversed(list(first.public.items())))
    assert zip_bytes(first.public) == zip_bytes(backwards)
    assert write_zip(first.public, tmp_path / "a" / "b.zip").read_bytes() == zip_bytes(second.public)


def test_folder_zip_and_wrapped_zip_read_back_alike(tmp_path):
    files = vector_bundles(class_secret=False).public
    assert read_files(write_folder(files, tmp_path / "folder")) == files
    assert read_files(write_zip(files, tmp_path / "bundle.zip")) == files
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("公示包/", b"")
        archive.writestr("__MACOSX/公示包/._key.txt", b"x")
        archive.writestr("公示包/.DS_Store", b"x")
        for name, content in files.items():
            archive.writestr(f"公示包/{name}", content)
    assert read_files(tmp_path / "again.zip") == files


def test_a_folder_with_other_files_is_not_written_into(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DrawFault):
        write_folder({"a": b""}, tmp_path)
