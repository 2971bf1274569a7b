//! Where in a text an error is.

/// A place in a text file, for the picture that a message draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// How many characters are meant.
    pub width: usize,
    /// What is said below them.
    pub label: String,
}

impl Place {
    /// The place of a byte range of a text.
    #[must_use]
    pub fn of(file: &str, text: &str, span: std::ops::Range<usize>, label: String) -> Self {
        let start = floor(text, span.start);
        let end = floor(text, span.end.max(start));
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let rest = text.get(line_start..).unwrap_or_default();
        let line_text = rest.lines().next().unwrap_or_default();
        let line_end = line_start + line_text.len();
        let column = text.get(line_start..start).unwrap_or_default().chars().count() + 1;
        let meant = text.get(start..end.min(line_end).max(start)).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line,
            column,
            text: line_text.to_owned(),
            width: meant.chars().count().max(1),
            label,
        }
    }

    /// The place of a line and column of a text, both from 1; a name is meant as a whole.
    #[must_use]
    pub fn at(file: &str, text: &str, line: usize, column: usize) -> Self {
        let line_start: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let before: usize = line.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let meant = line.get(before..).unwrap_or_default();
        let quoted = meant.strip_prefix('"').and_then(|rest| rest.find('"')).map(|end| end + 2);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let plain = meant.find(|c| !is_plain(c)).unwrap_or(meant.len());
        let width = quoted.unwrap_or(plain.max(1));
        let start = line_start + before;
        Self::of(file, text, start..start + width, String::new())
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
