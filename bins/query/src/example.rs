//! Named example queries: SQL in `examples/`, each with a heading that says what it answers.

use crate::error::SqlError;
use crate::sql::{Region, parts};
use std::collections::BTreeMap;

/// A named query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    text: &'static str,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number from 0.
    Count,
    /// A whole number from 0, or `*` for all; either stands in the query as text.
    CountOrAll,
    /// A duration above 0 as in `5s`, which stands in the query as text.
    Duration,
}

/// A parameter of an example: `:name` in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is when it is not given; `None`: it must be.
    pub default: Option<&'static str>,
    /// Its meaning.
    pub doc: &'static str,
}

const EXAMPLES: &[Example] = &[
    Example { text: include_str!("../examples/dataset-diff.sql") },
    Example { text: include_str!("../examples/decisions-without-fill.sql") },
    Example { text: include_str!("../examples/fills-without-decision.sql") },
    Example { text: include_str!("../examples/gaps-and-losses.sql") },
    Example { text: include_str!("../examples/latency-chain-by-strategy.sql") },
    Example { text: include_str!("../examples/quality-flags.sql") },
    Example { text: include_str!("../examples/slippage-by-venue-and-hour.sql") },
    Example { text: include_str!("../examples/spread-around-decisions.sql") },
];

impl Example {
    /// Every example, by name.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        EXAMPLES
    }

    /// The example of a name.
    ///
    /// # Errors
    /// [`SqlError::UnknownExample`] with the nearest names.
    pub fn find(name: &str) -> Result<Self, SqlError> {
        EXAMPLES.iter().find(|example| example.name() == name).copied().ok_or_else(|| {
            let near = contract::nearest(name, EXAMPLES.iter().map(Self::name));
            SqlError::UnknownExample {
                found: contract::excerpt(name.as_bytes()),
                near: near.into_iter().map(str::to_owned).collect(),
            }
        })
    }

    /// Its name: the first line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.text.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap_or_default()
    }

    /// The question that it answers.
    #[must_use]
    pub fn question(&self) -> &'static str {
        self.lines("Question: ").next().unwrap_or_default()
    }

    /// Its SQL, heading and parameters as they stand.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// Its parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        self.lines("Parameter ").filter_map(parameter).collect()
    }

    fn lines(&self, start: &'static str) -> impl Iterator<Item = &'static str> {
        let comments = self.text.lines().map_while(|line| line.strip_prefix("-- "));
        comments.filter_map(move |line| line.strip_prefix(start))
    }

    /// Its SQL with values, `name=value` each, in the places of the parameters.
    ///
    /// A value becomes one literal, whatever stands in it: it can never become SQL.
    ///
    /// ```
    /// use hindsight_query::Example;
    /// let example = Example::find("fills-without-decision")?;
    /// let sql = example.fill(&["strategy=it's"])?;
    /// assert!(sql.contains("('it''s' = '*' OR e.strategy_id = 'it''s')"));
    /// # Ok::<(), hindsight_query::SqlError>(())
    /// ```
    ///
    /// # Errors
    /// [`SqlError::Parameter`] for a value of another kind, a parameter that is not there or has no value.
    pub fn fill<S: AsRef<str>>(&self, values: &[S]) -> Result<String, SqlError> {
        let parameters = self.parameters();
        let mut given: BTreeMap<&str, &str> = BTreeMap::new();
        for value in values.iter().map(AsRef::as_ref) {
            let (name, value) = value.split_once('=').ok_or_else(|| {
                self.wrong(value, "PARAMETER=VALUE; files stand before --example", "no `=`")
            })?;
            if !parameters.iter().any(|p| p.name == name) {
                let names: Vec<&str> = parameters.iter().map(|p| p.name).collect();
                let expected = match names[..] {
                    [] => "no parameter at all".to_owned(),
                    _ => format!("one of {}", names.join(", ")),
                };
                return Err(self.wrong(name, &expected, "another name"));
            }
            if given.insert(name, value).is_some() {
                return Err(self.wrong(name, "one value", "two"));
            }
        }
        let mut literals = BTreeMap::new();
        for parameter in &parameters {
            let given = given.get(parameter.name).copied().or(parameter.default);
            let value = given.ok_or_else(|| {
                let expected = format!("a value, {}", parameter.doc.trim_end_matches('.'));
                self.wrong(parameter.name, &expected, "none")
            })?;
            literals.insert(parameter.name, self.literal(parameter, value)?);
        }
        Ok(replace(self.text, &literals))
    }

    fn literal(&self, parameter: &Parameter, value: &str) -> Result<String, SqlError> {
        let count = value.parse::<u64>();
        let literal = match parameter.kind {
            Kind::Text => Ok(format!("'{}'", value.replace('\'', "''"))),
            Kind::Count => count.map(|n| n.to_string()).map_err(|_| "a whole number from 0"),
            Kind::CountOrAll if value == "*" => Ok("'*'".to_owned()),
            Kind::CountOrAll => {
                count.map(|n| format!("'{n}'")).map_err(|_| "a whole number from 0, or * for all")
            }
            // What was read as a duration holds no quote.
            Kind::Duration => contract::parse_duration_ns(value)
                .ok()
                .filter(|ns| *ns > 0)
                .map(|_| format!("'{value}'"))
                .ok_or("a duration above 0, as in 5s or 100ms"),
        };
        let found = || format!("`{}`", contract::excerpt(value.as_bytes()));
        literal.map_err(|expected| self.wrong(parameter.name, expected, &found()))
    }

    fn wrong(&self, parameter: &str, expected: &str, found: &str) -> SqlError {
        SqlError::Parameter {
            example: self.name(),
            parameter: format!("`{}`", contract::excerpt(parameter.as_bytes())),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }
}

/// `name (kind, default VALUE): meaning`, or `required` in place of the default.
fn parameter(line: &'static str) -> Option<Parameter> {
    let (name, rest) = line.split_once(" (")?;
    let (how, doc) = rest.split_once("): ")?;
    let (kind, default) = how.split_once(", ")?;
    let kind = match kind {
        "text" => Kind::Text,
        "count" => Kind::Count,
        "count or *" => Kind::CountOrAll,
        "duration" => Kind::Duration,
        _ => return None,
    };
    Some(Parameter { name, kind, default: default.strip_prefix("default "), doc })
}

/// The text with literals in the places of `:name`, outside of texts, names, comments and casts (`::type`).
fn replace(text: &str, literals: &BTreeMap<&str, String>) -> String {
    let mut out = String::with_capacity(text.len());
    for part in parts(text) {
        let mut rest = text.get(part.range.clone()).unwrap_or_default();
        while let Some(at) = rest.find(':').filter(|_| part.region == Region::Code) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let colons = from.len() - from.trim_start_matches(':').len();
            let (colon, behind) = from.split_at(colons);
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
            let (word, left) = behind.split_at(end);
            if let Some(literal) = literals.get(word).filter(|_| colons == 1) {
                out.push_str(literal);
            } else {
                out.push_str(colon);
                out.push_str(word);
            }
            rest = left;
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_says_what_it_answers_reads_and_takes_and_uses_all_of_it() {
        let mut names = Vec::new();
        for example in Example::all() {
            let name = example.name();
            names.push(name);
            assert!(example.question().ends_with('?'), "{name}");
            assert!(example.lines("Reads: ").count() == 1, "{name}");
            assert!(example.lines("Answer: ").count() == 1, "{name}");
            let parameters = example.parameters();
            assert_eq!(parameters.len(), example.lines("Parameter ").count(), "{name}");
            let marks: BTreeMap<&str, String> =
                parameters.iter().map(|p| (p.name, format!("<{}>", p.name))).collect();
            let filled = replace(example.text, &marks);
            for parameter in &parameters {
                assert!(
                    filled.contains(&format!("<{}>", parameter.name)),
                    "{name}: {}",
                    parameter.name
                );
            }
            let code = parts(&filled).into_iter().filter(|part| part.region == Region::Code);
            let code: String = code.map(|part| filled[part.range].to_owned()).collect();
            assert!(
                !code.replace("::", "").contains(':'),
                "{name} has a parameter without a heading"
            );
        }
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.len() >= 8);
    }

    #[test]
    fn a_value_is_one_literal_whatever_stands_in_it() {
        let literals = BTreeMap::from([("x", "'a'' -- b'".to_owned())]);
        for (text, expected) in [
            ("SELECT :x, y::x", "SELECT 'a'' -- b', y::x"),
            ("SELECT ':x', \":x\" -- :x", "SELECT ':x', \":x\" -- :x"),
            ("SELECT :xy, :x_", "SELECT :xy, :x_"),
            ("SELECT :x", "SELECT 'a'' -- b'"),
            ("SELECT 'é':x", "SELECT 'é''a'' -- b'"),
        ] {
            assert_eq!(replace(text, &literals), expected);
        }
    }

    #[test]
    fn wrong_values_are_refused_with_what_was_expected() {
        let find = |name| Example::find(name).unwrap();
        let says = |name, values: &[&str]| find(name).fill(values).unwrap_err().to_string();
        assert_eq!(
            says("dataset-diff", &["old=entries@1"]),
            "example `dataset-diff`, parameter `new`: expected a value, the version after, as entries@2, found none"
        );
        assert_eq!(
            says("spread-around-decisions", &["age=5s"]),
            "example `spread-around-decisions`, parameter `age`: expected one of max_age, found another name"
        );
        assert_eq!(
            says("gaps-and-losses", &["x=1"]),
            "example `gaps-and-losses`, parameter `x`: expected no parameter at all, found another name"
        );
        assert_eq!(
            says("fills-without-decision", &["strategy=a", "strategy=b"]),
            "example `fills-without-decision`, parameter `strategy`: expected one value, found two"
        );
        assert!(
            says("fills-without-decision", &["trades.parquet"])
                .contains("files stand before --example")
        );
        let unknown = Example::find("dataset-dif").unwrap_err();
        assert_eq!(contract::Diagnostic::help(&unknown).unwrap(), "did you mean dataset-diff?");
    }

    #[test]
    fn counts_and_durations_are_such_or_refused() {
        let example = Example { text: "-- e\n" };
        let check = |kind, value: &str, expected: Option<&str>| {
            let parameter = Parameter { name: "p", kind, default: None, doc: "" };
            let found = example.literal(&parameter, value).ok();
            assert_eq!(found.as_deref(), expected, "{kind:?} {value}");
        };
        check(Kind::Duration, "5s", Some("'5s'"));
        check(Kind::Duration, "100ms", Some("'100ms'"));
        for wrong in ["5", "0s", "-5s", "", "5s'", "*"] {
            check(Kind::Duration, wrong, None);
        }
        check(Kind::Count, "07", Some("7"));
        check(Kind::CountOrAll, "07", Some("'7'"));
        check(Kind::CountOrAll, "*", Some("'*'"));
        check(Kind::Count, "*", None);
        for kind in [Kind::Count, Kind::CountOrAll] {
            for wrong in ["1 OR 1", "abc", "-1", "", "'"] {
                check(kind, wrong, None);
            }
        }
    }

    #[test]
    fn a_number_or_duration_of_an_example_is_checked_before_the_statement_is_made() {
        let says =
            |name, value| Example::find(name).unwrap().fill(&[value]).unwrap_err().to_string();
        assert_eq!(
            says("spread-around-decisions", "max_age=5"),
            "example `spread-around-decisions`, parameter `max_age`: expected a duration above 0, as in 5s or 100ms, \
             found `5`"
        );
        assert_eq!(
            says("slippage-by-venue-and-hour", "instrument=abc"),
            "example `slippage-by-venue-and-hour`, parameter `instrument`: expected a whole number from 0, or * for \
             all, found `abc`"
        );
    }
}
