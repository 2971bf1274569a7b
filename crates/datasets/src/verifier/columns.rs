//! `columns`: what stands among the features is a feature.

use super::Subject;
use super::pattern::is_any;
use super::reach::{lookback, role};
use super::read::Cells;
use super::rows::LabelCells;
use super::tally::{Tally, size};
use crate::certificate::{CheckResult, Outcome};
use crate::layout::column;
use arrow_schema::{DataType, Field, SchemaRef, TimeUnit};
use serde::Deserialize;

/// Roles in the order of their columns.
const ROLES: [&str; 6] = ["key", "feature", "mask", "label", "weight", "meta"];

const KEYS: [&str; 5] =
    [column::ROW_ID, column::TS_CUTOFF, column::SEQ, column::INSTRUMENT_ID, column::STRATEGY_ID];

/// `schema.json`, as far as files are held against it.
#[derive(Debug, Deserialize)]
pub(super) struct WrittenSchema {
    columns: Vec<WrittenColumn>,
}

#[derive(Debug, Deserialize)]
struct WrittenColumn {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    nullable: bool,
    role: Option<String>,
    causality: Option<String>,
    lookback_ns: Option<crate::Int>,
}

/// Features whose cells are those of a label or a weight.
#[derive(Debug)]
pub(super) struct Disguises {
    /// The most frequent value of each label column that has two values or more.
    usual: Vec<Option<u64>>,
    found: Vec<String>,
    compared: u64,
}

impl Disguises {
    pub(super) fn new(labels: &[LabelCells]) -> Self {
        Self {
            usual: labels.iter().map(|label| usual(&label.cells)).collect(),
            found: Vec::new(),
            compared: 0,
        }
    }

    /// Holds a feature against every label: more than 99 of 100 cells equal, among the rows that both have, and among
    /// those of them where the label is not what it mostly is, so that a rare event is no disguise of another one.
    pub(super) fn push(&mut self, name: &str, cells: &Cells, labels: &[LabelCells]) {
        for (label, usual) in labels.iter().zip(&self.usual) {
            let Some(usual) = usual else { continue };
            self.compared += 1;
            let (mut all, mut rare) = ([0_u64; 2], [0_u64; 2]);
            for row in 0..cells.values.len() {
                let (Some(ours), Some(theirs)) = (cells.get(row), label.cells.get(row)) else {
                    continue;
                };
                let (ours, theirs) = (ours.to_bits(), theirs.to_bits());
                let equal = u64::from(ours == theirs);
                all = [all[0] + 1, all[1] + equal];
                if theirs != *usual {
                    rare = [rare[0] + 1, rare[1] + equal];
                }
            }
            let is_copy = |[n, equal]: [u64; 2]| n > 0 && equal * 100 > n * 99;
            if is_copy(all) && is_copy(rare) {
                self.found.push(format!("feature `{name}` holds the cells of `{}`", label.name));
            }
        }
    }
}

fn usual(cells: &Cells) -> Option<u64> {
    let rows = 0..cells.values.len();
    let mut bits: Vec<u64> = rows.filter_map(|row| cells.get(row)).map(f64::to_bits).collect();
    bits.sort_unstable();
    let runs = bits.chunk_by(|a, b| a == b);
    let most = runs.max_by_key(|run| run.len())?;
    (most.len() < bits.len()).then(|| most[0])
}

pub(super) fn check(
    subject: &Subject<'_>,
    schemas: &[SchemaRef],
    written: &WrittenSchema,
    written_hash: crate::Sha256,
    disguises: Disguises,
) -> CheckResult {
    let mut tally = Tally::new(
        "columns",
        "no label, weight or meta column, and none that knows the future, is a feature by name, mark or content, and \
         every file has the columns of schema.json in their order",
    );
    let fields = subject.schema.fields();
    tally.count("columns", size(fields.len()));
    tally.count("features", size(subject.features.len()));
    tally.count("features_against_labels", disguises.compared);
    for (file, _) in subject
        .manifest
        .files
        .iter()
        .zip(schemas)
        .filter(|(_, schema)| schema.fields() != subject.schema.fields())
    {
        tally.fault(&format!("{}: other columns than the first file", file.path), 1);
    }
    for field in fields {
        one(field, &mut tally);
    }
    let places = fields.iter().map(|field| place(field));
    if !places.clone().zip(places.skip(1)).all(|(left, right)| left <= right) {
        tally.fault("columns are not in the order key, feature, mask, label, weight, meta", 1);
    }
    let of_role = |wanted: &'static str| {
        let is_wanted = move |field: &&std::sync::Arc<Field>| role(field) == Some(wanted);
        fields.iter().filter(is_wanted).map(|field| field.name().as_str())
    };
    if !of_role("key").eq(KEYS) {
        tally.fault("key columns are not row_id, ts_cutoff, seq, instrument_id, strategy_id", 1);
    }
    if !of_role("feature").eq(subject.manifest.features.iter().map(|f| f.name.as_str())) {
        tally.fault("features of the files and of the manifest differ", 1);
    }
    let spec = &subject.spec.features;
    for name in of_role("feature") {
        if !is_any(&spec.include, name) || is_any(&spec.exclude, name) {
            tally.fault(&format!("feature `{name}` is not one that the spec asks for"), 1);
        }
    }
    for target in &subject.spec.targets {
        let name = format!("{}{}", column::LABEL, target.name);
        if !of_role("label").any(|label| label == name) {
            tally.fault(&format!("no label column `{name}`"), 1);
        }
    }
    for fault in disguises.found {
        tally.fault(&fault, 1);
    }
    if written_hash != subject.manifest.schema_fingerprint {
        tally.fault("schema.json has another hash than the manifest says", 1);
    }
    let is_written = written.columns.len() == fields.len()
        && written.columns.iter().zip(fields).all(|(written, field)| is_same(written, field));
    if !is_written {
        tally.fault("schema.json names other columns than the files have", 1);
    }
    tally.finish(Outcome::Pass)
}

fn place(field: &Field) -> Option<usize> {
    let role = role(field)?;
    ROLES.iter().position(|known| *known == role)
}

fn one(field: &Field, tally: &mut Tally) {
    let name = field.name();
    let knows_future = field
        .metadata()
        .get(contract::meta::CAUSALITY)
        .is_some_and(|causality| causality == "hindsight");
    let prefixes = [(column::LABEL, "label"), (column::WEIGHT, "weight"), ("meta__", "meta")];
    let by_name =
        prefixes.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, role)| *role);
    match role(field) {
        Some(role @ ("feature" | "key" | "mask")) => {
            if knows_future {
                tally.fault(&format!("{role} `{name}` knows what came after the decision"), 1);
            }
            if by_name.is_some() {
                tally.fault(&format!("{role} `{name}` has the name of a column of the future"), 1);
            }
            if role == "feature" && lookback(field).is_none() {
                tally.fault(&format!("feature `{name}` declares no lookback"), 1);
            }
            if role != "key" && !Cells::can_hold(field.data_type()) {
                tally.fault(&format!("{role} `{name}` is no number"), 1);
            }
        }
        Some(role @ ("label" | "weight" | "meta")) => {
            if !knows_future {
                tally.fault(&format!("{role} `{name}` is not marked as knowing the future"), 1);
            }
            if by_name != Some(role) {
                tally.fault(&format!("{role} `{name}` has not the name of a {role}"), 1);
            }
        }
        _ => tally.fault(&format!("column `{name}` has no known role"), 1),
    }
}

fn is_same(written: &WrittenColumn, field: &Field) -> bool {
    let causality = field.metadata().get(contract::meta::CAUSALITY);
    written.name == *field.name()
        && written.data_type == type_text(field.data_type())
        && written.nullable == field.is_nullable()
        && written.role.as_deref() == role(field)
        && written.causality.as_ref() == causality
        && written.lookback_ns.map(|ns| ns.0) == lookback(field)
}

/// A type as `schema.json` writes it.
fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            match zone {
                Some(zone) => format!("Timestamp({unit}, {zone})"),
                None => format!("Timestamp({unit})"),
            }
        }
        DataType::Dictionary(key, value) => {
            format!("Dictionary({}, {})", type_text(key), type_text(value))
        }
        other => other.to_string(),
    }
}
