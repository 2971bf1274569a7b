//! Rust source as a rule sees it: without comments, without what stands in literals, and knowing which lines are tests.

/// The code of one file.
#[derive(Debug)]
pub(crate) struct Code {
    /// The text with comments and literals blanked, line for line.
    pub(crate) text: String,
    /// Whether each line belongs to a test.
    tests: Vec<bool>,
}

impl Code {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let text = bare(text);
        let count = text.lines().count();
        let is_test_file = path.contains("/tests/") || path.ends_with("tests.rs");
        let tests = if is_test_file { vec![true; count] } else { test_lines(&text, count) };
        Self { text, tests }
    }

    /// Lines from 1, and whether each belongs to a test.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let tests = self.tests.iter().copied().chain(std::iter::repeat(false));
        self.text
            .lines()
            .zip(tests)
            .zip(1..)
            .map(|((line, is_test), number)| (number, line, is_test))
    }

    /// Whether a line, from 1, belongs to a test.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        line.checked_sub(1).and_then(|at| self.tests.get(at)).copied().unwrap_or(false)
    }

    /// The line, from 1, of a byte of the text.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or("").matches('\n').count() + 1
    }
}

/// Where a word stands, with no identifier going on before or behind it.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or("");
        let behind = line.get(at + word.len()..).unwrap_or("");
        let begins = !word.starts_with(part) || !before.ends_with(part);
        let ends = !word.ends_with(part) || !behind.starts_with(part);
        begins && ends
    })
}

/// The byte behind the bracket that closes the one at `open`; the end where none does.
pub(crate) fn behind(text: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Lines of items that exist in tests only.
fn test_lines(text: &str, count: usize) -> Vec<bool> {
    let mut out = vec![false; count];
    for (start, mark) in text.match_indices("#[cfg(test)]") {
        let rest = text.get(start + mark.len()..).unwrap_or("");
        // An item ends at its semicolon, or with its braces.
        let end = match rest.find([';', '{']) {
            Some(at) if rest[at..].starts_with('{') => behind(text, start + mark.len() + at),
            Some(at) => start + mark.len() + at,
            None => text.len(),
        };
        let line = |at: usize| text.get(..at).unwrap_or("").matches('\n').count();
        out.iter_mut().take(line(end) + 1).skip(line(start)).for_each(|is_test| *is_test = true);
    }
    out
}

/// Blanks comments and what stands in literals; a string keeps its quotes.
fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let (end, quote) = blank(&chars, at);
        if end == at {
            out.push(c);
            at += 1;
            continue;
        }
        for (i, c) in chars.iter().enumerate().take(end).skip(at) {
            let is_edge = i == at || i + 1 == end;
            out.push(match quote {
                _ if *c == '\n' => '\n',
                Some(quote) if is_edge => quote,
                _ => ' ',
            });
        }
        at = end;
    }
    out
}

/// Where the comment or literal that starts here ends, and the quotes that stay; `at` itself where none starts.
fn blank(chars: &[char], at: usize) -> (usize, Option<char>) {
    let is = |i: usize, c: char| chars.get(i) == Some(&c);
    let begins_word = !at
        .checked_sub(1)
        .and_then(|i| chars.get(i))
        .is_some_and(|c| c.is_alphanumeric() || *c == '_');
    match chars.get(at) {
        Some('/') if is(at + 1, '/') => {
            let end = (at..chars.len()).find(|&i| is(i, '\n')).unwrap_or(chars.len());
            (end, None)
        }
        Some('/') if is(at + 1, '*') => {
            let mut depth = 0_usize;
            let mut i = at;
            while i < chars.len() {
                if is(i, '/') && is(i + 1, '*') {
                    depth += 1;
                    i += 2;
                } else if is(i, '*') && is(i + 1, '/') {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    i += 1;
                }
            }
            (i.min(chars.len()), None)
        }
        Some('"') => (escaped(chars, at + 1, '"'), Some('"')),
        Some('r') if begins_word => raw(chars, at, at + 1),
        Some('b' | 'c') if begins_word && is(at + 1, 'r') => raw(chars, at, at + 2),
        Some('\'') if is(at + 1, '\\') => (escaped(chars, at + 1, '\''), Some('\'')),
        Some('\'') if is(at + 2, '\'') => (at + 3, Some('\'')),
        _ => (at, None),
    }
}

/// Behind the quote that ends a literal with escapes.
fn escaped(chars: &[char], mut at: usize, quote: char) -> usize {
    while let Some(&c) = chars.get(at) {
        at += if c == '\\' { 2 } else { 1 };
        if c == quote {
            break;
        }
    }
    at.min(chars.len())
}

/// A raw string whose hashes start at `hashes`; `r#type` is none.
fn raw(chars: &[char], at: usize, hashes: usize) -> (usize, Option<char>) {
    let count = chars.iter().skip(hashes).take_while(|c| **c == '#').count();
    if chars.get(hashes + count) != Some(&'"') {
        return (at, None);
    }
    let closes = |i: &usize| {
        chars.get(*i) == Some(&'"')
            && chars.iter().skip(i + 1).take_while(|c| **c == '#').take(count).count() == count
    };
    let open = hashes + count;
    let end = (open + 1..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + count);
    (end, Some('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(bare(text), expected);
    }

    #[test]
    fn comments_and_literals_are_blanked_and_lines_stay() {
        check("a // unsafe\nb", "a          \nb");
        check("a /* x /* y */ z\n */ b", "a               \n    b");
        check(r#"f("a \" b", c)"#, r#"f("      ", c)"#);
        check("f(r#\"a \" b\"#, c)", "f(\"        \", c)");
        check("f(b\"ab\", br\"ab\")", "f(b\"  \", \"    \")");
        check(r"('{', '\'', 'a)", r"(' ', '  ', 'a)");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("r#type = bar\"", "r#type = bar\"");
    }

    #[test]
    fn a_test_module_ends_with_its_braces() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { '{'; }\n}\nfn c() {}\n#[cfg(test)]\nuse d;\nfn e() {}\n";
        let code = Code::new("crates/feeds/src/x.rs", text);
        let tests: Vec<usize> = code.lines().filter(|l| l.2).map(|l| l.0).collect();
        assert_eq!(tests, [2, 3, 4, 5, 7, 8]);
        assert!(Code::new("crates/feeds/tests/it/x.rs", text).is_test(1));
    }

    #[test]
    fn a_word_is_not_part_of_another() {
        assert!(has_word("unsafe { x }", "unsafe"));
        assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
        assert!(!has_word("not_unsafe", "unsafe"));
        assert!(has_word("b.column_by_name(", "column_by_name("));
    }
}
