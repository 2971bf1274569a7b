"""Validation by pandera: the table and checks of `cargo bench -p quality --bench validation`, run on the same machine.

    pip install pandera==0.35.0 pandas==3.1.1 && python benches/peers/quality_validation.py

18 columns of floats with 2 % nulls and their range, one of 500 words and its set, and an id; pandera's `nullable=True` lets
nulls pass, so the 18 rates of nulls are counted beside it and timed with it. Violations are few and collected (`lazy`), as
our flags are. Prints the best of five and its rows a second.
"""

import time

import numpy as np
import pandas as pd
import pandera
import pandera.pandas as pa

from bar import tell

ROWS = 500_000
rng = np.random.default_rng(7)
data = {}
for n in range(18):
    values = rng.uniform(-4, 4, ROWS)
    values[rng.random(ROWS) < 0.02] = np.nan
    data[f"x_f{n:02}"] = values
data["x_word"] = np.array([f"WORD{n:03}" for n in range(500)], dtype=object)[rng.integers(0, 500, ROWS)]
data["x_id"] = np.arange(ROWS, dtype=np.uint64)
frame = pd.DataFrame(data)


def schema(low, high, words):
    columns = {f"x_f{n:02}": pa.Column(float, pa.Check.in_range(low, high), nullable=True) for n in range(18)}
    columns["x_word"] = pa.Column(checks=pa.Check.isin(words))
    columns["x_id"] = pa.Column(np.uint64)
    return pa.DataFrameSchema(columns)


def run(schema):
    try:
        schema.validate(frame, lazy=True)
        failures = 0
    except pa.errors.SchemaErrors as errors:
        failures = len(errors.failure_cases)
    return failures, [frame[f"x_f{n:02}"].isna().mean() <= 0.05 for n in range(18)]


words = [f"WORD{n:03}" for n in range(500)]
for name, rules in {
    "nothing breaks a rule": schema(-4.0, 4.0, words),
    "as in our bench, 2.5 % of floats and 0.2 % of words": schema(-3.9, 3.9, words[:499]),
}.items():
    times = []
    for _ in range(5):
        start = time.perf_counter()
        failures, _ = run(rules)
        times.append(time.perf_counter() - start)
    if name != "nothing breaks a rule":
        tell("quality/validation", peer=min(times))
    speed = ROWS / min(times) / 1e6
    print(f"pandera {pandera.__version__}, {name}: {min(times):.3f} s, {speed:.2f} M rows/s, {failures} failures")
