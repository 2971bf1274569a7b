//! Old readers and new data, new readers and old data.

use crate::shape::ShapeError;
use crate::spec::{TableSpec, meta};
use std::collections::HashMap;

/// How a stored schema version relates to the one that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compatibility {
    /// The same version.
    Same,
    /// Older: columns added since are null.
    Older,
    /// Newer, by additions only: columns that this program does not know are kept as they are.
    NewerAdditive,
    /// Separated by a breaking change that no upgrade bridges.
    Unsupported,
}

/// The first version of each table that a breaking change started, `(table, version)`.
///
/// Empty while no table has broken. A reader refuses data on the other side of such a version, unless an upgrade
/// function bridges it.
const BREAKS: &[(&str, u16)] = &[];

/// Key of schema metadata: the oldest reader version that understands the data; absent means that no change since
/// version 1 was breaking.
const SINCE: &str = "hindsight.reader_version";

/// Compares a stored version with the one this program knows.
///
/// `reader` is the oldest reader version that the writer declared able to read its data, where it declared one.
///
/// ```
/// use contract::{Compatibility, Table, Trades, compatibility};
/// let ours = Trades::SPEC.version;
/// assert_eq!(compatibility(Trades::SPEC, ours, None), Compatibility::Same);
/// assert_eq!(compatibility(Trades::SPEC, ours + 1, None), Compatibility::NewerAdditive);
/// assert_eq!(compatibility(Trades::SPEC, ours + 2, Some(ours + 2)), Compatibility::Unsupported);
/// ```
#[must_use]
pub fn compatibility(spec: &TableSpec, stored: u16, reader: Option<u16>) -> Compatibility {
    compare(spec, stored, reader, BREAKS)
}

fn compare(
    spec: &TableSpec,
    stored: u16,
    reader: Option<u16>,
    breaks: &[(&str, u16)],
) -> Compatibility {
    let ours = spec.version;
    if stored == 0 || reader.is_some_and(|oldest| oldest > ours) {
        return Compatibility::Unsupported;
    }
    // Data from before a break that this program already knows needs an upgrade, and there is none yet.
    if breaks.iter().any(|(table, first)| *table == spec.name && stored < *first && *first <= ours)
    {
        return Compatibility::Unsupported;
    }
    match stored.cmp(&ours) {
        std::cmp::Ordering::Equal => Compatibility::Same,
        std::cmp::Ordering::Less => Compatibility::Older,
        std::cmp::Ordering::Greater => Compatibility::NewerAdditive,
    }
}

/// Refuses metadata of another table or of a version that this program cannot read.
pub(crate) fn check(
    spec: &'static TableSpec,
    metadata: &HashMap<String, String>,
) -> Result<(), ShapeError> {
    if let Some(found) = metadata.get(meta::TABLE).filter(|name| *name != spec.name) {
        return Err(ShapeError::WrongTable { expected: spec.name, found: found.clone() });
    }
    let Some(text) = metadata.get(meta::VERSION) else {
        return Ok(());
    };
    let refuse = || ShapeError::UnsupportedVersion {
        table: spec.name,
        supported: spec.version,
        found: text.clone(),
    };
    let stored: u16 = text.parse().map_err(|_| refuse())?;
    let reader = match metadata.get(SINCE) {
        Some(text) => Some(text.parse().map_err(|_| refuse())?),
        None => None,
    };
    match compatibility(spec, stored, reader) {
        Compatibility::Unsupported => Err(refuse()),
        Compatibility::Same | Compatibility::Older | Compatibility::NewerAdditive => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Table, Trades};

    #[test]
    fn data_from_before_a_known_break_is_refused_and_data_after_it_is_read() {
        let spec = Trades::SPEC;
        let breaks = [("trades", spec.version)];
        assert_eq!(
            compare(spec, spec.version - 1 + u16::from(spec.version == 1), None, &breaks),
            Compatibility::Same
        );
        let later = TableSpecAt(spec.version + 1);
        assert_eq!(later.compare(spec.version, spec.version + 1), Compatibility::Unsupported);
        assert_eq!(later.compare(spec.version + 1, spec.version + 1), Compatibility::Same);
    }

    struct TableSpecAt(u16);
    impl TableSpecAt {
        fn compare(&self, stored: u16, first: u16) -> Compatibility {
            let t = Trades::SPEC;
            let spec = TableSpec {
                name: t.name,
                version: self.0,
                kind: t.kind,
                causality: t.causality,
                key: t.key,
                is_dynamic: false,
                columns: t.columns,
                rules: t.rules,
                doc: t.doc,
            };
            compare(&spec, stored, None, &[("trades", first)])
        }
    }
}
