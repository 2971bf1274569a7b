"""Triple barrier, excursions and six markouts by DuckDB, in two formulations.

`python labels_duckdb.py FOLDER [--only join|blocks] [--sample N] [--threads 1] [--out FILE]` reads the Parquet of
`labels_data.py` and prints a JSON line for each formulation, and one that says which was faster.

- `join`: a range join of decisions with the quotes of their windows, then minima and maxima by decision. The instrument
  and the instant are one key, for with an equality beside the range DuckDB hashes by instrument and tries every pair.
  It makes a row for each decision and quote. With `--sample` it runs on so many decisions spread over the day and on a
  quarter of them; the line through both times gives the figure for all, and `extrapolated` says so. That is rough: 62 and
  106 s were found from 12,500 of 100,000 decisions where all of them took 48 s.
- `blocks`: quotes numbered in order; both ends of a window by the `ASOF JOIN`; extremes of blocks of 64 rows, and of rows at
  both ends; the first block that reaches a barrier is opened to find the row. What an expert would write.

Markouts are one `ASOF JOIN` of all anchors (and of both ends of each window) in both. `--out` stores the answers of `blocks`; where both ran, they must be
equal on the sample. Reading is timed, as is everything up to the tables of answers.

Version: duckdb 2.0.1.
"""

import argparse
import json
import resource
import time

import duckdb

from bar import tell

OFFSETS = [1, 5, 10, 30, 60, 300]  # seconds
S = 1_000_000_000
START, DAY = 1_767_571_200_000_000_000, 100_000_000_000_000  # the instrument stands above the day in a key

# In order of the key, so `rowid` numbers the quotes; counting them in a window takes half as long again.
QUOTES = f"""
CREATE TEMP TABLE q AS
SELECT instrument_id::BIGINT * {DAY} + epoch_ns(ts_recv) - {START} k, bid_px bid, ask_px ask
FROM read_parquet(?) ORDER BY k, seq
"""

DECISIONS = f"""
CREATE TEMP TABLE d AS
SELECT seq, ts, side, instrument_id::BIGINT * {DAY} + ts - {START} k, horizon_ns h,
    bid_px + ask_px mid2, if(side = 1, ask_px, bid_px) entry,
    if(side = 1, take_profit_px, stop_loss_px) upper, if(side = 1, stop_loss_px, take_profit_px) lower
FROM (SELECT * EXCLUDE side, epoch_ns(ts_recv) ts, if(side = 'buy', 1, -1) side FROM read_parquet(?))
"""

# Of several rows of one instant the last, as ASOF JOIN does not promise which it takes.
EDGES = "CREATE TEMP TABLE e AS SELECT rowid n, k, bid + ask mid2 FROM q QUALIFY coalesce(lead(k) OVER () <> k, true)"

# Entries (0), ends of windows (-1) and offsets by one join, for each sorts all quotes.
ANCHORS = f"""
CREATE TEMP TABLE w AS
SELECT a.seq, a.o, e.n, e.mid2
FROM (
    SELECT seq, o, k + o::BIGINT * {S} k FROM d, (SELECT unnest({[0, *OFFSETS]}) o) UNION ALL SELECT seq, -1, k + h FROM d
) a ASOF JOIN e ON a.k >= e.k
"""

MARKOUTS = """
CREATE TEMP TABLE m AS
SELECT seq, o, side * (w.mid2 - d.mid2) / d.mid2 * 1e4 bps FROM w JOIN d USING (seq) WHERE o > 0
"""

JOIN = """
CREATE TEMP TABLE found_join AS
SELECT seq, if(u = l, 0, side * if(u < l, 1, -1)) label, nullif(least(u, l), 9223372036854775807) touch,
    least(0, if(side = 1, low - entry, entry - high)) mae, greatest(0, if(side = 1, high - entry, entry - low)) mfe
FROM (
    SELECT seq, any_value(side) side, any_value(entry) entry, min(x) low, max(x) high,
        coalesce(min(s) FILTER (x >= upper), 9223372036854775807) u,
        coalesce(min(s) FILTER (x <= lower), 9223372036854775807) l
    FROM (
        SELECT d.seq, d.side, d.entry, d.upper, d.lower, q.rowid s, if(d.side = 1, q.bid, q.ask) x
        FROM chosen d JOIN q ON q.k > d.k AND q.k <= d.k + d.h
    ) GROUP BY seq
)
"""

BLOCKS = [
    """CREATE TEMP TABLE blocks AS
    SELECT rowid // 64 block, min(bid) low_bid, max(bid) high_bid, min(ask) low_ask, max(ask) high_ask FROM q GROUP BY ALL""",
    """CREATE TEMP TABLE spans AS
    SELECT d.*, s.n + 1 a, t.n + 1 z, (s.n + 64) // 64 b, (t.n + 1) // 64 y
    FROM chosen d JOIN w s ON s.seq = d.seq AND s.o = 0 JOIN w t ON t.seq = d.seq AND t.o = -1""",
    """CREATE TEMP TABLE units AS
    WITH rows_of AS (
        SELECT seq, side, upper, lower, unnest(range(a, if(b < y, b * 64, z))) n FROM spans
        UNION ALL SELECT seq, side, upper, lower, unnest(range(y * 64, z)) FROM spans WHERE b < y
    ), blocks_of AS (
        SELECT seq, side, upper, lower, unnest(range(b, y)) block FROM spans WHERE b < y
    ), every AS (
        SELECT r.seq, upper, lower, n, if(side = 1, bid, ask) low, if(side = 1, bid, ask) high
        FROM rows_of r JOIN q ON q.rowid = r.n
        UNION ALL
        SELECT r.seq, upper, lower, block * 64, if(side = 1, low_bid, low_ask), if(side = 1, high_bid, high_ask)
        FROM blocks_of r JOIN blocks USING (block)
    )
    SELECT seq, min(low) low, max(high) high, min(n) FILTER (high >= upper OR low <= lower) first
    FROM every GROUP BY seq""",
    """CREATE TEMP TABLE touches AS
    SELECT t.seq, min(n) touch, arg_min(if(side = 1, bid, ask) >= upper, n) up
    FROM (
        SELECT s.seq, side, upper, lower, unnest(range(first, least(first + 64, z))) n
        FROM spans s JOIN units u USING (seq) WHERE first IS NOT NULL
    ) t JOIN q ON q.rowid = t.n
    WHERE if(side = 1, bid, ask) >= upper OR if(side = 1, bid, ask) <= lower
    GROUP BY t.seq""",
    """CREATE TEMP TABLE found_blocks AS
    SELECT s.seq, if(touch IS NULL, 0, side * if(up, 1, -1)) label, touch,
        coalesce(least(0, if(side = 1, low - entry, entry - high)), 0) mae,
        coalesce(greatest(0, if(side = 1, high - entry, entry - low)), 0) mfe
    FROM spans s LEFT JOIN units USING (seq) LEFT JOIN touches USING (seq)""",
]


def timed(db, statements, *args):
    begin, busy = time.perf_counter(), time.process_time()
    for sql in [statements] if isinstance(statements, str) else statements:
        db.execute(sql, list(args))
    return time.perf_counter() - begin, time.process_time() - busy


def run(args, name):
    db = duckdb.connect()
    db.execute(f"SET threads = {args.threads}")
    steps = {"quotes": timed(db, QUOTES, f"{args.folder}/quotes.parquet")}
    steps["decisions"] = timed(db, DECISIONS, f"{args.folder}/decisions.parquet")
    ticks, every = db.execute("SELECT (SELECT count(*) FROM q), (SELECT count(*) FROM d)").fetchone()
    n = min(args.sample or every, every) if name == "join" else every
    steps["edges"] = timed(db, EDGES)
    steps["anchors"], steps["markouts"] = timed(db, ANCHORS), timed(db, MARKOUTS)
    measured, took = [], []
    for share in (4, 1) if n < every else (1,):
        for table in ("chosen", "found_join"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        step = every * share // n
        db.execute(f"""CREATE TEMP TABLE chosen AS
            SELECT * EXCLUDE r FROM (SELECT *, row_number() OVER (ORDER BY seq) - 1 r FROM d) WHERE r % {step} = 0""")
        measured.append(db.execute("SELECT count(*) FROM chosen").fetchone()[0])
        took.append(timed(db, JOIN if name == "join" else BLOCKS))
    n, steps["barriers"] = measured[-1], took[-1]
    ran = sum(step[0] for step in steps.values())
    if n < every:
        slope = lambda c: (took[1][c] - took[0][c]) / (measured[1] - measured[0])
        steps["barriers"] = tuple(took[1][c] + slope(c) * (every - n) for c in (0, 1))
    seconds, busy = (sum(step[c] for step in steps.values()) for c in (0, 1))
    print(json.dumps({
        "peer": "duckdb", "version": duckdb.__version__, "what": f"barriers, excursions, 6 markouts: {name}",
        "threads": args.threads, "ticks": ticks, "decisions": every, "measured_decisions": n, "extrapolated": n < every,
        "seconds": round(seconds, 3), "processor": round(busy, 3), "measured_seconds": round(ran, 3),
        "ticks_per_s": round(ticks / seconds), "decisions_per_s": round(every / seconds),
        "steps": {k: round(v[0], 3) for k, v in steps.items()},
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }), flush=True)  # fmt: skip
    found = db.execute(f"SELECT * FROM found_{name} ORDER BY seq").fetchnumpy()
    if args.out and name == "blocks":
        pivot = ", ".join(f"any_value(bps) FILTER (o = {o}) markout_{o}s" for o in OFFSETS)
        db.execute(f"""COPY (
            SELECT f.* EXCLUDE touch, q.k % {DAY} + {START} touch_ts, p.* EXCLUDE seq
            FROM found_blocks f LEFT JOIN q ON q.rowid = f.touch JOIN (SELECT seq, {pivot} FROM m GROUP BY seq) p ON p.seq = f.seq
            ORDER BY f.seq) TO '{args.out}' (FORMAT parquet)""")
    return busy, found


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder")
    words.add_argument("--only", choices=["join", "blocks"])
    words.add_argument("--sample", type=int, default=0)
    words.add_argument("--threads", type=int, default=1)
    words.add_argument("--out")
    args = words.parse_args()
    found = {name: run(args, name) for name in ("join", "blocks") if args.only in (None, name)}
    tell("labeling/load/duckdb", peer=min(busy for busy, _ in found.values()))
    if len(found) == 2:
        (_, a), (_, b) = found["join"], found["blocks"]
        at = {int(seq): k for k, seq in enumerate(b["seq"])}
        rows = [at[int(seq)] for seq in a["seq"]]
        for column in ("label", "touch", "mae", "mfe"):
            left, right = a[column], b[column][rows]
            fill = lambda x: x.filled(-1) if hasattr(x, "filled") else x
            assert (fill(left) == fill(right)).all(), column
        share = {int(k): float((b["label"] == k).mean().round(4)) for k in (-1, 0, 1)}
        print(json.dumps({"peer": "duckdb", "equal_decisions": len(rows), "faster": min(found, key=lambda n: found[n][0]), "classes": share}))


if __name__ == "__main__":
    main()
