//! What a rule gives to its kind, checked against what the kind takes.

use contract::{Json, parse_duration_ns};
use std::collections::BTreeMap;

/// A parameter of a kind.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParamSpec {
    /// Its key in the rule.
    pub name: &'static str,
    /// What it may be.
    pub ty: ParamType,
    /// What holds when the rule says nothing, as it would be written; `None`: it may stay unsaid; `Some("!")`: it must
    /// be given.
    pub default: Option<&'static str>,
    /// What it means, with unit.
    pub doc: &'static str,
}

impl ParamSpec {
    pub(crate) const fn new(
        name: &'static str,
        ty: ParamType,
        default: Option<&'static str>,
        doc: &'static str,
    ) -> Self {
        Self { name, ty, default, doc }
    }

    /// Whether a rule must give it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default == Some("!")
    }
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamType {
    /// Name of a column.
    Column,
    /// Names of columns; the default is written with commas.
    Columns,
    /// Texts.
    Texts,
    /// A span such as `10m`, in nanoseconds.
    Duration,
    /// A whole number, not negative.
    Count,
    /// A finite number.
    Number,
    /// A decimal as text or number: a price, a quantity or a plain number, as the column is.
    Decimal,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl ParamType {
    /// What a rule should hold, in words.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Column => "the name of a column".to_owned(),
            Self::Columns => "a list of column names".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Duration => "a span such as \"10m\"".to_owned(),
            Self::Count => "a whole number, not negative".to_owned(),
            Self::Number => "a finite number".to_owned(),
            Self::Decimal => "a decimal such as \"0.01\"".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Param {
    /// A column, a word, a decimal.
    Text(String),
    /// Columns or texts.
    Texts(Vec<String>),
    /// A count, or a span in nanoseconds.
    Int(i64),
    /// A number.
    Number(f64),
    /// A switch.
    Bool(bool),
}

impl Param {
    /// Reads a value of this type; `None` when it is something else.
    pub(crate) fn read(ty: ParamType, value: &toml::Value) -> Option<Self> {
        use toml::Value;
        let texts = |items: &[Value]| -> Option<Vec<String>> {
            items.iter().map(|v| v.as_str().map(str::to_owned)).collect()
        };
        Some(match (ty, value) {
            (ParamType::Column, Value::String(text)) if !text.is_empty() => {
                Self::Text(text.clone())
            }
            (ParamType::Columns, Value::Array(items)) if !items.is_empty() => {
                Self::Texts(texts(items)?)
            }
            (ParamType::Texts, Value::Array(items)) => Self::Texts(texts(items)?),
            (ParamType::Duration, Value::String(text)) => Self::Int(parse_duration_ns(text).ok()?),
            (ParamType::Count, Value::Integer(n)) if *n >= 0 => Self::Int(*n),
            (ParamType::Number, Value::Float(x)) if x.is_finite() => Self::Number(*x),
            (ParamType::Number, Value::Integer(n)) => Self::Number(*n as f64),
            (ParamType::Decimal, Value::String(text)) => decimal(text)?,
            (ParamType::Decimal, Value::Integer(n)) => Self::Text(n.to_string()),
            (ParamType::Decimal, Value::Float(x)) if x.is_finite() => Self::Text(x.to_string()),
            (ParamType::Switch, Value::Boolean(on)) => Self::Bool(*on),
            (ParamType::Word(words), Value::String(text)) if words.contains(&text.as_str()) => {
                Self::Text(text.clone())
            }
            _ => return None,
        })
    }

    /// Reads the default that a kind states.
    pub(crate) fn default(ty: ParamType, text: &str) -> Option<Self> {
        match ty {
            ParamType::Columns | ParamType::Texts => Some(Self::Texts(
                text.split(',').filter(|t| !t.is_empty()).map(|t| t.trim().to_owned()).collect(),
            )),
            ParamType::Duration => parse_duration_ns(text).ok().map(Self::Int),
            ParamType::Count => text.parse().ok().map(Self::Int),
            ParamType::Number => text.parse().ok().map(Self::Number),
            ParamType::Switch => text.parse().ok().map(Self::Bool),
            ParamType::Column | ParamType::Word(_) | ParamType::Decimal => {
                Some(Self::Text(text.to_owned()))
            }
        }
    }

    /// As canonical JSON: numbers that are not whole are text.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => Json::from(text.as_str()),
            Self::Texts(texts) => {
                Json::Array(texts.iter().map(|t| Json::from(t.as_str())).collect())
            }
            Self::Int(n) => Json::from(*n),
            Self::Number(x) => Json::from(x.to_string()),
            Self::Bool(on) => Json::from(*on),
        }
    }
}

/// A decimal, in the one way to write it.
fn decimal(text: &str) -> Option<Param> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then(|| Param::Text(text.trim().to_owned()))
}

/// The parameters of one rule, defaults filled in.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Params(pub(crate) BTreeMap<String, Param>);

impl Params {
    /// A text; empty where it stayed unsaid.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Param::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether the rule or its kind says anything.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn texts(&self, name: &str) -> &[String] {
        match self.0.get(name) {
            Some(Param::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A count or a span in nanoseconds; 0 where it stayed unsaid.
    pub(crate) fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Param::Int(n)) => *n,
            _ => 0,
        }
    }

    /// A count.
    pub(crate) fn count(&self, name: &str) -> usize {
        usize::try_from(self.int(name)).unwrap_or(0)
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Param::Number(x)) => *x,
            _ => 0.0,
        }
    }

    pub(crate) fn switch(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Param::Bool(true)))
    }
}
