//! Rules that come with Hindsight, one file a table.

/// Table and text.
pub(super) const TABLES: &[(&str, &str)] = &[
    ("trades", include_str!("../../rules/trades.toml")),
    ("quotes", include_str!("../../rules/quotes.toml")),
    ("depths", include_str!("../../rules/depths.toml")),
    ("book_deltas", include_str!("../../rules/book_deltas.toml")),
    ("bars", include_str!("../../rules/bars.toml")),
    ("statuses", include_str!("../../rules/statuses.toml")),
    ("decisions", include_str!("../../rules/decisions.toml")),
    ("executions", include_str!("../../rules/executions.toml")),
    ("features", include_str!("../../rules/features.toml")),
    ("labels", include_str!("../../rules/labels.toml")),
    ("outcomes", include_str!("../../rules/outcomes.toml")),
];

pub(super) fn of(table: &str) -> Option<&'static str> {
    TABLES.iter().find(|(name, _)| *name == table).map(|(_, text)| *text)
}
