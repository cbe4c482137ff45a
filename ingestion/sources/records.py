"""Records written in a profile (方案内置记录): small reference tables a foreign file set lacks, as files."""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.datasets import DATASETS
from ingestion.mapping import Profile


@contextmanager
def write_records(profile: Profile) -> Iterator[list[Path]]:
    """One CSV in the standard layout for each dataset the profile gives records of, in order of dependence."""
    with tempfile.TemporaryDirectory(prefix="wurao-") as folder:
        paths = []
        for name in (name for name in DATASETS if name in profile.records):
            rows = profile.records[name]
            path = Path(folder) / f"{name}_{profile.name}.csv"
            headings = DATASETS[name].headings()
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, headings, restval="")
                writer.writeheader()
                writer.writerows(rows)
            paths.append(path)
        yield paths
