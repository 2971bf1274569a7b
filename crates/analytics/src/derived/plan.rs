//! Declarations against the columns of a table: names found, types checked, an order to compute in.

use super::error::{DerivedError, Place};
use super::spec::{Declared, DerivedSpec, Formula};
use super::typing::{Kind, WrongType, kind};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use contract::{Causality, Hash, Json, meta, nearest};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Column of the cut-offs, which cross-sections are cut by.
pub(super) const TS_CUTOFF: &str = "ts_cutoff";
/// Role of a column.
const ROLE: &str = "hindsight.role";
/// Reach of a column into the past.
const LOOKBACK_NS: &str = "hindsight.lookback_ns";

/// Derived features resolved against the columns of a table, ready to be evaluated.
///
/// ```
/// use analytics::DerivedSpec;
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use arrow_array::cast::AsArray;
/// use arrow_array::types::Float64Type;
/// use std::sync::Arc;
///
/// let column = |values: [f64; 3]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
/// let rows = RecordBatch::try_from_iter([
///     ("flow__imbalance__1m", column([0.5, -0.2, 0.1])),
///     ("vol__rv__1m", column([2.0, 0.4, 0.0])),
/// ])?;
/// let spec = DerivedSpec::parse(
///     r#"
///     [[derived]]
///     name = "flow__imbalance_per_vol__1m"
///     unit = "ratio"
///     null = "propagate"
///     expr = "flow__imbalance__1m / vol__rv__1m"
///     "#,
/// )?;
/// let plan = spec.resolve(&rows.schema())?;
/// let derived = plan.evaluate(&[rows])?.remove(0);
/// let values: Vec<_> = derived.column(0).as_primitive::<Float64Type>().iter().collect();
/// assert_eq!(values, [Some(0.25), Some(-0.5), None]); // a division by zero is null
/// assert_eq!(derived.schema().field(0).metadata()["hindsight.unit"], "ratio");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DerivedPlan {
    /// In the order of the declarations.
    pub(super) features: Vec<Declared>,
    /// Places in `features`, inputs first.
    pub(super) order: Vec<usize>,
    /// Columns that are read, by name.
    pub(super) inputs: BTreeMap<String, Field>,
    schema: SchemaRef,
    hash: Hash,
}

impl DerivedPlan {
    /// Fields of what [`evaluate`](Self::evaluate) returns: one nullable `Float64` a feature, in the order of the
    /// declarations.
    ///
    /// Metadata of a field: `hindsight.role` = `feature`, `hindsight.unit`, `hindsight.expression`, `hindsight.null_rule`
    /// and `hindsight.lookback_ns`, the greatest of its inputs and, for a cross-section, the window on top. A column of
    /// the contract reaches no further back than its row; where an input says nothing of its reach, neither does the
    /// feature. Metadata of the schema: `hindsight.derived_hash`.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// SHA-256 of the declarations in canonical JSON, in their order: names, units, null rules and formulas.
    ///
    /// Blanks in an expression count, layout of the TOML does not.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Columns that are read, sorted.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.inputs.keys().map(String::as_str)
    }

    /// Whether every feature is a formula over its own row, so that rows may come in any cut.
    #[must_use]
    pub fn is_row_wise(&self) -> bool {
        self.features.iter().all(|feature| matches!(feature.formula, Formula::Row { .. }))
    }
}

impl DerivedSpec {
    /// The features against the columns of a table.
    ///
    /// # Errors
    /// A column that is not there, with the nearest names; a table or column that needs the future of its decisions, by
    /// `hindsight.causality`, by role or by the prefix `label__`, `weight__` or `meta__`; a type that expressions do not
    /// know; a part of the wrong type; a name that the table has; a cycle.
    pub fn resolve(&self, schema: &Schema) -> Result<DerivedPlan, DerivedError> {
        if says_hindsight(schema.metadata()) {
            let table = schema.metadata().get(meta::TABLE).cloned().unwrap_or_default();
            return Err(DerivedError::HindsightTable { table });
        }
        let named: BTreeMap<&str, usize> =
            self.features.iter().enumerate().map(|(at, f)| (f.name.as_str(), at)).collect();
        let mut inputs = BTreeMap::new();
        for feature in &self.features {
            if schema.column_with_name(&feature.name).is_some() {
                let (name, taken) = (feature.name.clone(), "as a column of the table");
                return Err(DerivedError::Duplicate { name, taken, place: feature.place });
            }
            let mut read = feature.formula.inputs(feature.place);
            if matches!(feature.formula, Formula::Cross { .. }) {
                read.push((TS_CUTOFF, feature.place));
            }
            for (column, place) in read {
                if !named.contains_key(column) {
                    let field = input(schema, &named, feature, column, place)?;
                    inputs.insert(column.to_owned(), field.clone());
                }
            }
        }
        let order = order(&self.features, &named)?;
        for feature in &self.features {
            check_types(feature, &inputs)?;
        }
        let hash = Hash::of(canonical(&self.features).to_string().as_bytes());
        let schema = output(&self.features, &order, &named, &inputs, hash);
        Ok(DerivedPlan { features: self.features.clone(), order, inputs, schema, hash })
    }
}

fn says_hindsight(metadata: &HashMap<String, String>) -> bool {
    metadata.get(meta::CAUSALITY).is_some_and(|word| word == Causality::Hindsight.word())
}

/// The column of the table, if a feature may read it.
fn input<'s>(
    schema: &'s Schema,
    named: &BTreeMap<&str, usize>,
    feature: &Declared,
    column: &str,
    place: Place,
) -> Result<&'s Field, DerivedError> {
    let name = feature.name.clone();
    let Some((_, field)) = schema.column_with_name(column) else {
        let known = schema.fields().iter().filter(|field| hindsight_of(field).is_none());
        let known = known.map(|field| field.name().as_str()).chain(named.keys().copied());
        let near = nearest(column, known).into_iter().map(str::to_owned).collect();
        return Err(DerivedError::UnknownColumn { name, column: column.to_owned(), near, place });
    };
    match hindsight_of(field) {
        Some(why) => Err(DerivedError::Hindsight { name, column: column.to_owned(), why, place }),
        None => Ok(field),
    }
}

/// What gives a column away that needs the future.
fn hindsight_of(field: &Field) -> Option<&'static str> {
    if says_hindsight(field.metadata()) {
        return Some("which is marked `hindsight`");
    }
    match field.metadata().get(ROLE).map(String::as_str) {
        Some("label") => return Some("which has the role `label`"),
        Some("weight") => return Some("which has the role `weight`"),
        Some("meta") => return Some("which has the role `meta`"),
        _ => {}
    }
    let begins = |prefix| field.name().starts_with(prefix);
    if begins("label__") {
        Some("whose name begins with `label__`")
    } else if begins("weight__") {
        Some("whose name begins with `weight__`")
    } else if begins("meta__") {
        Some("whose name begins with `meta__`")
    } else {
        None
    }
}

/// Inputs before what they go into; among equals in the order of the declarations.
fn order(features: &[Declared], named: &BTreeMap<&str, usize>) -> Result<Vec<usize>, DerivedError> {
    let needs: Vec<BTreeSet<usize>> = features
        .iter()
        .map(|f| {
            f.formula.inputs(f.place).iter().filter_map(|(n, _)| named.get(n).copied()).collect()
        })
        .collect();
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < features.len() {
        let ready = needs
            .iter()
            .enumerate()
            .filter(|(at, needs)| !done.contains(at) && needs.is_subset(&done))
            .map(|(at, _)| at)
            .collect::<Vec<_>>();
        if ready.is_empty() {
            return Err(cycle(features, &needs, &done));
        }
        done.extend(ready.iter().copied());
        order.extend(ready);
    }
    Ok(order)
}

/// One cycle among the features that are never ready.
fn cycle(features: &[Declared], needs: &[BTreeSet<usize>], done: &BTreeSet<usize>) -> DerivedError {
    let stuck = |at: &usize| !done.contains(at);
    let mut path: Vec<usize> = (0..features.len()).filter(stuck).take(1).collect();
    // Whatever is stuck needs something that is stuck, so the walk comes back to where it was.
    while let Some(next) = path
        .last()
        .and_then(|at| needs.get(*at))
        .and_then(|needs| needs.iter().copied().find(stuck))
    {
        let before = path.iter().position(|at| *at == next);
        path.push(next);
        if let Some(before) = before {
            path.drain(..before);
            break;
        }
    }
    let names = path.iter().filter_map(|at| features.get(*at)).map(|f| f.name.clone()).collect();
    let first = path.first().and_then(|at| features.get(*at));
    let place = first.map_or(Place { line: 1, column: 1 }, |feature| feature.place);
    DerivedError::Cycle { names, place }
}

fn check_types(feature: &Declared, inputs: &BTreeMap<String, Field>) -> Result<(), DerivedError> {
    let name = || feature.name.clone();
    let column_type = |column: &str, found: &DataType, place| DerivedError::ColumnType {
        name: name(),
        column: column.to_owned(),
        found: found.to_string(),
        place,
    };
    match &feature.formula {
        Formula::Row { node, source, .. } => {
            for (column, place) in feature.formula.inputs(feature.place) {
                if let Some(field) = inputs.get(column)
                    && Kind::of(field.data_type()).is_none()
                {
                    return Err(column_type(column, field.data_type(), place));
                }
            }
            let wrong = |error: WrongType| DerivedError::Type {
                name: name(),
                what: error.what,
                expected: error.expected,
                found: error.found.to_string(),
                place: source.place(error.at),
            };
            match kind(node, &|column| kind_of(inputs, column)).map_err(wrong)? {
                Kind::Truth => Err(DerivedError::Type {
                    name: name(),
                    what: "a feature".to_owned(),
                    expected: "a number, such as `if(.., 1, 0)`",
                    found: Kind::Truth.to_string(),
                    place: source.place(node.at),
                }),
                _ => Ok(()),
            }
        }
        Formula::Cross { of, by, .. } => {
            let number = |field: &&Field| {
                matches!(Kind::of(field.data_type()), Some(Kind::Float | Kind::Int))
            };
            if let Some(field) = inputs.get(of).filter(|field| !number(field)) {
                return Err(column_type(of, field.data_type(), feature.place));
            }
            let cutoff =
                inputs.get(TS_CUTOFF).filter(|f| !matches!(f.data_type(), DataType::Timestamp(..)));
            let key = by.iter().find_map(|column| {
                inputs
                    .get(column)
                    .filter(|f| !crate::cross::is_key(f.data_type()))
                    .map(|f| (column, f))
            });
            match (cutoff, key) {
                (Some(field), _) => Err(column_type(TS_CUTOFF, field.data_type(), feature.place)),
                (None, Some((column, field))) => {
                    Err(column_type(column, field.data_type(), feature.place))
                }
                (None, None) => Ok(()),
            }
        }
    }
}

/// The kind of a name: of a column of the table, else of another feature.
pub(super) fn kind_of(inputs: &BTreeMap<String, Field>, column: &str) -> Kind {
    inputs.get(column).and_then(|field| Kind::of(field.data_type())).unwrap_or(Kind::Float)
}

fn output(
    features: &[Declared],
    order: &[usize],
    named: &BTreeMap<&str, usize>,
    inputs: &BTreeMap<String, Field>,
    hash: Hash,
) -> SchemaRef {
    let mut reach: BTreeMap<usize, Option<i64>> = BTreeMap::new();
    for at in order {
        let Some(feature) = features.get(*at) else { continue };
        let read = feature.formula.inputs(feature.place);
        let longest = read.iter().try_fold(0_i64, |longest, (name, _)| {
            let of = match (named.get(name), inputs.get(*name)) {
                (Some(other), _) => reach.get(other).copied().flatten(),
                (None, Some(field)) => lookback_ns(field),
                (None, None) => None,
            };
            of.map(|of| longest.max(of))
        });
        let window = match &feature.formula {
            Formula::Cross { section, .. } => section.window_ns,
            Formula::Row { .. } => 0,
        };
        reach.insert(*at, longest.and_then(|longest| longest.checked_add(window)));
    }
    let field = |(at, feature): (usize, &Declared)| {
        let mut metadata = HashMap::from([
            (ROLE.to_owned(), "feature".to_owned()),
            ("hindsight.unit".to_owned(), feature.unit.clone()),
            ("hindsight.expression".to_owned(), formula_text(&feature.formula)),
            ("hindsight.null_rule".to_owned(), null_text(feature.fill)),
        ]);
        if let Some(reach) = reach.get(&at).copied().flatten() {
            metadata.insert(LOOKBACK_NS.to_owned(), reach.to_string());
        }
        Field::new(&feature.name, DataType::Float64, true).with_metadata(metadata)
    };
    let fields: Vec<Field> = features.iter().enumerate().map(field).collect();
    let metadata = HashMap::from([("hindsight.derived_hash".to_owned(), hash.to_string())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// How far a column reaches back before its row; `None` where it does not say.
fn lookback_ns(field: &Field) -> Option<i64> {
    match field.metadata().get(LOOKBACK_NS) {
        Some(text) => text.parse().ok(),
        // A column of the contract is a value of the row itself.
        None if field.metadata().contains_key("hindsight.standard") => Some(0),
        None if field.metadata().get(ROLE).is_some_and(|role| role == "key") => Some(0),
        None => None,
    }
}

fn formula_text(formula: &Formula) -> String {
    match formula {
        Formula::Row { text, .. } => text.clone(),
        Formula::Cross { of, by, section } => section.text(of, by),
    }
}

fn null_text(fill: Option<f64>) -> String {
    fill.map_or("propagate".to_owned(), |value| format!("value {value:?}"))
}

fn canonical(features: &[Declared]) -> Json {
    let feature = |feature: &Declared| {
        Json::object([
            ("name", Json::from(feature.name.as_str())),
            ("unit", Json::from(feature.unit.as_str())),
            ("null", Json::from(null_text(feature.fill))),
            ("formula", Json::from(formula_text(&feature.formula))),
        ])
    };
    // The version of the language: it rises when a formula comes to mean something else.
    Json::object([
        ("version", Json::from(1_u64)),
        ("derived", Json::Array(features.iter().map(feature).collect())),
    ])
}
