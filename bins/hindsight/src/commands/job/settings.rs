//! What a run works on: the keys of the configuration, with every file looked at before any work.

use super::error::JobError;
use super::state::{RULES, SPEC};
use crate::commands::{features, labeling, quality};
use crate::config::{
    CAPTURE_DIR, CAPTURE_SLICE, DATASETS_SPECS, DATASETS_STORE, FEATURES_CHECK, FEATURES_SPEC,
    LABELING_RULES, QUALITY_RULES, RUN_DIR, RUN_FEEDS, RUN_SOURCES,
};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure, did_you_mean};
use crate::input::{InputArg, Source, file_text};
use contract::{Hash, Name};
use std::path::{Path, PathBuf};

/// A table that a run starts from.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) path: PathBuf,
    pub(super) name: &'static str,
    /// Whether it goes into a log; the others are read where they lie.
    pub(super) is_event: bool,
}

/// A dataset to build.
#[derive(Debug, Clone)]
pub(super) struct Dataset {
    pub(super) name: Name,
    pub(super) spec: PathBuf,
    /// Labels that it asks for.
    targets: Vec<String>,
}

/// What a run works on.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) dir: PathBuf,
    pub(super) tables: Vec<Table>,
    pub(super) feeds: Vec<PathBuf>,
    /// A log that is there and not ours to make anew.
    pub(super) log: Option<PathBuf>,
    pub(super) slice: String,
    pub(super) budget: String,
    pub(super) store: PathBuf,
    pub(super) datasets: Vec<Dataset>,
    pub(super) features: Option<PathBuf>,
    pub(super) rules: Vec<PathBuf>,
    pub(super) quality: Vec<PathBuf>,
}

impl Settings {
    /// The keys, checked: every file that is not there, every spec and rule with a mistake and every table that is missing is
    /// told at once.
    pub(super) fn of(wanted: &[String], context: &Context) -> Result<Self, Failure> {
        let config = &context.config;
        let dir = run_dir(context);
        let store = store_dir(&dir, context);
        let mut mistakes = Vec::new();
        let tables = kept(tables(config.paths(&RUN_SOURCES), context), &mut mistakes);
        for key in [&RUN_SOURCES, &RUN_FEEDS] {
            mistakes.extend(twice(key.name, config.paths(key)));
        }
        let datasets = kept(datasets(config.paths(&DATASETS_SPECS), wanted), &mut mistakes);
        let settings = Self {
            tables: tables.unwrap_or_default(),
            feeds: config.paths(&RUN_FEEDS).to_vec(),
            log: config.path(&CAPTURE_DIR).map(Path::to_owned),
            slice: config.word(&CAPTURE_SLICE).to_owned(),
            budget: config.word(&FEATURES_CHECK).to_owned(),
            store,
            datasets: datasets.unwrap_or_default(),
            features: config.path(&FEATURES_SPEC).map(Path::to_owned),
            rules: config.paths(&LABELING_RULES).to_vec(),
            quality: config.paths(&QUALITY_RULES).to_vec(),
            dir,
        };
        for path in &settings.feeds {
            if let Err(e) = std::fs::metadata(path) {
                mistakes.push(ErrorReport::new(&CliError::reading(path, e)));
            }
        }
        let has_data = !config.paths(&RUN_SOURCES).is_empty()
            || !settings.feeds.is_empty()
            || settings.log.is_some();
        if !has_data {
            mistakes.push(ErrorReport::new(&JobError::NoSources));
        }
        mistakes.extend(settings.unfit(context));
        if mistakes.is_empty() { Ok(settings) } else { Err(Failure::Errors(mistakes)) }
    }

    /// Specs and rules with a mistake, and tables that features read and nothing can give.
    fn unfit(&self, context: &Context) -> Vec<ErrorReport> {
        let mut mistakes = Vec::new();
        if let Some(book) = kept(labeling::book(&RULES, context), &mut mistakes) {
            let known: Vec<&str> =
                book.specs().flat_map(|s| &s.base().targets).map(|t| t.name.as_ref()).collect();
            for (dataset, found) in
                self.datasets.iter().flat_map(|d| d.targets.iter().map(move |t| (d, t)))
            {
                if !known.contains(&found.as_str()) {
                    let near = did_you_mean(found, known.iter().copied());
                    let (dataset, found) = (dataset.name.to_string(), found.clone());
                    mistakes.push(ErrorReport::new(&JobError::UnknownTarget {
                        dataset,
                        found,
                        near,
                    }));
                }
            }
        }
        kept(quality::read_rules(context), &mut mistakes);
        let Some(plan) = kept(features::plan(&SPEC, context), &mut mistakes) else {
            return mistakes;
        };
        // What a feed or a log holds is known only when it is read.
        if self.log.is_none() && self.feeds.is_empty() && !self.tables.is_empty() {
            let why = match &self.features {
                Some(_) => "which the features of features.spec read",
                None => "which the built-in features read; name others in features.spec",
            };
            let is_there = |name: &str| self.tables.iter().any(|table| table.name == name);
            let missing = plan.required_tables().into_iter().filter(|table| !is_there(table));
            mistakes.extend(
                missing.map(|table| ErrorReport::new(&CliError::MissingInput { table, why })),
            );
        }
        mistakes
    }

    /// Whether rows go into a log that the run makes.
    pub(super) fn has_rows(&self) -> bool {
        !self.feeds.is_empty() || self.tables.iter().any(|table| table.is_event)
    }
}

/// Where a run keeps what it makes: beside the project's file unless a key says otherwise.
pub(super) fn run_dir(context: &Context) -> PathBuf {
    if let Some(dir) = context.config.path(&RUN_DIR) {
        return dir.to_owned();
    }
    let project = context.layers.project.as_deref().and_then(Path::parent);
    // Short where the project is the working directory, as paths are written there.
    let is_here = |path: &&Path| {
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        here.is_some() && path.canonicalize().ok() == here
    };
    match project.filter(|path| !is_here(path)) {
        Some(path) => path.join("run"),
        None => PathBuf::from("run"),
    }
}

/// Where versions are published: in the run's own folder unless a key says otherwise.
pub(super) fn store_dir(run: &Path, context: &Context) -> PathBuf {
    context.config.path(&DATASETS_STORE).map_or_else(|| run.join("datasets"), Path::to_owned)
}

/// Files that are named more than once, by whatever path.
fn twice(key: &'static str, paths: &[PathBuf]) -> Vec<ErrorReport> {
    let real = |path: &PathBuf| path.canonicalize().ok();
    let is_again = |(at, path): &(usize, &PathBuf)| {
        real(path).is_some_and(|own| paths.iter().take(*at).filter_map(real).any(|p| p == own))
    };
    let again = paths.iter().enumerate().filter(is_again);
    let error = |path: &PathBuf| JobError::SourceTwice { key, path: path.display().to_string() };
    again.map(|(_, path)| ErrorReport::new(&error(path))).collect()
}

/// What came of a part, its mistakes added to the others.
fn kept<T>(part: Result<T, Failure>, mistakes: &mut Vec<ErrorReport>) -> Option<T> {
    match part {
        Ok(part) => Some(part),
        Err(Failure::Errors(reports)) => {
            mistakes.extend(reports);
            None
        }
        Err(_) => None,
    }
}

fn tables(paths: &[PathBuf], context: &Context) -> Result<Vec<Table>, Failure> {
    let options = context.read_options(false);
    let (mut tables, mut mistakes) = (Vec::new(), Vec::new());
    for path in paths {
        let opened = Source::open(&InputArg::file(path), &options);
        if let Some(source) = kept(opened, &mut mistakes) {
            let spec = source.spec();
            tables.push(Table { path: path.clone(), name: spec.name, is_event: spec.is_event() });
        }
    }
    if mistakes.is_empty() { Ok(tables) } else { Err(Failure::Errors(mistakes)) }
}

/// Every spec, parsed, of which the wanted ones stay; all of them when none is named.
fn datasets(paths: &[PathBuf], wanted: &[String]) -> Result<Vec<Dataset>, Failure> {
    let (mut all, mut mistakes) = (Vec::<Dataset>::new(), Vec::new());
    for path in paths {
        if let Some(dataset) = kept(dataset(path), &mut mistakes) {
            if all.iter().any(|other| other.name == dataset.name) {
                let name = dataset.name.to_string();
                mistakes.push(ErrorReport::new(&JobError::SpecTwice { name }));
            }
            all.push(dataset);
        }
    }
    if paths.is_empty() {
        mistakes.push(ErrorReport::new(&JobError::NoDatasets));
    }
    for word in wanted.iter().filter(|_| !paths.is_empty()) {
        if !all.iter().any(|dataset| dataset.name.as_str() == word) {
            let near = did_you_mean(word, all.iter().map(|dataset| dataset.name.as_str()));
            let found = contract::excerpt(word.as_bytes());
            mistakes.push(ErrorReport::new(&JobError::UnknownDataset { found, near }));
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::Errors(mistakes));
    }
    if !wanted.is_empty() {
        all.retain(|dataset| wanted.iter().any(|word| word == dataset.name.as_str()));
    }
    Ok(all)
}

fn dataset(path: &Path) -> Result<Dataset, Failure> {
    let (file, text) = file_text(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = Name::parse(&stem).map_err(|_| CliError::BadValue {
        flag: "datasets.specs",
        expected: "a file whose name is a word of letters, digits, `.`, `_` and `-`",
        found: contract::excerpt(stem.as_bytes()),
    })?;
    let spec = datasets::Spec::parse(&text).map_err(|errors| {
        let reports = errors.0.iter().map(|e| ErrorReport::new(e));
        Failure::Errors(reports.collect()).in_input(&file)
    })?;
    let labels = spec.targets.into_iter().filter(|target| target.measure.is_none());
    let targets = labels.map(|target| target.name).collect();
    Ok(Dataset { name, spec: path.to_owned(), targets })
}

/// The hash of a spec's text.
pub(super) fn text_hash(path: &Path) -> Result<String, Failure> {
    let (_, text) = file_text(path)?;
    Ok(Hash::of(text.as_bytes()).to_string())
}
