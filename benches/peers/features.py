"""Feature rows from Parquet: Hindsight, only reading, Polars and DuckDB, in one table.

`python features.py FOLDER [--ticks 10M 50M] [--rounds 3] [--without duckdb] [--load PROGRAM]` makes the days that are
missing in FOLDER, builds the load program (`cargo bench -p features --bench load`) unless one is given, checks that all
answers agree, runs everything round by round, and prints each bar with what was found. `--ticks 1M --rounds 1` is the
quick check. Every run is a process of its own, so peaks of memory are its own too. The shortest rounds are compared,
on the clock; processor seconds stand beside them, because they show how much a busy machine has disturbed.

Needs numpy, pyarrow, polars and duckdb in the versions that the scripts name.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from bar import tell

HERE = Path(__file__).resolve().parent
TOLERANCE = 1e-9
UNITS = {"k": 1_000, "M": 1_000_000}


def count(text):
    return int(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else int(text)


def build():
    """Path of the load program."""
    command = ["cargo", "bench", "-p", "features", "--bench", "load", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line).get("executable") for line in lines.splitlines() if '"load"' in line]
    return next(path for path in reversed(found) if path)


def run(*command):
    """The JSON that a program prints, with its processor seconds if it does not tell them itself."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command[:3]} ended with {child.returncode}")
    return {"processor": usage.ru_utime + usage.ru_stime} | json.loads(text.splitlines()[-1])


def agree(ours, theirs, name):
    """Largest difference over the cells that both fill, and fails above the tolerance.

    Relative to the larger of both; a mean of signed values may cancel to almost 0, so that the typical size of the
    column is the least that a difference is measured against.
    """
    import numpy as np
    import polars as pl

    ours, theirs = pl.read_parquet(ours), pl.read_parquet(theirs)
    both = ours.rename({"decision_seq": "seq"}, strict=False).join(theirs, on="seq", suffix="_peer")
    worst, least, columns = (0.0, ""), 1.0, 0
    for column in theirs.columns:
        if column == "seq":
            continue
        a, b = (both[c].cast(pl.Float64).to_numpy() for c in (column, f"{column}_peer"))
        ours_fill = np.isfinite(a)
        filled = ours_fill & np.isfinite(b)
        least, columns = min(least, filled.sum() / ours_fill.sum()), columns + 1
        a, b = a[filled], b[filled]
        size = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.median(np.abs(a)))
        difference = np.max(np.abs(a - b) / np.maximum(size, 1e-300), initial=0.0)
        worst = max(worst, (float(difference), column))
    if both.height != ours.height or worst[0] > TOLERANCE or least < 0.99:
        raise SystemExit(f"{name} differs: {worst}, {both.height} rows, {least:.1%} of our cells")
    print(f"agree   {name}: {columns} columns, {both.height} rows, at most {worst[0]:.1e} apart ({worst[1]}),"
          f" both fill at least {least:.2%} of our cells")  # fmt: skip


def verdict(text, value, bar, at_most=True):
    holds = value <= bar if at_most else value >= bar
    print(f"bar     {text}: {value:.2f} (bar {bar}: {'holds' if holds else 'MISSED'})")


def measure(folder, ticks, args):
    day = folder / f"{ticks}"
    if not (day / "decisions.parquet").exists():
        run_data = [sys.executable, HERE / "features_data.py", day, ticks]
        subprocess.run([str(word) for word in run_data], check=True)
    peers = [name for name in ("polars", "duckdb") if name not in args.without]
    script = lambda name: (sys.executable, HERE / f"features_{name}.py", day)
    run(args.load, day, "sweep", "f40", 2, day / "ours.out")
    for peer in peers:
        run(*script(peer), day / f"{peer}.out")
        agree(day / "ours.out", day / f"{peer}.out", peer)
    commands = {
        "read, pyarrow": script("read"),
        "read, ours": (args.load, day, "read"),
        "ours, f40": (args.load, day, "sweep", "f40", 2),
        "ours, 1 thread": (args.load, day, "sweep", "f40", 1),
        "ours, f80": (args.load, day, "sweep", "f80", 2),
        "ours, f40, in memory": (args.load, day, "memory", "f40", 2),
    } | {peer: script(peer) for peer in peers}
    runs = {name: [] for name in commands}
    for _ in range(args.rounds):
        for name, command in commands.items():
            runs[name].append(run(*command))
    least = lambda name, key="seconds": min(found[key] for found in runs[name])
    print(f"\n{ticks / 1e6:g} M ticks, 100,000 decisions, 20 instruments, {args.rounds} rounds")
    print(f"{'':22}{'seconds':>9}{'to':>9}{'processor':>11}{'peak MB':>9}{'x ours':>8}{'x, proc.':>9}")
    for name in commands:
        most = max(found["seconds"] for found in runs[name])
        ratios = [least(name, key) / least("ours, f40", key) for key in ("seconds", "processor")]
        print(f"{name:22}{least(name):9.3f}{most:9.3f}{least(name, 'processor'):11.3f}"
              f"{least(name, 'peak') / 1e6:9.0f}{ratios[0]:8.2f}{ratios[1]:9.2f}")  # fmt: skip
    over = lambda a, b, key="seconds": least(a, key) / least(b, key)
    pair = lambda name, a, b, key="seconds", unit="s": tell(f"features/{name}", least(a, key), least(b, key), unit)
    pair("read", "ours, f40", "read, pyarrow")
    pair("columns", "ours, f80", "ours, f40")
    pair("threads", "ours, f40", "ours, 1 thread")
    for peer in peers:
        pair(peer, "ours, f40", peer)
        pair(f"{peer}/memory", "ours, f40", peer, "peak", "B")
    verdict("ours / only reading", over("ours, f40", "read, pyarrow"), 1.5)
    if "polars" in peers:
        verdict("Polars / ours", over("polars", "ours, f40"), 5 if ticks >= 50_000_000 else 2, False)
        verdict("peak of ours / peak of Polars", over("ours, f40", "polars", "peak"), 0.25)
    if "duckdb" in peers:
        verdict("DuckDB / ours", over("duckdb", "ours, f40"), 20 if ticks >= 50_000_000 else 10, False)
    verdict("80 features / 40", over("ours, f80", "ours, f40"), 1.3)
    verdict("1 thread / 2", over("ours, 1 thread", "ours, f40"), 1.8, False)
    return least("ours, f40"), least("ours, f40", "processor")


def stream(folder, ticks, args):
    found = run(args.load, folder / f"{ticks}", "stream", "f90")
    tick, row = found["tick_ns"], found["decision_ns"]
    print(f"\nstream, {ticks / 1e6:g} M ticks one by one, {found['columns']} columns, in ns:")
    print(f"        event    {tick}\n        decision {row}")
    tell("features/stream/event", tick["p99"] / 1e3, unit="us")
    tell("features/stream/row", row["p99"] / 1e3, unit="us")
    verdict("p99 of an event, us", tick["p99"] / 1e3, 2)
    verdict("p99 of a row, us", row["p99"] / 1e3, 50)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("--ticks", type=count, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--without", nargs="+", default=[])
    words.add_argument("--load")
    args = words.parse_args()
    args.load = args.load or build()
    times = {ticks: measure(args.folder, ticks, args) for ticks in sorted(args.ticks)}
    stream(args.folder, min(args.ticks), args)
    if len(times) > 2:
        (a, b, *_, z) = times
        cost = lambda k, low, high: (times[high][k] - times[low][k]) / (high - low) * 1e9
        for k, clock in enumerate(("clock", "processor")):
            first, last = cost(k, a, b), cost(k, b, z)
            print(f"grows   {first:.0f} ns a tick from {a:,} to {b:,}, {last:.0f} from {b:,} to {z:,} ({clock})")
        verdict("the second over the first, clock", cost(0, b, z) / cost(0, a, b), 1.2)


if __name__ == "__main__":
    main()
