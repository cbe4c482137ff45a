"""C-32 in short: numbers are unique and gapless for each office, kind and year, rollbacks included."""

from concurrent.futures import ThreadPoolExecutor

from registry.database import Database
from registry.numbering import document_number, take_numbers


def test_numbers_are_unique_and_gapless_under_contention_and_rollback(database: Database) -> None:
    engine = database.engine_for("report")

    def issue(turn: int) -> list[int]:
        with engine.connect() as connection:
            taken = list(take_numbers(connection, "安市监", "检通", 2026, 1 + turn % 3))
            if turn % 4 == 0:
                connection.rollback()
                return []
            connection.commit()
            return taken

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(n for many in pool.map(issue, range(60)) for n in many)
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_office_kind_and_year_counts_for_itself(database: Database) -> None:
    with database.engine_for("report").begin() as connection:
        assert list(take_numbers(connection, "安市监", "检通", 2026)) == [1]
        assert list(take_numbers(connection, "安市监", "检通", 2027)) == [1]
        assert list(take_numbers(connection, "安市监", "责改", 2026)) == [1]
        assert list(take_numbers(connection, "安市监", "检通", 2026, 3)) == [2, 3, 4]
    assert document_number("安市监", "检通", 2026, 12) == "安市监检通〔2026〕第 12 号"
