"""purgedcv on the rows of `cargo bench -p datasets --bench split`, run on the same machine.

    pip install purgedcv==0.1.11 pandas==3.1.1 && python benches/peers/datasets_split.py [ROWS] [CPCV_ROWS]

Lives are one second over a uniform number, and the embargo a minute; features are left out, since purgedcv does not know
them (ours purges by them too). Prints the seconds of one purged 10-fold and of one CPCV(10, 2). ROWS is 1,000,000,
CPCV_ROWS 100,000 unless given.
"""

import sys
import time
from importlib.metadata import version

import numpy as np
import pandas as pd
from purgedcv import CombinatorialPurgedCV, PurgedKFold

from bar import tell

SECOND = 1_000_000_000


def times(rows):
    random = np.random.default_rng(7)
    cutoff = np.arange(rows) * SECOND + random.integers(0, SECOND, rows)
    end = cutoff + SECOND * 1_000_000 // (random.integers(0, 1_000_000, rows) + 6)
    series = {"prediction_times": pd.Series(pd.to_datetime(cutoff)), "evaluation_times": pd.Series(pd.to_datetime(end))}
    return series | {"embargo": pd.Timedelta("60s")}


def run(name, cv, rows):
    data = np.zeros((rows, 1), dtype=np.int8)
    start = time.perf_counter()
    folds = kept = 0
    for fit, _ in cv.split(data):
        folds, kept = folds + 1, kept + len(fit)
    seconds = time.perf_counter() - start
    print(f"purgedcv {version('purgedcv')}, {name}, {rows} rows, {folds} folds: {seconds:.2f} s, {kept} learners", flush=True)
    return seconds


rows, few = [int(word) for word in sys.argv[1:]] + [1_000_000, 100_000][len(sys.argv) - 1 :]
tell("datasets/kfold", peer=run("purged 10-fold", PurgedKFold(10, **times(rows)), rows))
run("CPCV(10, 2)", CombinatorialPurgedCV(10, 2, **times(few)), few)
