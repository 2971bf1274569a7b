"""Triple barrier by the compiled kernel of ml4t-engineer, on every decision, excursions by numpy beside it.

`python labels_ml4t.py FOLDER [--check FILE]` reads the Parquet of `labels_data.py` and prints JSON lines: the kernel alone,
and with excursions. The kernel (`labeling.numba_ops._apply_triple_barrier_nb`, one thread) takes one series with the entry
in it and scans each life anew; so each instrument and side gets the series of its exit prices behind one slot for the entry, which is written
before each call. The longest life is the number of ticks in the window. Prices are whole numbers of 1e-9 in doubles; barriers
are asked as the distance that the decision's own prices have. Reading, splitting, compiling and the searches for both ends
of windows are not in it. `--check` compares classes and excursions with the file of `labels_duckdb.py --out`.

Versions: ml4t-engineer 0.2.1 (`pip install --no-deps --ignore-requires-python`; only this module is imported), numba 0.68.1,
numpy 2.4.6.
"""

import argparse
import importlib
import json
import resource
import sys
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numba import njit

from bar import tell


def kernel():
    """The module, past the packages around it."""
    where = [p for p in sys.path if (Path(p) / "ml4t" / "engineer").is_dir()][0]
    for name in ("ml4t", "ml4t.engineer", "ml4t.engineer.labeling"):
        module = types.ModuleType(name)
        module.__path__ = [str(Path(where, *name.split(".")))]
        sys.modules[name] = module
    return importlib.import_module("ml4t.engineer.labeling.numba_ops")


ops = kernel()


@njit(cache=False)
def barriers(exits, none, at, profit, loss, rows, entry, side, labels, touch):
    """The kernel for each decision, on its window alone: a view that begins one row early, at the entry."""
    one = np.zeros(1, np.int64)
    off = np.zeros(1)
    for k in range(len(at)):
        start = at[k]
        held = exits[start]
        exits[start] = entry[k]
        path, blank = exits[start : start + rows[k] + 1], none[start : start + rows[k] + 1]
        label, index, _, _, _ = ops._apply_triple_barrier_nb(
            path, blank, path, path, one, profit[k : k + 1], loss[k : k + 1], rows[k : k + 1], side[k : k + 1], off
        )
        exits[start] = held
        labels[k], touch[k] = label[0], start + index[0]


@njit(cache=False)
def excursions(exits, at, rows, entry, side, low, high):
    for k in range(len(at)):
        worst = best = 0.0
        for j in range(at[k] + 1, at[k] + rows[k] + 1):
            gain = side[k] * (exits[j] - entry[k])
            worst, best = min(worst, gain), max(best, gain)
        low[k], high[k] = worst, best


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder")
    words.add_argument("--check")
    args = words.parse_args()
    read = lambda name, *columns: {c: v.to_numpy() for c, v in zip(columns, pq.read_table(f"{args.folder}/{name}.parquet", columns=list(columns)).columns)}
    q = read("quotes", "instrument_id", "ts_recv", "bid_px", "ask_px")
    d = read("decisions", "seq", "instrument_id", "ts_recv", "side", "horizon_ns", "take_profit_px", "stop_loss_px", "bid_px", "ask_px")
    q["ts_recv"], d["ts_recv"] = q["ts_recv"].astype(np.int64), d["ts_recv"].astype(np.int64)
    every = len(d["seq"])
    took = {"barriers": [0.0, 0.0], "excursions": [0.0, 0.0]}
    labels, low, high = np.zeros(every, np.int64), np.zeros(every), np.zeros(every)
    windows = life = 0

    def timed(name, work, *given):
        begin, busy = time.perf_counter(), time.process_time()
        work(*given)
        took[name][0] += time.perf_counter() - begin
        took[name][1] += time.process_time() - busy

    compiled = False
    for instrument in np.unique(d["instrument_id"]):
        rows_of = np.flatnonzero(q["instrument_id"] == instrument)
        ts = q["ts_recv"][rows_of]
        for side, word, own_px, exit_px in ((1, "buy", "ask_px", "bid_px"), (-1, "sell", "bid_px", "ask_px")):
            mine = np.flatnonzero((d["instrument_id"] == instrument) & (d["side"] == word))
            exits = q[exit_px][rows_of].astype(np.float64)
            none = np.full(len(exits), np.nan)
            entry = d[own_px][mine].astype(np.float64)
            at = np.searchsorted(ts, d["ts_recv"][mine], "right") - 1
            rows = np.searchsorted(ts, d["ts_recv"][mine] + d["horizon_ns"][mine], "right") - 1 - at
            profit = np.abs(d["take_profit_px"][mine] - entry) / entry
            loss = np.abs(d["stop_loss_px"][mine] - entry) / entry
            sides = np.full(len(mine), side, np.int32)
            out = np.zeros(len(mine), np.int64), np.zeros(len(mine), np.int64), np.zeros(len(mine)), np.zeros(len(mine))
            given = exits, none, at, profit, loss, rows, entry, sides, out[0], out[1]
            if not compiled:
                barriers(*given)
                excursions(exits, at, rows, entry, sides, out[2], out[3])
                compiled = True
            timed("barriers", barriers, *given)
            timed("excursions", excursions, exits, at, rows, entry, sides, out[2], out[3])
            labels[mine], low[mine], high[mine] = out[0], out[2], out[3]
            windows, life = windows + rows.sum(), life + (out[1] - at).sum()
    for what, parts in (("barriers", ["barriers"]), ("barriers, excursions", list(took))):
        seconds, busy = (sum(took[part][c] for part in parts) for c in (0, 1))
        print(json.dumps({
            "peer": "ml4t-engineer", "version": version("ml4t-engineer"), "what": what, "threads": 1, "ticks": len(q["ts_recv"]),
            "decisions": every, "extrapolated": False, "seconds": round(seconds, 3), "processor": round(busy, 3),
            "decisions_per_s": round(every / seconds), "mean_life_rows": round(float(life / every), 1),
            "mean_window_rows": round(float(windows / every), 1), "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }), flush=True)  # fmt: skip
    tell("labeling/load/ml4t", peer=busy)
    if args.check:
        theirs = pq.read_table(args.check, columns=["seq", "label", "mae", "mfe"]).to_pandas().set_index("seq").loc[d["seq"]]
        print(json.dumps({"peer": "ml4t-engineer", "other_classes": int((theirs["label"].to_numpy() != labels).sum()),
            "other_excursions": int(((theirs["mae"].to_numpy() != low) | (theirs["mfe"].to_numpy() != high)).sum())}))  # fmt: skip


if __name__ == "__main__":
    main()
