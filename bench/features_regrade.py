"""The whole regrade beside features + Booster.predict (全部重新分级), for bench.features --regrade.

The model is LightGBM with the module's own settings, trained on 50,000 of the city's enterprises with made-up outcomes.
The previous grading is the same city a month earlier. What a regrade computes: indicators, score, calibrated probability
and interval, news, bands with hysteresis and step limit, hard rules, and what changed. Apart: reasons of C, D and changed
(of a sample, scaled up), and storing.
"""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sqlalchemy import insert

from bench.features_city import AS_OF, LATEST, PLACE, make_city
from bench.features_contenders import Cost, as_frames, best_of, measured
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import Rulebook, load_rules
from registry.tables import FeatureRow, FeatureSnapshot
from risk.archive import Archive
from risk.bands import CLASSES
from risk.calibration import calibrate
from risk.copying import copy_matrix, read_matrix
from risk.grade import EXPLAINED, Verdicts, judge
from risk.hard_rules import PREFIX
from risk.indicators import FeatureFrame, feature_frame
from risk.indicators.catalogue import NAMES, directions_of
from risk.learners import fit_boosted
from risk.model_file import Model
from risk.previous import Previous
from risk.reasons import Evidence, ReasonWriter
from risk.score import contributions, never_inspected, score_frame

MONTH_BEFORE = date(2026, 5, 1)
LEARNED_FROM, EXPLAINED_SAMPLE, RUNS = 50_000, 2_000, 2
SHARES = (0.55, 0.85, 0.95)


def regrade(enterprises: int, events: int) -> float:
    """Print the table; how many times the CPU of features + predict a regrade takes."""
    book, archive = load_rules(), Archive(LATEST, as_frames(make_city(enterprises, events), True))
    earlier = feature_frame(archive, MONTH_BEFORE, book, PLACE)
    model = _model(earlier)
    previous = _previous(earlier, model, book)
    booster: Any = model.learner.booster  # type: ignore[attr-defined]
    print(f"\n{'':<58}{'CPU s':>8}{'system':>8}{'wall s':>8}{'peak MB':>9}")
    frame, features = best_of(RUNS, lambda: feature_frame(archive, AS_OF, book, PLACE))
    _show("features", features)
    _, predicted = best_of(RUNS, lambda: booster.predict(frame.matrix, raw_score=True))
    _show("Booster.predict", predicted)
    frame = None  # its memory is needed again
    (frame, verdicts), whole = best_of(RUNS, lambda: _judged(archive, book, model, previous))
    _show("whole regrade: features, score, probability, class, news", whole)
    _show_reasons(frame, model, verdicts, book)
    _show_storing(frame)
    ratio = whole.cpu / (features.cpu + predicted.cpu)
    print(f"a whole regrade takes {ratio:.2f} times the CPU of features + Booster.predict")
    return ratio


def _show(name: str, cost: Cost, times: float = 1) -> None:
    scaled = " (scaled up)" if times != 1 else ""
    print(
        f"{name:<58}{cost.cpu * times:8.2f}{cost.system * times:8.2f}{cost.wall * times:8.2f}{cost.megabytes:9,.0f}{scaled}",
        flush=True,
    )


def _judged(
    archive: Archive, book: Rulebook, model: Model, previous: Previous
) -> tuple[FeatureFrame, Verdicts]:
    """What `risk.grade.grade` computes once the archive is loaded."""
    frame = feature_frame(archive, AS_OF, book, PLACE)
    scores = score_frame(model, frame)
    return frame, judge(frame, scores, model, previous, book.in_force(PREFIX, PLACE, AS_OF), book)


def _model(frame: FeatureFrame) -> Model:
    """Outcomes drawn from a formula of three indicators: it is the cost of the model that matters here."""
    random = np.random.default_rng(5)
    worse = -2.5 + frame["insp_problem_cnt"] + 0.5 * frame["pen_cnt_36"] + 0.3 * frame["complaint_cnt"]
    problem = (random.random(len(worse)) < expit(worse)).astype(float)
    half = min(LEARNED_FROM, len(worse) // 2)
    learned, later = random.permutation(len(worse))[: 2 * half].reshape(2, half)
    learner = fit_boosted(
        frame.matrix[learned], problem[learned], np.zeros(len(learned)), NAMES, directions_of(NAMES), 0
    )
    raw, first = learner.raw(frame.matrix[later]), never_inspected(frame.matrix[later], NAMES)
    line = calibrate(raw, problem[later], first, 200)
    low, middle, high = np.quantile(line.log_odds(raw), SHARES)
    return Model(learner, NAMES, line, line, (float(low), float(middle), float(high)), 0.5)


def _previous(frame: FeatureFrame, model: Model, book: Rulebook) -> Previous:
    """The grading of the month before, as it would be read back."""
    nothing = np.zeros(0, dtype=object)
    columns = (
        "enterprise_code",
        "credit_risk_class",
        "model_class",
        "deciding_layer",
        "rule_code",
        "settled_class",
        "ruled_class",
    )
    none = Previous(pd.DataFrame(dict.fromkeys(columns, nothing)), (), nothing, np.zeros((0, 0)))
    verdicts = judge(
        frame, score_frame(model, frame), model, none, book.in_force(PREFIX, PLACE, MONTH_BEFORE), book
    )
    classes, own = CLASSES[verdicts.final], CLASSES[verdicts.own]
    values = (frame.codes, classes, own, verdicts.layer, verdicts.rule_code, own, classes)
    grades = pd.DataFrame({c: pd.Series(v, dtype=object) for c, v in zip(columns, values, strict=True)})
    return Previous(grades, frame.names, frame.codes, frame.matrix)


def _show_reasons(frame: FeatureFrame, model: Model, verdicts: Verdicts, book: Rulebook) -> None:
    every = np.flatnonzero(np.isin(CLASSES[verdicts.final].astype(str), EXPLAINED) | verdicts.changed)
    chosen = every[:: max(len(every) // EXPLAINED_SAMPLE, 1)]
    writer = ReasonWriter(frame, {r.key: r for r in book.in_force(PREFIX, PLACE, AS_OF)}, Evidence(frame))

    def write() -> int:
        parts = contributions(model, frame.matrix[chosen])
        return sum(
            len(writer.write(p, frame.matrix[p], parts[n], verdicts.layer[p], verdicts.rule_code[p]))
            for n, p in enumerate(chosen.tolist())
        )

    write()  # the lists that evidence is found in are sorted once
    count, cost = measured(write)
    times = len(every) / len(chosen)
    _show(f"reasons of {len(every):,} C, D and changed: {count * times:,.0f}", cost, times)


def _show_storing(frame: FeatureFrame) -> None:
    """The snapshot into PostgreSQL and back: the client's seconds, without the server's."""
    columns = ("snapshot_id", "enterprise_code", "feature_values")
    about = {"as_of": AS_OF, "place": PLACE, "feature_names": list(frame.names), "data_hash": frame.data_hash,
             "rules_version": "", "code_version": "", "made_at": datetime(2026, 6, 1)}  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="wurao-", dir="/var/tmp") as folder,
        EmbeddedServer(Path(folder)) as server,
    ):
        database = Database(server.url)
        database.migrate()
        with database.owner().begin() as connection:
            snapshot = connection.execute(
                insert(FeatureSnapshot).values(**about).returning(FeatureSnapshot.id)
            ).scalar_one()
            _, cost = measured(
                lambda: copy_matrix(connection, FeatureRow, snapshot, frame.codes, frame.matrix)
            )
            _show("storing the snapshot (client)", cost)
            _, cost = measured(
                lambda: read_matrix(connection, FeatureRow, columns, snapshot, len(frame.names))
            )
            _show("reading a snapshot back (client)", cost)
        database.close()
