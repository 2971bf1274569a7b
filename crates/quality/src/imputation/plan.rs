//! Which missing values get a proposal, and how.

use super::PlanError;
use contract::{Hash, Json};
use serde::{Deserialize, Serialize};

/// What the filled rows are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanUse {
    /// Features: the past only.
    #[default]
    Features,
    /// Label paths: the future too.
    LabelPaths,
    /// Reports: the future too.
    Reports,
}

/// How a missing value is proposed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ImputeMethod {
    /// It is not.
    #[default]
    None,
    /// The key's last value, while it is young enough.
    CarryForward {
        /// The oldest value that is carried, in nanoseconds of the plan's time column.
        max_age_ns: i64,
        /// Whether it may come from another session; else the plan names a `session` column.
        #[serde(default)]
        across_sessions: bool,
        /// Whether it may come from before a gap; else the plan names a `gap` column.
        #[serde(default)]
        across_gaps: bool,
    },
    /// Always the same value; whole for an Int64 column.
    Constant {
        /// The value, in the unit of the column.
        value: f64,
    },
    /// The median of the key's last values; of an even number of integers the lower one in the middle.
    RollingMedian {
        /// How many.
        window: usize,
    },
    /// The median of the same 5-minute slot of the week (UTC) in past weeks; a week's value is the lower median of its
    /// last 64 rows.
    SlotMedian {
        /// Weeks that are remembered.
        sessions: usize,
        /// Fewer give no proposal.
        min_sessions: usize,
    },
    /// The latest value of another source of the same key, while it is young enough and near the key's own last value.
    OtherSource {
        /// Its value in the plan's `source` column.
        source: i64,
        /// The oldest value that counts, in nanoseconds.
        max_age_ns: i64,
        /// The largest distance from the key's own last value, in the unit of the column.
        band: f64,
    },
    /// The mean of the train rows; rounded down in an Int64 column.
    Mean,
    /// The median of the train rows.
    Median,
    /// On the line in time between the values on either side. Hindsight.
    Linear,
    /// The key's next value. Hindsight.
    Backward,
}

impl ImputeMethod {
    /// Its word in plans and in `x__impute_method`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CarryForward { .. } => "carry_forward",
            Self::Constant { .. } => "constant",
            Self::RollingMedian { .. } => "rolling_median",
            Self::SlotMedian { .. } => "slot_median",
            Self::OtherSource { .. } => "other_source",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Linear => "linear",
            Self::Backward => "backward",
        }
    }

    /// Whether it looks at later rows.
    pub const fn uses_future(&self) -> bool {
        matches!(self, Self::Linear | Self::Backward)
    }
}

/// A column of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedColumn {
    /// Its name: a Float64 or Int64 column.
    pub name: String,
    /// How it is filled; by default not at all.
    #[serde(default)]
    pub method: ImputeMethod,
    /// Reason codes that are filled only by explicit choice and are chosen here: 5 (a gap) and 6 (warm-up).
    #[serde(default)]
    pub also: Vec<u8>,
}

/// Which columns get proposals, and how: stored with the dataset and known by its hash.
///
/// - **Order:** rows count in the order in which they come, a key at a time. A value whose time is later than the row's
///   is never proposed to it, except by the methods of hindsight.
/// - **Reasons:** where rows carry reason codes, 1 (not applicable) is never filled, 5 and 6 only where the column says so.
///
/// ```
/// let plan: quality::ImputationPlan = toml::from_str(r#"
///     version = 1
///     keys = ["instrument_id"]
///     [[columns]]
///     name = "book__spread_bps"
///     method = { kind = "rolling_median", window = 20 }
/// "#)?;
/// assert_eq!(plan.time, "ts_avail");
/// assert_eq!(plan.check(), Ok(()));
/// assert_eq!(plan.hash().to_string().len(), 64);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImputationPlan {
    /// Version of this form: 1.
    pub version: u32,
    /// What the rows are for.
    #[serde(default)]
    pub used_for: PlanUse,
    /// Columns of integers that make a key, such as `instrument_id` and `source_id`.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The time column: Timestamp in nanoseconds or Int64; default `ts_avail`.
    #[serde(default = "ts_avail")]
    pub time: String,
    /// A column of integers that changes with the session.
    #[serde(default)]
    pub session: Option<String>,
    /// A Boolean column that is true in the first row after a gap.
    #[serde(default)]
    pub gap: Option<String>,
    /// The key column that names the source.
    #[serde(default)]
    pub source: Option<String>,
    /// The columns.
    pub columns: Vec<PlannedColumn>,
}

fn ts_avail() -> String {
    "ts_avail".to_owned()
}

impl ImputationPlan {
    /// The plan's SHA-256: that of its canonical JSON, in which numbers that are not whole are text.
    pub fn hash(&self) -> Hash {
        Hash::of(self.canonical().to_string().as_bytes())
    }

    /// The plan as canonical JSON.
    pub fn canonical(&self) -> Json {
        serde_json::to_value(self).map_or(Json::Null, canonical)
    }

    /// Whether the plan can be at all.
    ///
    /// # Errors
    /// [`PlanError::UsesFuture`] for a method of hindsight in a plan for features; [`PlanError::Parameter`] for a
    /// parameter outside its range, a column that is planned twice, or a column that a method needs and the plan does
    /// not name.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.version != 1 {
            return refuse("version".to_owned(), "1", self.version);
        }
        for (at, column) in self.columns.iter().enumerate() {
            let name = &column.name;
            if self.columns.iter().take(at).any(|other| other.name == *name) {
                return refuse("columns".to_owned(), "each column once", name);
            }
            if let Some(code) = column.also.iter().find(|code| !matches!(code, 5 | 6)) {
                return refuse(format!("{name}.also"), "5 or 6", code);
            }
            if self.used_for == PlanUse::Features && column.method.uses_future() {
                let method = column.method.word();
                return Err(PlanError::UsesFuture { column: name.clone(), method });
            }
            self.check_method(name, &column.method)?;
        }
        Ok(())
    }

    fn check_method(&self, name: &str, method: &ImputeMethod) -> Result<(), PlanError> {
        let what = |parameter: &str| format!("{name}.{parameter}");
        match method {
            ImputeMethod::CarryForward { max_age_ns, across_sessions, across_gaps } => {
                if *max_age_ns < 0 {
                    return refuse(what("max_age_ns"), "0 or more", max_age_ns);
                }
                if !across_sessions && self.session.is_none() {
                    return refuse(what("across_sessions"), "true, or a `session` column", false);
                }
                if !across_gaps && self.gap.is_none() {
                    return refuse(what("across_gaps"), "true, or a `gap` column", false);
                }
            }
            ImputeMethod::Constant { value } if !value.is_finite() => {
                return refuse(what("value"), "a finite number", value);
            }
            ImputeMethod::RollingMedian { window } if !(1..=65_536).contains(window) => {
                return refuse(what("window"), "1 to 65536", window);
            }
            ImputeMethod::SlotMedian { sessions, min_sessions }
                if *min_sessions == 0 || min_sessions > sessions || *sessions > 65_536 =>
            {
                return refuse(what("min_sessions"), "1 to `sessions`", min_sessions);
            }
            ImputeMethod::OtherSource { max_age_ns, band, .. } => {
                if *max_age_ns < 0 {
                    return refuse(what("max_age_ns"), "0 or more", max_age_ns);
                }
                if !band.is_finite() || *band < 0.0 {
                    return refuse(what("band"), "zero or a positive number", band);
                }
                if !self.source.as_ref().is_some_and(|source| self.keys.contains(source)) {
                    return refuse(
                        "source".to_owned(),
                        "one of the keys",
                        self.source.as_deref().unwrap_or(""),
                    );
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn refuse(
    what: String,
    expected: &'static str,
    found: impl Copy + ToString,
) -> Result<(), PlanError> {
    Err(PlanError::Parameter { what, expected, found: found.to_string() })
}

fn canonical(value: serde_json::Value) -> Json {
    use serde_json::Value;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(value),
        Value::String(text) => Json::from(text),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Json::from(whole),
            (None, Some(whole)) => Json::from(whole),
            // The shortest text that reads back as the same number.
            _ => Json::from(number.to_string()),
        },
        Value::Array(items) => Json::Array(items.into_iter().map(canonical).collect()),
        Value::Object(pairs) => {
            Json::object(pairs.into_iter().map(|(key, value)| (key, canonical(value))))
        }
    }
}
