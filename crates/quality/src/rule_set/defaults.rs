//! Rules that come with Hindsight, one file a table.

/// Table and text.
pub(super) const TABLES: &[(&str, &str)] = &[("quotes", include_str!("../../rules/quotes.toml"))];

pub(super) fn of(table: &str) -> Option<&'static str> {
    TABLES.iter().find(|(name, _)| *name == table).map(|(_, text)| *text)
}
