//! `hindsight features select`.

mod labels;

use super::count;
use crate::cli::{FeaturesSelectArgs, TargetColumn};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure, did_you_mean};
use crate::input::{InputArg, Place, RawSource, Source, file_text, parse_inputs};
use crate::output::{OutputPlan, TableOutput};
use contract::{Batch, Features, Table, Unlogged, parse_duration_ns};
use features::selection::{
    Column, Logistic, Matrix, Ridge, Sample, Selection, SelectionError, Settings, Target,
    purged_folds, select as select_features,
};
use labels::{Label, Labels};
use std::fmt::Write as _;
use std::num::NonZeroUsize;

/// Nanoseconds of a day, the session of a row.
const DAY: i64 = 86_400_000_000_000;
/// Features that the closing line names.
const TOLD: usize = 10;

/// Writes one row of scores a feature, method and period.
///
/// - **Point in time:** a confirmation is made on rows that no fit has seen, and no training label lives at the same time
///   as a test label.
pub(in crate::commands) fn select(
    args: &FeaturesSelectArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let settings = settings(args)?;
    let embargo_ns = parse_duration_ns(&args.embargo).map_err(|_| CliError::BadValue {
        flag: "--embargo",
        expected: "a duration as 5m",
        found: contract::excerpt(args.embargo.as_bytes()),
    })?;
    let options = context.read_options(args.read.trust_eof);
    let mut sources = Vec::new();
    for input in parse_inputs(&args.inputs)? {
        let source = Source::open(&input, &options)?;
        if source.spec().name != Features::SPEC.name {
            return Err(CliError::MixedTables {
                input: source.name().to_owned(),
                expected: Features::SPEC.name.to_owned(),
                found: source.spec().name.to_owned(),
            }
            .into());
        }
        sources.push(source);
    }
    let labels_input = InputArg { table: None, place: Place::File(args.labels.clone()) };
    let labels_source = RawSource::open(&labels_input, &options)?;
    let identities: Vec<(u64, u64)> = sources.iter().filter_map(Source::identity).collect();
    let to = &args.output;
    let path = to.output.as_deref();
    let mut out = OutputPlan::data("features select", to.format, path, to.force, &identities)?;
    out.all = to.all;
    if to.dry_run {
        let n = sources.len();
        context.console.note(&format!(
            "features select: would score the features of {n} inputs and write to {}",
            out.target.name()
        ));
        return Ok(());
    }
    let labels = Labels::read(labels_source, args.by, args.target.as_deref(), context)?;
    let rows = Rows::read(sources, &labels, context)?;
    context.stop.check()?;
    let found = rows.select(args, &settings, embargo_ns, context.threads())?;
    let scores = found.scores.clone().into_any();
    if to.fail_if_empty && scores.is_empty() {
        return Err(CliError::NothingToDo.into());
    }
    let mut output = TableOutput::open(&out, &scores.slice(0, 0).into_record_batch().schema())?;
    output.write(&scores)?;
    output.finish()?;
    context.console.note(&rows.summary(&found, count(scores.len()), &out.target.name()));
    Ok(())
}

fn settings(args: &FeaturesSelectArgs) -> Result<Settings, Failure> {
    let Some(path) = &args.settings else { return Ok(Settings::default()) };
    let (name, text) = file_text(path)?;
    toml::from_str(&text).map_err(|error| {
        let found = contract::excerpt(error.message().as_bytes());
        let bad = CliError::BadValue { flag: "--settings", expected: "keys of a selection", found };
        Failure::from(bad).in_input(&name)
    })
}

/// Feature rows that have a label, in the order of their cut-offs.
struct Rows {
    names: Vec<String>,
    /// Values and whether they are there, a pair a feature.
    columns: Vec<(Vec<f64>, Vec<bool>)>,
    labels: Vec<Label>,
    ts_from: Vec<i64>,
    n_read: u64,
    /// Columns that are categories, which no step can rank.
    left_out: Vec<String>,
}

impl Rows {
    fn read(sources: Vec<Source>, labels: &Labels, context: &Context) -> Result<Self, Failure> {
        let mut rows = Self {
            names: Vec::new(),
            columns: Vec::new(),
            labels: Vec::new(),
            ts_from: Vec::new(),
            n_read: 0,
            left_out: Vec::new(),
        };
        let mut is_first = true;
        for mut source in sources {
            let name = source.name().to_owned();
            while let Some(batch) = source.next_batch()? {
                context.stop.check()?;
                let batch = Batch::<Features, Unlogged>::try_from_any(batch)?;
                if std::mem::take(&mut is_first) {
                    rows.take_names(&batch);
                }
                rows.add(&batch, labels, &name)?;
            }
        }
        Ok(rows)
    }

    fn take_names(&mut self, batch: &Batch<Features, Unlogged>) {
        for name in batch.feature_names() {
            if batch.feature(name).is_some() {
                self.names.push(name.to_owned());
                self.columns.push((Vec::new(), Vec::new()));
            } else {
                self.left_out.push(name.to_owned());
            }
        }
    }

    fn add(
        &mut self,
        batch: &Batch<Features, Unlogged>,
        labels: &Labels,
        input: &str,
    ) -> Result<(), Failure> {
        self.n_read += count(batch.len());
        let cutoffs = batch.col(&Features::TS_CUTOFF).values();
        let mut kept = Vec::new();
        for (row, cutoff) in cutoffs.iter().enumerate() {
            let id = batch.cell(&Features::DECISION_ID, row).map_err(|e| ErrorReport::new(&e))?;
            // A label that ends where it begins says nothing.
            if let Some(label) = labels.get(&id.to_string()).filter(|l| l.ts_end > *cutoff) {
                kept.push(row);
                self.labels.push(label);
                self.ts_from.push(*cutoff);
            }
        }
        for (name, (values, valid)) in self.names.iter().zip(&mut self.columns) {
            let Some(array) = batch.feature(name) else {
                let near = did_you_mean(name, batch.feature_names());
                let found = format!("no column `{name}`{near}");
                return Err(CliError::MixedColumns { input: input.to_owned(), found }.into());
            };
            for row in &kept {
                let is_there = contract::arrow_array::Array::is_valid(array, *row);
                valid.push(is_there);
                values.push(if is_there { array.value(*row) } else { 0.0 });
            }
        }
        Ok(())
    }

    fn select(
        &self,
        args: &FeaturesSelectArgs,
        settings: &Settings,
        embargo_ns: i64,
        threads: usize,
    ) -> Result<Selection, Failure> {
        let refused = |error: SelectionError| Failure::from(ErrorReport::new(&error));
        let columns: Result<Vec<Column<'_>>, _> = self
            .names
            .iter()
            .zip(&self.columns)
            .map(|(name, (values, valid))| Column::with_validity(name, values, valid))
            .collect();
        let matrix = columns.and_then(Matrix::try_new).map_err(refused)?;
        let classes: Vec<u32> = self.labels.iter().map(|label| label.class).collect();
        let values: Vec<f64> = self.labels.iter().map(|label| label.value).collect();
        let ts_to: Vec<i64> = self.labels.iter().map(|label| label.ts_end).collect();
        let days: Vec<u32> =
            self.ts_from.iter().map(|ts| u32::try_from(ts.div_euclid(DAY)).unwrap_or(0)).collect();
        let target = match args.by {
            TargetColumn::Class => Target::Classes(&classes),
            TargetColumn::Value => Target::Values(&values),
        };
        let sample = Sample::try_new(target, &self.ts_from, &ts_to)
            .and_then(|sample| sample.with_sessions(&days))
            .map_err(refused)?;
        let folds = purged_folds(&sample, args.folds, embargo_ns).map_err(refused)?;
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        let seed = args.seed;
        match args.by {
            TargetColumn::Class => {
                let learner = Logistic::default();
                select_features(&matrix, &sample, &folds, &learner, settings, seed, threads)
            }
            TargetColumn::Value => {
                let learner = Ridge::default();
                select_features(&matrix, &sample, &folds, &learner, settings, seed, threads)
            }
        }
        .map_err(refused)
    }

    fn summary(&self, found: &Selection, scores: u64, output: &str) -> String {
        let rows = self.labels.len();
        let mut text = format!(
            "features select: {} feature rows, {rows} with a label; {} of {} features confirmed; {scores} scores in {output}",
            self.n_read,
            found.confirmed.len(),
            self.names.len()
        );
        let names: Vec<&str> = found
            .confirmed
            .iter()
            .take(TOLD)
            .filter_map(|at| self.names.get(*at).map(String::as_str))
            .collect();
        if !names.is_empty() {
            let more = if found.confirmed.len() > TOLD { " .." } else { "" };
            let _ = write!(text, "\n  confirmed: {}{more}", names.join(" "));
        }
        if let Some(stability) = &found.stability {
            let _ = write!(
                text,
                "\n  stability {:.3} ({:.3} to {:.3})",
                stability.index, stability.ci_low, stability.ci_high
            );
        }
        if !self.left_out.is_empty() {
            let _ = write!(text, "\n  categories left out: {}", self.left_out.join(" "));
        }
        text
    }
}
