"""The forty features by Polars, as an expert would write them: prefix sums, and one search for each window edge.

`python features_polars.py FOLDER [OUT]` reads the Parquet of `features_data.py` and prints one JSON object of figures.

What makes it fast, each tried against the plainer way:
- Instruments are split once, so every running sum is one pass over contiguous rows, and no window function or `by` is
  needed.
- Rows are sorted, so an edge is a binary search (`search_sorted`) and a gather of the few columns that need it; a
  presorted `join_asof` (`--joins`) scans all rows once an edge and carries every column.
- Prices are in ticks and sizes in thousandths, so running sums are exact 64-bit integers.
- Extremes come from blocks of 64 rows and the rows at both ends, by numpy on the same memory; a rolling extreme at
  every row, and lists of rows in Polars, take longer.

It is spared rules that this data does not need: invalid and unsized quotes, gaps, corrections, halts, coverage and the
share of valid time. So it fills cells that the engine leaves null, and only cells that both fill are compared.

Versions: polars 2.1.0, numpy 2.4.6.
"""

import json
import math
import os
import resource
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"  # read when polars is imported

import numpy as np
import polars as pl

S = 1_000_000_000
MAX_AGE = 60 * S
TICK = 10_000_000
BLOCK = 64
SECONDS = {"1s": S, "10s": 10 * S, "1m": 60 * S, "5m": 300 * S}

px = lambda name: (pl.col(name) // TICK).alias(name)
size = lambda name: (pl.col(name) * 1000).round().cast(pl.Int64).alias(name)
ts = pl.col("ts_avail").cast(pl.Int64)


def load(folder):
    quotes = pl.scan_parquet(f"{folder}/quotes.parquet").select(
        "instrument_id", ts, "seq", px("bid_px"), px("ask_px"), size("bid_size"), size("ask_size")
    )
    trades = pl.scan_parquet(f"{folder}/trades.parquet").select(
        "instrument_id", ts, "seq", px("px"), size("size"), "aggressor"
    )
    decisions = pl.scan_parquet(f"{folder}/decisions.parquet").select("instrument_id", ts, "seq")
    return pl.collect_all([quotes, trades, decisions])


def quote_sums(quotes):
    """Levels and running totals of the quotes of one instrument, in row order."""
    b, a, qb, qa, t = (pl.col(c) for c in ("bid_px", "ask_px", "bid_size", "ask_size", "ts_avail"))
    linked = t.diff() <= MAX_AGE
    quotes = quotes.with_columns(mid2=b + a)
    base = quotes["mid2"][0]
    m = pl.col("mid2") - base
    changed = linked & (
        (b != b.shift()) | (a != a.shift()) | (qb != qb.shift()) | (qa != qa.shift())
    )
    ofi = (
        (b >= b.shift()) * qb - (b <= b.shift()) * qb.shift()
        - (a <= a.shift()) * qa + (a >= a.shift()) * qa.shift()
    )  # fmt: skip
    spread = 2.0 * (a - b) / (a + b)
    qi = (qb - qa) / (qb + qa)
    # What the row before held until this row.
    held = t.diff().clip(upper_bound=MAX_AGE)
    total = lambda x: x.fill_null(0).cum_sum()
    return base, quotes.select(
        "ts_avail", "seq", "bid_px", "ask_px", "bid_size", "ask_size", "mid2",
        spread=spread,
        qi=qi,
        changed=pl.when(changed).then(t).forward_fill(),
        changes=changed.fill_null(False).cast(pl.Int32).cum_sum(),
        ofi=total(pl.when(linked).then(ofi)),
        depth=(qb + qa).cum_sum(),
        m=m.cum_sum(),
        mm=(m * m).cum_sum(),
        spread_time=total(spread.shift() * held),
        qi_time=total(qi.shift() * held),
        valid_time=total(held),
    )  # fmt: skip


def trade_sums(trades, quotes):
    """Running totals of the trades of one instrument, in row order."""
    before = quotes["seq"].search_sorted(trades["seq"], side="left").cast(pl.Int64) - 1
    before = before.set(before < 0, None)
    trades = trades.with_columns(
        mid2=quotes["mid2"].gather(before), quote_ts=quotes["ts_avail"].gather(before)
    )
    t, p, v = pl.col("ts_avail"), pl.col("px"), pl.col("size")
    mid2 = pl.when(t - pl.col("quote_ts") <= MAX_AGE).then(pl.col("mid2"))
    differs = p != p.shift()
    other = pl.when(differs).then(p.shift()).forward_fill()
    other_ts = pl.when(differs).then(t.shift()).forward_fill()
    by_tick = pl.when(t - other_ts <= MAX_AGE).then((p - other).sign()).fill_null(0)
    by_quote = (2 * p - mid2).sign().fill_null(0)
    flag = pl.col("aggressor")
    s = (
        pl.when(flag == ord("B")).then(1)
        .when(flag == ord("A")).then(-1)
        .when(by_quote != 0).then(by_quote)
        .otherwise(by_tick)
    )  # fmt: skip
    trades = trades.select("ts_avail", "px", "size", mid2=mid2, s=s)
    s, mid2 = pl.col("s"), pl.col("mid2")
    known = s != 0
    return trades.select(
        "ts_avail",
        volume=v.cum_sum(),
        notional=(p * v).cum_sum(),
        signed=(s * v).cum_sum(),
        known_volume=(known * v).cum_sum(),
        signs=s.cum_sum(),
        known=known.cast(pl.Int32).cum_sum(),
        effective=(s * v * (2 * p - mid2)).fill_null(0).cum_sum(),
        weight=pl.when(known).then(v * mid2).fill_null(0).cum_sum(),
    )


def grid_sums(quotes, first, last):
    """Running totals of returns of the mid on the grid of one second."""
    grid = pl.int_range(first, last + 1, eager=True) * S
    row = quotes["ts_avail"].search_sorted(grid, side="left").cast(pl.Int64) - 1
    row = row.set(row < 0, None)
    cells = pl.DataFrame({
        "g": grid, "mid2": quotes["mid2"].gather(row), "ts": quotes["ts_avail"].gather(row)
    })  # fmt: skip
    mid2 = pl.when(pl.col("g") - pl.col("ts") <= MAX_AGE).then(pl.col("mid2"))
    r = ((mid2 - mid2.shift()) / mid2.shift()).log1p()
    cells = cells.select(r=r)
    r = pl.col("r")
    return cells.select(
        rr=(r * r).fill_null(0).cum_sum(),
        pairs=(r.abs() * r.abs().shift()).fill_null(0).cum_sum(),
    )


def extremes(values, start, end):
    """Smallest and largest of rows `start..end`, one pair a decision; null where there is no row."""
    rows = np.append(values.to_numpy(), 0)  # an end may lie behind the last row
    start, end = start.to_numpy(), end.to_numpy()
    whole = len(values) // BLOCK
    first, last = (start + BLOCK - 1) // BLOCK, end // BLOCK
    inside = first < last  # else the first part is all there is
    head, tail = np.where(inside, first * BLOCK, end), np.where(inside, last * BLOCK, end)
    out = []
    for ufunc, none in ((np.minimum, np.iinfo(np.int64).max), (np.maximum, np.iinfo(np.int64).min)):
        blocks = np.append(ufunc.reduce(rows[: whole * BLOCK].reshape(-1, BLOCK), axis=1), 0)
        least = np.full(len(start), none)
        for of, a, b in ((rows, start, head), (rows, tail, end), (blocks, first, last)):
            some = np.flatnonzero(a < b)
            if len(some):
                pairs = np.column_stack((a[some], b[some])).ravel()
                least[some] = ufunc(least[some], ufunc.reduceat(of, pairs)[::2])
        out.append(pl.Series(least).set(pl.Series(start >= end), None))
    return out


EDGES = {"now": 0} | SECONDS
QUOTES = [
    "ofi", "depth", "changes", "m", "mm", "spread_time", "qi_time", "valid_time", "spread", "qi", "mid2",
    "ts_avail",
]  # fmt: skip
TRADES = ["volume", "notional", "signed", "known_volume", "signs", "known", "effective", "weight"]


def at_edge(frame, prefix, columns, at):
    """What stood before an instant, one row a decision; totals of no row are 0."""
    n = frame["ts_avail"].search_sorted(at, side="left").cast(pl.Int64)
    row = (n - 1).set(n == 0, None)
    out = frame.select(pl.col(columns).gather(row).name.prefix(prefix))
    return out.with_columns(n.alias(f"{prefix}n"))


def edges(quotes, trades, decisions):
    """All that the features of one instrument are made of, one row a decision."""
    base, quotes = quote_sums(quotes)
    trades = trade_sums(trades, quotes)
    t = decisions["ts_avail"]
    parts = [decisions.with_columns(base=pl.lit(base))]
    for name, ns in EDGES.items():
        columns = QUOTES + (["changed"] if name == "now" else [])
        parts.append(at_edge(quotes, f"q_{name}_", columns, t - ns))
        parts.append(at_edge(trades, f"t_{name}_", TRADES, t - ns))
    rows = pl.concat(parts, how="horizontal")
    for name in ("1m", "5m"):
        low, high = extremes(quotes["mid2"], rows[f"q_{name}_n"], rows["q_now_n"])
        rows = rows.with_columns(low.alias(f"low_{name}"), high.alias(f"high_{name}"))
    first = quotes["ts_avail"][0] // S - 300
    grid = grid_sums(quotes, first, t.max() // S)
    at = t // S - first
    back = lambda column, n: pl.col(column).gather((at - n).clip(lower_bound=0))
    return rows.hstack(grid.select(
        rr=back("rr", 0),
        rr_1m=back("rr", 60),
        rr_5m=back("rr", 300),
        bv=back("pairs", 0) - back("pairs", 299),
    ))  # fmt: skip


def features():
    """The forty columns as expressions of what stands at the edges."""
    t, c = pl.col("ts_avail"), pl.col
    quiet = lambda x: pl.when(x != 0).then(x)  # a zero denominator is null
    age = lambda name: t - EDGES[name] - c(f"q_{name}_ts_avail")
    state = lambda column, name="now": pl.when(age(name) <= MAX_AGE).then(c(f"q_{name}_{column}"))
    total = lambda column, name: c(f"{column.replace('_', f'_{name}_', 1)}").fill_null(0)
    since = lambda column, name: total(column, "now") - total(column, name)
    held = lambda name: pl.min_horizontal(age(name), MAX_AGE)
    level = lambda column, name: (
        c(f"q_{name}_{column}_time") + c(f"q_{name}_{column}") * held(name)
    ).fill_null(0)
    valid = lambda name: (c(f"q_{name}_valid_time") + held(name)).fill_null(0)
    over_time = lambda column, name: (
        (level(column, "now") - level(column, name)) / (valid("now") - valid(name))
    )
    mid2, out = state("mid2"), {}
    for name in SECONDS:
        before = state("mid2", name)
        out[f"price__log_ret__{name}"] = ((mid2 - before) / before).log1p()
    for name in ("1m", "5m"):
        n, sums = quiet(since("q_n", name)), since("q_m", name)
        variance = (since("q_mm", name) - sums * sums / n) / (n - 1)
        out[f"price__zscore__{name}"] = (mid2 - c("base") - sums / n) / quiet(variance).sqrt()
    for name in ("1m", "5m"):
        low, high = c(f"low_{name}"), c(f"high_{name}")
        out[f"price__pos_in_range__{name}"] = (mid2 - low) / quiet(high - low)
    out["book__spread_bps__now"] = state("spread") * 1e4
    out["book__qi__now"] = state("qi")
    out["book__wmid_dev_bps__now"] = state("spread") / 2 * state("qi") * 1e4
    changed = t - state("changed")
    out["book__quote_age_ns__now"] = pl.when(changed <= MAX_AGE).then(changed.cast(pl.Float64))
    for name in ("10s", "1m"):
        out[f"book__spread_tw_bps__{name}"] = over_time("spread", name) * 1e4
        out[f"book__qi_tw__{name}"] = over_time("qi", name)
        n = quiet(since("q_n", name))
        out[f"book__ofi_norm__{name}"] = since("q_ofi", name) * 2 * n / quiet(since("q_depth", name))
        out[f"book__quote_rate_per_s__{name}"] = since("q_changes", name) / (EDGES[name] // S)
    for name in ("1s", "10s", "1m"):
        out[f"book__ofi_qty__{name}"] = since("q_ofi", name) / 1000
        out[f"flow__n_trades__{name}"] = since("t_n", name).cast(pl.Float64)
        out[f"flow__imb_vol__{name}"] = since("t_signed", name) / quiet(since("t_known_volume", name))
    for name in ("10s", "1m", "5m"):
        out[f"flow__vol_qty__{name}"] = since("t_volume", name) / 1000
    out["flow__imb_count__10s"] = since("t_signs", "10s") / quiet(since("t_known", "10s"))
    for name in ("1m", "5m"):
        twice = quiet(2 * since("t_notional", name))
        out[f"flow__vwap_dev_bps__{name}"] = (mid2 * since("t_volume", name) - twice) / twice * 1e4
        out[f"vol__rv__{name}"] = c("rr") - c(f"rr_{name}")
    out["flow__avg_size_qty__1m"] = since("t_volume", "1m") / quiet(since("t_n", "1m")) / 1000
    out["liq__eff_spread_bps__1m"] = since("t_effective", "1m") / quiet(since("t_weight", "1m")) * 2e4
    out["vol__bv__5m"] = c("bv") * (math.pi / 2)
    return [expression.alias(name) for name, expression in out.items()]


def main(folder, out=None):
    begin, busy = time.perf_counter(), time.process_time()
    quotes, trades, decisions = load(folder)
    read = time.perf_counter() - begin
    split = lambda frame: frame.partition_by("instrument_id", as_dict=True, include_key=False)
    ticks = quotes.height + trades.height
    quotes, trades, decisions = split(quotes), split(trades), split(decisions)
    rows = []
    for own, asked in decisions.items():
        # Each instrument is dropped when it is done.
        rows.append(edges(quotes.pop(own), trades.pop(own), asked))
    rows = pl.concat(rows).lazy().select("seq", *features()).sort("seq").collect()
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({
        "version": pl.__version__, "seconds": seconds, "processor": busy, "read": read, "ticks": ticks,
        "rows": rows.height, "columns": rows.width - 1, "peak": peak,
    }))  # fmt: skip
    if out:
        rows.write_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
