"""The forty features by DuckDB: running totals by window, and one as-of join for the edges of all windows.

`python features_duckdb.py FOLDER [OUT]` reads the Parquet of `features_data.py` and prints one JSON object of figures.
Prices are in ticks relative to the first and sizes in thousandths, so that running totals are exact in a double. It is
spared the same rules as the Polars script. Extremes come from blocks of 64 rows and the rows at both ends, joined by
row number: a window frame over ranges takes longer.

Version: duckdb 2.0.0.
"""

import json
import resource
import sys
import time

import duckdb

S = 1_000_000_000
MAX_AGE = 60 * S
EDGES = {"now": 0, "1s": S, "10s": 10 * S, "1m": 60 * S, "5m": 300 * S}

QUOTES = f"""
CREATE TEMP TABLE q AS
WITH raw AS (
    SELECT instrument_id i, epoch_ns(ts_avail) ts, seq, bid_px // 10000000 b, ask_px // 10000000 a,
        round(bid_size * 1000) qb, round(ask_size * 1000) qa
    FROM read_parquet(?)
), paired AS (
    SELECT *, lag(b) OVER w pb, lag(a) OVER w pa, lag(qb) OVER w pqb, lag(qa) OVER w pqa,
        row_number() OVER w n, (b + a - first_value(b + a) OVER w)::DOUBLE m, first_value(b + a) OVER w base,
        ts - lag(ts) OVER w gap
    FROM raw WINDOW w AS (PARTITION BY i ORDER BY seq)
), valued AS (
    SELECT i, ts, seq, n, base, m, b + a mid2, qb + qa depth,
        2.0 * (a - b) / (a + b) spread, 2.0 * (pa - pb) / (pa + pb) before_spread,
        (qb - qa) / (qb + qa) qi, (pqb - pqa) / (pqb + pqa) before_qi,
        gap <= {MAX_AGE} AND (b <> pb OR a <> pa OR qb <> pqb OR qa <> pqa) changed,
        if(gap > {MAX_AGE}, {MAX_AGE}, gap) held,
        CASE WHEN gap <= {MAX_AGE} THEN
            CASE WHEN b >= pb THEN qb ELSE 0 END - CASE WHEN b <= pb THEN pqb ELSE 0 END
            - CASE WHEN a <= pa THEN qa ELSE 0 END + CASE WHEN a >= pa THEN pqa ELSE 0 END
        ELSE 0 END e
    FROM paired
)
SELECT i, ts, seq, n, base, mid2, spread, qi,
    max(CASE WHEN changed THEN ts END) OVER r changed,
    sum(CASE WHEN changed THEN 1.0 ELSE 0.0 END) OVER r changes,
    sum(e) OVER r ofi, sum(depth) OVER r depth, sum(m) OVER r m, sum(m * m) OVER r mm,
    sum(coalesce(before_spread * held, 0)) OVER r spread_time,
    sum(coalesce(before_qi * held, 0)) OVER r qi_time, sum(coalesce(held, 0)::DOUBLE) OVER r valid_time
FROM valued WINDOW r AS (PARTITION BY i ORDER BY seq ROWS UNBOUNDED PRECEDING)
"""

TRADES = f"""
CREATE TEMP TABLE t AS
WITH raw AS (
    SELECT instrument_id i, epoch_ns(ts_avail) ts, seq, px // 10000000 p, round(size * 1000) v, aggressor
    FROM read_parquet(?)
), prevailing AS (
    SELECT raw.*, CASE WHEN raw.ts - q.ts <= {MAX_AGE} THEN q.mid2 END mid2
    FROM raw ASOF LEFT JOIN q ON raw.i = q.i AND raw.seq > q.seq
), paired AS (
    SELECT *, lag(p) OVER w pp, lag(ts) OVER w pts, row_number() OVER w n, first_value(p) OVER w base
    FROM prevailing WINDOW w AS (PARTITION BY i ORDER BY seq)
), ticked AS (
    SELECT *, last_value(CASE WHEN p <> pp THEN pp END IGNORE NULLS) OVER r other,
        last_value(CASE WHEN p <> pp THEN pts END IGNORE NULLS) OVER r other_ts
    FROM paired WINDOW r AS (PARTITION BY i ORDER BY seq ROWS UNBOUNDED PRECEDING)
), signed AS (
    SELECT *, CASE aggressor WHEN 66 THEN 1 WHEN 65 THEN -1 ELSE
        CASE WHEN 2 * p <> mid2 THEN sign(2 * p - mid2)
        WHEN ts - other_ts <= {MAX_AGE} THEN sign(p - other) ELSE 0 END END s
    FROM ticked
)
SELECT i, ts, n, base, sum(v) OVER r volume, sum((p - base) * v) OVER r notional,
    sum(s * v) OVER r signed, sum(CASE WHEN s <> 0 THEN v ELSE 0 END) OVER r known_volume,
    sum(s::DOUBLE) OVER r signs, sum(CASE WHEN s <> 0 THEN 1.0 ELSE 0.0 END) OVER r known,
    sum(coalesce(s * v * (2 * p - mid2), 0)) OVER r effective,
    sum(CASE WHEN s <> 0 AND mid2 IS NOT NULL THEN v * mid2 ELSE 0 END) OVER r weight
FROM signed WINDOW r AS (PARTITION BY i ORDER BY seq ROWS UNBOUNDED PRECEDING)
"""

# In steps, because one statement of all of them does not end in minutes.
GRID = f"""
CREATE TEMP TABLE instants AS
SELECT i, s, s * {S} at_ns FROM (
    SELECT i, unnest(range(min(ts) // {S} - 300, (SELECT max(ts) // {S} FROM d) + 1)) s FROM q GROUP BY i
);
CREATE TEMP TABLE mids AS
SELECT x.i, x.s, if(x.at_ns - q.ts <= {MAX_AGE}, q.mid2, NULL) mid2
FROM instants x ASOF LEFT JOIN q ON x.i = q.i AND x.at_ns > q.ts;
CREATE TEMP TABLE moves AS
SELECT i, s, (mid2 - lag(mid2) OVER w) / lag(mid2) OVER w x
FROM mids WINDOW w AS (PARTITION BY i ORDER BY s);
CREATE TEMP TABLE returns AS
SELECT i, s, r, lag(r) OVER (PARTITION BY i ORDER BY s) pr
FROM (SELECT i, s, ln1p(x) r FROM moves);
CREATE TEMP TABLE g AS
SELECT i, s, sum(coalesce(r * r, 0)) OVER r rr, sum(coalesce(abs(r) * abs(pr), 0)) OVER r pairs
FROM returns WINDOW r AS (PARTITION BY i ORDER BY s ROWS UNBOUNDED PRECEDING)
"""


def edges(table):
    """One row a decision and edge, with what stood before it."""
    return f"""
CREATE TEMP TABLE {table}_edges AS
SELECT e.d, e.name, e.edge - x.ts age, x.* EXCLUDE (i, ts)
FROM e ASOF LEFT JOIN {table} x ON e.i = x.i AND e.edge > x.ts
"""


def extremes(name):
    """Smallest and largest mid of the window, from whole blocks and the rows at both ends."""
    return f"""
CREATE TEMP TABLE range_{name} AS
WITH spans AS (
    SELECT d.seq, d.i, coalesce(o.n, 0) a, coalesce(c.n, 0) z, (a + 63) // 64 b, z // 64 y
    FROM d JOIN q_edges o ON d.seq = o.d AND o.name = '{name}' JOIN q_edges c ON d.seq = c.d AND c.name = 'now'
), rows_of AS (
    SELECT seq, i, unnest(range(a + 1, if(b < y, b * 64, z) + 1)) n FROM spans
    UNION ALL SELECT seq, i, unnest(range(y * 64 + 1, z + 1)) FROM spans WHERE b < y
), blocks_of AS (
    SELECT seq, i, unnest(range(b, y)) block FROM spans WHERE b < y
), found AS (
    SELECT rows_of.seq, q.mid2 low, q.mid2 high FROM rows_of JOIN q USING (i, n)
    UNION ALL SELECT blocks_of.seq, low, high FROM blocks_of JOIN blocks USING (i, block)
)
SELECT seq, min(low) low, max(high) high FROM found GROUP BY seq
"""


def features():
    since = lambda t, column, name: (
        f"(coalesce({t}_now.{column}, 0) - coalesce({t}_{name}.{column}, 0))"
    )
    state = lambda column, name="now": f"if(q_{name}.age <= {MAX_AGE}, q_{name}.{column}, NULL)"
    level = lambda column, name: (
        f"coalesce(q_{name}.{column}_time + q_{name}.{column} * least(q_{name}.age, {MAX_AGE}), 0)"
    )
    valid = lambda name: f"coalesce(q_{name}.valid_time + least(q_{name}.age, {MAX_AGE}), 0)"
    over_time = lambda column, name: (
        f"({level(column, 'now')} - {level(column, name)}) / ({valid('now')} - {valid(name)})"
    )
    mid2, out = state("mid2"), {}
    for name in list(EDGES)[1:]:
        before = state("mid2", name)
        out[f"price__log_ret__{name}"] = f"ln1p(({mid2} - {before}) / {before})"
    for name in ("1m", "5m"):
        n, sums, squares = since("q", "n", name), since("q", "m", name), since("q", "mm", name)
        sd = f"sqrt(nullif(({squares} - {sums} * {sums} / nullif({n}, 0)) / nullif({n} - 1, 0), 0))"
        out[f"price__zscore__{name}"] = f"({mid2} - q_now.base - {sums} / nullif({n}, 0)) / {sd}"
        low, high = f"range_{name}.low", f"range_{name}.high"
        out[f"price__pos_in_range__{name}"] = f"({mid2} - {low}) / nullif({high} - {low}, 0)"
    out["book__spread_bps__now"] = f"{state('spread')} * 1e4"
    out["book__qi__now"] = state("qi")
    out["book__wmid_dev_bps__now"] = f"{state('spread')} / 2 * {state('qi')} * 1e4"
    age = f"(d.ts - {state('changed')})"
    out["book__quote_age_ns__now"] = f"if({age} <= {MAX_AGE}, {age}, NULL)::DOUBLE"
    for name in ("10s", "1m"):
        out[f"book__spread_tw_bps__{name}"] = f"{over_time('spread', name)} * 1e4"
        out[f"book__qi_tw__{name}"] = over_time("qi", name)
        n, depth = since("q", "n", name), since("q", "depth", name)
        out[f"book__ofi_norm__{name}"] = f"{since('q', 'ofi', name)} * 2 * {n} / nullif({depth}, 0)"
        out[f"book__quote_rate_per_s__{name}"] = f"{since('q', 'changes', name)} / {EDGES[name] / 1e9}"
    for name in ("1s", "10s", "1m"):
        out[f"book__ofi_qty__{name}"] = f"{since('q', 'ofi', name)} / 1000"
        out[f"flow__n_trades__{name}"] = f"{since('t', 'n', name)}::DOUBLE"
        known = since("t", "known_volume", name)
        out[f"flow__imb_vol__{name}"] = f"{since('t', 'signed', name)} / nullif({known}, 0)"
    for name in ("10s", "1m", "5m"):
        out[f"flow__vol_qty__{name}"] = f"{since('t', 'volume', name)} / 1000"
    known = since("t", "known", "10s")
    out["flow__imb_count__10s"] = f"{since('t', 'signs', '10s')} / nullif({known}, 0)"
    for name in ("1m", "5m"):
        volume, value = since("t", "volume", name), since("t", "notional", name)
        twice = f"(2 * ({value} + t_now.base * {volume}))"
        away = f"(({mid2} - 2 * t_now.base) * {volume} - 2 * {value})"
        out[f"flow__vwap_dev_bps__{name}"] = f"{away} / nullif({twice}, 0) * 1e4"
        out[f"vol__rv__{name}"] = f"g_now.rr - g_{name}.rr"
    n = since("t", "n", "1m")
    out["flow__avg_size_qty__1m"] = f"{since('t', 'volume', '1m')} / nullif({n}, 0) / 1000"
    weight = since("t", "weight", "1m")
    out["liq__eff_spread_bps__1m"] = f"{since('t', 'effective', '1m')} / nullif({weight}, 0) * 2e4"
    out["vol__bv__5m"] = "(g_now.pairs - g_pairs.pairs) * (pi() / 2)"
    columns = ", ".join(f"{expression} {name}" for name, expression in out.items())
    back = lambda name, n: (
        f"JOIN g g_{name} ON g_{name}.i = d.i AND g_{name}.s = greatest(d.ts // {S} - {n}, first)"
    )
    joins = " ".join(
        f"JOIN {t}_edges {t}_{name} ON {t}_{name}.d = d.seq AND {t}_{name}.name = '{name}'"
        for t in "qt"
        for name in EDGES
    )
    return f"""
CREATE TEMP TABLE features AS
SELECT d.seq, {columns}
FROM d {joins}
    LEFT JOIN range_1m ON range_1m.seq = d.seq LEFT JOIN range_5m ON range_5m.seq = d.seq
    JOIN (SELECT i, min(s) first FROM g GROUP BY i) firsts ON firsts.i = d.i
    {back('now', 0)} {back('1m', 60)} {back('5m', 300)} {back('pairs', 299)}
ORDER BY d.seq
"""


def main(folder, out=None):
    begin, busy = time.perf_counter(), time.process_time()
    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute("SET preserve_insertion_order = false")
    # It has no log1p; this one is as exact (Kahan).
    db.execute("CREATE MACRO ln1p(x) AS if(1 + x = 1, x, ln(1 + x) * x / ((1 + x) - 1))")
    steps = {}

    def run(name, sql, *args):
        at = time.perf_counter()
        db.execute(sql, list(args))
        steps[name] = round(time.perf_counter() - at, 2)

    run("quotes", QUOTES, f"{folder}/quotes.parquet")
    run("trades", TRADES, f"{folder}/trades.parquet")
    run("decisions", "CREATE TEMP TABLE d AS SELECT instrument_id i, epoch_ns(ts_avail) ts, seq FROM read_parquet(?)",
        f"{folder}/decisions.parquet")  # fmt: skip
    names = ", ".join(f"('{name}', {ns})" for name, ns in EDGES.items())
    run("edges", f"CREATE TEMP TABLE e AS SELECT d.seq d, i, name, ts - ns edge FROM d, (VALUES {names}) k(name, ns)")
    run("quote_edges", edges("q"))
    run("trade_edges", edges("t"))
    run("blocks", "CREATE TEMP TABLE blocks AS SELECT i, (n - 1) // 64 block, min(mid2) low, max(mid2) high FROM q GROUP BY ALL")
    run("range_1m", extremes("1m"))
    run("range_5m", extremes("5m"))
    run("grid", GRID)
    run("features", features())
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows, columns = db.execute("SELECT count(*), (SELECT count(*) - 1 FROM duckdb_columns() WHERE table_name = 'features') FROM features").fetchone()
    print(json.dumps({
        "version": duckdb.__version__, "seconds": seconds, "processor": busy, "steps": steps,
        "rows": rows, "columns": columns, "peak": peak,
    }))  # fmt: skip
    if out:
        db.execute(f"COPY (SELECT * FROM features ORDER BY seq) TO '{out}' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:])
