"""The acts of the draw: in order, once, journalled; every attempt at anything else is refused with 409 (C-13)."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry import journal
from registry.errors import Refusal
from scheduling.allocation import allocate
from scheduling.ceremony import commit_draw, publish_draw, record_seed, redraw, run_draw, simulated_seed
from scheduling.plan import TaskSpec
from scheduling.pool import freeze_pool
from scheduling.verify import verify_bundle
from tests.scheduling.town_records import (
    AS_OF,
    allocated_plan,
    approved_plan,
    drawn_plan,
    journalled,
    rows,
    town,
)

PLACE_AND_TIME = "市局大厅 2026-09-30 10:00"
SEED = "2026-09-30 骰子 3 6 1 4 4 2 5 1 6 3 2 2 5 4 1 6 6 3 1 5"


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template) as made:
        yield made


def draw_row(engine: Engine, draw: int) -> Any:
    """The draw as it stands."""
    (row,) = rows(engine, "SELECT * FROM draw WHERE id = :d", d=draw)
    return row


def refused(engine: Engine, act: str, subject: str, attempt: Callable[[], object]) -> Refusal:
    """The attempt is refused with 409 and leaves one more record in the journal, and nothing else."""
    before = (
        rows(engine, "SELECT state FROM draw ORDER BY id"),
        rows(engine, "SELECT state FROM plan ORDER BY id"),
    )
    records = len(journalled(engine, f"{act}.refused", subject))
    with pytest.raises(Refusal) as caught:
        attempt()
    assert caught.value.status == 409
    after = (
        rows(engine, "SELECT state FROM draw ORDER BY id"),
        rows(engine, "SELECT state FROM plan ORDER BY id"),
    )
    assert after == before
    attempts = journalled(engine, f"{act}.refused", subject)
    assert len(attempts) == records + 1
    assert attempts[-1]["code"] == caught.value.code
    return caught.value


def test_the_whole_ceremony_in_order(engine: Engine, tmp_path: Path) -> None:
    plan = allocated_plan(engine)
    draw = commit_draw(engine, plan, "甲", PLACE_AND_TIME)
    committed = draw_row(engine, draw)
    assert committed.state == "committed"
    assert committed.seed_text is None
    record_seed(engine, draw, SEED, "骰子", "乙")
    drawn = run_draw(engine, draw, "甲")
    paths = publish_draw(engine, draw, tmp_path, "乙")
    row = draw_row(engine, draw)
    assert row.state == "published"
    assert row.commitment == committed.commitment
    assert row.committed_at < row.seeded_at < row.drawn_at < row.published_at
    assert verify_bundle(paths.public, paths.audit).ok
    targets = rows(engine, "SELECT sum(target_total) AS n FROM task WHERE plan_id = :p", p=plan)
    assert drawn == targets[0].n
    acts = rows(engine, "SELECT act FROM journal WHERE subject = :s ORDER BY number", s=f"draw {draw}")
    assert [r.act for r in acts] == ["draw.seeded", "draw.drawn", "draw.published"]
    with engine.connect() as connection:
        assert list(journal.faults(connection)) == []


def test_inclusion_is_count_by_size_and_counts_are_met(engine: Engine) -> None:
    plan, draw = drawn_plan(engine)
    strata = rows(
        engine, 'SELECT task_id, stratum, size, "count" AS many FROM stratum_count WHERE plan_id = :p', p=plan
    )
    assert strata
    for s in strata:
        found = rows(
            engine,
            "SELECT inclusion FROM drawn_object WHERE draw_id = :d AND task_id = :t AND stratum = :s",
            d=draw,
            t=s.task_id,
            s=s.stratum,
        )
        assert len(found) == s.many
        assert all(f.inclusion == pytest.approx(s.many / s.size) for f in found)


def test_tasks_share_tickets_so_departments_meet_at_the_same_doors(engine: Engine) -> None:
    _, draw = drawn_plan(engine)
    tickets = rows(engine, "SELECT object_id, ticket FROM drawn_object WHERE draw_id = :d", d=draw)
    by_object: dict[str, set[str]] = {}
    for row in tickets:
        by_object.setdefault(row.object_id, set()).add(row.ticket)
    assert all(len(found) == 1 for found in by_object.values())
    assert len(by_object) < len(tickets)


def test_a_fresh_key_and_salt_for_every_draw(engine: Engine) -> None:
    first, second = (draw_row(engine, drawn_plan(engine)[1]) for _ in range(2))
    assert first.key_hex != second.key_hex
    assert first.salt != second.salt
    assert len(bytes.fromhex(first.key_hex)) == 32


def test_no_commitment_before_the_numbers_are_settled(engine: Engine) -> None:
    plan = approved_plan(engine)
    subject = f"plan {plan}"
    refused(engine, "draw.committed", subject, lambda: commit_draw(engine, plan, "甲", PLACE_AND_TIME))
    freeze_pool(engine, plan)
    refused(engine, "draw.committed", subject, lambda: commit_draw(engine, plan, "甲", PLACE_AND_TIME))
    allocate(engine, plan)
    refused(engine, "counts.allocated", subject, lambda: allocate(engine, plan))
    refused(engine, "draw.committed", subject, lambda: commit_draw(engine, plan, "甲", "  "))
    commit_draw(engine, plan, "甲", PLACE_AND_TIME)


def test_no_seed_before_the_commitment(engine: Engine) -> None:
    plan = allocated_plan(engine)
    nothing = 10**6
    refusal = refused(
        engine, "draw.seeded", f"draw {nothing}", lambda: record_seed(engine, nothing, SEED, "骰子", "甲")
    )
    assert refusal.code == "draw.not_committed"
    refusal = refused(engine, "draw.drawn", f"draw {nothing}", lambda: run_draw(engine, nothing, "甲"))
    assert refusal.code == "draw.not_committed"
    assert rows(engine, "SELECT state FROM plan WHERE id = :p", p=plan)[0].state == "allocated"


def test_no_draw_before_the_seed_and_no_publication_before_the_draw(engine: Engine, tmp_path: Path) -> None:
    draw = commit_draw(engine, allocated_plan(engine), "甲", PLACE_AND_TIME)
    subject = f"draw {draw}"
    assert (
        refused(engine, "draw.drawn", subject, lambda: run_draw(engine, draw, "甲")).code == "draw.wrong_step"
    )
    refused(engine, "draw.published", subject, lambda: publish_draw(engine, draw, tmp_path, "甲"))
    assert not list(tmp_path.iterdir())


def test_a_seed_is_recorded_once_and_a_draw_is_held_once(engine: Engine, tmp_path: Path) -> None:
    _, draw = drawn_plan(engine)
    subject = f"draw {draw}"
    refused(engine, "draw.seeded", subject, lambda: record_seed(engine, draw, SEED + " 6", "骰子", "甲"))
    refused(engine, "draw.drawn", subject, lambda: run_draw(engine, draw, "甲"))
    publish_draw(engine, draw, tmp_path, "甲")
    refused(engine, "draw.published", subject, lambda: publish_draw(engine, draw, tmp_path, "甲"))


@pytest.mark.parametrize("seed", ["", "   ", "3 6 1\n4"])
def test_a_seed_is_one_line_of_text(engine: Engine, seed: str) -> None:
    draw = commit_draw(engine, allocated_plan(engine), "甲", PLACE_AND_TIME)
    refusal = refused(
        engine, "draw.seeded", f"draw {draw}", lambda: record_seed(engine, draw, seed, "骰子", "甲")
    )
    assert refusal.code == "draw.seed"


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        (
            "对象池",
            "DELETE FROM pool_object WHERE plan_id = :p AND object_id = (SELECT min(object_id) FROM pool_object)",
        ),
        ("对象池", "UPDATE pool_object SET stratum = 'D-990101' WHERE plan_id = :p AND stratum = 'A-990101'"),
        ("抽取数量", "UPDATE stratum_count SET count = count + 1 WHERE plan_id = :p AND count < size"),
    ],
)
def test_a_pool_edited_after_the_commitment_is_not_drawn(engine: Engine, what: str, edit: str) -> None:
    """As the schema's owner, past every grant: the hashes still notice."""
    plan = allocated_plan(engine)
    draw = commit_draw(engine, plan, "甲", PLACE_AND_TIME)
    record_seed(engine, draw, SEED, "骰子", "甲")
    with engine.begin() as connection:
        assert connection.execute(text(edit), {"p": plan}).rowcount
    refusal = refused(engine, "draw.drawn", f"draw {draw}", lambda: run_draw(engine, draw, "甲"))
    assert refusal.code == "draw.pool_changed"
    assert what in refusal.sentence


def test_the_stage_itself_may_not_edit_the_pool(engine_for: Callable[[str], Engine]) -> None:
    with pytest.raises(Exception, match="permission denied"), engine_for("schedule").begin() as connection:
        connection.execute(text("UPDATE pool_object SET stratum = 'X'"))
    with pytest.raises(Exception, match="permission denied"), engine_for("schedule").begin() as connection:
        connection.execute(text("UPDATE draw SET commitment = 'X'"))


def test_a_second_draw_is_a_new_version_with_a_reason_and_a_second_approver(
    engine: Engine, tmp_path: Path
) -> None:
    plan, first = drawn_plan(engine)
    subject = f"plan {plan}"
    refusal = refused(
        engine, "draw.committed", subject, lambda: commit_draw(engine, plan, "甲", PLACE_AND_TIME)
    )
    assert refusal.code == "draw.exists"
    for reason, second in (
        ("", "丙"),
        ("   ", "丙"),
        ("投影故障", ""),
        ("投影故障", "甲"),
        ("投影故障", "丁"),
    ):
        refusal = refused(
            engine,
            "draw.redrawn",
            subject,
            lambda reason=reason, second=second: redraw(engine, plan, "丁", PLACE_AND_TIME, reason, second),
        )
        assert refusal.code == "draw.redraw_unfounded"
    again = redraw(engine, plan, "丁", PLACE_AND_TIME, "投影故障，见证人未能看清", "丙")
    new, old = draw_row(engine, again), draw_row(engine, first)
    assert (new.version, new.redraw_reason, new.second_approver) == (2, "投影故障，见证人未能看清", "丙")
    assert old.state == "superseded"
    assert old.seed_text is not None
    assert rows(engine, "SELECT 1 FROM drawn_object WHERE draw_id = :d LIMIT 1", d=first), (
        "nothing is deleted"
    )
    assert new.key_hex != old.key_hex
    (record,) = journalled(engine, "draw.redrawn", subject)
    assert record["second_approver"] == "丙"
    refused(engine, "draw.published", f"draw {first}", lambda: publish_draw(engine, first, tmp_path, "甲"))
    record_seed(engine, again, SEED, "骰子", "甲")
    run_draw(engine, again, "甲")
    paths = publish_draw(engine, again, tmp_path, "甲")
    assert verify_bundle(paths.public, paths.audit).ok
    public = json.loads(zipfile.ZipFile(paths.public).read("bundle.json"))
    assert public["redraw_reason"] == "投影故障，见证人未能看清"
    assert len(public["approved_by"]) == 2


def test_no_redraw_of_a_plan_that_was_never_drawn(engine: Engine) -> None:
    plan = allocated_plan(engine)
    refused(engine, "draw.redrawn", f"plan {plan}", lambda: redraw(engine, plan, "甲", "某处", "理由", "丙"))


def test_the_public_bundle_betrays_no_class(engine: Engine, tmp_path: Path) -> None:
    _, draw = drawn_plan(engine)
    paths = publish_draw(engine, draw, tmp_path, "甲")
    row = draw_row(engine, draw)
    with zipfile.ZipFile(paths.public) as public:
        assert sorted(public.namelist()) == ["bundle.json", "drawn.csv"]
        content = b"".join(public.read(name) for name in public.namelist()).decode()
    secrets = {row.key_hex, row.salt, *(f"{k}-99010{d}" for k in "ABCD" for d in (1, 2))}
    secrets |= {r.ticket for r in rows(engine, "SELECT ticket FROM drawn_object WHERE draw_id = :d", d=draw)}
    assert not [s for s in secrets if s in content]
    with zipfile.ZipFile(paths.audit) as audit:
        assert row.key_hex in audit.read("key.txt").decode()


def test_verify_says_where_a_bundle_was_changed(engine: Engine, tmp_path: Path) -> None:
    _, draw = drawn_plan(engine)
    paths = publish_draw(engine, draw, tmp_path, "甲")
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(paths.audit) as good, zipfile.ZipFile(damaged, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content.replace(b"A-", b"B-", 1) if name == "pool.csv" else content)
    verdict = verify_bundle(paths.public, damaged)
    assert not verdict.ok
    assert any(check.file == "pool.csv" for check in verdict.failures)


def test_a_simulated_seed_says_so_and_follows_from_the_commitment(engine: Engine) -> None:
    draw = commit_draw(engine, allocated_plan(engine), "甲", PLACE_AND_TIME)
    seed = simulated_seed(engine, draw, AS_OF)
    assert seed == simulated_seed(engine, draw, AS_OF)
    assert seed.startswith("2026-09-30 模拟掷骰 ")
    dice = seed.split()[2:]
    assert len(dice) == 30
    assert set(dice) <= set("123456")


def test_own_tasks_go_the_same_way(engine: Engine) -> None:
    everybody = {"A": 0.5, "B": 0.5, "C": 0.5, "D": 0.5}
    writing = TaskSpec("书面", "市场监管", ("SJ-01",), "主体综合库", everybody, method="书面", directed=False)
    plan, draw = drawn_plan(engine, [writing])
    assert len(rows(engine, "SELECT 1 FROM drawn_object WHERE draw_id = :d", d=draw)) == 40
    assert rows(engine, "SELECT state FROM plan WHERE id = :p", p=plan)[0].state == "drawn"
