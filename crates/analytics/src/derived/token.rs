//! An expression as words.

use super::expression::ExprError;

/// A word of an expression and where it begins, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) at: usize,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// A number with its text, which a message quotes.
    Number(f64, &'a str),
    /// A column, a function, or one of `and or not true false`.
    Name(&'a str),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    /// The end of the text.
    End,
}

impl TokenKind<'_> {
    /// The word in a message.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Number(_, text) | Self::Name(text) | Self::Sign(text) => format!("`{text}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Signs, longer ones before those that they begin with.
const SIGNS: [&str; 13] = ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ","];

/// Most words of one expression: its tree is walked by recursion before its levels are known.
const MOST: usize = 1_000;

/// The words of a text, the end included.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ExprError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let Some(first) = rest.chars().next() else { break };
        let (kind, length) = if first.is_ascii_digit() || first == '.' {
            number(rest, at)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (TokenKind::Name(rest.get(..length).unwrap_or(rest)), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (TokenKind::Sign(sign), sign.len())
        } else {
            let found = format!("`{}`", first.escape_debug());
            let expected = "a column, a number, an operator or a bracket".to_owned();
            return Err(ExprError::Syntax { at, expected, found });
        };
        found.push(Token { kind, at });
        at += length;
        if found.len() > MOST {
            return Err(ExprError::TooLong { at, most: MOST });
        }
    }
    found.push(Token { kind: TokenKind::End, at: text.len() });
    Ok(found)
}

/// `digits[.digits][e[+-]digits]`, finite.
fn number(rest: &str, at: usize) -> Result<(TokenKind<'_>, usize), ExprError> {
    let digits = |from: usize| {
        let tail = rest.get(from..).unwrap_or("");
        from + tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len())
    };
    let mut end = digits(0);
    if rest.get(end..).is_some_and(|tail| tail.starts_with('.')) {
        end = digits(end + 1);
    }
    if rest.get(end..).is_some_and(|tail| tail.starts_with(['e', 'E'])) {
        let signed = rest.get(end + 1..).is_some_and(|tail| tail.starts_with(['+', '-']));
        end = digits(end + 1 + usize::from(signed));
    }
    // A letter behind a number, such as `1m`, is one wrong word and not two right ones.
    let tail = rest.get(end..).unwrap_or("");
    let word = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
    let text = rest.get(..end + word).unwrap_or(rest);
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && word == 0 => {
            Ok((TokenKind::Number(value, text), text.len()))
        }
        _ => {
            let expected = "a finite number such as `0.5` or `1e-9`".to_owned();
            Err(ExprError::Syntax { at, expected, found: format!("`{text}`") })
        }
    }
}
