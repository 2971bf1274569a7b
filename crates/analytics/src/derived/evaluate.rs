//! Rows through a plan.

use super::compile::{clean_float, compile};
use super::error::DerivedError;
use super::plan::{DerivedPlan, TS_CUTOFF, kind_of};
use super::spec::{Declared, Formula};
use super::typing::Kind;
use crate::bridge::{to_arrow, to_polars_chunked};
use crate::cross::{CrossError, group_ids};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampNanosecondType};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use polars::prelude::{
    DataFrame, Expr, IntoColumn, IntoLazy, LazyFrame, NamedFrom, PolarsError, Series, col, lit,
};
use std::sync::Arc;

impl DerivedPlan {
    /// The derived columns of these rows, a batch for each that goes in.
    ///
    /// - **Shape:** rows in order, one `Float64` column a feature as [`schema`](Self::schema) says. No value is NaN or
    ///   infinite.
    /// - **Point in time:** a formula reads its own row. A cross-section reads rows of these batches with a cut-off at or
    ///   before that of its row, so all rows of a cut-off must be here; later rows change nothing.
    /// - **Cost:** one lazy evaluation over shared columns, and one more behind every cross-section.
    ///
    /// Any cut into batches gives the same bits, and rows in another order the same values in that order.
    ///
    /// # Errors
    /// Rows without one of the [`inputs`](Self::inputs) or with another type there; a cut-off that is null.
    pub fn evaluate(&self, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, DerivedError> {
        let read: Vec<&Field> = self.inputs.values().collect();
        let rows = batches.iter().enumerate().map(|(at, batch)| pick(&read, at, batch));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let height: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let frame = self.frame(&read, &rows, height)?;
        let columns = self.schema().fields().iter().map(|field| {
            let column = frame.column(field.name()).map_err(evaluation)?;
            Ok(column.as_materialized_series().rechunk().into_column())
        });
        let columns = columns.collect::<Result<Vec<_>, DerivedError>>()?;
        let derived = DataFrame::new(height, columns).map_err(evaluation)?;
        let derived = to_arrow(&derived, Some(self.schema()))?;
        let whole = arrow_select::concat::concat_batches(self.schema(), &derived)
            .map_err(|error| DerivedError::Evaluation { message: error.to_string() })?;
        let mut first = 0;
        let cut = |batch: &RecordBatch| {
            let out = whole.slice(first, batch.num_rows());
            first += batch.num_rows();
            out
        };
        Ok(batches.iter().map(cut).collect())
    }

    /// All features over all rows, lazily up to every cross-section.
    fn frame(
        &self,
        read: &[&Field],
        rows: &[RecordBatch],
        height: usize,
    ) -> Result<DataFrame, DerivedError> {
        // Only what formulas read crosses; keys of cross-sections stay in Arrow.
        let kept: Vec<usize> = (0..read.len())
            .filter(|at| read.get(*at).is_some_and(|f| Kind::of(f.data_type()).is_some()))
            .collect();
        let fields: Vec<Field> =
            kept.iter().filter_map(|at| read.get(*at)).map(|f| (*f).clone()).collect();
        let schema = Arc::new(Schema::new(fields));
        let crossing = rows.iter().map(|batch| {
            let columns = kept.iter().filter_map(|at| batch.columns().get(*at).cloned()).collect();
            rebuilt(&schema, columns, batch.num_rows())
        });
        let crossing = crossing.collect::<Result<Vec<_>, _>>()?;
        let mut frame = to_polars_chunked(&schema, &crossing)?;
        if frame.width() == 0 {
            // Polars takes the number of rows from a column; formulas of literals alone have none.
            let rows = Series::full_null("".into(), height, &polars::prelude::DataType::Float64)
                .into_column();
            frame = DataFrame::new(height, vec![rows]).map_err(evaluation)?;
        }
        let floats = read.iter().filter(|field| Kind::of(field.data_type()) == Some(Kind::Float));
        let floats: Vec<Expr> = floats.map(|field| clean_float(field.name())).collect();
        let mut lazy = frame.lazy();
        if !floats.is_empty() {
            lazy = lazy.with_columns(floats);
        }
        let mut layer: Vec<&Declared> = Vec::new();
        for feature in self.order.iter().filter_map(|at| self.features.get(*at)) {
            match &feature.formula {
                Formula::Row { .. } => {
                    let reads = feature.formula.inputs(feature.place);
                    if reads.iter().any(|(name, _)| layer.iter().any(|f| f.name == *name)) {
                        lazy = self.with(lazy, &layer);
                        layer.clear();
                    }
                    layer.push(feature);
                }
                Formula::Cross { of, by, section } => {
                    lazy = self.with(lazy, &layer);
                    layer.clear();
                    let known = lazy.collect().map_err(evaluation)?;
                    let values = numbers(&known, of)?;
                    let keys = by.iter().map(|key| whole(read, rows, key));
                    let keys = keys.collect::<Result<Vec<_>, _>>()?;
                    let cross = |source: CrossError| DerivedError::Cross {
                        name: feature.name.clone(),
                        source,
                    };
                    let groups = group_ids(&keys, height).map_err(cross)?;
                    let cutoffs = whole(read, rows, TS_CUTOFF)?;
                    let cutoffs = cutoffs.as_primitive::<TimestampNanosecondType>();
                    let ranked = section.evaluate(&values, cutoffs, &groups).map_err(cross)?;
                    let ranked = Series::new(
                        feature.name.as_str().into(),
                        ranked.iter().collect::<Vec<_>>(),
                    );
                    let mut known = known;
                    known.with_column(ranked.into_column()).map_err(evaluation)?;
                    lazy = known.lazy();
                    if let Some(fill) = feature.fill {
                        lazy = lazy.with_column(col(feature.name.as_str()).fill_null(lit(fill)));
                    }
                }
            }
        }
        self.with(lazy, &layer).collect().map_err(evaluation)
    }

    /// The frame with these features, none of which reads another.
    fn with(&self, lazy: LazyFrame, layer: &[&Declared]) -> LazyFrame {
        let expr = |feature: &&Declared| -> Option<Expr> {
            let Formula::Row { node, .. } = &feature.formula else { return None };
            let value = compile(node, &|column| kind_of(&self.inputs, column));
            let value = value.cast(polars::prelude::DataType::Float64);
            let value = match feature.fill {
                Some(fill) => value.fill_null(lit(fill)),
                None => value,
            };
            Some(value.alias(feature.name.as_str()))
        };
        let exprs: Vec<Expr> = layer.iter().filter_map(expr).collect();
        if exprs.is_empty() { lazy } else { lazy.with_columns(exprs) }
    }
}

/// The columns that are read, in their order.
fn pick(read: &[&Field], at: usize, batch: &RecordBatch) -> Result<RecordBatch, DerivedError> {
    let column = |field: &&Field| {
        let found = batch.schema_ref().column_with_name(field.name());
        match found.and_then(|(n, f)| batch.columns().get(n).map(|column| (column, f))) {
            Some((column, f)) if f.data_type() == field.data_type() => Ok(Arc::clone(column)),
            found => Err(DerivedError::Rows {
                batch: at,
                expected: format!("{} {}", field.name(), field.data_type()),
                found: found.map_or("none".to_owned(), |(_, f)| format!("`{}`", f.data_type())),
            }),
        }
    };
    let columns = read.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let fields: Vec<Field> =
        read.iter().map(|field| (*field).clone().with_nullable(true)).collect();
    rebuilt(&Arc::new(Schema::new(fields)), columns, batch.num_rows())
}

fn rebuilt(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, DerivedError> {
    let fields: Vec<Field> =
        schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
        .map_err(|error| DerivedError::Evaluation { message: error.to_string() })
}

/// One column over all batches.
fn whole(read: &[&Field], rows: &[RecordBatch], name: &str) -> Result<ArrayRef, DerivedError> {
    let chunks: Vec<_> =
        rows.iter().filter_map(|batch| batch.column_by_name(name)).map(AsRef::as_ref).collect();
    let failed = |message: String| DerivedError::Evaluation { message };
    if chunks.is_empty() {
        let field = read.iter().find(|field| field.name() == name);
        let ty = field.map_or(&DataType::Null, |field| field.data_type());
        return Ok(arrow_array::new_empty_array(ty));
    }
    arrow_select::concat::concat(&chunks).map_err(|error| failed(error.to_string()))
}

fn numbers(frame: &DataFrame, name: &str) -> Result<Float64Array, DerivedError> {
    let column = frame.column(name).map_err(evaluation)?;
    let column = column.cast(&polars::prelude::DataType::Float64).map_err(evaluation)?;
    let frame = DataFrame::new(column.len(), vec![column]).map_err(evaluation)?;
    let batches = to_arrow(&frame, None)?;
    let chunks: Vec<_> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
    let values = arrow_select::concat::concat(&chunks)
        .map_err(|error| DerivedError::Evaluation { message: error.to_string() })?;
    Ok(values.as_primitive::<Float64Type>().clone())
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` asks for")]
fn evaluation(error: PolarsError) -> DerivedError {
    DerivedError::Evaluation { message: error.to_string() }
}
