//! From TOML to a checked rule set.

use super::error::near;
use super::{CheckSpec, Gate, RepairSpec, RuleError, RuleSet, Weights};
use crate::dimension::Dimension;
use crate::kinds::{Action, KindSpec, Param, ParamSpec, ParamType, Params, kind, kinds};
use contract::{Hash, Severity, Vocabulary, table};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Keys of a check beside the parameters of its kind.
const CHECK_KEYS: [&str; 8] =
    ["id", "kind", "version", "severity", "dimension", "action", "max_rate", "max_rates"];

pub(super) fn rule_set(text: &str) -> Result<RuleSet, RuleError> {
    let top: Table = text.parse().map_err(|e: toml::de::Error| RuleError::Toml {
        message: e.to_string().trim_end().to_owned(),
    })?;
    only(
        "the top",
        &top,
        &["name", "version", "table", "check", "repair", "weights", "severities", "gate"],
    )?;
    let name = string("the top", &top, "name")?.to_owned();
    let version = version("the top", &top)?;
    let table_name = string("the top", &top, "table")?.to_owned();
    let spec = table(&table_name).ok_or_else(|| RuleError::Unknown {
        place: "table".to_owned(),
        what: "table of the contract",
        name: table_name.clone(),
        near: near(&table_name, contract::TABLES.iter().map(|t| t.name)),
    })?;
    let list = match top.get("check") {
        Some(Value::Array(list)) => list.as_slice(),
        None => &[],
        Some(other) => return Err(value("the top, check", "a list of tables `[[check]]`", other)),
    };
    if list.is_empty() || list.len() > RuleSet::MAX_CHECKS {
        return Err(RuleError::Checks { found: list.len() });
    }
    let mut checks = Vec::with_capacity(list.len());
    let mut ids = BTreeSet::new();
    for (at, entry) in list.iter().enumerate() {
        let check = check(at, entry, spec)?;
        if !ids.insert(check.id.clone()) {
            return Err(RuleError::SameId { id: check.id });
        }
        checks.push(check);
    }
    let repairs = repairs(&top, spec, &mut ids)?;
    let weights = weights(&top)?;
    let gate = gate(&top)?;
    let hash = Hash::from_bytes([0; 32]);
    let mut rules =
        RuleSet { name, version, table: table_name, checks, repairs, weights, gate, hash };
    rules.hash = Hash::of(rules.to_json().to_string().as_bytes());
    Ok(rules)
}

fn check(
    at: usize,
    entry: &Value,
    spec: &'static contract::TableSpec,
) -> Result<CheckSpec, RuleError> {
    let place = format!("check {at}");
    let Value::Table(entry) = entry else {
        return Err(value(&place, "a table `[[check]]`", entry));
    };
    let id = string(&place, entry, "id")?.to_owned();
    let place = format!("check `{id}`");
    let kind_name = string(&place, entry, "kind")?;
    let kind = kind(kind_name).ok_or_else(|| RuleError::UnknownKind {
        place: place.clone(),
        kind: kind_name.to_owned(),
        near: near(kind_name, kinds().iter().map(|k| k.name)),
    })?;
    let known: Vec<&str> =
        CHECK_KEYS.into_iter().chain(kind.params.iter().map(|p| p.name)).collect();
    only(&place, entry, &known)?;
    let severity = word(&place, entry, "severity", kind.severity, Severity::ALL, Vocabulary::word)?;
    let dimension =
        word(&place, entry, "dimension", kind.dimension, &Dimension::ALL, Dimension::word)?;
    let actions = [Action::Flag, Action::Quarantine, Action::Reject];
    let action = word(&place, entry, "action", kind.action, &actions, Action::word)?;
    let max_rate = entry.get("max_rate").map_or(Ok(0.0), |v| rate(&place, "max_rate", v))?;
    Ok(CheckSpec {
        version: if entry.contains_key("version") { version(&place, entry)? } else { 1 },
        max_rates: rates(&place, entry)?,
        params: params(&place, entry, kind, spec)?,
        id,
        kind,
        severity,
        dimension,
        action,
        max_rate,
    })
}

fn params(
    place: &str,
    entry: &Table,
    kind: &KindSpec,
    spec: &'static contract::TableSpec,
) -> Result<Params, RuleError> {
    let mut out = BTreeMap::new();
    for param in kind.params {
        let at = format!("{place}, {}", param.name);
        let given = match entry.get(param.name) {
            Some(given) => Some(
                Param::read(param.ty, given)
                    .ok_or_else(|| value(&at, &param.ty.expected(), given))?,
            ),
            None if param.is_required() => return Err(missing(&at, param)),
            None => param.default.and_then(|text| Param::default(param.ty, text)),
        };
        let Some(given) = given else { continue };
        if entry.contains_key(param.name) {
            columns_exist(&at, param.ty, &given, spec)?;
        }
        out.insert(param.name.to_owned(), given);
    }
    Ok(Params(out))
}

/// A column of a table with fixed columns must be one of them; `x_` columns of users are not known here.
fn columns_exist(
    place: &str,
    ty: ParamType,
    given: &Param,
    spec: &'static contract::TableSpec,
) -> Result<(), RuleError> {
    let names: &[String] = match (ty, given) {
        (ParamType::Column, Param::Text(name)) => std::slice::from_ref(name),
        (ParamType::Columns, Param::Texts(names)) => names,
        _ => return Ok(()),
    };
    for name in names {
        let free = spec.is_dynamic || name.starts_with("x_");
        if !free && spec.column(name).is_none() {
            return Err(RuleError::Unknown {
                place: place.to_owned(),
                what: "column",
                name: name.clone(),
                near: near(name, spec.columns.iter().map(|c| c.name)),
            });
        }
    }
    Ok(())
}

fn repairs(
    top: &Table,
    spec: &'static contract::TableSpec,
    ids: &mut BTreeSet<String>,
) -> Result<Vec<RepairSpec>, RuleError> {
    let list = match top.get("repair") {
        Some(Value::Array(list)) => list.as_slice(),
        None => &[],
        Some(other) => {
            return Err(value("the top, repair", "a list of tables `[[repair]]`", other));
        }
    };
    let mut out = Vec::with_capacity(list.len());
    for (at, entry) in list.iter().enumerate() {
        let place = format!("repair {at}");
        let Value::Table(entry) = entry else {
            return Err(value(&place, "a table `[[repair]]`", entry));
        };
        only(&place, entry, &["id", "zero_is_null", "sources"])?;
        let id = string(&place, entry, "id")?.to_owned();
        let place = format!("repair `{id}`");
        let at = format!("{place}, zero_is_null");
        let given = entry.get("zero_is_null").unwrap_or(&Value::Boolean(false));
        let Some(Param::Texts(columns)) = Param::read(ParamType::Columns, given) else {
            return Err(value(&at, &ParamType::Columns.expected(), given));
        };
        for name in &columns {
            let nullable = |c: &&contract::ColumnSpec| c.nullable && is_number(c);
            if !spec.columns.iter().filter(nullable).any(|c| c.name == name) {
                let known = spec.columns.iter().filter(nullable).map(|c| c.name);
                return Err(RuleError::Unknown {
                    place: at,
                    what: "nullable column of numbers",
                    name: name.clone(),
                    near: near(name, known),
                });
            }
        }
        if !ids.insert(id.clone()) {
            return Err(RuleError::SameId { id });
        }
        out.push(RepairSpec { sources: sources(&place, entry)?, zero_is_null: columns, id });
    }
    Ok(out)
}

fn is_number(column: &contract::ColumnSpec) -> bool {
    use contract::Type;
    matches!(column.ty, Type::Px | Type::Size | Type::F64 | Type::I64 | Type::U32 | Type::U64)
}

fn sources(place: &str, entry: &Table) -> Result<BTreeSet<u16>, RuleError> {
    let Some(given) = entry.get("sources") else { return Ok(BTreeSet::new()) };
    let ids = given.as_array().and_then(|items| {
        items.iter().map(|v| v.as_integer().and_then(|n| u16::try_from(n).ok())).collect()
    });
    ids.ok_or_else(|| value(&format!("{place}, sources"), "a list of source ids", given))
}

fn rates(place: &str, entry: &Table) -> Result<BTreeMap<u16, f64>, RuleError> {
    let Some(given) = entry.get("max_rates") else { return Ok(BTreeMap::new()) };
    let Value::Table(given) = given else {
        return Err(value(&format!("{place}, max_rates"), "rates by source id", given));
    };
    given
        .iter()
        .map(|(source, share)| {
            let at = format!("max_rates.{source}");
            let id = source.parse::<u16>().map_err(|_| RuleError::Value {
                place: format!("{place}, {at}"),
                expected: "a source id".to_owned(),
                found: format!("`{source}`"),
            })?;
            Ok((id, rate(place, &at, share)?))
        })
        .collect()
}

fn weights(top: &Table) -> Result<Weights, RuleError> {
    let mut weights = Weights::default();
    if let Some(given) = section(top, "weights")? {
        only("weights", given, &Dimension::ALL.map(Dimension::word))?;
        for (slot, dimension) in weights.dimensions.iter_mut().zip(Dimension::ALL) {
            *slot = given
                .get(dimension.word())
                .map_or(Ok(*slot), |v| rate("weights", dimension.word(), v))?;
        }
        let sum: f64 = weights.dimensions.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(RuleError::Value {
                place: "weights".to_owned(),
                expected: "six weights that sum to 1".to_owned(),
                found: sum.to_string(),
            });
        }
    }
    if let Some(given) = section(top, "severities")? {
        let words = ["info", "warn", "error", "critical"];
        only("severities", given, &words)?;
        for (slot, word) in weights.severities.iter_mut().zip(words) {
            *slot = given.get(word).map_or(Ok(*slot), |v| rate("severities", word, v))?;
        }
    }
    Ok(weights)
}

fn gate(top: &Table) -> Result<Gate, RuleError> {
    let mut gate = Gate::default();
    let Some(given) = section(top, "gate")? else { return Ok(gate) };
    only("gate", given, &["score", "score_low", "coverage"])?;
    for (key, slot, most) in [
        ("score", &mut gate.score, 100.0),
        ("score_low", &mut gate.score_low, 100.0),
        ("coverage", &mut gate.coverage, 1.0),
    ] {
        if let Some(v) = given.get(key) {
            let number = number(v).filter(|x| (0.0..=most).contains(x));
            *slot =
                number.ok_or_else(|| value(&format!("gate.{key}"), &format!("0 to {most}"), v))?;
        }
    }
    Ok(gate)
}

fn section<'a>(top: &'a Table, key: &str) -> Result<Option<&'a Table>, RuleError> {
    match top.get(key) {
        None => Ok(None),
        Some(Value::Table(given)) => Ok(Some(given)),
        Some(other) => Err(value(key, "a table", other)),
    }
}

fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Float(x) => Some(*x),
        Value::Integer(n) => Some(*n as f64),
        _ => None,
    }
}

fn rate(place: &str, key: &str, v: &Value) -> Result<f64, RuleError> {
    number(v)
        .filter(|x| (0.0..=1.0).contains(x))
        .ok_or_else(|| value(&format!("{place}, {key}"), "a share from 0 to 1", v))
}

fn version(place: &str, table: &Table) -> Result<u16, RuleError> {
    let at = format!("{place}, version");
    match table.get("version") {
        Some(Value::Integer(n)) if (1..=i64::from(u16::MAX)).contains(n) => {
            Ok(u16::try_from(*n).unwrap_or(1))
        }
        Some(other) => Err(value(&at, "1 to 65535", other)),
        None => Err(RuleError::Value {
            place: at,
            expected: "1 to 65535".to_owned(),
            found: "nothing".to_owned(),
        }),
    }
}

fn string<'a>(place: &str, table: &'a Table, key: &str) -> Result<&'a str, RuleError> {
    let at = format!("{place}, {key}");
    match table.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(other) => Err(value(&at, "a text", other)),
        None => Err(RuleError::Value {
            place: at,
            expected: "a text".to_owned(),
            found: "nothing".to_owned(),
        }),
    }
}

/// The word of a closed set at a key, or the default.
fn word<T: Copy>(
    place: &str,
    table: &Table,
    key: &str,
    default: T,
    all: &[T],
    text: impl Fn(T) -> &'static str,
) -> Result<T, RuleError> {
    let Some(given) = table.get(key) else { return Ok(default) };
    let found = given.as_str().and_then(|w| all.iter().copied().find(|t| text(*t) == w));
    found.ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|t| text(*t)).collect();
        value(&format!("{place}, {key}"), &format!("one of {}", words.join(", ")), given)
    })
}

fn only(place: &str, table: &Table, known: &[&str]) -> Result<(), RuleError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(RuleError::UnknownKey {
            place: place.to_owned(),
            key: key.clone(),
            near: near(key, known.iter().copied()),
        }),
    }
}

fn value(place: &str, expected: &str, found: &Value) -> RuleError {
    RuleError::Value {
        place: place.to_owned(),
        expected: expected.to_owned(),
        found: match found {
            Value::String(text) => format!("\"{}\"", contract::excerpt(text.as_bytes())),
            Value::Integer(n) => format!("`{n}`"),
            Value::Float(x) => format!("`{x}`"),
            Value::Boolean(on) => format!("`{on}`"),
            Value::Datetime(at) => format!("`{at}`"),
            Value::Array(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        },
    }
}

fn missing(place: &str, param: &ParamSpec) -> RuleError {
    RuleError::Value {
        place: place.to_owned(),
        expected: param.ty.expected(),
        found: "nothing".to_owned(),
    }
}
