"""Verification: sound bundles pass, one changed byte fails and says where, garbage never ends in a traceback."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bundle import make_bundles, write_folder, write_zip
from scheduling.draw import counts_file, digest, pool_file
from scheduling.verify import main, verify_bundle
from tests.scheduling.lottery import COUNTS, KEY, NAMES, ROWS, SALT, draw_record, random_draw, vector_bundles

ROOT = Path(__file__).parents[2]
OPEN = vector_bundles(class_secret=False, team=True)
SECRET = vector_bundles(class_secret=True, team=True)


def verdict_of(files, folder, audit=None):
    write_folder(files, folder)
    return verify_bundle(folder, audit and write_folder(audit, folder.with_suffix(".audit")))


def failed(verdict):
    return {check.name: check for check in verdict.failures}


@pytest.mark.parametrize("files", [OPEN.public, OPEN.audit, SECRET.public, SECRET.audit])
@pytest.mark.parametrize("write", [write_folder, write_zip])
def test_sound_bundles_pass(files, write, tmp_path):
    verdict = verify_bundle(write(files, tmp_path / "bundle"))
    assert verdict.ok, verdict.failures
    assert all(check.zh and check.en for check in verdict.checks)
    assert ("teams.csv" in files) == any(check.name == "team draw" for check in verdict.checks)


PUBLISHED = {
    file.name: file.read_bytes() for file in (Path(__file__).parent / "data" / "bundle-team-1").iterdir()
}
"""A public bundle as it was published when team lotteries were wurao-team-1, never to be written again."""


def test_a_bundle_of_the_earlier_team_lottery_still_verifies(tmp_path):
    assert PUBLISHED["teams.csv"].startswith(b"wurao-team-1,")
    verdict = verdict_of(PUBLISHED, tmp_path / "published")
    assert verdict.ok, verdict.failures
    assert {"teams", "team order", "team draw"} <= {c.name for c in verdict.checks if c.status == "ok"}
    other = PUBLISHED["teams-result.csv"].replace(b"V3/rest,P3", b"V3/rest,P1")
    assert "team draw" in failed(verdict_of({**PUBLISHED, "teams-result.csv": other}, tmp_path / "other"))
    bundles = vector_bundles(class_secret=False, table=PUBLISHED["teams.csv"])
    assert bundles.public == PUBLISHED


def test_an_earlier_lottery_cannot_be_passed_off_as_a_present_one(tmp_path):
    """The commitment binds the format: the same rows rounded in another way are another lottery."""
    table = PUBLISHED["teams.csv"].replace(b"wurao-team-1", b"wurao-team-2")
    record = json.loads(PUBLISHED["bundle.json"])
    record["team"]["table_hash"] = digest(table)
    files = {**PUBLISHED, "teams.csv": table, "bundle.json": json.dumps(record).encode()}
    assert failed(verdict_of(files, tmp_path / "passed"))["teams"].file == "bundle.json"


def test_the_list_of_a_secret_bundle_is_replayed_with_its_audit_bundle(tmp_path):
    alone = verdict_of(SECRET.public, tmp_path / "alone")
    assert [check.name for check in alone.checks if check.status == "skipped"] == ["draw"]
    both = verdict_of(SECRET.public, tmp_path / "both", SECRET.audit)
    assert both.ok
    assert {"audit: draw", "audit"} <= {check.name for check in both.checks if check.status == "ok"}


def reseal(files, /, **changes):
    """The record with changed facts and freshly computed hashes, as a careful forger would leave it."""
    name = "bundle.json"
    facts = {**json.loads(files[name]), **changes}
    facts["files"] = {other: digest(files[other]) for other in files if other != name}
    facts.pop("record_hash")
    facts |= {field: value for field, value in changes.items() if field == "files"}
    for _ in range(2):
        content = (json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
        facts.setdefault("record_hash", digest(content))
    return {**files, name: content}


@pytest.mark.parametrize("name", sorted(OPEN.public))
def test_any_changed_byte_fails_in_its_file(name, tmp_path):
    content = OPEN.public[name]
    for number, at in enumerate(sorted({0, len(content) // 3, len(content) // 2, len(content) - 1})):
        for other in (content[at] ^ 1, 0xFF):
            changed = content[:at] + bytes([other]) + content[at + 1 :]
            verdict = verdict_of({**OPEN.public, name: changed}, tmp_path / f"{number}-{other}")
            assert not verdict.ok
            assert any(check.file == name for check in verdict.failures), (at, verdict.failures)


@pytest.mark.parametrize("name", sorted(SECRET.audit))
def test_any_changed_byte_of_an_audit_bundle_fails_in_its_file(name, tmp_path):
    content = SECRET.audit[name]
    at = len(content) // 2
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    for audit_only in (True, False):
        files = {**SECRET.audit, name: changed}
        folder = tmp_path / str(audit_only)
        verdict = verdict_of(files, folder) if audit_only else verdict_of(SECRET.public, folder, files)
        assert any(check.file == name for check in verdict.failures)


FORGERIES = {
    "one object of the pool": (
        {"pool.csv": lambda text: text.replace("9152000071430580XT", "9152000071430580XU")},
        {},
        [("pool.csv", "pool.csv"), ("draw", "bundle.json")],
    ),
    "a stratum in the pool": (
        {"pool.csv": lambda text: text.replace("91110108551385082Q,T1,B", "91110108551385082Q,T1,A")},
        {},
        [("pool.csv", "pool.csv")],
    ),
    "a count": (
        {"counts.csv": lambda text: text.replace("T1,B,2", "T1,B,1")},
        {},
        [("counts.csv", "counts.csv")],
    ),
    "the key": ({"key.txt": lambda text: text.replace("00", "01", 1)}, {}, [("key.txt", "key.txt")]),
    "the seed": ({}, {"seed_text": "2026-12-01 dice 3 6 1"}, [("draw", "bundle.json")]),
    "a drawn object": (
        {"drawn.csv": lambda text: text.replace("91330100799655058B,T2", "914403001922038216,T2")},
        {},
        [("draw", "drawn.csv:5")],
    ),
    "a dropped object": (
        {"drawn.csv": lambda text: "\n".join(text.split("\n")[:-2]) + "\n"},
        {},
        [("draw", "drawn.csv:6"), ("totals", "drawn.csv")],
    ),
    "a ticket": ({"drawn.csv": lambda text: text.replace(",4f1d", ",4f1e")}, {}, [("draw", "drawn.csv:6")]),
    "a doubled object": (
        {"drawn.csv": lambda text: text + text.split("\n")[-2] + "\n"},
        {},
        [("draw", "drawn.csv:7"), ("totals", "drawn.csv:7")],
    ),
    "the commitment": ({}, {"commitment": "0" * 64}, [("commitment", "bundle.json")]),
    "the state": ({}, {"state": "0" * 64}, [("draw", "bundle.json")]),
    "the totals": ({}, {"totals": {"T1": 3, "T2": 3}}, [("totals", "drawn.csv")]),
    "a commitment after the seed": (
        {},
        {"committed_at": "2026-12-02T00:00:00+08:00"},
        [("order", "bundle.json")],
    ),
    "a commitment with the seed": (
        {},
        {"committed_at": "2026-12-01T02:05:00+00:00"},
        [("order", "bundle.json")],
    ),
    "a second draw without a reason": ({}, {"version": 2}, [("order", "bundle.json")]),
    "nobody approved": ({}, {"approved_by": [" "]}, [("order", "bundle.json")]),
    "class called secret": (
        {},
        {"class_secret": True},
        [("secrecy", "pool.csv"), ("secrecy", "counts.csv")][:1],
    ),
    "a probability": (
        {"teams.csv": lambda text: text.replace("seat,V1/lead,P1,", "seat,V1/lead,P1,1")},
        {},
        [("teams", "teams.csv"), ("team draw", "teams.csv")],
    ),
    "an inspector": (
        {"teams-result.csv": lambda text: text.replace("V2/rest,P", "V2/rest,Q")},
        {},
        [("team draw", "teams-result.csv:4")],
    ),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_careful_forger_is_found_by_the_replay(name, tmp_path):
    edits, facts, places = FORGERIES[name]
    files = dict(OPEN.public)
    for file, edit in edits.items():
        files[file] = edit(files[file].decode()).encode()
        assert files[file] != OPEN.public[file]
    checks = failed(verdict_of(reseal(files, **facts), tmp_path / "bundle"))
    assert not {"record", "files", "read"} & set(checks)
    for check, place in places:
        file, _, line = place.partition(":")
        assert checks[check].file == file, checks
        if line:
            assert checks[check].line == int(line)
            assert checks[check].expected != checks[check].found


def test_a_forged_team_seed_fails(tmp_path):
    team = {**json.loads(OPEN.public["bundle.json"])["team"], "seed_text": "1"}
    checks = failed(verdict_of(reseal(OPEN.public, team=team), tmp_path / "bundle"))
    assert set(checks) == {"team draw"}


@pytest.mark.parametrize(
    "changes", [{"seed_text": "7"}, {"audit_hash": "0" * 64}, {"totals": {"T1": 3, "T2": 2, "T3": 0}}]
)
def test_a_forged_secret_bundle_fails_beside_its_audit_bundle(changes, tmp_path):
    checks = failed(verdict_of(reseal(SECRET.public, **changes), tmp_path / "bundle", SECRET.audit))
    assert set(checks) == {"audit"}
    assert checks["audit"].file == "bundle.json"


def test_another_audit_bundle_does_not_fit(tmp_path):
    other = make_bundles(
        draw_record(True), pool_file(ROWS, "1" * 32), counts_file(COUNTS, SALT), KEY, NAMES
    ).audit
    assert set(failed(verdict_of(SECRET.public, tmp_path / "one", other))) == {"audit"}
    assert set(failed(verdict_of(SECRET.public, tmp_path / "two", OPEN.public))) == {"audit"}


@pytest.mark.parametrize("leak", ["pool.csv", "counts.csv", "key.txt", "audit.json"])
def test_a_secret_file_in_the_public_bundle_fails(leak, tmp_path):
    files = reseal({**SECRET.public, leak: SECRET.audit[leak]})
    assert failed(verdict_of(files, tmp_path / "bundle"))["secrecy"].file == leak


def test_a_ticket_or_stratum_column_or_the_state_in_a_secret_bundle_fails(tmp_path):
    files = reseal({**SECRET.public, "drawn.csv": SECRET.audit["drawn.csv"]})
    assert "secrecy" in failed(verdict_of(files, tmp_path / "columns"))
    state = json.loads(SECRET.audit["audit.json"])["state"]
    assert "secrecy" in failed(verdict_of(reseal(SECRET.public, state=state), tmp_path / "state"))


@pytest.mark.parametrize("missing", sorted(OPEN.public))
def test_a_missing_file_is_named(missing, tmp_path):
    verdict = verdict_of({n: c for n, c in OPEN.public.items() if n != missing}, tmp_path / "bundle")
    assert any(check.file == missing for check in verdict.failures)


def test_an_added_file_is_named(tmp_path):
    verdict = verdict_of({**OPEN.public, "readme.txt": b"x"}, tmp_path / "bundle")
    assert failed(verdict)["files"].file == "readme.txt"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x05\x06", b"not a zip", b"PK\x03\x04" + b"\x00" * 40, b"\xff" * 100],
)
def test_no_zip_is_a_failed_check(content, tmp_path):
    (tmp_path / "bundle.zip").write_bytes(content)
    assert [check.name for check in verify_bundle(tmp_path / "bundle.zip").failures] == ["read"]


def test_missing_empty_nested_and_climbing_bundles_are_failed_checks(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nowhere", tmp_path / "empty"):
        assert not verify_bundle(path).ok
    for name, number in (("../bundle.json", 1), ("a/b/c.csv", 2), ("C:\\bundle.json", 3)):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            archive.writestr(name, b"{}")
            archive.writestr("x", b"{}")
        assert not verify_bundle(tmp_path / f"{number}.zip").ok
    (tmp_path / "deep" / "a").mkdir(parents=True)
    (tmp_path / "deep" / "x").write_text("x")
    assert not verify_bundle(tmp_path / "deep").ok


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        b'{"a": 1, "a": 2}',
        b'{"format": "\\ud800"}',
        b"9" * 5000,
        b"\xff",
        b"{}",
    ],
)
def test_no_json_is_a_failed_check(record, tmp_path):
    verdict = verdict_of({**OPEN.public, "bundle.json": record}, tmp_path / "bundle")
    assert failed(verdict)["record"]


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(OPEN.public)), content=st.binary(max_size=200), at=st.integers(0, 4000))
def test_garbage_anywhere_is_a_verdict(name, content, at, tmp_path_factory):
    before = OPEN.public[name]
    changed = before[:at] + content + before[at + len(content) :]
    verdict = verdict_of({**OPEN.public, name: changed}, tmp_path_factory.mktemp("garbage") / "bundle")
    assert verdict.ok == (changed == before)


@settings(max_examples=60, deadline=None)
@given(
    field=st.sampled_from(sorted(json.loads(OPEN.public["bundle.json"]))),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_any_fact_of_any_type_is_a_verdict(field, value, tmp_path_factory):
    home = tmp_path_factory.mktemp("facts")
    resealed = reseal(OPEN.public, **{field: value})
    assert verdict_of(resealed, home / "resealed").checks
    facts = {**json.loads(OPEN.public["bundle.json"]), field: value}
    assert not verdict_of({**OPEN.public, "bundle.json": json.dumps(facts).encode()}, home / "plain").ok


def test_many_draws_pass_and_their_neighbours_seed_fails(tmp_path):
    for number in range(20):
        rows, counts, key, seed = random_draw(number)
        record = draw_record(bool(number % 2), seed_text=seed)
        bundles = make_bundles(record, pool_file(rows, SALT), counts_file(counts, SALT), key, {})
        verdict = verdict_of(bundles.public, tmp_path / str(number), bundles.audit)
        assert verdict.ok, verdict.failures


def test_command_line_tells_and_returns_the_verdict(tmp_path, capsys):
    good = write_zip(SECRET.public, tmp_path / "good.zip")
    audit = write_zip(SECRET.audit, tmp_path / "audit.zip")
    assert main([str(good), "--audit", str(audit)]) == 0
    assert "通过 PASSED" in capsys.readouterr().out
    bad = write_zip({**SECRET.public, "drawn.csv": b""}, tmp_path / "bad.zip")
    assert main([str(bad), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert any(check["file"] == "drawn.csv" and check["status"] == "failed" for check in told["checks"])


def test_runs_with_plain_python_and_no_other_package(tmp_path):
    """-I -S: no site-packages, so nothing but the standard library and our own pure files can be imported."""
    bundle = write_zip(OPEN.public, tmp_path / "bundle.zip")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import scheduling.verify as v; sys.exit(v.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(bundle)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    done = subprocess.run(
        [sys.executable, "-m", "scheduling.verify", str(tmp_path / "none")],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
