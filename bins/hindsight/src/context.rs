//! What every command is given.

use crate::cli::{GlobalArgs, ProgressForm};
use crate::config::{
    Config, Key, LOG_FORMAT, Layers, METRICS_FILE, REJECTS_MAX, RUN_BATCH_ROWS, RUN_THREADS,
    UI_COLOR, UI_PROGRESS,
};
use crate::console::Console;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::ReadOptions;
use crate::metrics::{BuildInfo, Metrics};
use crate::progress::Progress;
use crate::rejects::Allowance;
use crate::signals::Stop;
use contract::Observe;
use std::io::IsTerminal;
use std::path::Path;

/// The checked configuration and the few objects that every command shares.
#[derive(Debug)]
pub struct Context {
    /// Every key with its value.
    pub config: Config,
    /// What the values were read from.
    pub(crate) layers: Layers,
    /// Mistakes in the configuration, for the commands that look at it.
    pub(crate) mistakes: Vec<ErrorReport>,
    /// How messages look.
    pub console: Console,
    /// Whether a signal asked to stop.
    pub stop: Stop,
    /// Counters for `--metrics-file`.
    pub metrics: Metrics,
    /// How progress looks, where it is not as messages do: a step of a run is quiet and shows how far it is.
    progress_console: Option<Console>,
}

impl Context {
    /// Derives everything from flags and configuration, and starts to log and to listen for signals.
    pub(crate) fn new(global: &GlobalArgs, config: Config, layers: Layers) -> Self {
        let json = config.word(&LOG_FORMAT) == "json";
        let color = match config.word(&UI_COLOR) {
            "always" => true,
            "never" => false,
            // https://no-color.org and https://bixense.com/clicolors: set and not empty.
            _ if is_set("NO_COLOR") => false,
            _ if is_set("CLICOLOR_FORCE") => true,
            _ => std::io::stderr().is_terminal(),
        };
        let console = Console { quiet: global.quiet, json, color: color && !json };
        crate::logging::start(global.verbose, console);
        let mut metrics = Metrics::default();
        BuildInfo.observe(&mut metrics);
        Self {
            config,
            layers,
            mistakes: Vec::new(),
            console,
            stop: Stop::listen(),
            metrics,
            progress_console: None,
        }
    }

    /// Counters and display of a stage.
    #[must_use]
    pub fn progress(&self, stage: &'static str) -> Progress {
        let form = match self.config.word(&UI_PROGRESS) {
            "bar" => ProgressForm::Bar,
            "counter" => ProgressForm::Counter,
            "json" => ProgressForm::Json,
            "none" => ProgressForm::None,
            _ => ProgressForm::Auto,
        };
        Progress::new(stage, form, self.step_console())
    }

    /// How a run speaks of its steps while they are quiet.
    pub(crate) fn step_console(&self) -> Console {
        self.progress_console.unwrap_or(self.console)
    }

    /// Does a part of the work under other settings, without closing lines; what it counted stays.
    ///
    /// # Errors
    /// Mistakes in the settings, or what the work says.
    pub(crate) fn under<T>(
        &mut self,
        settings: &[(&Key, String)],
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut layers = self.layers.clone();
        let flags = settings.iter();
        layers.flags.splice(
            0..0,
            flags.map(|(key, text)| ("a step".to_owned(), key.name.to_owned(), text.clone())),
        );
        let (config, mistakes) = Config::resolve(&layers);
        if !mistakes.is_empty() {
            return Err(Failure::Errors(mistakes));
        }
        let mut inner = Self {
            config,
            layers,
            mistakes: Vec::new(),
            console: Console { quiet: true, ..self.console },
            stop: self.stop.clone(),
            metrics: std::mem::take(&mut self.metrics),
            progress_console: Some(self.progress_console.unwrap_or(self.console)),
        };
        let done = work(&mut inner);
        self.metrics = inner.metrics;
        done
    }

    /// How inputs are read.
    pub(crate) fn read_options(&self, trust_eof: bool) -> ReadOptions {
        let rows = self.config.count(&RUN_BATCH_ROWS);
        ReadOptions { trust_eof, batch_rows: usize::try_from(rows).unwrap_or(8_192) }
    }

    /// How many threads work; never changes a byte.
    #[must_use]
    pub fn threads(&self) -> usize {
        match usize::try_from(self.config.count(&RUN_THREADS)) {
            Ok(0) | Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
            Ok(threads) => threads,
        }
    }

    /// How many rejects are allowed; `None` leaves it to whether they have a place.
    pub(crate) fn allowance(&self) -> Result<Option<Allowance>, CliError> {
        match self.config.word(&REJECTS_MAX) {
            "auto" => Ok(None),
            text => Allowance::parse(text).map(Some),
        }
    }

    /// Where the counters go.
    pub(crate) fn metrics_file(&self) -> Option<&Path> {
        self.config.path(&METRICS_FILE)
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}
