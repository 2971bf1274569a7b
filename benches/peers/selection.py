"""scikit-learn's mutual information on the rows of `crates/features/benches/selection.rs`, on one thread.

Prints the version, then a line a case: name, shortest milliseconds of the processor of five rounds, and the estimate in
nats. The inner functions are timed, below the step that adds noise; both sides divide numbers by their standard deviation
themselves.
"""

import os
import time

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"  # read when the libraries are imported

import numpy as np
import sklearn
from sklearn.feature_selection._mutual_info import _compute_mi_cc, _compute_mi_cd
from sklearn.preprocessing import scale

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


def normal(salt):
    return np.sqrt(-2.0 * np.log(unit(salt))) * np.cos(2.0 * np.pi * unit(salt + 1))


def rounds(name, work):
    best, found = float("inf"), None
    for _ in range(5):
        begin = time.process_time()
        found = work()
        best = min(best, time.process_time() - begin)
    print(f"{name} {best * 1e3:.1f} {found:.6f}", flush=True)
    tell(f"features/information/{name.removesuffix(f'/{ROWS}')}", peer=best)


print(sklearn.__version__, flush=True)
x = normal(1)
for case, rho in [("independent", 0.0), ("related", 0.6)]:
    y = rho * x + np.sqrt(1.0 - rho * rho) * normal(3)
    grade = (y > -0.5).astype(int) + (y > 0.5).astype(int)
    rounds(
        f"values/{case}/{ROWS}",
        lambda: _compute_mi_cc(scale(x, with_mean=False), scale(y, with_mean=False), 3),
    )
    rounds(f"classes/{case}/{ROWS}", lambda: _compute_mi_cd(x, grade, 3))
