"""One file or folder through the door in a process of its own, and what it cost: time and memory.

    python -m tests.faults.door URL PATH [LIMIT]

The last line of its output is one JSON object. LIMIT: megabytes of address space beyond which the process may not grow,
so that a bomb that goes off harms nobody.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Passage:
    """What became of a file: reports (state, sentence), or how the process died; seconds of its processor, which a busy
    machine does not lengthen, and the most memory (MB) that it ever had: compare both with those of a good file."""

    reports: list[dict[str, Any]]
    died: str
    seconds: float
    megabytes: float


def go_through(url: str, path: Path, limit: int = 6_000) -> Passage:
    """Run the door in a child, bounded in memory and time."""
    arguments = [sys.executable, "-m", "tests.faults.door", url, str(path), str(limit)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=300, check=False, cwd=Path(__file__).parents[2]
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return Passage([], f"exit {done.returncode}: {done.stderr[-400:]}", 0.0, 0.0)
    return Passage(**json.loads(lines[-1]))


def main(url: str, path: Path, limit: int) -> None:
    """In the child."""
    from ingestion.intake import ingest_file, ingest_folder
    from registry.database import Database
    from registry.errors import Refusal

    engine = Database(url).engine_for("ingest")
    with engine.connect():  # connecting is not part of the measure
        pass
    resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20))
    began = time.process_time()
    try:
        reports = ingest_folder(engine, path) if path.is_dir() else [ingest_file(engine, path)]
        said = [{"state": each.state, "sentence": each.sentence, "rows": each.rows_new} for each in reports]
    except Refusal as refusal:
        said = [{"state": "refused", "sentence": str(refusal), "rows": 0}]
    seconds = time.process_time() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n" + json.dumps(asdict(Passage(said, "", seconds, most))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
