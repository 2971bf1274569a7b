"""Triple barrier by mlfinpy, excursions and six markouts by pandas beside it, on as many decisions as it finishes.

`python labels_mlfinpy.py FOLDER [--sample 4000]` reads the Parquet of `labels_data.py` and prints JSON lines:
the barriers alone, and all of the work. mlfinpy handles event by event, so decisions are a sample spread over the day,
and on a quarter of them; all ticks are there, and the line through both times gives the figure for all: `extrapolated`
says so. Markouts are looked up for all of them, one `merge_asof` an instrument and offset.
Reading and splitting by instrument are not in it.

What it cannot do is spared: `get_events` takes one series, the price of entry included, and its stamps must be unique. So
each instrument and side gets the series of its exit prices, the last of each instant; the events are the ticks at which
the decisions stood; barriers count from the exit price there, at the distances of the decision in that series (profit of
its width, loss of the same, as `pt_sl` is one pair for all: `[1, 0.5]` of the decision's profit width). The labels are
therefore not those of the other scripts and are not compared; the amount of work is. `get_bins` is timed with it.

In an environment of its own: `pip install 'mlfinpy[optionals]==0.1.2' pyarrow==21.0.0` (numpy 1.26.4, pandas 2.3.3 by its pins).
"""

import argparse
import json
import resource
import time
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from mlfinpy.labeling import get_bins, get_events

from bar import tell

warnings.filterwarnings("ignore")

S = 1_000_000_000
OFFSETS = [1, 5, 10, 30, 60, 300]  # seconds


def read(folder):
    quotes = pq.read_table(f"{folder}/quotes.parquet", columns=["instrument_id", "ts_recv", "bid_px", "ask_px"]).to_pandas()
    names = ["seq", "instrument_id", "ts_recv", "side", "horizon_ns", "take_profit_px", "bid_px", "ask_px"]
    return quotes, pq.read_table(f"{folder}/decisions.parquet", columns=names).to_pandas()


def barriers(close, own):
    """Events and classes; `own` has unique stamps that are in `close`."""
    at = pd.DatetimeIndex(own["at"])
    ends = pd.Series(own["end"].to_numpy(), index=at)
    target = pd.Series(own["width"].to_numpy(), index=at)
    side = pd.Series(own["s"].to_numpy().astype(float), index=at)
    events = get_events(close, at, [1, 0.5], target, 0.0, 1, ends, side, verbose=False)
    return get_bins(events, close)


def excursions(close, own):
    """Lowest and highest of each window, as a user of pandas writes it."""
    out = []
    for start, end, s in zip(own["at"], own["end"], own["s"]):
        path = close[start:end]
        moves = (path / path.iloc[0] - 1) * s
        out.append((moves.min(), moves.max(), moves.idxmin(), moves.idxmax()))
    return out


def markouts(mids, own):
    out = []
    for o in OFFSETS:
        left = pd.DataFrame({"t": own["ts_recv"] + pd.Timedelta(seconds=o)})
        out.append(pd.merge_asof(left, mids, on="t")["mid"].to_numpy())
    return out


class Work:
    """All of it on a share of the decisions, with seconds of each step on the clock and of the processor."""

    def __init__(self, quotes, decisions, share):
        self.took, self.done, self.classes = {name: [0.0, 0.0] for name in ("barriers", "excursions", "markouts")}, 0, {}
        chosen = decisions.iloc[::share]
        for instrument, rows in quotes.groupby("instrument_id"):
            rows = rows.drop_duplicates("ts_recv", keep="last")
            mids = pd.DataFrame({"t": rows["ts_recv"], "mid": (rows["bid_px"] + rows["ask_px"]) / 2e9})
            self.timed("markouts", markouts, mids, decisions[decisions["instrument_id"] == instrument])
            stamps = pd.DatetimeIndex(rows["ts_recv"])
            mine = chosen[chosen["instrument_id"] == instrument]
            for side, column in (("buy", "bid_px"), ("sell", "ask_px")):
                close = pd.Series(rows[column].to_numpy() / 1e9, index=stamps)
                self.one_side(close, stamps, mine[mine["side"] == side].copy(), side)

    def one_side(self, close, stamps, own, side):
        own["at"] = stamps[stamps.searchsorted(own["ts_recv"], "right") - 1]
        ends = own["ts_recv"] + pd.to_timedelta(own["horizon_ns"], unit="ns")
        own["end"] = stamps[stamps.searchsorted(ends, "right") - 1]
        entry = own["ask_px"] if side == "buy" else own["bid_px"]
        own["width"] = (own["take_profit_px"] - entry).abs() / entry
        own["s"] = 1 if side == "buy" else -1
        own = own.drop_duplicates("at")
        self.done += len(own)
        for label in self.timed("barriers", barriers, close, own)["bin"]:
            self.classes[int(label)] = self.classes.get(int(label), 0) + 1
        self.timed("excursions", excursions, close, own)

    def timed(self, name, work, *given):
        begin, busy = time.perf_counter(), time.process_time()
        found = work(*given)
        self.took[name][0] += time.perf_counter() - begin
        self.took[name][1] += time.process_time() - busy
        return found


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder")
    words.add_argument("--sample", type=int, default=4_000)
    args = words.parse_args()
    quotes, decisions = read(args.folder)
    ticks, every = len(quotes), len(decisions)
    share = max(1, every // args.sample)
    few, many = (Work(quotes, decisions, k * share) for k in (4, 1))

    def all_of(part, clock):
        """Seconds for all decisions: the line through both samples."""
        a, b = few.took[part][clock], many.took[part][clock]
        return b if part == "markouts" else b + (b - a) / (many.done - few.done) * (every - many.done)

    for what, parts in (("barriers", ["barriers"]), ("barriers, excursions, 6 markouts", list(many.took))):
        seconds, busy = (sum(all_of(part, clock) for part in parts) for clock in (0, 1))
        print(json.dumps({
            "peer": "mlfinpy", "version": version("mlfinpy"), "what": what, "threads": 1, "ticks": ticks, "decisions": every,
            "measured_decisions": many.done, "extrapolated": many.done < every, "seconds": round(seconds, 3),
            "processor": round(busy, 3), "measured_seconds": round(sum(many.took[part][0] for part in parts), 3),
            "ticks_per_s": round(ticks / seconds), "decisions_per_s": round(every / seconds),
            "steps": {part: round(all_of(part, 0), 3) for part in parts},
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }), flush=True)  # fmt: skip
    tell("labeling/load/mlfinpy", peer=busy)
    print(json.dumps({"peer": "mlfinpy", "classes": many.classes}))


if __name__ == "__main__":
    main()
