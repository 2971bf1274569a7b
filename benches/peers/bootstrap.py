"""arch's stationary bootstrap of a mean: n = 10,000, mean block 120, 499 replicates; best of five, in milliseconds.

    pip install arch==8.0.0 && python benches/peers/bootstrap.py
"""

import time

import numpy as np
from arch.bootstrap import StationaryBootstrap

from bar import tell

values = np.convolve(np.random.default_rng(3).uniform(-0.5, 0.5, 10_059), np.ones(60), "valid")
times = []
for _ in range(5):
    bootstrap = StationaryBootstrap(120, values, seed=np.random.default_rng(1))
    start = time.perf_counter()
    bootstrap.apply(np.mean, 499)
    times.append(time.perf_counter() - start)
print(f"arch, 499 replicates: {min(times) * 1e3:.1f} ms")
tell("labeling/bootstrap", peer=min(times))
