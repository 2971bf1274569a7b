//! Fitted transforms, applied to rows of any split.

use super::error::TransformError;
use super::{APPLIED, MASK, parameter};
use crate::export::ColumnRole;
use crate::layout::meta;
use crate::manifest::FittedTransform;
use crate::spec::TransformKind;
use arrow_array::builder::{Float64Builder, UInt16Builder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, UInt16Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Fitted transforms, ready for rows.
///
/// - **Shape:** as many rows as before. Behind the last feature or mask stands a Boolean mask
///   `<feature>__is_missing` for each imputed feature, true where it was null. Imputed features are not nullable any
///   more; a feature without an imputation keeps its nulls, standardised or not.
/// - **Columns:** a feature that a batch does not have is passed over, so that a selection of columns can be transformed.
/// - **Determinism:** a row's values follow from the row and the parameters alone.
///
/// ```
/// use arrow_array::{Float64Array, RecordBatch, cast::AsArray, types::Float64Type};
/// use datasets::{FeatureTransforms, FittedTransform, Instant, Number};
/// # use std::{collections::BTreeMap, sync::Arc};
/// let fitted = FittedTransform {
///     kind: "impute_median".to_owned(),
///     feature: "book__spread_bps".to_owned(),
///     parameters: BTreeMap::from([("value".to_owned(), Number(1.5))]),
///     rows: 2,
///     ts_cutoff: [Instant(10), Instant(20)],
/// };
/// let spread = Float64Array::from(vec![Some(3.0), None]);
/// let rows = RecordBatch::try_from_iter_with_nullable([("book__spread_bps", Arc::new(spread) as _, true)])?;
/// let rows = FeatureTransforms::new(&[fitted])?.apply(&rows)?;
/// assert_eq!(rows["book__spread_bps"].as_primitive::<Float64Type>().values(), &[3.0, 1.5]);
/// assert!(rows["book__spread_bps__is_missing"].as_boolean().value(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeatureTransforms {
    features: BTreeMap<String, Steps>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Steps {
    /// Kind and value.
    impute: Option<(TransformKind, f64)>,
    /// Mean and deviation.
    standardize: Option<(f64, f64)>,
}

impl FeatureTransforms {
    /// The transforms of a manifest.
    ///
    /// # Errors
    /// [`TransformError::Parameter`] for a kind or a parameter that this code does not know, or that is missing;
    /// [`TransformError::Twice`].
    pub fn new(fitted: &[FittedTransform]) -> Result<Self, TransformError> {
        let mut features: BTreeMap<String, Steps> = BTreeMap::new();
        for transform in fitted {
            let kind = kind_of(transform)?;
            let steps = features.entry(transform.feature.clone()).or_default();
            let twice = |first: TransformKind| TransformError::Twice {
                feature: transform.feature.clone(),
                first: first.word().to_owned(),
                second: transform.kind.clone(),
            };
            if kind == TransformKind::Standardize {
                let mean = parameter_of(transform, parameter::MEAN)?;
                let std = parameter_of(transform, parameter::STD)?;
                if std <= 0.0 {
                    return Err(wrong(transform, "a positive `std`", std.to_string()));
                }
                if steps.standardize.replace((mean, std)).is_some() {
                    return Err(twice(kind));
                }
            } else {
                let value = parameter_of(transform, parameter::VALUE)?;
                if let Some((first, _)) = steps.impute.replace((kind, value)) {
                    return Err(twice(first));
                }
            }
        }
        Ok(Self { features })
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// The feature whose mask has this name.
    #[must_use]
    pub fn masked_by<'a>(&self, column: &'a str) -> Option<&'a str> {
        let feature = column.strip_suffix(MASK)?;
        self.features.get(feature)?.impute.map(|_| feature)
    }

    /// The rows with features transformed and masks added.
    ///
    /// # Errors
    /// [`TransformError::Type`] for a column that its transform has no meaning for, or a constant that a category cannot
    /// hold; [`TransformError::Twice`] for rows that have been transformed.
    pub fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch, TransformError> {
        let schema = rows.schema();
        let mut columns: Vec<(FieldRef, ArrayRef)> = Vec::with_capacity(schema.fields().len());
        let mut masks = Vec::new();
        let mut behind = 0;
        for (field, array) in schema.fields().iter().zip(rows.columns()) {
            let role = ColumnRole::of(field);
            let Some(steps) = self.features.get(field.name()) else {
                columns.push((Arc::clone(field), Arc::clone(array)));
                if matches!(role, Some(ColumnRole::Feature | ColumnRole::Mask)) {
                    behind = columns.len();
                }
                continue;
            };
            if let Some(mask) = steps.mask(field, array, &schema)? {
                masks.push(mask);
            }
            columns.push(steps.apply(field, array)?);
            behind = columns.len();
        }
        columns.splice(behind..behind, masks);
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}

impl Steps {
    fn words(&self) -> String {
        let impute = self.impute.map(|(kind, _)| kind.word());
        let standardize = self.standardize.map(|_| TransformKind::Standardize.word());
        impute.into_iter().chain(standardize).collect::<Vec<_>>().join(",")
    }

    fn twice(&self, field: &Field) -> TransformError {
        let second = self.words();
        TransformError::Twice { feature: field.name().clone(), first: second.clone(), second }
    }

    /// The mask of an imputed feature.
    fn mask(
        &self,
        field: &Field,
        array: &ArrayRef,
        schema: &Schema,
    ) -> Result<Option<(FieldRef, ArrayRef)>, TransformError> {
        if self.impute.is_none() {
            return Ok(None);
        }
        let name = format!("{}{MASK}", field.name());
        if schema.column_with_name(&name).is_some() {
            return Err(self.twice(field));
        }
        let missing: BooleanArray = (0..array.len()).map(|row| Some(array.is_null(row))).collect();
        let role = HashMap::from([(meta::ROLE.to_owned(), ColumnRole::Mask.word().to_owned())]);
        let field = Field::new(name, DataType::Boolean, false).with_metadata(role);
        Ok(Some((Arc::new(field), Arc::new(missing))))
    }

    fn apply(
        &self,
        field: &Field,
        array: &ArrayRef,
    ) -> Result<(FieldRef, ArrayRef), TransformError> {
        if field.metadata().contains_key(APPLIED) {
            return Err(self.twice(field));
        }
        let out: ArrayRef = if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
            let mut out = Float64Builder::with_capacity(numbers.len());
            for number in numbers {
                let number = number.or(self.impute.map(|(_, value)| value));
                let scaled = |number| match self.standardize {
                    Some((mean, std)) => (number - mean) / std,
                    None => number,
                };
                out.append_option(number.map(scaled));
            }
            Arc::new(out.finish())
        } else if let Some(codes) = array.as_primitive_opt::<UInt16Type>() {
            let code = self.code(field)?;
            let mut out = UInt16Builder::with_capacity(codes.len());
            for found in codes {
                out.append_value(found.unwrap_or(code));
            }
            Arc::new(out.finish())
        } else {
            return Err(self.refused(field, "Float64 or UInt16", array.data_type().to_string()));
        };
        let mut metadata = field.metadata().clone();
        metadata.insert(APPLIED.to_owned(), self.words());
        if self.standardize.is_some() {
            // In standard deviations from now on.
            metadata.remove("hindsight.unit");
        }
        let nullable = field.is_nullable() && self.impute.is_none();
        let field = field.clone().with_nullable(nullable).with_metadata(metadata);
        Ok((Arc::new(field), out))
    }

    /// What nulls of a category become.
    fn code(&self, field: &Field) -> Result<u16, TransformError> {
        let Some((TransformKind::ImputeConstant, value)) =
            self.impute.filter(|_| self.standardize.is_none())
        else {
            return Err(self.refused(field, "Float64", "UInt16".to_owned()));
        };
        (0..=u16::MAX).find(|code| f64::from(*code).to_bits() == value.to_bits()).ok_or_else(|| {
            self.refused(field, "a constant that is a whole number of 16 bits", value.to_string())
        })
    }

    fn refused(&self, field: &Field, expected: &str, found: String) -> TransformError {
        TransformError::Type {
            feature: field.name().clone(),
            kind: self.words(),
            expected: expected.to_owned(),
            found,
        }
    }
}

fn kind_of(transform: &FittedTransform) -> Result<TransformKind, TransformError> {
    use TransformKind::{ImputeConstant, ImputeMean, ImputeMedian, Standardize};
    let kinds = [ImputeMedian, ImputeMean, ImputeConstant, Standardize];
    kinds.into_iter().find(|kind| kind.word() == transform.kind).ok_or_else(|| {
        let words = kinds.map(TransformKind::word).join("`, `");
        wrong(transform, &format!("one of `{words}`"), transform.kind.clone())
    })
}

fn parameter_of(transform: &FittedTransform, name: &str) -> Result<f64, TransformError> {
    transform
        .parameters
        .get(name)
        .map(|number| number.0)
        .ok_or_else(|| wrong(transform, &format!("a parameter `{name}`"), "none".to_owned()))
}

fn wrong(transform: &FittedTransform, expected: &str, found: String) -> TransformError {
    TransformError::Parameter {
        feature: transform.feature.clone(),
        kind: transform.kind.clone(),
        expected: expected.to_owned(),
        found,
    }
}
