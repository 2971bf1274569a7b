//! A plan with what its train rows taught it.

use super::fill::Cell;
use super::imputer::Imputer;
use super::table::{Frame, Planned};
use super::{ImputationPlan, ImputeMethod, PlanError};
use crate::anomaly::Sample;
use arrow_array::{BooleanArray, RecordBatch};
use contract::Hash;
use serde::{Deserialize, Serialize};

/// Why a cell is null: the reason code of a row's column, `None` where there is a value or no code is known.
///
/// For a features batch: `&|row, name| batch.why(row, name).ok().flatten().map(u8::from)`.
pub type Reasons<'a> = &'a dyn Fn(usize, &str) -> Option<u8>;

/// A plan, fitted on train rows: what stands beside a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedPlan {
    /// The plan.
    pub plan: ImputationPlan,
    /// Earliest and latest time among the train rows, in the plan's time column.
    pub range: Option<(i64, i64)>,
    /// How many train rows there were.
    pub rows: u64,
    /// The value that a column's method proposes always, as bits of its type; of methods with one alone.
    pub fixed: Vec<Option<u64>>,
}

impl ImputationPlan {
    /// Where the source stands among the keys.
    pub(crate) fn source_at(&self) -> Option<usize> {
        let source = self.source.as_ref()?;
        self.keys.iter().position(|key| key == source)
    }

    /// Learns from the rows where `train` is true, and from no other.
    ///
    /// A column without a value among them gets no proposal.
    ///
    /// # Errors
    /// As [`ImputationPlan::check`]; [`PlanError::MissingColumn`] or [`PlanError::Type`] for rows that the plan does not
    /// fit; [`PlanError::Parameter`] for a mask of another length, or a constant that an Int64 column cannot hold.
    pub fn fit(&self, rows: &RecordBatch, train: &BooleanArray) -> Result<FittedPlan, PlanError> {
        self.check()?;
        if train.len() != rows.num_rows() {
            return Err(PlanError::Parameter {
                what: "train mask".to_owned(),
                expected: "one value a row",
                found: train.len().to_string(),
            });
        }
        let frame = Frame::of(rows, self)?;
        let chosen: Vec<bool> = train.iter().map(|row| row == Some(true)).collect();
        let times = || {
            let rows = frame.times.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
            rows.filter_map(|(time, _)| *time)
        };
        let mut fixed = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let refused = || PlanError::Parameter {
                what: format!("{}.value", column.name),
                expected: "a whole number below 2^53",
                found: format!("{:?}", column.method),
            };
            fixed.push(match Planned::of(rows, &column.name)? {
                Planned::Float(values) => learn(&column.method, &values, &chosen),
                Planned::Whole(values) => {
                    if let ImputeMethod::Constant { value } = &column.method {
                        i64::of_constant(*value).ok_or_else(refused)?;
                    }
                    learn(&column.method, &values, &chosen)
                }
            });
        }
        Ok(FittedPlan {
            plan: self.clone(),
            range: times().min().zip(times().max()),
            rows: chosen.iter().map(|chosen| u64::from(*chosen)).sum(),
            fixed,
        })
    }
}

fn learn<T: Cell>(method: &ImputeMethod, values: &[Option<T>], chosen: &[bool]) -> Option<u64> {
    let known = || {
        let rows = values.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        rows.filter_map(|(value, _)| value.and_then(Sample::usable)).collect::<Vec<T>>()
    };
    let value = match method {
        ImputeMethod::Constant { value } => T::of_constant(*value),
        ImputeMethod::Mean => T::mean(&known()),
        ImputeMethod::Median => {
            let mut known = known();
            known.sort_unstable_by(|a, b| a.order(*b));
            T::middle_of(&known)
        }
        _ => None,
    };
    value.map(Sample::to_bits)
}

impl FittedPlan {
    pub(crate) fn admit(&self, manifest: &Hash) -> Result<(), PlanError> {
        self.plan.check()?;
        let plan = self.plan.hash();
        if plan == *manifest {
            return Ok(());
        }
        let (manifest, plan) = (manifest.to_string(), plan.to_string());
        Err(PlanError::NotInManifest { manifest, plan })
    }

    /// All rows of a dataset, filled as [`Imputer::push`] does it, and by the methods of hindsight where the plan has them.
    ///
    /// `manifest` is the hash of the plan in the dataset's manifest.
    ///
    /// # Errors
    /// [`PlanError::NotInManifest`] when that is another plan; else as [`Imputer::push`].
    ///
    /// ```
    /// use arrow_array::{BooleanArray, Float64Array, Int64Array, RecordBatch, cast::AsArray, types::Float64Type};
    /// # use std::sync::Arc;
    /// let plan: quality::ImputationPlan = toml::from_str(
    ///     "version = 1\n[[columns]]\nname = \"spread_bps\"\nmethod = { kind = \"mean\" }",
    /// )?;
    /// let rows = RecordBatch::try_from_iter_with_nullable([
    ///     ("ts_avail", Arc::new(Int64Array::from(vec![1, 2, 3])) as _, false),
    ///     ("spread_bps", Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), None])) as _, true),
    /// ])?;
    /// let fitted = plan.fit(&rows, &BooleanArray::from(vec![true, true, false]))?;
    /// let filled = fitted.apply(&rows, &plan.hash(), None)?;
    /// assert_eq!(filled.column_by_name("spread_bps").ok_or("missing")?.as_primitive::<Float64Type>().value(2), 1.5);
    /// assert!(filled.column_by_name("spread_bps__imputed").ok_or("missing")?.as_boolean().value(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(
        &self,
        rows: &RecordBatch,
        manifest: &Hash,
        reasons: Option<Reasons<'_>>,
    ) -> Result<RecordBatch, PlanError> {
        self.admit(manifest)?;
        Imputer::start(self.clone()).push(rows, reasons)
    }
}
