"""Replay a published draw without any of wurao's code: python verify_draw.py BUNDLE [BUNDLE ...]

BUNDLE is a folder or zip with pool.csv, counts.csv, key.txt, drawn.csv and bundle.json or audit.json.
Python 3.8 or later, nothing else. The order of the lines does not matter. docs/draw-format.md explains it.
"""

import csv
import hashlib
import json
import pathlib
import sys
import zipfile


def sha(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def need(condition, sentence):
    if not condition:
        raise SystemExit("DIFFERENT: " + sentence)


def read(bundle):
    if pathlib.Path(bundle).is_dir():
        return {path.name: path.read_bytes() for path in pathlib.Path(bundle).iterdir() if path.is_file()}
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(content, columns):  # the file in its one spelling, and its rows
    first, header, *lines = content.decode("utf-8").rstrip("\n").split("\n")
    rows = sorted(tuple(line.split(",")) for line in lines)
    need(header == columns, "the columns are not " + columns)
    return "\n".join([first, header] + [",".join(row) for row in rows] + [""]), rows


def replay(files):
    need("pool.csv" in files, "pool and key are kept back: replay the audit bundle")
    facts = json.loads(files["bundle.json" if "bundle.json" in files else "audit.json"].decode("utf-8"))
    pool_text, pool = table(files["pool.csv"], "object_id,task,stratum")
    counts_text, counts = table(files["counts.csv"], "task,stratum,count")
    key = files["key.txt"].decode("ascii").strip()
    commitment = sha("\n".join(["wurao-draw-1", sha(pool_text), sha(counts_text), sha(key), ""]))
    need(commitment == facts["commitment"], "pool, counts or key is not what was committed to")
    state = sha(commitment + "\n" + facts["seed_text"] + "\n" + key + "\n")
    drawn = []
    for task, stratum, count in counts:
        tickets = sorted((sha(state + "," + row[0]), row[0]) for row in pool if row[1:] == (task, stratum))
        drawn += [(object_id, task, ticket) for ticket, object_id in tickets[: int(count)]]
    listed = csv.DictReader(files["drawn.csv"].decode("utf-8").split("\n"))
    found = [(row["object_id"], row["task"], row["ticket"]) for row in listed]
    need(sorted(found) == sorted(drawn), f"drawn list: {sorted(set(found) ^ set(drawn))[:1]}")
    return state


if __name__ == "__main__":
    sys.excepthook = lambda kind, fault, _: sys.stderr.write(f"NO BUNDLE: {name}: {kind.__name__}: {fault}\n")
    for name in sys.argv[1:]:
        print("OK", replay(read(name)), name)
