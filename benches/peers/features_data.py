"""A day of quotes, trades and decisions as contract tables in Parquet, from a seed.

`python features_data.py FOLDER TICKS [DECISIONS] [SEED]` writes `quotes.parquet`, `trades.parquet` and
`decisions.parquet`, each by `(ts_avail, seq)`, with `seq` unique over the three. 80 % of the ticks are quotes; the
instruments are 20; prices walk on a tick, sizes are decimals, one quote in ten repeats the one before it. A trade
prints at the bid, at the ask or between them, and one in five carries no flag of the venue. Every table has some
columns that a feature never reads, so that choosing columns is worth something.

Versions: numpy 2.4.6, pyarrow 26.0.1.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

INSTRUMENTS = 20
DAY_NS = 86_400_000_000_000
START_NS = 1_767_571_200_000_000_000  # 2026-01-05 00:00 UTC, a Monday
TICK = 10_000_000  # 0.01 in units of 1e-9
ROWS_A_GROUP = 1 << 18
UTC = pa.timestamp("ns", tz="UTC")
# Register of the contract: crates/contract/src/register/fingerprints.rs.
FINGERPRINTS = {
    "quotes": "fc0c5353cfa24942764a05bc6c203ff51225f88c6d0c05cd3ad36e952aaaa63b",
    "trades": "f74452deb899dfb04c4862f2d5553b081663de561fbba6a323c788d45cdbfaa5",
    "decisions": "0f6bce6b823550d60bc2fabd468cdc4625976a34bc01cf21e9ef1f8af0dba7b1",
}


def write(folder, table, columns):
    fields = [
        pa.field(name, array.type, nullable=name not in REQUIRED) for name, array in columns.items()
    ]
    metadata = {
        "hindsight.table": table,
        "hindsight.schema_version": "1",
        "hindsight.fingerprint": FINGERPRINTS[table],
        "hindsight.causality": "causal",
        "hindsight.order": "ts_avail,seq",
    }
    rows = pa.table(list(columns.values()), schema=pa.schema(fields, metadata))
    pq.write_table(
        rows,
        Path(folder) / f"{table}.parquet",
        # As the archive of the capture stage writes its files, but for the order of the rows.
        compression="zstd",
        compression_level=3,
        row_group_size=ROWS_A_GROUP,
    )


REQUIRED = {
    "seq", "source_id", "instrument_id", "ts_avail", "flags", "px", "size", "aggressor", "action",
    "decision_id", "strategy_id", "status",
}  # fmt: skip


def envelope(seq, instrument, ts, rng):
    n = len(seq)
    event = ts - rng.integers(200_000, 900_000, n)
    return {
        "seq": pa.array(seq, pa.uint64()),
        "source_id": pa.array(np.ones(n, np.uint16)),
        "instrument_id": pa.array(instrument, pa.uint32()),
        "ts_event": pa.array(event, UTC),
        "ts_recv": pa.array(ts, UTC),
        "ts_avail": pa.array(ts, UTC),
        "flags": pa.array(np.full(n, 128, np.uint16)),
    }


def forward(values, fresh):
    """Each value, or the last fresh one before it."""
    at = np.where(fresh, np.arange(len(values)), 0)
    return values[np.maximum.accumulate(at)]


def book(rng, n):
    """Best bid and ask of one instrument in ticks, with their sizes in thousandths."""
    step = rng.choice(np.array([-1, 0, 0, 0, 1], np.int64), n)
    mid = 1_000_000 + np.cumsum(step)
    half = rng.integers(1, 4, n)
    bid, ask = mid - half, mid + half - rng.integers(0, 2, n)
    size = rng.integers(1, 8_000, (2, n))
    fresh = rng.random(n) >= 0.1
    fresh[:1] = True
    return [forward(column, fresh) for column in (bid, ask, size[0], size[1])]


def main(folder, ticks, decisions=100_000, seed=20_260_105):
    Path(folder).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    ts = np.sort(START_NS + rng.integers(0, DAY_NS, ticks))
    at = np.sort(START_NS + rng.integers(0, DAY_NS, decisions))
    # One running number over ticks and decisions; a tick of the same instant comes first.
    seq = np.arange(ticks) + np.searchsorted(at, ts, "left")
    decision_seq = np.arange(decisions) + np.searchsorted(ts, at, "right")
    is_trade = rng.random(ticks) < 0.2
    instrument = rng.integers(1, INSTRUMENTS + 1, ticks).astype(np.uint32)
    bid = np.zeros(ticks, np.int64)
    ask, bid_size, ask_size = bid.copy(), bid.copy(), bid.copy()
    for own in range(1, INSTRUMENTS + 1):
        rows = np.flatnonzero(instrument == own)
        for column, values in zip((bid, ask, bid_size, ask_size), book(rng, len(rows))):
            column[rows] = values

    q = ~is_trade
    write(folder, "quotes", envelope(seq[q], instrument[q], ts[q], rng) | {
        "bid_px": pa.array(bid[q] * TICK),
        "ask_px": pa.array(ask[q] * TICK),
        "bid_size": pa.array(bid_size[q] / 1000.0),
        "ask_size": pa.array(ask_size[q] / 1000.0),
        "bid_ct": pa.array(rng.integers(1, 30, q.sum()).astype(np.uint32)),
        "ask_ct": pa.array(rng.integers(1, 30, q.sum()).astype(np.uint32)),
        "update_id": pa.array(np.flatnonzero(q).astype(np.uint64)),
    })  # fmt: skip

    t = is_trade
    n = int(t.sum())
    side = rng.integers(0, 3, n)  # buyer, seller, between
    px = np.where(side == 0, ask[t], np.where(side == 1, bid[t], (bid[t] + ask[t]) // 2))
    flag = np.where(side == 0, ord("B"), ord("A"))
    flag = np.where(rng.random(n) < 0.2, ord("N"), flag).astype(np.uint8)
    write(folder, "trades", envelope(seq[t], instrument[t], ts[t], rng) | {
        "px": pa.array(px * TICK),
        "size": pa.array(rng.integers(1, 20_000, n) / 1000.0),
        "aggressor": pa.array(flag),
        "action": pa.array(np.full(n, ord("T"), np.uint8)),
        "venue_seq": pa.array(np.arange(n, dtype=np.uint64)),
    })  # fmt: skip

    ids = np.zeros((decisions, 16), np.uint8)
    ids[:, 8:] = np.arange(decisions).astype(">u8").view(np.uint8).reshape(-1, 8)
    ids[:, 6] = 0x70
    ids[:, 8] |= 0x80
    words = pa.dictionary(pa.int32(), pa.string())
    word = lambda text: pa.array([text] * decisions).dictionary_encode().cast(words)
    columns = envelope(decision_seq, rng.integers(1, INSTRUMENTS + 1, decisions), at, rng)
    columns["ts_event"] = columns["ts_recv"]
    write(folder, "decisions", columns | {
        "decision_id": pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(16), decisions, [None, pa.py_buffer(ids.tobytes())]
        ),
        "strategy_id": word("bench"),
        "action": word("hold"),
        "status": word("submitted"),
    })  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], *(int(arg.replace("_", "")) for arg in sys.argv[2:]))
