"""DuckDB on the archive of `cargo bench -p benches --features sql --bench archive_sql`, which runs this.

    pip install duckdb==2.0.1 && python benches/peers/archive_sql.py FOLDER SQL

Prints the seconds of five runs with two threads on the Parquet files of the table `trades`, and the least.
"""

import pathlib
import sys
import time

import duckdb

folder, sql = pathlib.Path(sys.argv[1]), sys.argv[2]
files = sorted(str(path) for path in (folder / "archive/trades").rglob("*.parquet"))
connection = duckdb.connect()
connection.execute("SET threads = 2")
connection.execute(f"CREATE VIEW trades AS SELECT * FROM read_parquet({files})")
times = []
for _ in range(5):
    start = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    times.append(time.perf_counter() - start)
print(f"DuckDB {duckdb.__version__}, 2 threads: {', '.join(f'{t:.3f}' for t in times)} s, {len(rows)} groups")
print(f"least {min(times):.6f}")
