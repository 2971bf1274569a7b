//! Rows counted while they pass, and shown now and then.

use crate::cli::ProgressForm;
use crate::console::{Console, say};
use crate::metrics::StageStats;
use crate::output::Document;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How progress is shown, once terminal and pipe are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bar,
    Counter,
    Json,
    Silent,
}

/// The counters of one stage and their display.
#[derive(Debug)]
pub struct Progress {
    /// What is counted.
    pub stats: StageStats,
    /// Bytes read so far, where a stage knows them.
    pub bytes_in: Option<u64>,
    rows_total: Option<u64>,
    form: Form,
    start: Instant,
    shown: Instant,
    is_drawn: bool,
}

/// Nothing is drawn before.
const QUIET_START: Duration = Duration::from_secs(1);

impl Progress {
    /// Starts counting for a stage.
    #[must_use]
    pub(crate) fn new(stage: &'static str, form: ProgressForm, console: Console) -> Self {
        let is_terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        // A standard output that is neither terminal nor file is a pipe to a stage that draws on the same terminal.
        let is_piped = is_pipe();
        let form = match form {
            _ if console.quiet => Form::Silent,
            ProgressForm::Json => Form::Json,
            ProgressForm::Bar => Form::Bar,
            ProgressForm::Counter => Form::Counter,
            ProgressForm::Auto if is_terminal && !is_piped && !console.json => Form::Bar,
            ProgressForm::Auto if !is_piped && !console.json => Form::Counter,
            ProgressForm::Auto | ProgressForm::None => Form::Silent,
        };
        let start = Instant::now();
        let stats = StageStats { stage, ..StageStats::default() };
        Self { stats, bytes_in: None, rows_total: None, form, start, shown: start, is_drawn: false }
    }

    /// Tells how many rows there will be.
    pub fn expect_rows(&mut self, rows: Option<u64>) {
        self.rows_total = rows;
    }

    /// Times a call of the stage.
    pub fn time<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let before = Instant::now();
        let result = call();
        let ns = u64::try_from(before.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.stats.duration.record_ns(ns);
        result
    }

    /// Shows the counters when it is time.
    pub fn tick(&mut self) {
        let pause = match self.form {
            Form::Silent => return,
            Form::Bar => Duration::from_millis(100),
            Form::Counter => Duration::from_secs(10),
            Form::Json => Duration::from_secs(1),
        };
        if self.shown.elapsed() < pause || self.start.elapsed() < QUIET_START {
            return;
        }
        self.shown = Instant::now();
        match self.form {
            Form::Bar => {
                self.is_drawn = true;
                say(&format!("\r\x1b[2K{}", self.line()));
            }
            Form::Counter => say(&format!("{}\n", self.line())),
            Form::Json => say(&format!("{}\n", self.document(false))),
            Form::Silent => {}
        }
    }

    /// Takes the drawn line away; under `json`, says that the work is done.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            say("\r\x1b[2K");
        }
        if self.form == Form::Json {
            say(&format!("{}\n", self.document(true)));
        }
    }

    fn line(&self) -> String {
        let stats = &self.stats;
        let mut line = format!("{}: {} rows", stats.stage, stats.rows_in);
        if stats.rejects > 0 {
            let _ = write!(line, ", {} rejects", stats.rejects);
        }
        if let Some(bytes) = self.bytes_in {
            let elapsed = self.start.elapsed().as_secs();
            let _ = write!(line, " and {:.1} MB read, {elapsed} s", bytes as f64 / 1e6);
        }
        if let Some(total) = self.rows_total.filter(|total| *total > 0) {
            let share = stats.rows_in as f64 / total as f64;
            let _ = write!(line, " of {total} ({:.0} %)", share * 100.0);
            if share > 0.0 {
                let left = self.start.elapsed().as_secs_f64() * (1.0 - share) / share;
                let _ = write!(line, ", about {left:.0} s left");
            }
        }
        line
    }

    fn document(&self, done: bool) -> Document {
        let document = Document::new("hindsight.progress.v1")
            .with("stage", self.stats.stage)
            .with("rows_in", self.stats.rows_in)
            .with("rows_out", self.stats.rows_out)
            .with("rejects", self.stats.rejects)
            .with("rows_total", self.rows_total)
            .with("bytes_in", self.bytes_in)
            .with("elapsed_ns", u64::try_from(self.start.elapsed().as_nanos()).ok());
        if done { document.with("done", true) } else { document }
    }
}

/// Whether standard output is a pipe or socket.
fn is_pipe() -> bool {
    use rustix::fs::FileType;
    rustix::fs::fstat(std::io::stdout()).is_ok_and(|stat| {
        matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket)
    })
}
