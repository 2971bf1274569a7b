"""Only reading the columns that the features need: the floor under everything that starts from Parquet.

`python features_read.py FOLDER` decodes them with two threads, drops them, and prints one JSON object of figures. A
scanner that gives batches away is faster than `read_table`, which has to keep them all.

Version: pyarrow 26.0.1.
"""

import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.dataset as ds

ENVELOPE = ["seq", "source_id", "instrument_id", "ts_avail", "flags"]
COLUMNS = {
    "quotes": [*ENVELOPE, "bid_px", "ask_px", "bid_size", "ask_size"],
    "trades": [*ENVELOPE, "px", "size", "aggressor", "action"],
}


def main(folder):
    pa.set_cpu_count(2)
    begin, busy = time.perf_counter(), time.process_time()
    ticks = 0
    for table, columns in COLUMNS.items():
        scanner = ds.dataset(f"{folder}/{table}.parquet").scanner(columns=columns, use_threads=True)
        ticks += sum(batch.num_rows for batch in scanner.to_batches())
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({
        "version": pa.__version__, "seconds": seconds, "processor": busy, "ticks": ticks, "peak": peak,
    }))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
