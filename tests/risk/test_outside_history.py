"""History of outsiders' events: strictly earlier rows only, against a slow oracle, and blind to everything later."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.archive import FloatArray
from risk.outside.history import (
    EVERYBODY,
    GROUP_PRIOR,
    LABEL_FEATURES,
    LAST,
    OWN_PRIOR,
    SINCE,
    Events,
    earlier,
    final_group_rates,
    history_names,
)

COLUMN = {name.split()[0] + " " + name.split()[1]: i for i, name in enumerate(LABEL_FEATURES)}
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(0, 6), st.sampled_from([0.0, 1.0, np.nan]),
        st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)), st.sampled_from(["g", "h"]),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


def _events(rows: list[tuple[str, int, float, float, str]]) -> Events:
    ids, when, problem, measure, groups = (list(column) for column in zip(*rows, strict=True))
    return Events(
        np.array(ids, dtype=object), np.array(groups, dtype=object), np.array(when, float), np.array(problem),
        {"m": np.array(measure)},
    )  # fmt: skip


def _slow(events: Events, row: int) -> dict[str, float]:
    """The same by looking at every earlier row of the id, one after another."""
    past = [
        i for i in np.lexsort((np.arange(len(events.when)), events.when)).tolist()
        if events.ids[i] == events.ids[row] and events.when[i] < events.when[row]
    ]  # fmt: skip
    labels = [events.problem[i] for i in past if not np.isnan(events.problem[i])]
    values = [events.measures["m"][i] for i in past if not np.isnan(events.measures["m"][i])]
    now = events.when[row]
    positive = [events.when[i] for i in past if events.problem[i] == 1]
    before = ~np.isnan(events.problem) & (events.when < now)
    mine = before & (events.groups == events.groups[row])
    everybody = (events.problem[before].sum() + 0.5) / (before.sum() + 1)
    group = (events.problem[mine].sum() + GROUP_PRIOR * everybody) / (mine.sum() + GROUP_PRIOR)
    nan = float("nan")
    return {
        "earlier events": len(past), "earlier outcomes": len(labels),
        "share positive": float(np.mean(labels)) if labels else nan, "last label": labels[-1] if labels else nan,
        "days since": now - events.when[past[-1]] if past else nan,
        "mean gap": (events.when[past[-1]] - events.when[past[0]]) / (len(past) - 1) if len(past) > 1 else nan,
        "group rate": group, "rate shrunk": (sum(labels) + OWN_PRIOR * group) / (len(labels) + OWN_PRIOR),
        "since positive": now - positive[-1] if positive else nan,
        "value last": values[-1] if values else nan, "value mean": float(np.mean(values)) if values else nan,
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_every_figure_is_what_a_slow_look_back_finds(rows: list[tuple[str, int, float, float, str]]) -> None:
    events = _events(rows)
    found = earlier(events)
    own = len(LABEL_FEATURES)
    places = COLUMN | {
        "days since": SINCE,
        "since positive": SINCE + 1,
        "value last": own,
        "value mean": own + 1,
    }
    for row in range(len(rows)):
        for name, value in _slow(events, row).items():
            assert found[row, places[name]] == pytest.approx(value, nan_ok=True, rel=1e-9, abs=1e-6), name


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_altering_later_rows_leaves_earlier_features_byte_identical(
    rows: list[tuple[str, int, float, float, str]], moment: int, seed: int
) -> None:
    events = _events(rows)
    random = np.random.default_rng(seed)
    later = events.when >= moment

    def scrambled(values: FloatArray) -> FloatArray:
        return np.where(later, random.normal(0, 1e9, len(values)), values)

    altered = replace(
        events, problem=np.where(later, random.integers(0, 2, len(later)).astype(float), events.problem),
        when=np.where(later, events.when + random.integers(0, 1000, len(later)), events.when),
        measures={"m": scrambled(events.measures["m"])},
    )  # fmt: skip
    early = events.when <= moment
    early &= altered.when <= moment
    assert earlier(events)[early].tobytes() == earlier(altered)[early].tobytes()


def test_rows_of_one_time_never_see_each_other() -> None:
    events = _events([("a", 1, 1.0, 5.0, "g"), ("a", 1, 0.0, 7.0, "g"), ("a", 2, 1.0, 9.0, "g")])
    found = earlier(events)
    assert found[:2, 0].tolist() == [0, 0]
    assert np.isnan(found[:2, LAST]).all()
    assert found[2, 0] == 2
    assert found[2, LAST] == 0.0, "of two at one time the later line is the last"


def test_scoring_takes_the_rates_that_training_left() -> None:
    events = _events([("a", 1, 1.0, 5.0, "g"), ("b", 2, 0.0, 7.0, "h"), ("b", 3, 0.0, 7.0, "h")])
    rates = final_group_rates(events)
    unknown = replace(events, groups=np.array(["g", "h", "new"], dtype=object))
    found = earlier(unknown, rates)[:, LABEL_FEATURES.index("group rate 同组发生率")]
    assert found.tolist() == [rates["g"], rates["h"], rates[EVERYBODY]]
    alone = replace(unknown, ids=unknown.ids[1:], groups=unknown.groups[1:], when=unknown.when[1:],
                    problem=unknown.problem[1:], measures={"m": unknown.measures["m"][1:]})  # fmt: skip
    assert earlier(alone, rates).tobytes() == earlier(unknown, rates)[1:].tobytes()


def test_names_fit_the_columns() -> None:
    events = _events([("a", 1, 1.0, 5.0, "g")])
    assert len(history_names(["m"])) == earlier(events).shape[1]
