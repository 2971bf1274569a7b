"""DuckDB's as-of benchmarks in Polars and in DuckDB.

With polars 2.1.0 and duckdb 2.0.1 (fixtures/interop/requirements.txt):

    python benches/peers/asof.py            one table: rows, order, peer, checksum, shortest and median of seven rounds
    python benches/peers/asof.py serve      for `cargo bench -p features --bench asof`: for each line `workload peer` on
                                            standard input one round, answered by `checksum seconds`

Workloads: `5_000_000` is benchmark/micro/join/asof_join.benchmark, `100_000` asof_join_small_probe.benchmark. The tables
are made by DuckDB. Polars gets them sorted, and is told so, once by key and time and once by time; sorting is not timed.
Seconds are those of the wall, with all processors, from the joined tables to the sum of the values found.
"""

import statistics
import sys
import time

import duckdb
import polars as pl

TABLES = {
    "5_000_000": """
        CREATE TABLE build AS SELECT k, '2001-01-01'::TIMESTAMP + INTERVAL (v) MINUTE AS t, v
            FROM range(0, 100000) vals(v), range(0, 50) keys(k);
        CREATE TABLE probe AS SELECT k * 2 AS k, t - INTERVAL (30) SECOND AS t FROM build;""",
    "100_000": """
        SELECT SETSEED(0.8675309);
        CREATE TABLE probe AS SELECT r AS k,
            '2021-01-01'::TIMESTAMP + INTERVAL (random() * 60 * 60 * 24 * 365) SECOND AS t FROM range(0, 100000) tbl(r);
        CREATE TABLE build AS SELECT r % 100000 AS k,
            '2021-01-01'::TIMESTAMP + INTERVAL (random() * 60 * 60 * 24 * 365) SECOND AS t,
            (random() * 100000)::INTEGER AS v FROM range(0, 1000000) tbl(r);""",
}
CHECKSUMS = {"5_000_000": 124996250025, "100_000": 4560929499}
PEERS = ["polars_by_key", "polars_by_time", "duckdb"]


class Workload:
    """The tables of one benchmark, in DuckDB and, sorted in two ways, in Polars."""

    def __init__(self, name):
        self.duck = duckdb.connect()
        self.duck.execute(TABLES[name])
        types = {"k": "UINTEGER", "t": "TIMESTAMP_NS", "v": "UINTEGER"}
        frames = []
        for table in ("probe", "build"):
            names = [column for (column, *_) in self.duck.execute(f"DESCRIBE {table}").fetchall()]
            query = f"SELECT {', '.join(f'{n}::{types[n]} AS {n}' for n in names)} FROM {table}"
            columns = self.duck.execute(query).fetchnumpy()
            frames.append(pl.DataFrame({n: columns[n] for n in names}))
        order = lambda by: [f.sort(by, maintain_order=True).with_columns(pl.col("t").set_sorted()) for f in frames]
        self.polars = {"polars_by_key": [f.sort(["k", "t"]) for f in frames], "polars_by_time": order(["t"])}

    def round(self, peer):
        begin = time.perf_counter()
        if peer == "duckdb":
            query = "SELECT SUM(v) FROM probe ASOF JOIN build ON probe.k = build.k AND probe.t >= build.t"
            total = self.duck.execute(query).fetchone()[0]
        else:
            probe, build = self.polars[peer]
            total = probe.join_asof(build, on="t", by="k", check_sortedness=False)["v"].cast(pl.UInt64).sum()
        return int(total), time.perf_counter() - begin


def serve():
    print(f"polars {pl.__version__}, duckdb {duckdb.__version__}", flush=True)
    workloads = {}
    for line in sys.stdin:
        name, peer = line.split()
        if name not in workloads:
            workloads = {name: Workload(name)}
        print(*workloads[name].round(peer), flush=True)


def table():
    print(f"polars {pl.__version__}, duckdb {duckdb.__version__}, {pl.thread_pool_size()} threads")
    print(f"{'rows':>10} {'peer':<15} {'checksum':>13} {'least ms':>9} {'median ms':>9}")
    for name in TABLES:
        workload = Workload(name)
        for peer in PEERS:
            rounds = [workload.round(peer) for _ in range(7)]
            assert all(total == CHECKSUMS[name] for total, _ in rounds), rounds
            times = [1e3 * seconds for _, seconds in rounds]
            print(f"{name:>10} {peer:<15} {CHECKSUMS[name]:>13} {min(times):9.1f} {statistics.median(times):9.1f}")


serve() if sys.argv[1:] == ["serve"] else table()
