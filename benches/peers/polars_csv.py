"""Polars' CSV reader over headerless tick files, on one thread, round by round.

Reads paths from the arguments. For each line on standard input it reads all files once and prints `rows seconds`, the
seconds being those of the processor, over all threads of the process.
"""

import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is imported

import polars as pl

SCHEMA = {"ms": pl.Int64, "bid": pl.Float64, "ask": pl.Float64}


def read(paths):
    return sum(pl.read_csv(path, has_header=False, schema=SCHEMA).height for path in paths)


print(pl.__version__, flush=True)
for _ in sys.stdin:
    begin = time.process_time()
    rows = read(sys.argv[1:])
    print(rows, time.process_time() - begin, flush=True)
