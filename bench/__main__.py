"""All benches, one after another: `python -m bench`. Each prints its figures beside a peer, in one run."""

import runpy
import sys
from pathlib import Path

for bench in sorted(
    file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")
):
    sys.stdout.write(f"\n== {bench}\n")
    sys.stdout.flush()
    sys.argv = [f"bench.{bench}"]
    try:
        runpy.run_module(f"bench.{bench}", run_name="__main__")
    except SystemExit as done:
        if done.code:
            raise
