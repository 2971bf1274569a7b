//! A place for rows that could not be used, and how many of them are allowed.

use crate::error::{CliError, Failure};
use crate::output::{OutputPlan, TableOutput};
use contract::Reject;
use std::path::{Path, PathBuf};

/// How many rejects are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowance {
    /// Any number.
    Unlimited,
    /// So many.
    Count(u64),
    /// So many hundredths of a percent of the rows that came in.
    Share(u32),
}

impl Allowance {
    /// Parses `N` or `P%`; a percentage has at most two decimals.
    ///
    /// ```
    /// use hindsight::Allowance;
    /// assert_eq!(Allowance::parse("0.5%")?, Allowance::Share(50));
    /// assert!(Allowance::parse("some").is_err());
    /// # Ok::<(), hindsight::CliError>(())
    /// ```
    ///
    /// # Errors
    /// [`CliError::BadValue`].
    pub fn parse(text: &str) -> Result<Self, CliError> {
        let bad = || CliError::BadValue {
            flag: "--max-rejects",
            expected: "a count or a percentage from 0% to 100% with at most two decimals",
            found: contract::excerpt(text.as_bytes()),
        };
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| bad());
        };
        let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
            return Err(bad());
        }
        let share: u32 = format!("{whole}{part:0<2}").parse().map_err(|_| bad())?;
        if share > 10_000 { Err(bad()) } else { Ok(Self::Share(share)) }
    }

    /// Whether so many rejects are too many while rows still come in; a share is judged at the end.
    fn is_exceeded_now(self, rejects: u64) -> bool {
        matches!(self, Self::Count(most) if rejects > most)
    }

    fn is_exceeded(self, rejects: u64, rows_in: u64) -> bool {
        match self {
            Self::Unlimited => false,
            Self::Count(most) => rejects > most,
            Self::Share(share) => {
                u128::from(rejects) * 10_000 > u128::from(rows_in) * u128::from(share)
            }
        }
    }
}

impl std::fmt::Display for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::Count(most) => write!(f, "{most}"),
            Self::Share(share) => write!(f, "{}.{:02}%", share / 100, share % 100),
        }
    }
}

/// Where rejects go: a file that is made when the first one comes.
#[derive(Debug)]
pub(crate) struct RejectSink {
    plan: Option<OutputPlan>,
    output: Option<TableOutput>,
    allowance: Allowance,
    count: u64,
    first: Option<String>,
}

impl RejectSink {
    /// The place that flags and the main output name: `--rejects FILE`, else the stem of the output.
    ///
    /// # Errors
    /// As [`OutputPlan::side`].
    pub(crate) fn new(
        rejects: Option<&Path>,
        output: Option<&Path>,
        allowance: Option<Allowance>,
        force: bool,
        inputs: &[(u64, u64)],
    ) -> Result<Self, CliError> {
        let path = rejects.map(Path::to_owned).or_else(|| output.map(default_path));
        let plan = path.map(|path| OutputPlan::side(&path, force, inputs)).transpose()?;
        let fallback = if plan.is_some() { Allowance::Unlimited } else { Allowance::Count(0) };
        let allowance = allowance.unwrap_or(fallback);
        Ok(Self { plan, output: None, allowance, count: 0, first: None })
    }

    /// Takes rejects in.
    ///
    /// # Errors
    /// [`CliError::TooManyRejects`] when a count is exceeded; a failed write.
    pub(crate) fn push(&mut self, rejects: &[Reject]) -> Result<(), Failure> {
        let Some(first) = rejects.first() else { return Ok(()) };
        self.first.get_or_insert_with(|| describe(first));
        self.count += u64::try_from(rejects.len()).unwrap_or(u64::MAX);
        if let Some(plan) = &self.plan {
            let batch = contract::rejects_table(rejects)?.as_any().clone();
            if self.output.is_none() {
                let schema = batch.clone().into_record_batch().schema();
                self.output = Some(TableOutput::open(plan, &schema)?);
            }
            if let Some(output) = &mut self.output {
                output.write(&batch)?;
            }
        }
        if self.allowance.is_exceeded_now(self.count) {
            let failure = self.too_many();
            // The rejects seen so far say why the work stopped: they are kept.
            self.publish()?;
            return Err(failure);
        }
        Ok(())
    }

    /// Judges the whole and publishes the file; its path, if there is one.
    ///
    /// # Errors
    /// [`CliError::TooManyRejects`] beyond the allowance, [`CliError::AllRejected`] when no row was good; the rejects
    /// are published all the same, because they say why.
    pub(crate) fn finish(&mut self, rows_in: u64) -> Result<Option<PathBuf>, Failure> {
        let path = self.publish()?;
        if self.allowance.is_exceeded(self.count, rows_in) {
            return Err(self.too_many());
        }
        if rows_in > 0 && self.count == rows_in {
            let first = self.first.clone().unwrap_or_default();
            return Err(CliError::AllRejected { found: self.count, first }.into());
        }
        Ok(path)
    }

    fn publish(&mut self) -> Result<Option<PathBuf>, Failure> {
        match self.output.take() {
            Some(output) => Ok(output.finish()?.path),
            None => Ok(None),
        }
    }

    fn too_many(&self) -> Failure {
        CliError::TooManyRejects {
            allowed: self.allowance.to_string(),
            found: self.count,
            first: self.first.clone().unwrap_or_default(),
        }
        .into()
    }
}

/// A reject in one line, without the value of a column that has an access tag.
fn describe(reject: &Reject) -> String {
    let column = reject.column.as_deref().unwrap_or_default();
    let spec = contract::table(&reject.table).and_then(|table| table.column(column));
    if spec.is_none_or(|column| column.tags.is_empty()) {
        return reject.to_string();
    }
    let (input, position, table) = (&reject.input, reject.position, &reject.table);
    format!("{input}, row {position}: {table}.{column} ({})", reject.code)
}

fn default_path(output: &Path) -> PathBuf {
    let mut name = output.file_stem().unwrap_or_default().to_owned();
    name.push(".rejects.arrow");
    output.with_file_name(name)
}
