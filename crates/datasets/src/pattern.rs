//! Patterns of names: `*` stands for any text, everything else for itself.

/// Whether a name fits a pattern.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_and_for_none() {
        let cases = [
            ("book__*", "book__spread_bps__now", true),
            ("*", "", true),
            ("*__1s", "flow__n_trades__1s", true),
            ("*__1s", "flow__n_trades__1s__x", false),
            ("a*b*c", "a_b_b_c", true),
            ("a*b*c", "ab", false),
            ("a*a", "a", false),
            ("mom", "momentum", false),
            ("mom*", "mom", true),
            ("f*o*o", "flo", false),
            ("*é*", "née", true),
            ("a**", "a", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
