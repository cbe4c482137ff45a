"""The arrival file of a pull (取数到件): JSON lines that are hashed, kept and can be brought in again.

Every line has every field in one order, numbers stand as they were sent, nested objects are flattened to
`outer.inner`, and personal columns are not even written.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.decode import heading_key
from registry.errors import Refusal


@dataclass(frozen=True)
class Arrived:
    """A finished arrival file."""

    path: Path
    rows: int
    sha256: str


class ArrivalFile:
    """Collects the records of one pull beside `path`; only `finish` makes the file, complete or not at all."""

    def __init__(
        self,
        path: Path,
        fields: Iterable[str] = (),
        personal: Iterable[str] = (),
        key: Iterable[str] = (),
        limit: int = 500_000_000,
    ) -> None:
        self.path, self.limit, self.key = path, limit, tuple(key)
        self._fields = {heading_key(name) for name in fields}
        self._personal = {heading_key(name) for name in personal}
        self._kept: dict[str, bool] = {}
        self._last: dict[str, int] = {}
        self._order: list[str] | None = None
        self._uniform = True
        self._rows = self._bytes = 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._raw = path.with_name(f".{path.name}.part")
        self._file = open(self._raw, "x", encoding="utf-8", opener=_private)  # noqa: SIM115 - closed by `finish` or on leaving

    def __enter__(self) -> "ArrivalFile":
        return self

    def __exit__(self, *_: object) -> None:
        """What was not finished never arrived."""
        self._file.close()
        self._raw.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.parent.rmdir()  # only if nothing arrived

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a record. Raises Refusal pull.too_large."""
        everything = flatten(record)
        flat = {name: value for name, value in everything.items() if self._keeps(name)}
        self._order = self._order or list(flat)
        self._uniform = self._uniform and list(flat) == self._order
        line = json.dumps(flat, ensure_ascii=False, separators=(",", ":"), default=str)
        self._bytes += len(line.encode()) + 1
        if self._bytes > self.limit:
            raise Refusal(
                "pull.too_large",
                f"取到的数据超过 {self.limit // 1_000_000} MB。",
                "请在定义里写水位的起点（start）、只取需要的字段（fields），或调大上限。",
            )
        if self.key:
            key = [everything.get(name) for name in self.key]
            # A record without its key is like no other: it replaces none.
            own = json.dumps([self._rows] if None in key else ["", *key], default=str)
            self._last[own] = self._rows
        self._file.write(f"{line}\n")
        self._rows += 1

    def finish(self) -> Arrived | None:
        """Write the file; None where no record came. Of several versions of one key the last read is kept."""
        self._file.close()
        if not self._rows:
            return None
        names = [name for name, kept in self._kept.items() if kept]
        kept = set(self._last.values()) if self.key else None
        digest, rows = hashlib.sha256(), 0
        made = self.path.with_name(f".{self.path.name}.made")
        with (
            self._raw.open(encoding="utf-8") as source,
            open(made, "w", encoding="utf-8", opener=_private) as target,
        ):
            for number, line in enumerate(source):
                if kept is not None and number not in kept:
                    continue
                whole = line if self._uniform else _whole(line, names)
                digest.update(whole.encode())
                target.write(whole)
                rows += 1
        made.replace(self.path)
        return Arrived(self.path, rows, digest.hexdigest())

    def _keeps(self, name: str) -> bool:
        if name not in self._kept:
            key = heading_key(name)
            self._kept[name] = key not in self._personal and (not self._fields or key in self._fields)
        return self._kept[name]


def flatten(record: Mapping[str, Any], outer: str = "") -> dict[str, Any]:
    """Nested objects as `outer.inner`; a list of objects stays JSON text, a list of values a list."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{outer}{name}.")
        elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
            flat[f"{outer}{name}"] = json.dumps(value, ensure_ascii=False)
        else:
            flat[f"{outer}{name}"] = value
    return flat


def _whole(line: str, names: list[str]) -> str:
    """A line with every field of the file, in one order."""
    record = json.loads(line)
    everything = {name: record.get(name) for name in names}
    return f"{json.dumps(everything, ensure_ascii=False, separators=(',', ':'))}\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
