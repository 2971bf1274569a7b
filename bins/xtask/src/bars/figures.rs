//! What programs print, read as figures by name.
//!
//! Two forms are known: `test NAME ... bench: N ns/iter (+/- N)` of criterion (`--output-format bencher`), whose figure is
//! called NAME, and `bar NAME ours=V peer=V ratio=V` of our own programs and the peers' scripts, whose figures are called
//! `NAME:ours` and `NAME:peer`. Everything else is for people. A name that comes twice keeps its last value.

use std::collections::BTreeMap;
use std::fmt;

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    /// Seconds where the unit is one of time.
    pub(super) number: f64,
    /// `s`, `B`, `/s`, `%`, or nothing for a count.
    pub(super) unit: String,
}

impl Value {
    pub(super) fn new(number: f64, unit: &str) -> Self {
        let scale = match unit {
            "ns" => 1e-9,
            "us" => 1e-6,
            "ms" => 1e-3,
            _ => return Self { number, unit: unit.to_owned() },
        };
        Self { number: number * scale, unit: "s".to_owned() }
    }

    /// `12.5us`: a number and, right behind it, a unit.
    fn parse(word: &str) -> Option<Self> {
        let end = word.find(|c: char| !(c.is_ascii_digit() || ".+-".contains(c)));
        let (number, unit) = word.split_at(end.unwrap_or(word.len()));
        let number = number.parse::<f64>().ok().filter(|n| n.is_finite())?;
        Some(Self::new(number, unit))
    }
}

/// Three or four digits that count, and a unit that fits them.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scales: &[(f64, &str)] = match self.unit.as_str() {
            "s" => &[(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")],
            "B" => &[(1e6, "MB"), (1e3, "kB"), (1.0, "B")],
            "/s" => &[(1e6, "M/s"), (1.0, "/s")],
            other => &[(1.0, other)],
        };
        let fits = |(scale, _): &&(f64, &str)| self.number.abs() >= *scale;
        let (scale, unit) =
            scales.iter().find(fits).or(scales.last()).copied().unwrap_or((1.0, ""));
        let shown = self.number / scale;
        let places = match shown.abs() {
            n if n >= 1000.0 || (n - n.round()).abs() < 1e-9 => 0,
            n if n >= 100.0 => 1,
            _ => 2,
        };
        let space = if unit.is_empty() || unit == "%" { "" } else { " " };
        write!(f, "{shown:.places$}{space}{unit}")
    }
}

/// Figures by name.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<String, Value>);

impl Figures {
    pub(super) fn read(text: &str) -> Self {
        let mut all = BTreeMap::new();
        for line in text.lines() {
            if let Some((name, value)) = of_criterion(line) {
                all.insert(name, value);
            } else if let Some(rest) = line.trim().strip_prefix("bar ") {
                let mut words = rest.split_whitespace();
                let Some(name) = words.next() else { continue };
                for word in words {
                    let Some((side, value)) = word.split_once('=') else { continue };
                    if let ("ours" | "peer", Some(value)) = (side, Value::parse(value)) {
                        all.insert(format!("{name}:{side}"), value);
                    }
                }
            }
        }
        Self(all)
    }

    /// A figure by its name. A name that ends in `/` stands for the one that begins so: some end in a count that is only
    /// known once the rows are made.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        if !name.ends_with('/') {
            return self.0.get(name);
        }
        let mut like = self.0.iter().filter(|(found, _)| found.starts_with(name));
        match (like.next(), like.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// `test book/ladders/3000 ... bench:     1234567 ns/iter (+/- 890)`.
fn of_criterion(line: &str) -> Option<(String, Value)> {
    let (name, rest) = line.trim().strip_prefix("test ")?.split_once(" ... ")?;
    let (_, rest) = rest.split_once("bench:")?;
    let (number, rest) = rest.trim().split_once(' ')?;
    let (unit, _) = rest.split_once("/iter")?;
    let number = number.replace(',', "").parse::<f64>().ok()?;
    Some((name.to_owned(), Value::new(number, unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, expected: Option<(f64, &str)>) {
        let expected = expected.map(|(number, unit)| Value { number, unit: unit.to_owned() });
        assert_eq!(Figures::read(text).get(name), expected.as_ref(), "{name} in {text}");
    }

    #[test]
    fn a_line_of_criterion_is_seconds_a_round() {
        let text = "test asof/sorted/5_000_000 ... bench:   162000000 ns/iter (+/- 12)\n";
        check(text, "asof/sorted/5_000_000", Some((0.162, "s")));
        check("test a b, c ... bench: 1,500 ns/iter (+/- 3)", "a b, c", Some((1500.0 * 1e-9, "s")));
        check("test tests::it_works ... ok", "tests::it_works", None);
    }

    #[test]
    fn a_line_of_a_program_has_one_side_or_both_in_any_unit() {
        let both = "bar feeds/ticks ours=534ms peer=0.136s ratio=3.93";
        check(both, "feeds/ticks:ours", Some((534.0 * 1e-3, "s")));
        check(both, "feeds/ticks:peer", Some((0.136, "s")));
        check(both, "feeds/ticks:ratio", None);
        check("bar labeling/bootstrap peer=0.059s", "labeling/bootstrap:ours", None);
        check("bar x ours=12.5%", "x:ours", Some((12.5, "%")));
        check("bar x ours=-2", "x:ours", Some((-2.0, "")));
    }

    #[test]
    fn a_broken_value_is_no_figure() {
        for word in ["ours=", "ours=s", "ours=1.2.3s", "ours=NaN", "ours=inf", "ours 3"] {
            check(&format!("bar x {word}"), "x:ours", None);
        }
        check("bar", "x:ours", None);
        check("  held   rows/s: 3 (bar 2)", "rows/s", None);
    }

    #[test]
    fn the_last_line_of_a_name_counts() {
        check("bar x ours=1s\nbar x ours=2s", "x:ours", Some((2.0, "s")));
    }

    #[test]
    fn the_beginning_of_a_name_finds_it_where_it_is_the_only_one() {
        let text = "test book/a/17 ... bench: 1 ns/iter (+/- 0)\ntest book/b/4 ... bench: 2 ns/iter (+/- 0)\n\
                    bar feeds/ticks ours=3s";
        check(text, "book/a/", Some((1e-9, "s")));
        check(text, "book/", None);
        check(text, "book/a", None);
        check(text, "book/a/1", None);
    }

    #[test]
    fn values_are_shown_in_the_unit_that_fits() {
        let cases = [
            (0.059, "s", "59 ms"),
            (0.0123, "s", "12.30 ms"),
            (48.34, "s", "48.34 s"),
            (3.2e-9, "s", "3.20 ns"),
            (1_079_257.0, "/s", "1.08 M/s"),
            (8468.0, "/s", "8468 /s"),
            (8.4, "", "8.40"),
            (3.0, "", "3"),
            (6.25, "%", "6.25%"),
            (12_386_718.0, "B", "12.39 MB"),
            (0.0, "s", "0 ns"),
        ];
        for (number, unit, expected) in cases {
            assert_eq!(Value::new(number, unit).to_string(), expected);
        }
    }
}
