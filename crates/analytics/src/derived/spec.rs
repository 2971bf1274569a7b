//! Declarations of derived features in TOML.

use super::error::{DerivedError, Place};
use super::expression::{ExprError, Node, Part, parse};
use crate::cross::{CrossSection, CrossStat};
use contract::{Unit, nearest, parse_duration_ns};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

/// Derived features as they are declared.
///
/// Every feature is one `[[derived]]` table:
///
/// | key | meaning |
/// |---|---|
/// | `name` | `<family>__<measure>__<window>`, lower case |
/// | `unit` | a unit of the contract: `bps`, `ratio`, `count`, ... |
/// | `null` | `"propagate"`: null where the expression is; `{ value = 0.0 }`: this number there |
/// | `expr` | an expression over columns of the same row |
/// | `rank` or `group` | instead of `expr`: a statistic over a cross-section, see [`CrossSection`] |
///
/// A cross-section has `of` (a column or a derived feature), `by` (columns that part the rows, default none), `window`
/// (how far before the cut-off a member may lie, default `"0s"`: the same cut-off only), and `stat`, for a rank
/// `average` or `share`, for a group `mean`, `z`, `count` or `median`; a group also `leave_one_out` (default `false`).
///
/// # Expressions
/// Numbers, `true`, `false`, names of columns and of other derived features; `+ - * /`; `< <= > >= == !=`; `and or not`;
/// `abs sign sqrt ln exp`, `min max` of two or more, `clip(x, low, high)`, `if(condition, yes, no)`, `is_null(x)`,
/// `coalesce(x, y, ..)`.
///
/// - **Types:** `Float64`, `Int64` and `Boolean`. Integers become `Float64` in every operation but a comparison of two
///   integer columns: exactly below 2^53, rounded to nearest above. The result of a feature is a number.
/// - **Nulls:** a null operand makes a null result, in `min`, `max`, `clip` and a condition of `if` too. Only `is_null`,
///   `coalesce`, `false and null` and `true or null` see through one.
/// - **Not finite:** a division by zero, `ln` of what is not positive, `sqrt` of a negative number and an overflow are
///   null at that step, so `1 / (1 / x)` is null at zero, not zero. NaN in an input reads as null.
///
/// ```
/// let spec = analytics::DerivedSpec::parse(
///     r#"
///     [[derived]]
///     name = "flow__imbalance_per_vol__1m"
///     unit = "ratio"
///     null = "propagate"
///     expr = "flow__imbalance__1m / vol__rv__1m"
///
///     [[derived]]
///     name = "flow__imbalance_rank__1m"
///     unit = "ratio"
///     null = "propagate"
///     rank = { of = "flow__imbalance__1m", stat = "share", by = ["strategy_id"] }
///     "#,
/// )?;
/// assert_eq!(spec.names().collect::<Vec<_>>(), ["flow__imbalance_per_vol__1m", "flow__imbalance_rank__1m"]);
/// # Ok::<(), analytics::DerivedError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedSpec {
    pub(super) features: Vec<Declared>,
}

/// One declared feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) fill: Option<f64>,
    pub(super) formula: Formula,
    pub(super) place: Place,
}

/// How a feature is made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula {
    /// From columns of the same row.
    Row { text: String, node: Node, source: Source },
    /// From rows of one cross-section.
    Cross { of: String, by: Vec<String>, section: CrossSection },
}

/// Where an expression stands in the declaration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    /// Place of its first character.
    start: Place,
    /// Whether the characters of the expression are those of the file: no escapes, one line.
    is_verbatim: bool,
    text: String,
}

impl Source {
    /// The place of a byte of the expression.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let column = if self.is_verbatim {
            self.start.column + before.chars().count()
        } else {
            self.start.column
        };
        Place { line: self.start.line, column }
    }
}

impl Formula {
    /// Columns and features that are read, each with its place, in the order of the text.
    pub(super) fn inputs(&self, declared: Place) -> Vec<(&str, Place)> {
        match self {
            Self::Row { node, source, .. } => {
                let mut found = Vec::new();
                node.walk(&mut |node| {
                    if let Part::Column(name) = &node.part {
                        found.push((name.as_str(), source.place(node.at)));
                    }
                });
                found
            }
            Self::Cross { of, by, .. } => {
                std::iter::once(of).chain(by).map(|name| (name.as_str(), declared)).collect()
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    derived: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    unit: Spanned<String>,
    null: Spanned<toml::Value>,
    expr: Option<Spanned<String>>,
    rank: Option<Spanned<Rank>>,
    group: Option<Spanned<Group>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rank {
    of: String,
    stat: Spanned<String>,
    #[serde(default)]
    by: Vec<String>,
    window: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    of: String,
    stat: Spanned<String>,
    #[serde(default)]
    by: Vec<String>,
    window: Option<Spanned<String>>,
    #[serde(default)]
    leave_one_out: bool,
}

impl DerivedSpec {
    /// Reads declarations.
    ///
    /// # Errors
    /// Text that is no TOML of this form, a name, unit or null rule that is none, an expression that cannot be read, or
    /// two features of one name. Every error knows its place.
    pub fn parse(text: &str) -> Result<Self, DerivedError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| place_of(text, span.start));
            DerivedError::Declaration { message: error.message().to_owned(), place }
        })?;
        let mut seen = BTreeSet::new();
        let mut features = Vec::new();
        for entry in document.derived {
            let start = place_of(text, entry.span().start);
            let feature = declared(text, start, entry.into_inner())?;
            if !seen.insert(feature.name.clone()) {
                let (name, taken) = (feature.name, "declared twice");
                return Err(DerivedError::Duplicate { name, taken, place: feature.place });
            }
            features.push(feature);
        }
        Ok(Self { features })
    }

    /// Names of the features, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }
}

fn declared(text: &str, start: Place, entry: Entry) -> Result<Declared, DerivedError> {
    let place = place_of(text, entry.name.span().start);
    let name = entry.name.into_inner();
    if !is_feature_name(&name) {
        return Err(DerivedError::Name { name, place });
    }
    let unit = entry.unit.get_ref();
    if !UNITS.contains(&unit.as_str()) {
        let near = nearest(unit, UNITS);
        let expected = match near.first() {
            Some(near) => format!("a unit of the contract (is it `{near}`?)"),
            None => format!("one of {}", UNITS.join(", ")),
        };
        let place = place_of(text, entry.unit.span().start);
        return Err(DerivedError::Value {
            key: "unit",
            expected,
            found: format!("`{unit}`"),
            place,
        });
    }
    let fill = fill(text, &entry.null)?;
    let formula = match (entry.expr, entry.rank, entry.group) {
        (Some(expr), None, None) => row(text, &name, &expr)?,
        (None, Some(rank), None) => {
            let rank = rank.into_inner();
            let stat = stat(text, &rank.stat, &RANKS)?;
            let window_ns = window(text, rank.window.as_ref())?;
            let section = CrossSection { stat, window_ns, leave_one_out: false };
            Formula::Cross { of: rank.of, by: rank.by, section }
        }
        (None, None, Some(group)) => {
            let group = group.into_inner();
            let stat = stat(text, &group.stat, &GROUPS)?;
            let window_ns = window(text, group.window.as_ref())?;
            let section = CrossSection { stat, window_ns, leave_one_out: group.leave_one_out };
            Formula::Cross { of: group.of, by: group.by, section }
        }
        (expr, rank, group) => {
            let given =
                [("expr", expr.is_some()), ("rank", rank.is_some()), ("group", group.is_some())];
            let given: Vec<_> = given.iter().filter(|(_, is)| *is).map(|(key, _)| *key).collect();
            let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
            let expected = "one of expr, rank and group".to_owned();
            return Err(DerivedError::Value { key: "derived", expected, found, place: start });
        }
    };
    Ok(Declared { name, unit: entry.unit.into_inner(), fill, formula, place })
}

fn row(text: &str, name: &str, expr: &Spanned<String>) -> Result<Formula, DerivedError> {
    let source = source(text, expr);
    let node = parse(expr.get_ref()).map_err(|error| {
        let name = name.to_owned();
        match error {
            ExprError::Syntax { at, expected, found } => {
                DerivedError::Expression { name, expected, found, place: source.place(at) }
            }
            ExprError::UnknownFunction { at, name: function, near } => {
                DerivedError::UnknownFunction { name, function, near, place: source.place(at) }
            }
            ExprError::Arguments { at, name: function, expected, found } => {
                let place = source.place(at);
                DerivedError::Arguments { name, function, expected, found, place }
            }
            ExprError::TooLong { at, most } => {
                DerivedError::TooBig { name, most, what: "words", place: source.place(at) }
            }
            ExprError::TooDeep { at, most } => {
                DerivedError::TooBig { name, most, what: "levels", place: source.place(at) }
            }
        }
    })?;
    Ok(Formula::Row { text: expr.get_ref().clone(), node, source })
}

/// Where the characters of a TOML string begin, and whether they are those of the value.
fn source(text: &str, expr: &Spanned<String>) -> Source {
    let raw = text.get(expr.span()).unwrap_or("");
    let value = expr.get_ref();
    let mut start = expr.span().start;
    let mut is_verbatim = false;
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inner) = raw.strip_prefix(quote).and_then(|raw| raw.strip_suffix(quote)) {
            is_verbatim = inner == value && !value.contains('\n');
            start += if is_verbatim { quote.len() } else { 0 };
            break;
        }
    }
    Source { start: place_of(text, start), is_verbatim, text: value.clone() }
}

fn fill(text: &str, null: &Spanned<toml::Value>) -> Result<Option<f64>, DerivedError> {
    let refused = || {
        let found = format!("`{}`", text.get(null.span()).unwrap_or(""));
        let expected = "\"propagate\" or { value = <finite number> }".to_owned();
        let place = place_of(text, null.span().start);
        Err(DerivedError::Value { key: "null", expected, found, place })
    };
    match null.get_ref() {
        toml::Value::String(word) if word == "propagate" => Ok(None),
        toml::Value::Table(table) if table.len() == 1 => match table.get("value") {
            Some(toml::Value::Float(value)) if value.is_finite() => Ok(Some(*value)),
            // Whole numbers of a declaration are small; above 2^53 the text would not say what is meant.
            Some(toml::Value::Integer(value)) if value.unsigned_abs() < 1 << 53 => {
                Ok(Some(*value as f64))
            }
            _ => refused(),
        },
        _ => refused(),
    }
}

const RANKS: [(&str, CrossStat); 2] =
    [("average", CrossStat::RankAverage), ("share", CrossStat::RankShare)];
const GROUPS: [(&str, CrossStat); 4] = [
    ("mean", CrossStat::Mean),
    ("z", CrossStat::Z),
    ("count", CrossStat::Count),
    ("median", CrossStat::Median),
];

fn stat(
    text: &str,
    word: &Spanned<String>,
    known: &[(&str, CrossStat)],
) -> Result<CrossStat, DerivedError> {
    let found = known.iter().find(|(name, _)| *name == word.get_ref());
    found.map(|(_, stat)| *stat).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let place = place_of(text, word.span().start);
        let expected = format!("one of {}", names.join(", "));
        DerivedError::Value { key: "stat", expected, found: format!("`{}`", word.get_ref()), place }
    })
}

fn window(text: &str, window: Option<&Spanned<String>>) -> Result<i64, DerivedError> {
    let Some(window) = window else { return Ok(0) };
    match window.get_ref().as_str() {
        "0s" => Ok(0),
        word => parse_duration_ns(word).map_err(|_| DerivedError::Value {
            key: "window",
            expected: "a duration such as `0s`, `100ms` or `5m`".to_owned(),
            found: format!("`{word}`"),
            place: place_of(text, window.span().start),
        }),
    }
}

/// Units of the contract.
const UNITS: [&str; 13] = [
    Unit::NanoPrice.word(),
    Unit::Ns.word(),
    Unit::S.word(),
    Unit::Bps.word(),
    Unit::Pct.word(),
    Unit::Ratio.word(),
    Unit::Prob.word(),
    Unit::Count.word(),
    Unit::PerS.word(),
    Unit::Ticks.word(),
    Unit::Sigma.word(),
    Unit::Ccy.word(),
    Unit::InstrumentUnits.word(),
];

/// Whether a name is `<family>__<measure>__<window>`, and none that a training set gives to what came after.
fn is_feature_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split("__").collect();
    let [family, measure, window] = parts.as_slice() else { return false };
    let is_word = |part: &str| {
        !part.is_empty()
            && !part.starts_with('_')
            && !part.ends_with('_')
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let begins = family.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    let is_taken = ["label", "weight", "meta"].contains(family);
    begins && !is_taken && [family, measure, window].into_iter().all(|part| is_word(part))
}

fn place_of(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Place { line, column }
}
