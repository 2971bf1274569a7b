//! From a plan to the rows of the data files, in their order and with their columns.

mod fields;
mod lineage;

pub(crate) use fields::unit;

use crate::inputs::Inputs;
use crate::plan::{BuildPlan, PlanRow, feature_place, label_value};
use arrow_select::interleave::interleave;
use contract::arrow_array::builder::{
    FixedSizeBinaryBuilder, Float64Builder, Int8Builder, StringDictionaryBuilder,
};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{
    Array, ArrayRef, Float64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use contract::arrow_schema::{ArrowError, SchemaRef};
use contract::{Batch, Decisions, Features, UnknownFeature};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Copies the cells of planned rows, a few rows at a time.
#[derive(Debug)]
pub(crate) struct Assembly<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) plan: &'a BuildPlan,
    pub(crate) schema: SchemaRef,
    /// The feature batches with the chosen features alone.
    features: Vec<Batch<Features>>,
}

impl<'a> Assembly<'a> {
    pub(crate) fn new(
        name: &str,
        inputs: &'a Inputs,
        plan: &'a BuildPlan,
    ) -> Result<Self, UnknownFeature> {
        let names: Vec<&str> = plan.features().iter().map(String::as_str).collect();
        let features: Result<Vec<_>, _> =
            inputs.feature_batches.iter().map(|rows| rows.project(&names)).collect();
        let features = features?;
        let schema = fields::schema(name, inputs, plan);
        Ok(Self { inputs, plan, schema, features })
    }

    /// The data rows at these places of the plan.
    pub(crate) fn rows(&self, places: &[usize]) -> Result<RecordBatch, ArrowError> {
        let rows: Vec<&PlanRow> = places.iter().map(|at| &self.plan.rows[*at]).collect();
        let mut columns = self.keys(&rows)?;
        columns.extend(self.feature_cells(&rows)?);
        columns.extend(self.labels(&rows));
        columns.extend(self.weights(places));
        let scores = rows.iter().map(|row| self.inputs.decisions[row.decision].score);
        columns.push(Arc::new(scores.collect::<Float64Array>()));
        columns.push(self.null_reasons(&rows)?);
        RecordBatch::try_new(SchemaRef::clone(&self.schema), columns)
    }

    fn keys(&self, rows: &[&PlanRow]) -> Result<Vec<ArrayRef>, ArrowError> {
        let strategies = rows.iter().map(|row| self.strategy(row));
        Ok(vec![
            self.ids(rows)?,
            instants(rows.iter().map(|row| Some(row.cutoff))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.seq))),
            Arc::new(rows.iter().map(|row| row.instrument).collect::<UInt32Array>()),
            words(strategies)?,
        ])
    }

    pub(crate) fn ids(&self, rows: &[&PlanRow]) -> Result<ArrayRef, ArrowError> {
        let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
        for row in rows {
            ids.append_value(self.inputs.decisions[row.decision].id)?;
        }
        Ok(Arc::new(ids.finish()))
    }

    /// The strategy of a row; the column is open text, so there is no word outside it.
    pub(crate) fn strategy(&self, row: &PlanRow) -> &'a str {
        let place = self.inputs.decisions[row.decision].at;
        let rows = &self.inputs.decision_batches[place.batch()];
        rows.cell(&Decisions::STRATEGY_ID, place.row()).unwrap_or_default()
    }

    fn feature_cells(&self, rows: &[&PlanRow]) -> Result<Vec<ArrayRef>, ArrowError> {
        let places = self.places(rows);
        let cells: Vec<Vec<&ArrayRef>> = self
            .features
            .iter()
            .map(|rows| rows.as_any().dynamic().map(|(_, array)| array).collect())
            .collect();
        (0..self.plan.features().len())
            .map(|feature| {
                let arrays: Vec<&dyn Array> =
                    cells.iter().map(|columns| columns[feature].as_ref()).collect();
                interleave(&arrays, &places)
            })
            .collect()
    }

    fn places(&self, rows: &[&PlanRow]) -> Vec<(usize, usize)> {
        rows.iter()
            .map(|row| feature_place(self.inputs, row))
            .map(|place| (place.batch(), place.row()))
            .collect()
    }

    fn null_reasons(&self, rows: &[&PlanRow]) -> Result<ArrayRef, ArrowError> {
        let arrays: Vec<&dyn Array> = self
            .features
            .iter()
            .map(|rows| rows.col(&Features::NULL_REASONS) as &dyn Array)
            .collect();
        interleave(&arrays, &self.places(rows))
    }

    /// A class or a value of each target, and the end.
    fn labels(&self, rows: &[&PlanRow]) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (at, target) in self.plan.spec.targets.iter().enumerate() {
            let labels = rows
                .iter()
                .map(|row| row.labels.get(at).and_then(|label| self.inputs.labels.get(*label)));
            if target.task.is_class() {
                let mut classes = Int8Builder::with_capacity(rows.len());
                labels.for_each(|label| classes.append_option(label.and_then(|l| l.class)));
                columns.push(Arc::new(classes.finish()));
            } else {
                let mut values = Float64Builder::with_capacity(rows.len());
                for label in labels {
                    let value = label.and_then(|label| label_value(self.inputs, label, target));
                    values.append_option(value);
                }
                columns.push(Arc::new(values.finish()));
            }
        }
        columns.push(instants(rows.iter().map(|row| Some(row.end))));
        columns
    }

    /// Each weight, and their product.
    fn weights(&self, places: &[usize]) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (_, values) in &self.plan.weights {
            let of = places.iter().map(|at| values[*at]);
            columns.push(Arc::new(Float64Array::from_iter_values(of)));
        }
        let total = places.iter().map(|at| self.plan.total_weight(*at));
        columns.push(Arc::new(Float64Array::from_iter_values(total)));
        columns
    }
}

/// Instants in UTC.
pub(crate) fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampNanosecondArray>().with_timezone(contract::UTC))
}

/// Words as a dictionary whose values are sorted, so that equal rows give equal bytes.
fn words<'a>(of: impl Iterator<Item = &'a str>) -> Result<ArrayRef, ArrowError> {
    let of: Vec<&str> = of.collect();
    let sorted: BTreeSet<&str> = of.iter().copied().collect();
    let values: StringArray = sorted.into_iter().map(Some).collect();
    let mut rows = StringDictionaryBuilder::<Int32Type>::new_with_dictionary(of.len(), &values)?;
    for word in of {
        rows.append(word)?;
    }
    Ok(Arc::new(rows.finish()))
}
