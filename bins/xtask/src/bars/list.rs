//! Every bar, with the programs that measure it.

use super::judge::Limit::{AtLeast, AtMost};
use super::judge::{Bar, Limit};

/// Bars that one run of some programs measures.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    /// The crate that is measured.
    pub(super) package: &'static str,
    pub(super) steps: &'static [Step],
    pub(super) bars: &'static [Bar],
}

/// One program of a run. Words in braces are filled in: `{work}` is a folder in the target folder, `{python:NAME}` the Python
/// of an environment, `{nats}` the program of NATS, `{data}` the folder of the data pack, `{program}` the last one built.
#[derive(Debug)]
pub(super) enum Step {
    /// `cargo bench` of one bench, with these variables; one that makes a file is not run where the file is there.
    Bench {
        bench: Bench,
        variables: &'static [(&'static str, &'static str)],
        args: &'static [&'static str],
        makes: &'static str,
    },
    /// Builds a bench that a script starts.
    Build(Bench),
    /// A script of benches/peers in an environment; the same holds for what it makes.
    Script {
        file: &'static str,
        environment: &'static str,
        args: &'static [&'static str],
        makes: &'static str,
    },
}

/// A bench of a package, with features of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bench {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
    pub(super) features: &'static str,
}

const fn bench(package: &'static str, name: &'static str, features: &'static str) -> Bench {
    Bench { package, name, features }
}

const fn program(bench: Bench, args: &'static [&'static str]) -> Step {
    Step::Bench { bench, variables: &[], args, makes: "" }
}

const fn peer(
    file: &'static str,
    environment: &'static str,
    args: &'static [&'static str],
) -> Step {
    Step::Script { file, environment, args, makes: "" }
}

const fn data(file: &'static str, args: &'static [&'static str], makes: &'static str) -> Step {
    Step::Script { file, environment: "tables", args, makes }
}

const fn bar(name: &'static str, what: &'static str, limit: Limit) -> Bar {
    Bar::new(name, what, limit)
}

/// What criterion is told, so that its lines can be read.
const READABLE: &[&str] = &["--noplot", "--output-format", "bencher"];

const LOAD: Bench = bench("benches", "capture_load", "");
/// Where the disk is measured: below the target folder, so on its disk.
const DISK: &str = "{work}/capture";
const NO_BENCH: &str = "no bench measures it";

pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "contract",
        package: "contract",
        steps: &[program(bench("contract", "contract", "digest"), READABLE)],
        bars: &[
            bar("contract/parse", "`parse` of 1,000,000 rows / of 1,000", AtMost(1.2))
                .of("parse/trades/1000000", "parse/trades/1000"),
            bar("contract/admit", "`admit` of 1,000,000 trades / Arrow's `min` and `max` of the same columns", AtMost(2.0))
                .of("admit/trades/admit/1000000", "admit/trades/min_max/1000000"),
            bar("contract/builder", "`TableBuilder` / builders of Arrow by hand", AtMost(1.25))
                .of("build/trades/table_builder/100_000", "build/trades/by_hand/100_000"),
            bar("contract/events", "`from_events` / builders of Arrow by hand", AtMost(1.25))
                .of("build/trades/from_events/100_000", "build/trades/by_hand/100_000"),
            bar("contract/decimal", "`str::parse::<f64>` / text to a price, Binance's strings", AtLeast(1.0))
                .faster()
                .of("decimal/binance/price/10_000", "decimal/binance/f64/10_000"),
            bar("contract/decimal/rust_decimal", "`rust_decimal` 1.43 / text to a price", AtLeast(2.0)).faster().lacks(NO_BENCH),
            bar("contract/digest", "row digest / SHA-256 of the same bytes, laid out beforehand", AtMost(1.5))
                .of("digest/trades/row_digest/10_000", "digest/trades/sha256/10_000"),
        ],
    },
    Group {
        name: "feeds",
        package: "feeds",
        steps: &[
            program(bench("feeds", "binance", ""), READABLE),
            program(bench("feeds", "book", ""), READABLE),
        ],
        bars: &[
            bar("feeds/binance", "serde_json into borrowed structs, without Arrow / import of Binance's lines", AtLeast(0.7))
                .faster()
                .of("binance/import/lines/20_000", "binance/serde_json/lines/20_000"),
            bar("feeds/book/68", "a book of BTreeMaps / ours, 68 levels a message", AtLeast(3.0))
                .faster()
                .of("book/ladders/68_levels/", "book/btreemap/68_levels/"),
            bar("feeds/book/11", "the same, 11 levels a message", AtLeast(3.0))
                .faster()
                .of("book/ladders/11_levels/", "book/btreemap/11_levels/"),
        ],
    },
    Group {
        name: "feeds-dbn",
        package: "feeds",
        steps: &[program(bench("feeds", "dbn", "dbn"), READABLE)],
        bars: &[
            bar("feeds/dbn", "bare decoding by the crate `dbn` / import of 1,000,000 trades", AtLeast(0.5))
                .faster()
                .of("dbn/import/trades/1_000_000", "dbn/decode/trades/1_000_000"),
        ],
    },
    Group {
        name: "feeds-ticks",
        package: "feeds",
        steps: &[Step::Bench {
            bench: bench("benches", "feeds", ""),
            variables: &[("HINDSIGHT_PYTHON", "{python:tables}"), ("HINDSIGHT_DATA", "{data}")],
            args: &[],
            makes: "",
        }],
        bars: &[
            bar("feeds/ticks/real", "import of 26 real zips of FX ticks / inflating them", AtMost(3.0)),
            bar("feeds/ticks/generated", "import of 4 generated zips / inflating them", AtMost(3.0)),
        ],
    },
    Group {
        name: "simulator",
        package: "simulator",
        steps: &[program(bench("benches", "simulator", ""), &["small"])],
        bars: &[bar("simulator/small", "making preset `small` / writing it as Parquet", AtMost(0.5))],
    },
    Group {
        name: "simulator-day",
        package: "simulator",
        steps: &[program(bench("benches", "simulator", ""), &["day"])],
        bars: &[bar("simulator/day", "making preset `day` / writing it as Parquet", AtMost(0.5))],
    },
    Group {
        name: "capture-append",
        package: "capture",
        steps: &[program(LOAD, &[DISK, "append"])],
        bars: &[
            bar("capture/append/1/p50", "`append` of 1 decision, median / Arrow's encoding and CRC", AtMost(1.5)),
            bar("capture/append/1/p99", "the same, p99 / p99", AtMost(10.0)),
            bar("capture/append/1/call", "the same, p99", AtMost(50e-6)).alone("s").of("capture/append/1/p99:ours", ""),
            bar("capture/append/100/p50", "`append` of 100 quotes, median / Arrow's encoding and CRC", AtMost(1.5)),
            bar("capture/append/100/p99", "the same, p99 / p99", AtMost(10.0)),
            bar("capture/append/100/call", "the same, p99", AtMost(50e-6))
                .alone("s")
                .of("capture/append/100/p99:ours", ""),
        ],
    },
    Group {
        name: "capture-closed",
        package: "capture",
        steps: &[program(LOAD, &[DISK, "closed"])],
        bars: &[
            bar("capture/closed/1/acks", "1 producer of decisions: acks/s / syncs/s of the disk", AtLeast(0.75)),
            bar("capture/closed/1/p50", "the same, ack p50 / p50 of the disk's sync", AtMost(1.3)),
            bar("capture/closed/1/p99", "the same, ack p99 / p99 of the disk's sync", AtMost(1.5)),
            bar("capture/closed/8/acks", "8 producers: acks/s / 8 times the disk's syncs/s", AtLeast(0.5)),
            bar("capture/closed/8/p50", "the same, p50 / p50", AtMost(2.2)),
            bar("capture/closed/8/p99", "the same, p99 / p99", AtMost(2.5)),
            bar("capture/closed/64/acks", "64 producers: acks/s / 64 times the disk's syncs/s", AtLeast(0.5)),
            bar("capture/closed/64/p50", "the same, p50 / p50", AtMost(2.2)),
            bar("capture/closed/64/p99", "the same, p99 / p99 (the issue's bar)", AtMost(2.0)),
            bar("capture/closed/256/acks", "256 producers: acks/s / 256 times the disk's syncs/s", AtLeast(0.4)),
        ],
    },
    Group {
        name: "capture-closed-quotes",
        package: "capture",
        steps: &[
            program(LOAD, &[DISK, "closed", "--quotes", "--producers", "1"]),
            program(LOAD, &[DISK, "closed", "--quotes", "--producers", "64"]),
        ],
        bars: &[
            bar("capture/quotes/closed/1/acks", "1 producer of quotes: acks/s / syncs/s of the disk", AtLeast(0.75)),
            bar("capture/quotes/closed/1/p50", "the same, p50 / p50", AtMost(1.3)),
            bar("capture/quotes/closed/1/p99", "the same, p99 / p99", AtMost(1.5)),
            bar("capture/quotes/closed/64/acks", "64 producers of quotes: acks/s / 64 times the disk's syncs/s", AtLeast(0.5)),
            bar("capture/quotes/closed/64/p50", "the same, p50 / p50", AtMost(2.2)),
            bar("capture/quotes/closed/64/p99", "the same, p99 / p99 (the issue's bar)", AtMost(2.0)),
        ],
    },
    Group {
        name: "capture-flow",
        package: "capture",
        steps: &[program(LOAD, &[DISK, "flow"])],
        bars: &[
            bar("capture/flow/rows", "4 producers, 100 quotes a batch, 64 tickets each: rows/s", AtLeast(100_000.0))
                .alone("/s"),
            bar("capture/flow/bytes", "batches of 10,000 quotes: bytes/s / writes of 1 MiB with a sync", AtLeast(0.6)),
        ],
    },
    Group {
        name: "capture-read",
        package: "capture",
        steps: &[program(LOAD, &[DISK, "wake", "replay"])],
        bars: &[
            bar("capture/wake", "subscriber behind the ack, p99 / round trip of a condition variable", AtMost(5.0)),
            bar("capture/replay/100/rows", "replay of 2,000,000 quotes in batches of 100: rows/s", AtLeast(5e6)).alone("/s"),
            bar("capture/replay/100/crc", "a CRC pass over the same bytes / replay", AtLeast(0.5)).faster(),
            bar("capture/replay/1000/rows", "replay in batches of 1,000: rows/s", AtLeast(5e6)).alone("/s"),
            bar("capture/replay/1000/crc", "a CRC pass over the same bytes / replay", AtLeast(0.5)).faster(),
        ],
    },
    Group {
        name: "capture-keep",
        package: "capture",
        steps: &[
            program(LOAD, &[DISK, "archive"]),
            program(LOAD, &[DISK, "memory"]),
            program(LOAD, &[DISK, "open"]),
            program(LOAD, &[DISK, "rotation"]),
        ],
        bars: &[
            bar("capture/archive", "a plain ArrowWriter with a sync / archive of 2,000,000 quotes", AtLeast(0.4)).faster(),
            bar("capture/archive/bytes", "bytes a row / DuckDB's Parquet of the same rows", AtMost(1.05)).lacks(NO_BENCH),
            bar("capture/memory", "memory above idle / 2 credits and 2 segments", AtMost(1.0)),
            bar("capture/open/bytes", "open after kill -9: bytes read / two segments, headers, manifest", AtMost(1.0)),
            bar("capture/open/time", "the same: time / a CRC pass over as many bytes", AtMost(2.0)),
            bar("capture/rotation/f99", "rotations of 4 MiB: ack p99.9 / p99 of the disk's sync", AtMost(3.0)),
            bar("capture/rotation/without", "the same: p99.9 / p99.9 without rotation", AtMost(2.0)),
        ],
    },
    Group {
        name: "capture-peers",
        package: "capture",
        steps: &[
            program(LOAD, &[DISK, "peers", "--nats-server", "{nats}"]),
            program(LOAD, &[DISK, "peers", "--quotes", "--nats-server", "{nats}"]),
        ],
        bars: &[
            bar("capture/peers/nats", "64 writers of 1 decision: acks/s / NATS 2.15.1, `sync_interval: always`", AtLeast(10.0)),
            bar("capture/peers/sqlite", "the same / SQLite, WAL, `synchronous` FULL", AtLeast(10.0)),
            bar("capture/peers/okaywal", "the same / okaywal 0.3.1", AtLeast(1.0)),
            bar("capture/quotes/peers/nats", "64 writers of 1 quote: acks/s / NATS", AtLeast(10.0)),
            bar("capture/quotes/peers/sqlite", "the same / SQLite", AtLeast(10.0)),
            bar("capture/quotes/peers/okaywal", "the same / okaywal", AtLeast(1.0)),
        ],
    },
    Group {
        name: "features",
        package: "features",
        steps: &[
            Step::Build(bench("features", "load", "")),
            peer(
                "features.py",
                "tables",
                &["{work}/features", "--ticks", "10M", "--rounds", "1", "--without", "duckdb", "--load", "{program}"],
            ),
        ],
        bars: &[
            bar("features/read", "40 features of 10 M ticks, 2 threads / PyArrow that only reads them", AtMost(1.5)),
            bar("features/polars", "Polars 2.1.0 / ours, the same 40 features", AtLeast(2.0)).faster(),
            bar("features/polars/memory", "peak memory / Polars'", AtMost(0.25)),
            bar("features/columns", "80 features / 40", AtMost(1.3)),
            bar("features/threads", "1 thread / 2", AtLeast(1.8)).faster(),
            bar("features/stream/event", "one event, p99, 90 features", AtMost(2e-6)).alone("s").of("features/stream/event:ours", ""),
            bar("features/stream/row", "one decision as an Arrow row, p99", AtMost(50e-6)).alone("s").of("features/stream/row:ours", ""),
        ],
    },
    Group {
        name: "features-duckdb",
        package: "features",
        steps: &[
            Step::Build(bench("features", "load", "")),
            peer("features.py", "tables", &["{work}/features", "--ticks", "10M", "--rounds", "1", "--load", "{program}"]),
        ],
        bars: &[bar("features/duckdb", "DuckDB 2.0.1 / ours, the same 40 features of 10 M ticks", AtLeast(10.0)).faster()],
    },
    Group {
        name: "features-asof",
        package: "features",
        steps: &[Step::Bench {
            bench: bench("features", "asof", ""),
            variables: &[("HINDSIGHT_PYTHON", "{python:tables}")],
            args: READABLE,
            makes: "",
        }],
        bars: &[
            bar("features/asof/5M/polars", "as-of join, 5 M x 5 M / Polars 2.1.0, presorted", AtMost(1.0))
                .of("asof/sorted/5_000_000", "asof/polars_by_key/5_000_000"),
            bar("features/asof/5M/duckdb", "DuckDB 2.0.1 / ours, 5 M x 5 M", AtLeast(10.0))
                .faster()
                .of("asof/sorted/5_000_000", "asof/duckdb/5_000_000"),
            bar("features/asof/100k/polars", "as-of join, 100,000 x 1 M / Polars, presorted", AtMost(1.0))
                .of("asof/sorted/100_000", "asof/polars_by_key/100_000"),
            bar("features/asof/100k/duckdb", "DuckDB / ours, 100,000 x 1 M", AtLeast(10.0))
                .faster()
                .of("asof/sorted/100_000", "asof/duckdb/100_000"),
        ],
    },
    Group {
        name: "features-selection",
        package: "features",
        steps: &[
            program(bench("features", "selection", "selection"), READABLE),
            peer("selection.py", "learning", &[]),
        ],
        bars: &[
            bar("features/information/values/independent", "scikit-learn 1.9.1 / mutual information of independent numbers", AtLeast(5.0))
                .faster()
                .of("information/values/independent/100000", ""),
            bar("features/information/values/related", "the same of related numbers", AtLeast(5.0))
                .faster()
                .of("information/values/related/100000", ""),
            bar("features/information/classes/independent", "the same of independent classes", AtLeast(5.0))
                .faster()
                .of("information/classes/independent/100000", ""),
            bar("features/information/classes/related", "the same of related classes", AtLeast(5.0))
                .faster()
                .of("information/classes/related/100000", ""),
        ],
    },
    Group {
        name: "features-seeds",
        package: "features",
        steps: &[program(bench("features", "selection_seeds", "selection"), &[])],
        bars: &[
            bar("features/selection/missed", "seeds of 50 in which one of 5 planted features is missed", AtMost(0.0)).alone(""),
            bar("features/selection/noise", "noise among what is confirmed", AtMost(0.05)),
            bar("features/selection/alarms", "seeds in which shuffled labels confirm something", AtMost(0.05)),
        ],
    },
    Group {
        name: "labeling",
        package: "labeling",
        steps: &[
            data("labels_data.py", &["{work}/labels", "10000000"], "{work}/labels/decisions.parquet"),
            program(bench("labeling", "load", ""), &["{work}/labels", "run"]),
            peer("labels_duckdb.py", "tables", &["{work}/labels"]),
            peer("labels_ml4t.py", "ml4t", &["{work}/labels"]),
            peer("labels_mlfinpy.py", "mlfinpy", &["{work}/labels"]),
        ],
        bars: &[
            bar("labeling/load/duckdb", "DuckDB 2.0.1 / ours: 100,000 decisions over 10 M ticks, barriers, excursions, markouts", AtLeast(20.0))
                .faster()
                .of("labeling/load:ours", ""),
            bar("labeling/load/mlfinpy", "mlfinpy 0.1.2 with pandas, extrapolated / ours", AtLeast(100.0))
                .faster()
                .of("labeling/load:ours", ""),
            bar("labeling/load/ml4t", "ml4t-engineer 0.2.1, barriers and excursions alone, without reading / ours", AtLeast(2.0))
                .faster()
                .of("labeling/load:ours", ""),
        ],
    },
    Group {
        name: "labeling-weights",
        package: "labeling",
        steps: &[program(bench("labeling", "significance", ""), READABLE), peer("bootstrap.py", "learning", &[])],
        bars: &[
            bar("labeling/uniqueness", "uniqueness of 1,000,000 labels / sorting their ends", AtMost(2.0))
                .of("uniqueness/lives/1_000_000", "uniqueness/sort/2_000_000"),
            bar("labeling/bootstrap", "arch 8.0.0 / stationary bootstrap of a mean, 499 replicates", AtLeast(20.0))
                .faster()
                .of("bootstrap/mean_of_10_000/499", ""),
            bar("labeling/regrade", "Polars expressions / regrading 10 M outcomes", AtLeast(1.0))
                .faster()
                .lacks("the bench `regrade` compares with a plain loop only"),
        ],
    },
    Group {
        name: "labeling-nulls",
        package: "labeling",
        steps: &[program(bench("labeling", "null_tests", ""), &[])],
        bars: &[
            bar("labeling/nulls/5/alarms", "false alarms of 2,000 nulls, overlap 5, upper 95 % bound", AtMost(8.0)).alone("%"),
            bar("labeling/nulls/20/alarms", "the same, overlap 20", AtMost(8.0)).alone("%"),
            bar("labeling/nulls/60/alarms", "the same, overlap 60", AtMost(8.0)).alone("%"),
            bar("labeling/nulls/5/found", "planted effects of 4 standard errors found, overlap 5", AtLeast(90.0)).alone("%"),
            bar("labeling/nulls/20/found", "the same, overlap 20", AtLeast(90.0)).alone("%"),
            bar("labeling/nulls/60/found", "the same, overlap 60", AtLeast(90.0)).alone("%"),
        ],
    },
    Group {
        name: "quality-profile",
        package: "quality",
        steps: &[
            Step::Build(bench("quality", "profile", "")),
            peer("quality_profile.py", "tables", &["{work}", "--load", "{program}"]),
        ],
        bars: &[
            bar("quality/profile", "full profile of 500,000 x 20 / Polars 2.1.0 `describe`, one thread, rows/s", AtLeast(1.5)),
            bar("quality/profile/rows", "the same, rows/s", AtLeast(1e6)).alone("/s").of("quality/profile:ours", ""),
        ],
    },
    Group {
        name: "quality-validation",
        package: "quality",
        steps: &[
            program(bench("quality", "validation", ""), READABLE),
            peer("quality_validation.py", "learning", &[]),
        ],
        bars: &[
            bar("quality/validation", "pandera 0.35 / 37 checks with row flags, 500,000 x 20", AtLeast(1.0))
                .faster()
                .of("validation/37 checks, 500,000 x 20", ""),
            bar("quality/validation/rows", "the same, 500,000 rows at 3 M rows/s", AtMost(0.5 / 3.0))
                .alone("s")
                .of("validation/37 checks, 500,000 x 20", ""),
            bar("quality/validation/quote", "one quote through the built-in rules", AtMost(5e-6))
                .alone("s")
                .of("validation/one quote a push, built-in rules", "")
                .each(4096.0),
        ],
    },
    Group {
        name: "quality-drift",
        package: "quality",
        steps: &[
            program(
                bench("quality", "drift", ""),
                &["--noplot", "--output-format", "bencher", "(exact|binned)/20_blocks/100000x20"],
            ),
            peer("quality_drift.py", "drift", &[]),
        ],
        bars: &[
            bar("quality/drift", "Evidently 0.7.23 preset / drift report, 100,000 x 20 a side, exact", AtLeast(50.0))
                .faster()
                .of("drift/exact/20_blocks/100000x20", ""),
            bar("quality/drift/binned", "the same, on bins", AtLeast(50.0))
                .faster()
                .of("drift/binned/20_blocks/100000x20", "quality/drift:peer"),
            bar("quality/drift/exact/time", "the report, exact", AtMost(0.1)).alone("s").of("drift/exact/20_blocks/100000x20", ""),
            bar("quality/drift/binned/time", "the report, on bins", AtMost(0.1)).alone("s").of("drift/binned/20_blocks/100000x20", ""),
        ],
    },
    Group {
        name: "quality-comparison",
        package: "quality",
        steps: &[program(
            bench("quality", "comparison", ""),
            &["--noplot", "--output-format", "bencher", "comparison/"],
        )],
        bars: &[
            bar("quality/comparison/join", "comparison of two sources / a bare merge of their rows", AtMost(15.0))
                .of("comparison/compare/join/1_000_000", "comparison/merge/bare/1_000_000"),
            bar("quality/comparison/search", "the same with the search over 113 lags", AtMost(30.0))
                .of("comparison/compare/search/1_000_000", "comparison/merge/bare/1_000_000"),
            bar("quality/detectors", "recall and precision of planted faults, row by row", AtLeast(1.0))
                .lacks("a table of its own in docs/figures.md, by `cargo bench --profile dev -p quality --bench detectors`"),
        ],
    },
    Group {
        name: "datasets-split",
        package: "datasets",
        steps: &[
            program(bench("datasets", "split", ""), &["--noplot", "--output-format", "bencher", "sort|kfold|cpcv"]),
            peer("datasets_split.py", "learning", &[]),
        ],
        bars: &[
            bar("datasets/kfold", "purgedcv 0.1.11 / purged 10-fold of 1,000,000 lives", AtLeast(50.0))
                .faster()
                .of("split/kfold_10/1_000_000", ""),
            bar("datasets/cpcv", "CPCV(10, 2) of them / one sort of the rows", AtMost(10.0))
                .of("split/cpcv_10_2/1_000_000", "split/sort/1_000_000"),
        ],
    },
    Group {
        name: "datasets-publish",
        package: "datasets",
        steps: &[program(bench("datasets", "publish", ""), READABLE)],
        bars: &[
            bar("datasets/publish", "a version of 200,000 x 20, planned, certified, published / a bare Parquet write", AtMost(1.2))
                .of("publish/version/200000", "publish/bare/200000"),
            bar("datasets/certify", "the certificate anew / the whole build", AtMost(3.0))
                .of("publish/certify/200000", "publish/version/200000"),
            bar("datasets/diff", "diff of two versions of 1,000,000 rows that differ in one label", AtMost(2.0))
                .alone("s")
                .of("diff/one_label/1000000", ""),
            bar("datasets/polars", "build of 100,000 x 300 / the same in Polars by hand", AtMost(1.5)).lacks(NO_BENCH),
            bar("datasets/specs", "three specs over one input / one", AtMost(1.6)).lacks(NO_BENCH),
        ],
    },
    Group {
        name: "datasets-certificate",
        package: "datasets",
        steps: &[program(bench("datasets", "certificate", ""), READABLE)],
        bars: &[bar("datasets/certificate", "certificate of 100,000 rows / of 10,000", AtMost(12.0))
            .of("certificate/52_features/100000", "certificate/52_features/10000")],
    },
    Group {
        name: "query",
        package: "query",
        steps: &[
            Step::Bench {
                bench: bench("benches", "archive_sql", "sql"),
                variables: &[],
                args: &["make", "{work}/sql"],
                makes: "{work}/sql/archive",
            },
            program(bench("benches", "archive_sql", "sql"), &["aggregate", "{work}/sql", "{python:tables}"]),
            program(bench("benches", "archive_sql", "sql"), &["scan", "{work}/sql"]),
        ],
        bars: &[
            bar("query/aggregate", "SQL over 50 M archived trades, 2 threads / DuckDB 2.0.1 on the same files", AtMost(1.3)),
            bar("query/scan", "bytes read for an instrument and an hour / pages that hold it, footers, indexes", AtMost(1.2)),
        ],
    },
    Group {
        name: "analytics",
        package: "analytics",
        steps: &[
            program(bench("analytics", "bridge", ""), READABLE),
            program(bench("analytics", "derived", ""), READABLE),
        ],
        bars: &[
            bar("analytics/bridge/i64", "10 M integers to Polars, no copy", AtMost(1e-3)).alone("s").of("bridge/to_polars/i64/10000000", ""),
            bar("analytics/bridge/timestamp", "10 M stamps to Polars, no copy", AtMost(1e-3))
                .alone("s")
                .of("bridge/to_polars/timestamp/10000000", ""),
            bar("analytics/bridge/decimal", "10 M decimals to Polars, no copy", AtMost(1e-3))
                .alone("s")
                .of("bridge/to_polars/decimal/10000000", ""),
            bar("analytics/bridge/back", "10 M integers back to Arrow, no copy", AtMost(1e-3))
                .alone("s")
                .of("bridge/to_arrow/i64/10000000", ""),
            bar("analytics/derived", "200 derived features of 100,000 rows", AtMost(0.2)).alone("s").of("derived/plan/100_000", ""),
        ],
    },
    Group {
        name: "cli",
        package: "hindsight",
        steps: &[program(bench("hindsight", "cli", ""), &[])],
        bars: &[
            bar("cli/version", "`hindsight --version` / a Rust program that does nothing", AtMost(5.0)),
            bar("cli/cat", "`hindsight cat` of an uncompressed stream into a pipe / `cat`, time", AtMost(2.0)),
            bar("cli/run", "`hindsight run` / its steps as commands, processor time", AtMost(1.1)),
            bar("cli/pipes", "features over quotes through two more processes / from the file, processor time", AtMost(1.25)),
            bar("cli/progress", "features with a line of progress a second / without, processor time", AtMost(1.01)),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_said_once_and_every_group_has_bars_and_steps() {
        let mut seen = BTreeSet::new();
        for group in GROUPS {
            assert!(seen.insert(group.name), "{} twice", group.name);
            assert!(!group.steps.is_empty() && !group.bars.is_empty(), "{}", group.name);
        }
        let mut seen = BTreeSet::new();
        for bar in GROUPS.iter().flat_map(|g| g.bars) {
            assert!(seen.insert(bar.name), "{} twice", bar.name);
        }
    }

    #[test]
    fn what_a_step_names_is_in_the_tree() {
        let root = crate::shell::root().unwrap();
        for step in GROUPS.iter().flat_map(|g| g.steps) {
            let bench = match step {
                Step::Script { file, environment, .. } => {
                    let peers = root.join("benches/peers");
                    assert!(peers.join(file).is_file(), "{file}");
                    let wanted = peers.join("environments").join(format!("{environment}.txt"));
                    assert!(wanted.is_file(), "{environment}");
                    continue;
                }
                Step::Bench { bench, .. } | Step::Build(bench) => bench,
            };
            let folder = crate::members::member(bench.package).unwrap().folder;
            let text = std::fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap();
            assert!(text.contains(&format!("[[bench]]\nname = \"{}\"", bench.name)), "{bench:?}");
        }
    }
}
