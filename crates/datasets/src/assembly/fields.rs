//! The columns of the data files and what is said of each.

use crate::inputs::Inputs;
use crate::layout::{column, meta};
use crate::plan::{BuildPlan, feature_columns};
use contract::arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use contract::{Decisions, Table as _};
use std::collections::HashMap;
use std::sync::Arc;

/// The type of instants.
pub(super) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(contract::UTC.into()))
}

/// The schema of every data file of a version.
pub(super) fn schema(name: &str, inputs: &Inputs, plan: &BuildPlan) -> SchemaRef {
    let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields = vec![
        key(column::ROW_ID, DataType::FixedSizeBinary(16), false, "decision_id"),
        key(column::TS_CUTOFF, instant(), false, ""),
        key(column::SEQ, DataType::UInt64, false, ""),
        key(column::INSTRUMENT_ID, DataType::UInt32, true, ""),
        key(column::STRATEGY_ID, words, false, "strategy_id"),
    ];
    for field in feature_columns(inputs) {
        if plan.features.contains(field.name()) {
            let mut said = field.metadata().clone();
            said.insert(meta::ROLE.to_owned(), "feature".to_owned());
            fields.push(field.as_ref().clone().with_metadata(said));
        }
    }
    for target in &plan.spec.targets {
        let ty = if target.task.is_class() { DataType::Int8 } else { DataType::Float64 };
        let name = format!("{}{}", column::LABEL, target.name);
        let mut field = hindsight(&name, ty, false, "label");
        if let Some(unit) = unit(inputs, target) {
            let mut said = field.metadata().clone();
            said.insert(meta::UNIT.to_owned(), unit);
            field = field.with_metadata(said);
        }
        fields.push(field);
    }
    fields.push(hindsight(column::LABEL_END, instant(), false, "label"));
    for (factor, _) in &plan.weights {
        let name = format!("{}{}", column::WEIGHT, factor.word());
        fields.push(hindsight(&name, DataType::Float64, false, "weight"));
    }
    fields.push(hindsight(column::WEIGHT_TOTAL, DataType::Float64, false, "weight"));
    fields.push(hindsight(column::QUALITY, DataType::Float64, true, "meta"));
    let width = i32::try_from(plan.features.len()).unwrap_or(i32::MAX);
    let reasons = DataType::FixedSizeBinary(width);
    fields.push(hindsight(column::NULL_REASONS, reasons, false, "meta"));
    let said = [
        (meta::DATASET, name),
        (contract::meta::CAUSALITY, "hindsight"),
        (contract::meta::ORDER, "ts_cutoff,seq,row_id"),
    ];
    let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Arc::new(Schema::new_with_metadata(fields, HashMap::from(said)))
}

/// The unit of a target: what the labels say, or the end of the name of a measure.
pub(crate) fn unit(inputs: &Inputs, target: &crate::spec::TargetSpec) -> Option<String> {
    if let Some(measure) = &target.measure {
        let units = ["_bps", "_ns", "_pct", "_sigma", "_ccy", "_ticks", "_ratio"];
        let found = units.iter().find(|unit| measure.column.ends_with(*unit))?;
        return Some(found.trim_start_matches('_').to_owned());
    }
    inputs.sources.iter().enumerate().find_map(|(at, source)| match source {
        crate::inputs::Source::Label { target: name, .. } if *name == target.name => {
            inputs.units.get(&at).cloned()
        }
        _ => None,
    })
}

/// A key, with what the contract says of the column of the decisions that it comes from.
fn key(name: &str, ty: DataType, nullable: bool, of: &str) -> Field {
    let mut said: HashMap<String, String> =
        Decisions::SPEC.column(of).map(|spec| spec.field(0).metadata().clone()).unwrap_or_default();
    // Field ids belong to the table of the contract.
    said.remove("PARQUET:field_id");
    said.insert(meta::ROLE.to_owned(), "key".to_owned());
    Field::new(name, ty, nullable).with_metadata(said)
}

/// A column that knows the future.
fn hindsight(name: &str, ty: DataType, nullable: bool, role: &str) -> Field {
    let said = [(meta::ROLE, role), (contract::meta::CAUSALITY, "hindsight")];
    let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Field::new(name, ty, nullable).with_metadata(HashMap::from(said))
}
