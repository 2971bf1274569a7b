//! Pages of Markdown, and numbers in words.

use crate::canonical::Int;
use crate::role::Reason;
use contract::Json;

/// What is printed where nobody said anything.
pub(super) const UNKNOWN: &str = "unknown";

/// A page that grows from top to bottom; blocks are separated by one empty line.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// A page that starts with this block.
    pub(super) fn starting_with(block: &str) -> Self {
        Self { text: format!("{block}\n") }
    }

    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
        self.text.push('\n');
    }

    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {}", "#".repeat(level), one_line(text)));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.block(text);
    }

    pub(super) fn list(&mut self, items: &[String]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
        if lines.is_empty() {
            self.block("None.");
        } else {
            self.block(&lines.join("\n"));
        }
    }

    pub(super) fn code(&mut self, language: &str, text: &str) {
        self.block(&format!("```{language}\n{}\n```", text.trim_end()));
    }

    /// A table; "None." where it has no row.
    pub(super) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            self.block("None.");
            return;
        }
        let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let mut lines = vec![
            line(header.iter().map(|text| cell(text)).collect()),
            line(vec!["---".to_owned(); header.len()]),
        ];
        lines.extend(rows.iter().map(|row| line(row.iter().map(|text| cell(text)).collect())));
        self.block(&lines.join("\n"));
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A text that cannot end its cell.
fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

/// A text of a person on one line, so that it can open no block of its own.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a person said, or "unknown".
pub(super) fn said(text: Option<&String>) -> String {
    text.map(|text| one_line(text))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| UNKNOWN.into())
}

/// A literal that YAML and Python read alike.
pub(super) fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// A share with one decimal, rounded half up in integers; "-" of nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = (part * 2000 + whole) / (whole * 2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A duration in words.
pub(super) fn duration(ns: Int) -> String {
    if ns.0 == 0 {
        return "none".to_owned();
    }
    i64::try_from(ns.0).map_or_else(|_| format!("{} ns", ns.0), contract::format_duration_ns)
}

/// Why a decision is in no split, in words.
pub(super) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Filtered => "the spec's filter of strategies, instruments or actions leaves it out",
        Reason::NoFeatures => "it has no feature row",
        Reason::NoLabel => "a target has no label for it",
        Reason::LabelPending => "a label is provisional, or was not yet known at the as-of point",
        Reason::CohortOpen => "its label could still have ended after the as-of point",
        Reason::Indeterminate => "a label is indeterminate",
        Reason::Void => "a label was withdrawn",
        Reason::LowConfidence => "a label's confidence is below the spec's",
        Reason::LowQuality => "its quality score is below the spec's, or missing",
        Reason::GroupStraddle => "it shares a group with a protected row",
        Reason::Purged => "its label or its features overlap what is protected",
        Reason::Embargoed => "it follows a protected row too closely",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_has_one_decimal_rounded_half_up() {
        let check = |part, whole, expected: &str| assert_eq!(share(part, whole), expected);
        check(0, 7, "0.0 %");
        check(1, 3, "33.3 %");
        check(2, 3, "66.7 %");
        check(1, 2_000, "0.1 %"); // 0.05 %
        check(1, 2_001, "0.0 %");
        check(u64::MAX, u64::MAX, "100.0 %");
        check(0, 0, "-");
    }

    #[test]
    fn duration_without_length_is_none_and_one_beyond_signed_integers_is_shown() {
        let check = |ns, expected: &str| assert_eq!(duration(Int(ns)), expected);
        check(0, "none");
        check(90_000_000_000, "90s");
        check(u64::MAX, "18446744073709551615 ns");
    }

    #[test]
    fn table_without_rows_says_none_and_a_bar_cannot_end_a_cell() {
        let mut page = Page::default();
        page.table(&["a"], &[]);
        page.table(&["a", "b"], &[vec!["1|2".to_owned(), "3\n4".to_owned()]]);
        assert_eq!(page.finish(), "None.\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |\n");
    }
}
