"""Evidently's DataDriftPreset on the rows of `crates/quality/benches/drift.rs`, on one thread.

Prints the versions, seconds of three rounds, and the distance of each column beside PSI on the reference's deciles and the
distances of scipy, which shows what the name "PSI" leaves open. Needs evidently 0.7.23.
"""

import os
import time

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"  # read when the libraries are imported

import evidently
import numpy as np
import pandas as pd
import scipy
from evidently import Report
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset

from bar import tell

ROWS = 100_000


def unit(salt):
    at = np.arange(ROWS, dtype=np.uint32)
    with np.errstate(over="ignore"):
        x = at * np.uint32(0x9E3779B9) + np.uint32(salt) * np.uint32(0x85EBCA6B)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return (x.astype(float) + 0.5) / 4294967296.0


def side(salt, shift):
    def column(place):
        first, second = unit(salt + 2 * place), unit(salt + 2 * place + 1)
        return shift * (place % 2) + np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)

    return pd.DataFrame({f"x{place:02}": column(place) for place in range(20)})


def value(snapshot):
    return [metric["value"] for metric in snapshot.dict()["metrics"]]


def main():
    print("evidently", evidently.__version__, "pandas", pd.__version__, "numpy", np.__version__, "scipy", scipy.__version__)
    before, after = side(1, 0.0), side(1001, 0.2)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        snapshot = Report([DataDriftPreset()]).run(current_data=after, reference_data=before)
        snapshot.dict()
        times.append(time.perf_counter() - begin)
        print(f"preset {times[-1]:.3f} s", flush=True)
    tell("quality/drift", peer=min(times))
    reference, current = before["x01"].to_numpy(), after["x01"].to_numpy()
    edges = np.quantile(reference, np.arange(1, 10) / 10)
    counts = [np.bincount(np.searchsorted(edges, x, side="right"), minlength=10) for x in (reference, current)]
    p, q = (np.maximum(c, 0.5) / c.sum() for c in counts)
    ours = {
        "psi": np.sum((p - q) * np.log(p / q)),
        "ks": scipy.stats.ks_2samp(reference, current).statistic,
        "wasserstein": scipy.stats.wasserstein_distance(reference, current) / reference.std(),
    }
    for method in ["psi", "ks", "wasserstein"]:
        one = Report([ValueDrift(column="x01", method=method)])
        found = value(one.run(current_data=after, reference_data=before))
        print(f"{method}: evidently {found}, ref_deciles or scipy {float(ours[method]):.6f}", flush=True)


main()
