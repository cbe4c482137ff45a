"""The model file (模型文件): a learner, its calibration and its bands, as bytes with a hash."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from risk.calibration import Calibration
from risk.learners import Learner, learner_from_json


@dataclass(frozen=True)
class Model:
    """What grades: everything that turns a row of indicators into a class, apart from the dated rules.

    line: Platt calibration of the learner's raw score; puts it on the scale of log-odds, as peers' rates are.
    calibration: of the final score, after enterprises without history were shrunk to their peers.
    cuts: final scores from which B, C and D begin. no_history_weight: 0 (own indicators) to 1 (peers alone).
    """

    learner: Learner
    names: tuple[str, ...]
    line: Calibration
    calibration: Calibration
    cuts: tuple[float, float, float]
    no_history_weight: float

    def to_bytes(self) -> bytes:
        """Compressed JSON; the same model always gives the same bytes."""
        values = {
            "learner": {"name": self.learner.name, **self.learner.to_json()},
            "names": self.names,
            "line": self.line.to_json(),
            "calibration": self.calibration.to_json(),
            "cuts": self.cuts,
            "no_history_weight": self.no_history_weight,
        }
        return zlib.compress(json.dumps(values, sort_keys=True).encode(), 6)


def load_model(content: bytes) -> Model:
    """The inverse of `Model.to_bytes`: scores are identical."""
    values: dict[str, Any] = json.loads(zlib.decompress(content))
    learner = learner_from_json(values["learner"]["name"], values["learner"])
    line, calibration = Calibration.from_json(values["line"]), Calibration.from_json(values["calibration"])
    low, middle, high = values["cuts"]
    return Model(
        learner, tuple(values["names"]), line, calibration, (low, middle, high), values["no_history_weight"]
    )


def hash_of_bytes(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=1)
def code_version() -> str:
    """Hash of this package's sources: grades and runs carry it."""
    digest = hashlib.sha256()
    for name, content in sorted(_sources(resources.files("risk"), "")):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found += _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
