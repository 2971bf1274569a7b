"""A profile of 18 doubles with 2 % nulls, a text of 500 values and an id, by polars' `describe` and by ours, in turns.

`python quality_profile.py FOLDER [--rows 500000] [--rounds 5] [--threads 1] [--load PROGRAM]` writes
`FOLDER/profile.arrow` (seed 1) unless it is there, and prints a JSON line for each side: rows a second of the best and the
median round. PROGRAM is the bench `profile` of the crate `quality`. Both sides hold the table in memory before the clock
starts. Polars computes count, nulls, mean, deviation, extremes and three quantiles; ours also counts distinct values, NaN,
most frequent texts and four more quantiles. Means and deviations of both must agree to 1e-9.

Version: polars 2.1.0.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

words = argparse.ArgumentParser()
words.add_argument("folder")
words.add_argument("--rows", type=int, default=500_000)
words.add_argument("--rounds", type=int, default=5)
words.add_argument("--threads", default="1")
words.add_argument("--load")
ARGS = words.parse_args()
os.environ["POLARS_MAX_THREADS"] = ARGS.threads  # read when polars is imported

import numpy as np
import polars as pl
import pyarrow as pa

from bar import tell

FILE = Path(ARGS.folder) / "profile.arrow"


def make():
    r = np.random.default_rng(1)
    n = ARGS.rows
    columns = {}
    for i in range(18):
        x = [r.normal(size=n), 64_000 + r.normal(size=n).cumsum(), r.lognormal(size=n)][i % 3]
        columns[f"f{i}"] = pa.array(x, mask=r.random(n) < 0.02)
    names = np.array([f"name_{i}" for i in range(500)])
    columns["text"] = pa.array(names[r.integers(500, size=n)])
    columns["id"] = pa.array(np.arange(n, dtype=np.int64))
    table = pa.table(columns)
    with pa.OSFile(str(FILE), "wb") as out, pa.ipc.new_file(out, table.schema) as file:
        file.write_table(table, max_chunksize=65_536)


def say(what, rows, seconds, **more):
    best, middle = rows / min(seconds), rows / statistics.median(seconds)
    print(json.dumps({"what": what, "rows_per_s": round(best), "median": round(middle), **more}), flush=True)
    return best


if not FILE.exists():
    make()
frame = pl.from_arrow(pa.ipc.open_file(str(FILE)).read_all()).rechunk()
theirs, ours, said = [], [], None
for _ in range(ARGS.rounds):
    start = time.perf_counter()
    described = frame.describe()
    theirs.append(time.perf_counter() - start)
    if ARGS.load:
        said = json.loads(subprocess.run([ARGS.load, FILE, "1"], check=True, capture_output=True).stdout)
        ours += said["seconds"]
rows = frame.height
peer = say("polars describe", rows, theirs, threads=ARGS.threads)
if said:
    mean, sd = described.filter(pl.col("statistic") == "mean"), described.filter(pl.col("statistic") == "std")
    for i, (m, s) in enumerate(zip(said["means"], said["sds"])):
        name = frame.columns[i]
        if name == "text":
            continue
        m = float(re.search(r"Number\((.*)\)\)", m).group(1))
        for a, b in [(m, float(mean[name][0])), (s, float(sd[name][0]))]:
            assert abs(a - b) <= 1e-9 * max(abs(b), 1e-3), (name, a, b)
    best = say("quality profile", rows, ours, state_bytes=said["state_bytes"])
    print(json.dumps({"ratio": round(best / peer, 2)}))
    tell("quality/profile", best, peer, "/s")
