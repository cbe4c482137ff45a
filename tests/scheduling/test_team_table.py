"""The file teams.csv: one spelling, and sums without which no lottery keeps the hard rules."""

import pytest

from scheduling.draw import DrawFault
from scheduling.team_table import read_team_table
from tests.scheduling.lottery import small_team_table

TABLE = """\
wurao-team-2,4
inspector,P1,1
inspector,P2,2
inspector,P3,2
group,V1,d1/am,1
group,V2,d1/am,1
seat,V1,P1,2
seat,V1,P2,2
seat,V2,P2,2
seat,V2,P3,2
"""


def test_the_file_reads_back_as_it_was():
    table = small_team_table()
    again = read_team_table(table.content)
    assert again.content == table.content
    assert (again.groups, again.staff, again.chances) == (table.groups, table.staff, table.chances)


def test_a_file_of_the_earlier_format_reads_back_as_it_was():
    content = TABLE.replace("wurao-team-2", "wurao-team-1").encode()
    table = read_team_table(content)
    assert (table.edition, table.content) == ("wurao-team-1", content)
    assert table.chances == read_team_table(TABLE.encode()).chances


def test_a_written_table_is_understood():
    table = read_team_table(TABLE.encode())
    assert table.probability("V1", "P1") == 0.5
    assert table.probability("V1", "P3") == 0


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("wurao-team-2,4", "wurao-team-3,4", 1),
        ("wurao-team-2,4", "wurao-team-1,0", 1),
        ("seat,V1,P1,2", "seat,V1,P1,3", 0),
        ("seat,V1,P1,2", "seat,V1,P1,02", 7),
        ("seat,V1,P1,2", "seat,V1,P1,00", 7),
        ("seat,V1,P1,2", "seat,V1,P1,", 7),
        ("seat,V1,P1,2", "seat,V1,P1,\u0662", 7),
        ("seat,V1,P1,2", "seat,V1,P1,1000000000000000000", 7),
        ("group,V1,d1/am,1", "group,V1,d1/am,0", 5),
        ("seat,V1,P1,2", "seat,V1,P1,-2", 7),
        ("seat,V1,P1,2", "seat,V1,P1", 7),
        ("seat,V1,P1,2", "chair,V1,P1,2", 7),
        ("seat,V1,P1,2", "seat,V9,P1,2", 0),
        ("seat,V1,P1,2", "seat,V1,P9,2", 0),
        ("seat,V1,P1,2\nseat,V1,P2,2", "seat,V1,P2,2\nseat,V1,P1,2", 7),
        ("inspector,P1,1\n", "inspector,P1,1\ninspector,P1,1\n", 0),
        ("inspector,P1,1", "inspector,P1,0", 0),
        ("seat,V2,P2,2\nseat,V2,P3,2", "seat,V2,P2,3\nseat,V2,P3,1", 0),
        ("seat,V2,P3,2\n", "seat,V2,P3,2", 10),
        ("seat,V2,P3,2\n", "seat,V2,P3,2\nseat,V2,P3,2\n", 11),
        ("group,V2,d1/am,1\n", "", 0),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(old, new, line):
    assert old in TABLE
    with pytest.raises(DrawFault) as fault:
        read_team_table(TABLE.replace(old, new).encode())
    assert (fault.value.file, fault.value.line) == ("teams.csv", line)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff",
        b"wurao-team-1\n",
        b"wurao-team-2\n",
        b"wurao-team-2,4,4\n",
        b"wurao-team-2,1\n\n",
        b"wurao-team-2,1",
    ],
)
def test_garbage_is_a_fault(content):
    with pytest.raises(DrawFault):
        read_team_table(content)
