//! The outside of SQL text: where statements end, and what is code, text or comment.

use std::ops::Range;

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// Words and signs.
    Code,
    /// `'text'`.
    Text,
    /// `"name"`.
    Name,
    /// `-- to the end of the line` or `/* */`.
    Comment,
}

/// A part of a text that is of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) region: Region,
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// Whether it ends as it should; a text without its closing quote does not.
    pub(crate) is_closed: bool,
}

/// All parts of a text, in order and without gaps.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let (region, len, is_closed) = match rest {
            _ if rest.starts_with('\'') => quoted(rest, '\'', Region::Text),
            _ if rest.starts_with('"') => quoted(rest, '"', Region::Name),
            _ if rest.starts_with("--") => {
                // Without a line end the comment may go on.
                let end = rest.find('\n');
                (Region::Comment, end.map_or(rest.len(), |end| end + 1), end.is_some())
            }
            _ if rest.starts_with("/*") => block(rest),
            _ => (Region::Code, code(rest), true),
        };
        parts.push(Part { region, range: at..at + len, is_closed });
        at += len;
    }
    parts
}

/// A doubled quote inside stands for itself, so two quoted parts in a row are one text: nothing changes for us.
fn quoted(rest: &str, quote: char, region: Region) -> (Region, usize, bool) {
    match rest.get(1..).and_then(|inner| inner.find(quote)) {
        Some(end) => (region, end + 2, true),
        None => (region, rest.len(), false),
    }
}

/// A comment of blocks, which may hold others.
fn block(rest: &str) -> (Region, usize, bool) {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        if left.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if left.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return (Region::Comment, at, true);
            }
        } else {
            at += left.chars().next().map_or(1, char::len_utf8);
        }
    }
    (Region::Comment, rest.len(), false)
}

fn code(rest: &str) -> usize {
    let starts = ["'", "\"", "--", "/*"];
    starts.iter().filter_map(|start| rest.find(start)).min().unwrap_or(rest.len())
}

/// The statements of a text, split at `;`, without it; comments stay, and what holds nothing else is left out.
///
/// Each begins with as many line ends and spaces as stand before it in the text, so that a place in it is one in the
/// text.
///
/// ```
/// assert_eq!(hindsight_query::statements("SELECT ';'; SELECT 2;"), ["SELECT ';'", "            SELECT 2"]);
/// ```
#[must_use]
pub fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut has_code = false;
    for part in parts(text) {
        let piece = text.get(part.range.clone()).unwrap_or_default();
        if part.region != Region::Code {
            has_code |= part.region != Region::Comment;
            continue;
        }
        let mut from = part.range.start;
        for (at, _) in piece.match_indices(';') {
            let end = part.range.start + at;
            has_code |= !text.get(from..end).unwrap_or_default().trim().is_empty();
            if std::mem::take(&mut has_code) {
                found.push(in_place(text, start..end));
            }
            (start, from) = (end + 1, end + 1);
        }
        has_code |= !text.get(from..part.range.end).unwrap_or_default().trim().is_empty();
    }
    if has_code {
        found.push(in_place(text, start..text.len()));
    }
    found
}

fn in_place(text: &str, range: Range<usize>) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
    before.chars().map(blank).chain(text.get(range).unwrap_or_default().chars()).collect()
}

/// Whether a text that is typed line by line can be run: it ends in `;`, or holds nothing to run.
///
/// ```
/// assert!(hindsight_query::is_complete("SELECT 1; -- done"));
/// assert!(!hindsight_query::is_complete("SELECT ';"));
/// ```
#[must_use]
pub fn is_complete(text: &str) -> bool {
    let mut last = None;
    for part in parts(text) {
        let is_line = part.region == Region::Comment && ends_with_its_line(text, &part);
        if !(part.is_closed || is_line) {
            return false;
        }
        if part.region == Region::Comment {
            continue;
        }
        let piece = text.get(part.range.clone()).unwrap_or_default();
        last = piece.trim_end().chars().last().or(last);
    }
    last.is_none_or(|c| c == ';')
}

/// A comment of one line at the end of what was typed is over when the line is.
fn ends_with_its_line(text: &str, part: &Part) -> bool {
    text.get(part.range.clone()).is_some_and(|piece| piece.starts_with("--"))
}

/// The first word of a statement, in capitals; empty without one.
pub(crate) fn first_word(text: &str) -> String {
    for part in parts(text).iter().filter(|part| part.region == Region::Code) {
        let piece = text
            .get(part.range.clone())
            .unwrap_or_default()
            .trim_start_matches(['(', ' ', '\n', '\t', '\r']);
        let end =
            piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        if end > 0 {
            return piece.get(..end).unwrap_or_default().to_ascii_uppercase();
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_only_outside_of_texts_names_and_comments() {
        for (text, expected) in [
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1;", vec!["SELECT 1"]),
            (";;", vec![]),
            ("", vec![]),
            ("-- only words;\n", vec![]),
            ("SELECT 'a;b''c;'", vec!["SELECT 'a;b''c;'"]),
            ("SELECT \"a;b\" /* ; /* ; */ ; */, 2", vec!["SELECT \"a;b\" /* ; /* ; */ ; */, 2"]),
            ("SELECT 1 -- one; two\n; SELECT 2", vec!["SELECT 1 -- one; two\n", "SELECT 2"]),
            ("SELECT 1;\n  'é;'", vec!["SELECT 1", "'é;'"]),
        ] {
            let found = statements(text);
            let found: Vec<&str> = found.iter().map(|s| s.trim_start()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_statement_stands_at_its_line_and_column_of_the_whole_text() {
        let found = statements("SELECT 1;\n\n  SELECT é");
        assert_eq!(found[1], "         \n\n  SELECT é");
    }

    #[test]
    fn what_is_typed_is_complete_at_a_semicolon_that_ends_it() {
        for (text, expected) in [
            ("", true),
            ("  ", true),
            ("-- nothing", true),
            ("SELECT 1", false),
            ("SELECT 1;", true),
            ("SELECT 1; ", true),
            ("SELECT 1; -- and a word", true),
            ("SELECT 1 -- no end;", false),
            ("SELECT ';", false),
            ("SELECT 1; /* open", false),
            ("SELECT 1; SELECT 2", false),
            ("SELECT \"a;", false),
        ] {
            assert_eq!(is_complete(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_word_stands_behind_comments_and_brackets() {
        for (text, expected) in [
            ("-- a\n/* b */ create view v AS SELECT 1", "CREATE"),
            (" ((select 1))", "SELECT"),
            ("", ""),
            ("'text'", ""),
        ] {
            assert_eq!(first_word(text), expected, "{text}");
        }
    }
}
