//! The demo's folder: a simulated market, a project over it, and what the run makes of it.

use super::Done;
use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::sabotage;
use crate::cli::{DemoArgs, DemoSize, Sabotage, SimulateArgs};
use crate::commands::{job, simulator};
use crate::config::{
    RUN_BATCH_ROWS, RUN_DIR, RUN_THREADS, SIMULATOR_SCENARIO, SIMULATOR_SEED, SIMULATOR_SPEED,
};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::output::Scratch;
use ::simulator::{PRESETS, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A quarter of an hour, for tests.
const TINY: &str = include_str!("tiny.toml");
/// Files of the project, by name.
const FILES: [(&str, &str); 5] = [
    ("features.toml", include_str!("features.toml")),
    ("labels.toml", include_str!("labels.toml")),
    ("signal.toml", include_str!("signal.toml")),
    ("risk.toml", include_str!("risk.toml")),
    ("sizing.toml", include_str!("sizing.toml")),
];
/// Tables that the project starts from: all that a collector would have written of the desk and its market.
const EVENTS: [&str; 14] = [
    "statuses",
    "trades",
    "quotes",
    "depths",
    "book_deltas",
    "bars",
    "feed_marks",
    "clocks",
    "intelligence",
    "decisions",
    "executions",
    "portfolio_snapshots",
    "positions",
    "postings",
];
const REFERENCES: [&str; 4] = ["instruments", "sessions", "sources", "fee_schedules"];

/// The folder.
pub(super) struct World {
    dir: PathBuf,
    scratch: Option<Scratch>,
    pub(super) scenario: Scenario,
    pub(super) seed: u64,
}

impl World {
    /// Simulates a market and writes the project.
    pub(super) fn make(args: &DemoArgs, context: &mut Context) -> Result<Self, Failure> {
        let (scratch, dir) = if let Some(dir) = &args.keep {
            let above = dir.parent().filter(|above| !above.as_os_str().is_empty());
            if let Some(above) = above.filter(|above| !above.is_dir()) {
                let (expected, found) =
                    ("a folder in one that exists", above.display().to_string());
                return Err(CliError::BadValue { flag: "--keep", expected, found }.into());
            }
            if dir.symlink_metadata().is_ok() {
                let (expected, found) =
                    ("a folder that does not exist yet", dir.display().to_string());
                return Err(CliError::BadValue { flag: "--keep", expected, found }.into());
            }
            std::fs::create_dir(dir).map_err(|e| CliError::writing(dir, e))?;
            (None, dir.clone())
        } else {
            let scratch = Scratch::create(&std::env::temp_dir())?;
            let dir = scratch.path().to_owned();
            (Some(scratch), dir)
        };
        let preset = match args.size {
            DemoSize::Tiny => TINY,
            DemoSize::Small => preset("small"),
            DemoSize::Day => preset("day"),
        };
        // Top-level keys come before tables.
        let text = preset.replacen("[[days]]", "leak_trap = true\n\n[[days]]", 1);
        let scenario =
            Scenario::parse(&text).map_err(|error| Failure::from(ErrorReport::new(&error)))?;
        let place = dir.join("scenario.toml");
        write(&place, &text)?;
        let simulate = SimulateArgs {
            preset: None,
            scenario: None,
            seed: None,
            speed: None,
            threads: None,
            clean: false,
            output: Some(dir.join("market")),
            stream: None,
            format: None,
            dry_run: false,
        };
        let settings = [
            (&SIMULATOR_SCENARIO, place.display().to_string()),
            (&SIMULATOR_SEED, args.seed.to_string()),
            (&SIMULATOR_SPEED, "max".to_owned()),
        ];
        context.under(&settings, |inner| simulator::run(&simulate, inner))?;
        for (name, text) in FILES {
            write(&dir.join(name), text)?;
        }
        let world = Self { dir, scratch, scenario, seed: args.seed };
        // A second of a long day in one frame keeps its log small; what rows lose of their time stands in the report.
        let slice = if args.size == DemoSize::Day { "1s" } else { "100ms" };
        write(&world.dir.join("hindsight.toml"), &world.project(slice, args.size))?;
        Ok(world)
    }

    fn project(&self, slice: &str, size: DemoSize) -> String {
        let is_there = |table: &&&str| self.table(table).is_file();
        let sources: Vec<String> = EVENTS
            .iter()
            .chain(&REFERENCES)
            .filter(is_there)
            .map(|table| format!("\"market/{table}.parquet\""))
            .collect();
        let check = match size {
            DemoSize::Tiny => "5%",
            DemoSize::Small => "2%",
            DemoSize::Day => "0.2%",
        };
        format!(
            "[run]\nsources = [{}]\n[capture]\nslice = \"{slice}\"\n[features]\nspec = \"features.toml\"\ncheck = \"{check}\"\n\
             [labeling]\nrules = \"labels.toml\"\ncheck = 500\n[datasets]\nspecs = [\"signal.toml\", \"risk.toml\", \"sizing.toml\"]\n",
            sources.join(", ")
        )
    }

    /// A table of the market.
    pub(super) fn table(&self, table: &str) -> PathBuf {
        self.dir.join("market").join(format!("{table}.parquet"))
    }

    /// A table of the truth.
    pub(super) fn truth(&self, table: &str) -> PathBuf {
        self.dir.join("market").join("truth").join(format!("{table}.parquet"))
    }

    /// Rows of the market that the log of the run refused, by table.
    pub(super) fn refused(
        &self,
        context: &Context,
    ) -> Result<BTreeMap<String, BTreeSet<u64>>, Failure> {
        let mut refused: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let place = self.dir.join("run").join("log.rejects.arrow");
        if place.is_file() {
            for batch in batches(&place, context)? {
                let columns = Columns(&batch);
                let tables = columns.words("table_name")?;
                for (table, row) in tables.into_iter().zip(columns.whole("position")?) {
                    let row = row.and_then(|row| u64::try_from(row).ok());
                    refused.entry(table).or_default().extend(row);
                }
            }
        }
        Ok(refused)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The log of the run.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("run").join("log")
    }

    /// Carries the project out, as `hindsight run` does, but for the promise that is broken.
    pub(super) fn run(
        &self,
        sabotage: Option<Sabotage>,
        context: &mut Context,
    ) -> Result<Done, Failure> {
        context.layers.project = Some(self.dir.join("hindsight.toml"));
        let settings = [(&RUN_DIR, self.dir.join("run").display().to_string())];
        let mut after = |step: &str, room: &Path, inner: &mut Context| {
            sabotage::after(sabotage, self, step, room, inner)
        };
        context.under(&settings, |inner| job::carried(Some(&mut after), inner))
    }

    /// Features, labels and datasets once more, with other batches and one thread: equal bytes.
    pub(super) fn again(&self, run: &Done, context: &mut Context) -> Result<Vec<Line>, Failure> {
        let (first, second) = (self.dir.join("run"), self.dir.join("again"));
        let steps = second.join("steps");
        std::fs::create_dir_all(&steps).map_err(|e| CliError::writing(&steps, e))?;
        job::mark(&second)?;
        // What is not repeated is taken as it is.
        for step in ["log", "tables", "causality", "audit", "quality", "latency"] {
            let place = second.join(step);
            std::os::unix::fs::symlink(absolute(&first.join(step))?, &place)
                .map_err(|e| CliError::writing(&place, e))?;
            let record = steps.join(format!("{step}.json"));
            std::fs::copy(first.join("steps").join(format!("{step}.json")), &record)
                .map_err(|e| CliError::writing(&record, e))?;
        }
        let settings = [
            (&RUN_DIR, second.display().to_string()),
            (&RUN_THREADS, "1".to_owned()),
            (&RUN_BATCH_ROWS, "1000".to_owned()),
        ];
        let again = context.under(&settings, |inner| job::carried(None, inner))?;
        let mut lines = Vec::new();
        for name in ["signal", "risk", "sizing"] {
            let hash = |done: &Done| done.fact("datasets", &format!("{name}.manifest"));
            let (a, b) = (hash(run), hash(&again));
            let said = if a == b {
                format!("manifest {} both times", a.get(..16).unwrap_or(&a))
            } else {
                format!("{a} and then {b}")
            };
            let what = format!("{name}: batches of 1,000 rows, one thread: the same bytes");
            lines.push(Line::new(Verdict::of(a == b && !a.is_empty()), what, said));
        }
        Ok(lines)
    }

    pub(super) fn title(&self) -> String {
        format!(
            "market {}, seed {}, scenario {}",
            self.scenario.name(),
            self.seed,
            self.scenario.hash()
        )
    }

    /// What to try next.
    pub(super) fn next(&self) -> String {
        if self.scratch.is_some() {
            return "next: hindsight demo --keep market-day, then look around in it: hindsight -C market-day run --dry-run\n"
                .to_owned();
        }
        let dir = self.dir.display();
        format!(
            "next:\n  hindsight datasets show signal --store {dir}/run/datasets\n  hindsight capture ledger {dir}/run/log\n  \
             hindsight quality report {dir}/market/trades.parquet --mode final\n  hindsight -C {dir} run --dry-run\n"
        )
    }

    /// Removes a temporary folder.
    pub(super) fn close(self) {
        drop(self.scratch);
    }
}

/// The text of a market that the simulator knows.
fn preset(name: &str) -> &'static str {
    PRESETS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|e| CliError::reading(path, e).into())
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| CliError::writing(path, e).into())
}
