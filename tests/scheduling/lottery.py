"""The lotteries' test data (抽取测试数据): the vector of the published format, and small made-up draws."""

from __future__ import annotations

import random
from collections.abc import Mapping

from scheduling.bundle import Bundles, DrawRecord, TeamRecord, make_bundles
from scheduling.draw import PoolRow, counts_file, pool_file
from scheduling.teams import SeatGroup, Staff, TeamTable, publish_probabilities

SALT = "00112233445566778899aabbccddeeff"
KEY = bytes(range(32))
SEED = "2026-12-01 dice 3 6 1 4 4 2 5 1 6 3 2 2 5 4 1 6 6 3 1 5"
ROWS = [
    PoolRow(*line.split(","))
    for line in """\
91110000802100433B,T1,A
91110000802100433B,T2,A
91110108551385082Q,T1,B
91330100799655058B,T1,B
91330100799655058B,T2,B
914403001922038216,T1,A
914403001922038216,T2,A
9144030071526726XG,T1,A
9144030071526726XG,T2,A
9152000071430580XT,T1,B""".splitlines()
]
COUNTS = {("T1", "A"): 1, ("T1", "B"): 2, ("T2", "A"): 1, ("T2", "B"): 1}
NAMES = {
    "91110000802100433B": "北京某某科技有限公司",
    "9152000071430580XT": '贵州"某某", 酒业',
    "91330100799655058B": "=HYPERLINK(1)",
}


def draw_record(class_secret: bool, **changes: object) -> DrawRecord:
    facts: dict[str, object] = {
        "batch": "2026-Q4-01",
        "version": 1,
        "place": "市市场监管局一楼大厅",
        "ceremony_at": "2026-12-01T10:00:00+08:00",
        "committed_at": "2026-11-30T17:00:00+08:00",
        "seed_text": SEED,
        "seed_source": "20 dice read aloud before witnesses",
        "seed_at": "2026-12-01T10:05:00+08:00",
        "approved_by": ("S001",),
        "class_secret": class_secret,
    }
    return DrawRecord(**{**facts, **changes})  # type: ignore[arg-type]


def team_record(table: bytes) -> TeamRecord:
    return TeamRecord(
        table,
        "市市场监管局一楼大厅",
        "2026-12-05T10:00:00+08:00",
        "2026-12-04T17:00:00+08:00",
        "2026-12-05 dice 1 2 3 4 5 6",
        "dice",
        "2026-12-05T10:05:00+08:00",
    )


def small_team_table() -> TeamTable:
    groups = [
        SeatGroup("V1/lead", "2026-12-08/am", 1, ("P1", "P2")),
        SeatGroup("V1/rest", "2026-12-08/am", 1, ("P1", "P2", "P3", "P4")),
        SeatGroup("V2/rest", "2026-12-08/am", 1, ("P3", "P4", "P5")),
        SeatGroup("V3/rest", "2026-12-08/pm", 2, ("P1", "P2", "P3", "P4", "P5")),
    ]
    return publish_probabilities(groups, [Staff(f"P{number}", 2) for number in range(1, 6)])


def vector_bundles(
    class_secret: bool, team: bool = False, names: Mapping[str, str] = NAMES, table: bytes = b""
) -> Bundles:
    """The vector's bundles; with the team lottery of the small table, or of the file `table`."""
    part = team_record(table or small_team_table().content) if team or table else None
    record = draw_record(class_secret)
    return make_bundles(record, pool_file(ROWS, SALT), counts_file(COUNTS, SALT), KEY, names, part)


def random_draw(number: int) -> tuple[list[PoolRow], dict[tuple[str, str], int], bytes, str]:
    """One of many different draws: shuffled rows, counts, key and a seed that is text made of digits."""
    chance = random.Random(number)
    tasks = [f"T{task}" for task in range(chance.randint(1, 4))]
    objects = [f"91{chance.randrange(10**16):016d}" for _ in range(chance.randint(3, 40))]
    rows = [
        PoolRow(name, task, chance.choice(["A|东湖区", "B|东湖区", "C", "D"]))
        for name in set(objects)
        for task in tasks
        if chance.random() < 0.7
    ]
    chance.shuffle(rows)
    sizes: dict[tuple[str, str], int] = {}
    for row in rows:
        sizes[row.task, row.stratum] = sizes.get((row.task, row.stratum), 0) + 1
    counts = {name: chance.randint(0, size) for name, size in sizes.items()}
    return rows, counts, chance.randbytes(32), str(chance.randrange(10**12))
