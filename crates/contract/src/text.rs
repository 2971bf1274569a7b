//! Short, safe pieces of foreign text for error messages.

use std::fmt::Write as _;

/// At most 256 bytes of a foreign text, with bytes that are not UTF-8 shown as `\xNN`.
///
/// Error messages and the `expected` and `observed` columns of `rejects` quote outside data through this one
/// function, so that neither grows with the input.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    const LIMIT: usize = 240;
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if out.len() + c.len_utf8() > LIMIT {
                out.push('…');
                return out;
            }
            out.push(c);
        }
        for byte in chunk.invalid() {
            if out.len() + 4 > LIMIT {
                out.push('…');
                return out;
            }
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The names nearest to a mistyped one: edit distance at most 2, at most three, the nearest first.
///
/// ```
/// let names = ["decisions", "executions", "trades"];
/// assert_eq!(contract::nearest("decison", names), ["decisions"]);
/// assert!(contract::nearest("weather", names).is_empty());
/// ```
#[must_use]
pub fn nearest<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut close: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(found, name), name))
        .filter(|(d, name)| *d <= 2 && *d < name.chars().count())
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Edit distance with transpositions of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let get = |v: &[usize], at: usize| v.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (get(&last, j) + usize::from(ca != cb))
                .min(get(&last, j + 1) + 1)
                .min(get(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            if swapped {
                cost = cost.min(get(&before, j - 1) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_broken_text_is_cut_and_shown() {
        assert_eq!(excerpt(b"ab\xffc"), "ab\\xffc");
        assert!(excerpt(&[b'x'; 4096]).len() <= 256);
    }

    #[test]
    fn distance_counts_edits_and_swaps() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("trades", "trades", 0),
            ("tradse", "trades", 1),
            ("trads", "trades", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
