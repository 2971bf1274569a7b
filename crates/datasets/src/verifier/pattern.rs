//! Patterns of names, in which `*` stands for any text.

/// Whether the name has the form of one of the patterns.
pub(super) fn is_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| is_like(pattern, name))
}

fn is_like(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for part in middle {
        // The earliest place leaves the most for the parts that follow.
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::is_any;

    #[test]
    fn a_star_is_any_text_and_parts_do_not_overlap() {
        let cases = [
            ("book__*", "book__spread__1s", true),
            ("*__1s", "book__spread__1s__x", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*b*c", "abbc", true),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(is_any(&[pattern.to_owned()], name), expected, "{pattern} {name}");
        }
    }
}
