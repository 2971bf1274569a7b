//! Parameters of transforms, from train rows and no others.

use super::error::TransformError;
use super::parameter;
use crate::canonical::{Instant, Number};
use crate::exact_sum::ExactSum;
use crate::layout::column;
use crate::manifest::FittedTransform;
use crate::pattern::fits;
use crate::spec::{TransformKind, TransformSpec};
use crate::view::Columns;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use std::collections::BTreeMap;

/// Fits transforms on train rows that come in batches.
///
/// - **Shape:** one [`FittedTransform`] a feature and kind, in the order of the features; a feature is imputed before it
///   is standardised, whatever the order in the spec.
/// - **Parameters:** `impute_*`: `value`. `standardize`: `mean`, `std` with n - 1, and `constant`, which is 1 when the
///   feature had one value only; `std` is then 1 and `mean` that value.
/// - **Nulls:** the median and the mean are those of the values that are not null. A feature that is imputed is
///   standardised as imputed; one that is not, over its values alone.
/// - **Order:** sums are exact and rounded once, and the median is exact, so neither the order of the rows nor their
///   batches move a bit.
/// - **Cost:** 8 bytes a value of each feature that has a mean, a median or a deviation; one sort a median. Features do
///   not meet each other: with too many of them, fit some at a time.
///
/// ```
/// use arrow_array::{Float64Array, RecordBatch, TimestampNanosecondArray};
/// use datasets::{Number, TransformFit, TransformKind, TransformSpec};
/// # use std::sync::Arc;
/// let median = TransformSpec {
///     kind: TransformKind::ImputeMedian,
///     features: vec!["book__*".to_owned()],
///     value: None,
/// };
/// let train = RecordBatch::try_from_iter_with_nullable([
///     ("ts_cutoff", Arc::new(TimestampNanosecondArray::from(vec![10, 20, 30])) as _, false),
///     ("book__spread_bps", Arc::new(Float64Array::from(vec![Some(2.0), None, Some(1.0)])) as _, true),
/// ])?;
/// let mut fit = TransformFit::new(&[median], ["book__spread_bps", "flow__imb"])?;
/// fit.push(&train)?;
/// let fitted = fit.finish()?;
/// assert_eq!(fitted[0].parameters["value"], Number(1.5)); // (1 + 2) / 2
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TransformFit {
    features: Vec<Fitting>,
    rows: u64,
    span: Option<(i64, i64)>,
}

#[derive(Debug)]
struct Fitting {
    feature: String,
    impute: Option<(TransformKind, Option<Number>)>,
    standardize: bool,
    /// Those that are not null, where they are needed.
    values: Vec<f64>,
    nulls: usize,
}

impl TransformFit {
    /// Starts with the transforms of a spec and the names of the version's features.
    ///
    /// # Errors
    /// [`TransformError::NoFeature`] for a pattern that no feature is of; [`TransformError::Twice`];
    /// [`TransformError::Parameter`] for `impute_constant` without a value, or another kind with one.
    pub fn new<'a>(
        specs: &[TransformSpec],
        features: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, TransformError> {
        let mut all: Vec<Fitting> = features
            .into_iter()
            .map(|feature| Fitting {
                feature: feature.to_owned(),
                impute: None,
                standardize: false,
                values: Vec::new(),
                nulls: 0,
            })
            .collect();
        for spec in specs {
            for pattern in &spec.features {
                if !all.iter().any(|fitting| fits(pattern, &fitting.feature)) {
                    let pattern = pattern.clone();
                    return Err(TransformError::NoFeature { kind: spec.kind.word(), pattern });
                }
            }
            let meant = |name: &str| spec.features.iter().any(|pattern| fits(pattern, name));
            for fitting in all.iter_mut().filter(|fitting| meant(&fitting.feature)) {
                fitting.plan(spec)?;
            }
        }
        all.retain(|fitting| fitting.impute.is_some() || fitting.standardize);
        Ok(Self { features: all, rows: 0, span: None })
    }

    /// Learns from a batch of train rows: columns `ts_cutoff` and the features that a transform names.
    ///
    /// # Errors
    /// [`TransformError::Folder`] for a column that is missing; [`TransformError::Type`] for one that the transform has
    /// no meaning for: a category (UInt16) can be imputed by a constant only.
    pub fn push(&mut self, rows: &RecordBatch) -> Result<(), TransformError> {
        let columns = Columns::of(rows, "train rows");
        let times = columns.numbers::<TimestampNanosecondType>(column::TS_CUTOFF)?;
        for time in times.iter().flatten() {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
        self.rows += rows.num_rows() as u64;
        for fitting in &mut self.features {
            let array = columns.any(&fitting.feature)?;
            fitting.check(array.data_type())?;
            fitting.nulls += array.null_count();
            if let Some(numbers) = array.as_primitive_opt::<Float64Type>()
                && fitting.needs_values()
            {
                fitting.values.extend(numbers.iter().flatten());
            }
        }
        Ok(())
    }

    /// The fitted transforms.
    ///
    /// # Errors
    /// [`TransformError::NoValues`], [`TransformError::NotFinite`].
    pub fn finish(self) -> Result<Vec<FittedTransform>, TransformError> {
        let (first, last) = self.span.unwrap_or((0, 0));
        let span = [Instant(first), Instant(last)];
        let mut fitted = Vec::new();
        for fitting in self.features {
            for (kind, parameters) in fitting.finish()? {
                fitted.push(FittedTransform {
                    kind: kind.word().to_owned(),
                    feature: fitting.feature.clone(),
                    parameters,
                    rows: self.rows,
                    ts_cutoff: span,
                });
            }
        }
        Ok(fitted)
    }
}

/// Transforms of a spec, fitted on the batches of the train rows: [`TransformFit`] from start to end.
///
/// # Errors
/// As [`TransformFit`].
pub fn fit_transforms<'a>(
    train: impl IntoIterator<Item = RecordBatch>,
    specs: &[TransformSpec],
    features: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<FittedTransform>, TransformError> {
    let mut fit = TransformFit::new(specs, features)?;
    for rows in train {
        fit.push(&rows)?;
    }
    fit.finish()
}

type Parameters = BTreeMap<String, Number>;

impl Fitting {
    fn plan(&mut self, spec: &TransformSpec) -> Result<(), TransformError> {
        let kind = spec.kind;
        let twice = |first: TransformKind| TransformError::Twice {
            feature: self.feature.clone(),
            first: first.word().to_owned(),
            second: kind.word().to_owned(),
        };
        if (kind == TransformKind::ImputeConstant) != spec.value.is_some() {
            let found = spec.value.map_or_else(|| "none".to_owned(), |value| value.to_string());
            let wanted = if spec.value.is_some() { "no value" } else { "a value" };
            return Err(self.parameter(kind, wanted, found));
        }
        if kind == TransformKind::Standardize {
            if self.standardize {
                return Err(twice(kind));
            }
            self.standardize = true;
        } else {
            if let Some((first, _)) = self.impute {
                return Err(twice(first));
            }
            self.impute = Some((kind, spec.value));
        }
        Ok(())
    }

    fn parameter(&self, kind: TransformKind, expected: &str, found: String) -> TransformError {
        TransformError::Parameter {
            feature: self.feature.clone(),
            kind: kind.word().to_owned(),
            expected: expected.to_owned(),
            found,
        }
    }

    fn needs_values(&self) -> bool {
        self.standardize
            || matches!(
                self.impute,
                Some((TransformKind::ImputeMean | TransformKind::ImputeMedian, _))
            )
    }

    /// Whether the transforms have a meaning for a column of this type.
    fn check(&self, found: &DataType) -> Result<(), TransformError> {
        let kind = if self.standardize {
            TransformKind::Standardize
        } else {
            self.impute.map_or(TransformKind::Standardize, |(kind, _)| kind)
        };
        let constant = kind == TransformKind::ImputeConstant;
        match found {
            DataType::Float64 => Ok(()),
            DataType::UInt16 if constant => Ok(()),
            _ => Err(TransformError::Type {
                feature: self.feature.clone(),
                kind: kind.word().to_owned(),
                expected: if constant { "Float64 or UInt16" } else { "Float64" }.to_owned(),
                found: found.to_string(),
            }),
        }
    }

    fn finish(&self) -> Result<Vec<(TransformKind, Parameters)>, TransformError> {
        let mut out = Vec::new();
        let mut filled = None;
        if let Some((kind, constant)) = self.impute {
            let value = match kind {
                TransformKind::ImputeMedian => self.median(kind)?,
                TransformKind::ImputeMean => self.mean(kind)?,
                _ => constant.map_or(0.0, |constant| constant.0),
            };
            filled = Some(value);
            out.push((kind, Parameters::from([(parameter::VALUE.to_owned(), Number(value))])));
        }
        if self.standardize {
            out.push((TransformKind::Standardize, self.deviation(filled)?));
        }
        Ok(out)
    }

    /// The values that are not null: at least one, all finite.
    fn known(&self, kind: TransformKind) -> Result<&[f64], TransformError> {
        let kind = kind.word();
        if self.values.is_empty() {
            return Err(TransformError::NoValues { feature: self.feature.clone(), kind });
        }
        let wrong = self.values.iter().filter(|value| !value.is_finite()).count();
        if wrong > 0 {
            let found = format!("{wrong} that are not, of {}", self.values.len());
            return Err(TransformError::NotFinite { feature: self.feature.clone(), kind, found });
        }
        Ok(&self.values)
    }

    fn finite(&self, kind: TransformKind, what: &str, value: f64) -> Result<f64, TransformError> {
        if value.is_finite() {
            return Ok(value);
        }
        Err(TransformError::NotFinite {
            feature: self.feature.clone(),
            kind: kind.word(),
            found: format!("a {what} beyond all floats"),
        })
    }

    fn median(&self, kind: TransformKind) -> Result<f64, TransformError> {
        let mut values = self.known(kind)?.to_vec();
        let half = values.len() / 2;
        let even = values.len() % 2 == 0;
        let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
        let upper = *upper;
        let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| even);
        let Some(lower) = lower else { return Ok(upper) };
        let sum = lower + upper;
        Ok(if sum.is_finite() { sum / 2.0 } else { lower / 2.0 + upper / 2.0 })
    }

    fn mean(&self, kind: TransformKind) -> Result<f64, TransformError> {
        let values = self.known(kind)?;
        let sum = ExactSum::of(values.iter().copied());
        self.finite(kind, "sum", sum).map(|sum| sum / values.len() as f64)
    }

    /// Of the values and, where nulls are imputed, of what they become.
    fn deviation(&self, filled: Option<f64>) -> Result<Parameters, TransformError> {
        let kind = TransformKind::Standardize;
        let nulls = if filled.is_some() { self.nulls } else { 0 };
        if !(self.values.is_empty() && nulls > 0) {
            self.known(kind)?;
        }
        let all = || {
            let filled = std::iter::repeat_n(filled.unwrap_or(0.0), nulls);
            self.values.iter().copied().chain(filled)
        };
        let count = (self.values.len() + nulls) as f64;
        let least = all().min_by(f64::total_cmp).unwrap_or(0.0);
        let greatest = all().max_by(f64::total_cmp).unwrap_or(0.0);
        let mut mean = self.finite(kind, "sum", ExactSum::of(all()))? / count;
        let mut constant = greatest <= least;
        let mut std = 1.0;
        if constant {
            mean = least;
        } else {
            let squares = ExactSum::of(all().map(|value| (value - mean) * (value - mean)));
            let variance = self.finite(kind, "sum of squares", squares)? / (count - 1.0);
            // So near to each other that their squares vanish.
            constant = variance <= 0.0;
            if !constant {
                std = variance.sqrt();
            }
        }
        let constant = if constant { 1.0 } else { 0.0 };
        Ok(Parameters::from([
            (parameter::MEAN.to_owned(), Number(mean)),
            (parameter::STD.to_owned(), Number(std)),
            (parameter::CONSTANT.to_owned(), Number(constant)),
        ]))
    }
}
