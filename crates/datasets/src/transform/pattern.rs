//! Patterns of names, in which `*` stands for any text.

/// Whether a name is of the form of a pattern.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    name.char_indices()
        .map(|(at, _)| at)
        .chain([name.len()])
        .any(|at| name.get(at..).is_some_and(|tail| matches(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text_and_for_none() {
        let cases = [
            ("book__*", "book__spread_bps__1s", true),
            ("book__*", "flow__imb__1s", false),
            ("*__1s", "flow__imb__1s", true),
            ("*__1s", "flow__imb__1s__x", false),
            ("*", "flow", true),
            ("f*w*", "flow", true),
            ("flow", "flow", true),
            ("flow", "flows", false),
            ("f*o*o", "flo", false),
            ("*é*", "née", true),
            ("a**", "a", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
