"""Six markouts of each decision by Polars' `join_asof`, and as an expert would look them up.

`python labels_polars.py FOLDER [--threads 1] [--check FILE]` reads the Parquet of `labels_data.py` and prints a JSON line
a formulation: `join` sorts nothing (both sides are in order, and Polars is told so) and joins by instrument, once an offset,
`key` joins once an offset on instrument and instant as one number, and `search` looks the six up by binary search after
splitting by instrument. `--check` compares with the file of `labels_duckdb.py --out`. Reading is timed, and printed apart.
Polars has no triple barrier; this is the markouts' part alone.

Version: polars 2.1.0.
"""

import argparse
import json
import os
import resource
import time

words = argparse.ArgumentParser()
words.add_argument("folder")
words.add_argument("--threads", default="1")
words.add_argument("--check")
ARGS = words.parse_args()
os.environ["POLARS_MAX_THREADS"] = ARGS.threads  # read when polars is imported

import polars as pl

S = 1_000_000_000
OFFSETS = [1, 5, 10, 30, 60, 300]  # seconds
DAY, START = 100_000_000_000_000, 1_767_571_200_000_000_000

name = lambda o: f"markout_{o}s"
markout = lambda mid2: (pl.col("side") * (mid2 - pl.col("own")) / pl.col("own") * 1e4).cast(pl.Float64)


def read(folder):
    ts, own = pl.col("ts_recv").cast(pl.Int64).alias("ts"), (pl.col("bid_px") + pl.col("ask_px"))
    i = pl.col("instrument_id").alias("i")
    quotes = pl.scan_parquet(f"{folder}/quotes.parquet").select(i, ts, mid2=own)
    side = pl.when(pl.col("side").cast(pl.String) == "buy").then(1).otherwise(-1).cast(pl.Int64)
    decisions = pl.scan_parquet(f"{folder}/decisions.parquet").select("seq", i, ts, own=own, side=side)
    return pl.collect_all([quotes, decisions])


def by_join(quotes, decisions):
    out = decisions
    right = quotes.with_columns(pl.col("ts").set_sorted())
    for o in OFFSETS:
        left = decisions.select("i", ts=(pl.col("ts") + o * S).set_sorted())
        found = left.join_asof(right, on="ts", by="i", strategy="backward", check_sortedness=False)
        out = out.with_columns(found["mid2"]).with_columns(markout(pl.col("mid2")).alias(name(o)))
    return out


def by_key(quotes, decisions):
    key = pl.col("i").cast(pl.Int64) * DAY + (pl.col("ts") - START)
    right = quotes.select("mid2", k=key).sort("k", maintain_order=True)
    left = decisions.with_columns(k=key).sort("k", maintain_order=True)
    out = left
    for o in OFFSETS:
        found = left.select(k=(pl.col("k") + o * S).set_sorted()).join_asof(right, on="k", strategy="backward")
        out = out.with_columns(found["mid2"]).with_columns(markout(pl.col("mid2")).alias(name(o)))
    return out


def by_search(quotes, decisions):
    parts = quotes.partition_by("i", as_dict=True)
    out = []
    for instrument, own in decisions.partition_by("i", as_dict=True).items():
        part = parts[instrument]
        for o in OFFSETS:
            at = part["ts"].search_sorted(own["ts"] + o * S, side="right").cast(pl.Int64) - 1
            own = own.with_columns(part["mid2"].gather(at)).with_columns(markout(pl.col("mid2")).alias(name(o)))
        out.append(own)
    return pl.concat(out)


def main():
    begin, busy = time.perf_counter(), time.process_time()
    quotes, decisions = read(ARGS.folder)
    reading = time.perf_counter() - begin, time.process_time() - busy
    fastest = {}
    for word, work in (("join", by_join), ("key", by_key), ("search", by_search)):
        begin, busy = time.perf_counter(), time.process_time()
        found = work(quotes, decisions)
        seconds, processor = time.perf_counter() - begin, time.process_time() - busy
        fastest[word] = seconds
        print(json.dumps({
            "peer": "polars", "version": pl.__version__, "what": f"6 markouts: {word}", "threads": pl.thread_pool_size(),
            "ticks": quotes.height, "decisions": decisions.height, "extrapolated": False, "seconds": round(seconds, 3),
            "processor": round(processor, 3), "reading_seconds": round(reading[0], 3),
            "markouts_per_s": round(len(OFFSETS) * decisions.height / seconds),
            "ticks_per_s": round(quotes.height / seconds),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }), flush=True)  # fmt: skip
        if ARGS.check:
            theirs = pl.read_parquet(ARGS.check)
            both = theirs.join(found.select("seq", *map(name, OFFSETS)), on="seq", suffix="_here", how="full")
            worst = max((both[name(o)] - both[f"{name(o)}_here"]).abs().max() for o in OFFSETS)
            nulls = sum(both[f"{name(o)}{end}"].null_count() for o in OFFSETS for end in ("", "_here"))
            assert both.height == theirs.height == found.height and worst < 1e-9 and nulls == 0, (worst, nulls)
            print(json.dumps({"peer": "polars", "what": f"check: {word}", "equal_decisions": both.height, "within_bps": worst}))
    print(json.dumps({"peer": "polars", "faster": min(fastest, key=fastest.get)}))


if __name__ == "__main__":
    main()
