"""Document numbers (文号): 部门字号 + 类型 + 〔年〕 + 第 N 号, gapless for each office, kind and year."""

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from registry.tables.paperwork import NumberSequence


def take_numbers(connection: Connection, office: str, kind: str, year: int, many: int = 1) -> range:
    """The next `many` numbers. The row stays locked until commit, so a rollback leaves no gap."""
    claim = insert(NumberSequence).values(office=office, kind=kind, year=year, last=many)
    claim = claim.on_conflict_do_update(
        index_elements=["office", "kind", "year"], set_={"last": NumberSequence.last + many}
    )
    last = connection.execute(claim.returning(NumberSequence.last)).scalar_one()
    return range(last - many + 1, last + 1)


def document_number(office_word: str, kind: str, year: int, number: int) -> str:
    """For example 安市监检通〔2026〕第 12 号."""
    return f"{office_word}{kind}〔{year}〕第 {number} 号"
