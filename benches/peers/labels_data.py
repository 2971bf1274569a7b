"""Quotes and decisions with barriers as contract tables in Parquet, from a seed.

`python labels_data.py FOLDER TICKS [DECISIONS] [SEED]` writes `quotes.parquet` and `decisions.parquet` by
`(ts_avail, seq)`, with `seq` unique over both, in the layout of `features_data.py`, and prints one JSON object of what is
in them. All ticks are quotes of a day, of 20 instruments; the mid walks around 200.00 by 0.01. Each decision enters, long
or short, at the quote that it captured (the last one with `ts <= its own`), with a horizon of 1, 5 or 15 minutes. Its
take-profit is 10, 20 or 40 bps away and its stop 5, 10 or 20, on the columns for them, the upper one rounded up and the
lower down to a unit of 1e-9. More ticks make a path denser and rougher, so lives in ticks grow.

Versions: numpy 2.4.6, pyarrow 26.0.1.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from features_data import DAY_NS, INSTRUMENTS, START_NS, TICK, envelope, forward, write

HORIZONS = np.array([60, 300, 900], np.int64) * 1_000_000_000
PROFIT_BPS = np.array([10, 20, 40], np.int64)
LOSS_BPS = np.array([5, 10, 20], np.int64)


def book(rng, n):
    """Best bid and ask of one instrument in ticks, with sizes in thousandths; one quote in ten repeats the one before."""
    mid = 20_000 + np.cumsum(rng.choice(np.array([-1, 0, 0, 0, 1], np.int64), n))
    half = rng.integers(1, 3, n)
    bid, ask = mid - half, mid + half - rng.integers(0, 2, n)
    fresh = rng.random(n) >= 0.1
    fresh[:1] = True
    return [forward(column, fresh) for column in (bid, ask, *rng.integers(1, 8_000, (2, n)))]


def away(px, bps, up):
    """Exact barrier, as a whole number of 1e-9: the ceiling above, the floor below."""
    product = px * (10_000 + np.where(up, bps, -bps))
    return np.where(up, -(-product // 10_000), product // 10_000)


def main(folder, ticks, decisions=100_000, seed=20_260_105):
    Path(folder).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    ts = np.sort(START_NS + rng.integers(0, DAY_NS, ticks))
    # No window reaches behind the data, and every instrument has a quote before the first decision.
    spare = DAY_NS // 48
    at = np.sort(START_NS + rng.integers(spare, DAY_NS - spare, decisions))
    # One running number over both; a tick of the same instant comes first.
    seq = np.arange(ticks) + np.searchsorted(at, ts, "left")
    decision_seq = np.arange(decisions) + np.searchsorted(ts, at, "right")
    instrument = rng.integers(1, INSTRUMENTS + 1, ticks).astype(np.uint32)
    own = rng.integers(1, INSTRUMENTS + 1, decisions).astype(np.uint32)
    columns = [np.zeros(ticks, np.int64) for _ in range(4)]
    captured = np.zeros((2, decisions), np.int64)
    for name in range(1, INSTRUMENTS + 1):
        rows, mine = np.flatnonzero(instrument == name), np.flatnonzero(own == name)
        values = book(rng, len(rows))
        for column, value in zip(columns, values):
            column[rows] = value
        last = np.searchsorted(ts[rows], at[mine], "right") - 1
        for k in (0, 1):
            captured[k, mine] = values[k][last] * TICK
    bid, ask, bid_size, ask_size = columns
    write(folder, "quotes", envelope(seq, instrument, ts, rng) | {
        "bid_px": pa.array(bid * TICK),
        "ask_px": pa.array(ask * TICK),
        "bid_size": pa.array(bid_size / 1000.0),
        "ask_size": pa.array(ask_size / 1000.0),
        "bid_ct": pa.array(rng.integers(1, 30, ticks).astype(np.uint32)),
        "ask_ct": pa.array(rng.integers(1, 30, ticks).astype(np.uint32)),
        "update_id": pa.array(np.arange(ticks, dtype=np.uint64)),
    })  # fmt: skip

    ids = np.zeros((decisions, 16), np.uint8)
    ids[:, 8:] = np.arange(decisions).astype(">u8").view(np.uint8).reshape(-1, 8)
    ids[:, 6] = 0x70
    ids[:, 8] |= 0x80
    buy = rng.random(decisions) < 0.5
    entry = np.where(buy, captured[1], captured[0])
    profit = away(entry, rng.choice(PROFIT_BPS, decisions), buy)
    loss = away(entry, rng.choice(LOSS_BPS, decisions), ~buy)
    horizon = rng.choice(HORIZONS, decisions)
    words = lambda values: pa.array(values).dictionary_encode().cast(pa.dictionary(pa.int32(), pa.string()))
    head = envelope(decision_seq, own, at, rng)
    head["ts_event"] = head["ts_recv"]
    write(folder, "decisions", head | {
        "decision_id": pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(16), decisions, [None, pa.py_buffer(ids.tobytes())]
        ),
        "strategy_id": words(["bench"] * decisions),
        "action": words(["enter"] * decisions),
        "status": words(["submitted"] * decisions),
        "side": words(np.where(buy, "buy", "sell").tolist()),
        "qty": pa.array([1] * decisions, pa.int64()).cast(pa.decimal128(38, 9)),
        "horizon_ns": pa.array(horizon),
        "take_profit_px": pa.array(profit),
        "stop_loss_px": pa.array(loss),
        "bid_px": pa.array(captured[0]),
        "ask_px": pa.array(captured[1]),
    })  # fmt: skip
    print(json.dumps({"what": "data", "ticks": ticks, "decisions": decisions, "instruments": INSTRUMENTS,
        "mean_window_rows": round(float(horizon.mean() * ticks / INSTRUMENTS / DAY_NS), 1)}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], *(int(arg.replace("_", "")) for arg in sys.argv[2:]))
