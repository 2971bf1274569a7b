//! What is compared, and when it counts as drift.

use super::{DriftError, Effect};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How rows are cut into blocks, which change sides as a whole: rows inside a block may resemble each other, blocks not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Blocks {
    /// This many neighbouring rows.
    Rows(u32),
    /// Rows of equal value in this integer or time column, such as a session.
    Column(String),
    /// Rows whose value in this column lies in the same interval of `width`, such as a day of nanoseconds.
    Buckets {
        /// Integer or time column.
        column: String,
        /// Length in the column's own unit.
        width: i64,
    },
}

impl Blocks {
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Rows(_) => None,
            Self::Column(column) | Self::Buckets { column, .. } => Some(column),
        }
    }

    pub(super) fn check(&self) -> Result<(), DriftError> {
        match self {
            Self::Rows(0) => Err(DriftError::BlockLength(0)),
            &Self::Buckets { width, .. } if width < 1 => Err(DriftError::BlockLength(width)),
            _ => Ok(()),
        }
    }
}

/// Whether a side keeps its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Every value is kept: exact distances, 8 bytes a value.
    #[default]
    Exact,
    /// Counts by bin and block only: memory does not grow with rows, and distances are those of bins.
    Binned,
}

/// Which numeric columns are compared together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joint {
    /// All of them, if there are from 2 to 64.
    #[default]
    Numeric,
    /// These.
    Columns(Vec<String>),
    /// None.
    Nothing,
}

/// What of a table is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// The blocks of both sides.
    pub blocks: Blocks,
    /// Columns; all that can be read, but for that of the blocks, when absent.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// Integer columns whose values are names.
    #[serde(default)]
    pub categorical: Vec<String>,
    /// Whether values are kept.
    #[serde(default)]
    pub detail: Detail,
    /// Columns that are compared together.
    #[serde(default)]
    pub joint: Joint,
}

impl DriftSpec {
    /// Every column, exactly.
    #[must_use]
    pub fn new(blocks: Blocks) -> Self {
        Self {
            blocks,
            columns: None,
            categorical: Vec::new(),
            detail: Detail::Exact,
            joint: Joint::Numeric,
        }
    }
}

/// When a difference counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftOptions {
    /// Seed of the permutations.
    pub seed: u64,
    /// Permutations; 999, so that the least p is 0.001.
    pub permutations: u32,
    /// A q up to here is small; 0.05.
    pub level: f64,
    /// Least effects that matter; [`Effect::minimum`] for those that are not named.
    pub minimums: BTreeMap<Effect, f64>,
    /// The effect that speaks for a numeric column; [`Effect::Ks`], which stands for [`Effect::KsRef256`] as well.
    pub numeric: Effect,
    /// The effect that speaks for a categorical column; [`Effect::JsCategories`].
    pub categorical: Effect,
}

impl Default for DriftOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            permutations: 999,
            level: 0.05,
            minimums: BTreeMap::new(),
            numeric: Effect::Ks,
            categorical: Effect::JsCategories,
        }
    }
}

impl DriftOptions {
    pub(super) fn check(&self) -> Result<(), DriftError> {
        let refused =
            |name, expected, found: String| Err(DriftError::Option { name, expected, found });
        if !(19..=99_999).contains(&self.permutations) {
            let found = self.permutations.to_string();
            return refused("permutations", "a number from 19 to 99999", found);
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return refused("level", "a share between 0 and 1", self.level.to_string());
        }
        if let Some((effect, found)) =
            self.minimums.iter().find(|(_, least)| !(least.is_finite() && **least >= 0.0))
        {
            let found = format!("{found} for {effect}");
            return refused("minimums", "finite numbers from 0", found);
        }
        if !Effect::NUMERIC.contains(&self.numeric) {
            return refused("numeric", "an effect of numbers", self.numeric.to_string());
        }
        if !Effect::CATEGORICAL.contains(&self.categorical) {
            return refused("categorical", "an effect of names", self.categorical.to_string());
        }
        Ok(())
    }
}
