"""The archive says the same as `registry.facts.as_of`, whatever became known later."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from registry.facts import as_of, read_frame
from registry.tables import Penalty
from risk.archive import load_archive
from tests.risk.town import enterprise, penalty, store

CODE = "A"
DAY = date(2025, 1, 10)


@pytest.fixture
def versions(engine: Engine) -> Engine:
    """Three penalties: one repaired later, one withdrawn later, one corrected twice on the same day."""
    repaired = penalty(CODE, DAY, number="1")
    withdrawn = penalty(CODE, DAY, number="2")
    corrected = [penalty(CODE, DAY, DAY, number="3", cf_nr_fk=float(n)) for n in range(3)]
    later = [
        {
            **repaired,
            "known_at": repaired["known_at"] + timedelta(days=200),
            "repaired_on": DAY + timedelta(days=190),
        },
        {**withdrawn, "known_at": withdrawn["known_at"] + timedelta(days=100), "retracted": True},
    ]
    store(engine, {"enterprise": [enterprise(CODE)], "penalty": [repaired, withdrawn, *corrected, *later]})
    return engine


@pytest.mark.parametrize("days", [-1, 0, 4, 5, 104, 105, 204, 205, 400])
def test_same_versions_as_the_registry(versions: Engine, days: int) -> None:
    """On every day the archive (loaded much later) holds exactly the versions that the registry's own query gives."""
    day = DAY + timedelta(days=days)
    with versions.connect() as connection:
        archive = load_archive(connection, DAY + timedelta(days=500))
        known = as_of(Penalty, day).subquery()
        expected = read_frame(connection, select(known.c.id).order_by(known.c.id))
    assert sorted(archive.in_force("penalty", day)["id"]) == list(expected["id"])


def test_the_last_of_several_corrections_of_one_instant_counts(versions: Engine) -> None:
    """Versions with the same `known_at` are ordered by arrival."""
    with versions.connect() as connection:
        archive = load_archive(connection, DAY)
    assert list(archive.in_force("penalty", DAY)["cf_nr_fk"]) == [2.0]


def test_nothing_is_said_about_days_after_the_archive(versions: Engine) -> None:
    """An archive cannot know what it did not read."""
    with versions.connect() as connection:
        archive = load_archive(connection, DAY)
    with pytest.raises(ValueError, match="until"):
        archive.in_force("penalty", DAY + timedelta(days=1))


def test_dates_become_days_and_blanks_become_nan(versions: Engine) -> None:
    """`repaired_on` is unknown in January and a day number a year later."""
    with versions.connect() as connection:
        frame = load_archive(connection, DAY + timedelta(days=400)).in_force(
            "penalty", DAY + timedelta(days=400)
        )
    assert sorted(frame["repaired_on"].dropna()) == [(DAY + timedelta(days=190) - date(1970, 1, 1)).days]
    assert frame["repaired_on"].isna().sum() == 1
