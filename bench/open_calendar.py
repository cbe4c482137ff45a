"""Cost of the open calendar (可入企日历用时): python -m bench.open_calendar [OBJECTS]

One vectorised call over 100,000 objects × 92 days with the rules of a city: one regional rule, ten parks, 2,000
single enterprises, 200 approved exemptions; beside the peer, which asks the same question object by object and day
by day, on a sample.
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta

import numpy as np

from scheduling.problem import Exemption, QuietRule
from scheduling.quiet import ObjectFrame, applies, covers, open_days

FIRST, DAYS = date(2026, 10, 1), 92
RECORDS, EXEMPTIONS, SAMPLE = 2_000, 200, 300
CATEGORY = "food_drug"


def town(objects: int) -> tuple[ObjectFrame, list[QuietRule], list[Exemption]]:
    """Objects in ten parks and none, one in seven 规上; quiet-day rules and exemptions as a city has them."""
    ids = np.array([f"91990100MA{n:08d}" for n in range(objects)], dtype=np.str_)
    frame = ObjectFrame(
        ids,
        np.array(["990101", "990102"], dtype=np.str_)[np.arange(objects) % 2],
        np.array([f"园区{n}" if n < 10 else "" for n in range(100)], dtype=np.str_)[np.arange(objects) % 100],
        np.array(["规上", *[""] * 6], dtype=np.str_)[np.arange(objects) % 7],
        np.array(["F5213", "C1411", "H6210"], dtype=np.str_)[np.arange(objects) % 3],
    )
    exempt = (CATEGORY,)
    rules = [
        QuietRule("regional", "规上", scales=("规上",), month_days=tuple(range(1, 21)), exempt_categories=exempt),
        QuietRule("parks", "园区", parks=tuple(f"园区{n}" for n in range(10)), month_days=tuple(range(1, 16))),
        QuietRule(
            "single", "登记", object_ids=tuple(ids[::50][:RECORDS]), month_days=tuple(range(1, 26)),
            exempt_categories=exempt,
        ),
    ]  # fmt: skip
    chosen = ids[:: max(1, objects // EXEMPTIONS)][:EXEMPTIONS]
    exemptions = [
        Exemption(f"HM{n}", CATEGORY, FIRST, FIRST + timedelta(days=30), "", str(each), "局长", FIRST)
        for n, each in enumerate(chosen)
    ]
    return frame, rules, exemptions


def one_by_one(
    frame: ObjectFrame, rules: list[QuietRule], exemptions: list[Exemption], days: list[date], n: int
) -> list[bool]:
    """The peer: one object, day after day, rule after rule."""
    own = ObjectFrame(frame.ids[n : n + 1], frame.districts[n : n + 1], frame.parks[n : n + 1],
                      frame.scales[n : n + 1], frame.industries[n : n + 1])  # fmt: skip
    row = []
    for day in days:
        closed = False
        for rule in rules:
            lifted = any(
                e.category in rule.exempt_categories
                and e.object_id == own.ids[0]
                and e.first_day <= day <= e.last_day
                for e in exemptions
            )
            closed |= bool(applies(rule, own)[0] and covers(rule, [day])[0] and not lifted)
        row.append(not closed)
    return row


def main(objects: int = 100_000) -> int:
    """Print CPU seconds and check the sample against the peer; returns 1 where they differ."""
    frame, rules, exemptions = town(objects)
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    start = time.process_time()
    matrix = open_days(frame, rules, days, exemptions, (CATEGORY,), FIRST + timedelta(days=1))
    whole = time.process_time() - start
    print(f"{objects:,} x {DAYS} days, one call:            {whole:8.3f} s CPU, {matrix.nbytes / 1e6:.1f} MB")
    sample = range(0, objects, max(1, objects // SAMPLE))
    start = time.process_time()
    peer = [one_by_one(frame, rules, exemptions, days, n) for n in sample]
    each = (time.process_time() - start) / len(peer)
    print(
        f"one by one, {len(peer)} objects:                  {each * 1e3:8.3f} ms CPU an object, {each * objects:,.0f} s for all"
    )
    same = bool((matrix[list(sample)] == np.array(peer)).all())
    print(f"the same answer: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in sys.argv[1:])))
