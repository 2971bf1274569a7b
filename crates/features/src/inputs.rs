//! Which tables a feature set must be given, and which it may be.

use crate::plan::Plan;
use contract::{Decisions, Diagnostic, Fault, FeedMarks, LedgerGaps, Statuses, Table};

/// Tables that every set may be given: they say where data is missing or trading stood still.
const ALWAYS: [&str; 3] = [Statuses::SPEC.name, FeedMarks::SPEC.name, LedgerGaps::SPEC.name];
/// Features that a message names.
const NAMED: usize = 3;

/// Why a choice of input tables does not fit a feature set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A table that the set needs is not there.
    #[error("expected an input of table `{table}`, which {needed_by}, found none")]
    Missing {
        /// The table.
        table: &'static str,
        /// Who needs it, as a clause.
        needed_by: String,
    },
    /// A table that no feature of the set reads.
    #[error(
        "expected one of the tables {expected}, found `{table}`, which no feature of the set reads"
    )]
    Unread {
        /// The table.
        table: String,
        /// Tables that are read.
        expected: String,
    },
}

impl Diagnostic for InputError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "features/missing-input",
            Self::Unread { .. } => "features/unread-input",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => None,
            Self::Unread { table, .. } => Some(format!("leave `{table}` out")),
        }
    }
}

impl Plan {
    /// Tables that the set must be given: decisions, the tick tables and reference tables that its features read.
    ///
    /// ```
    /// use features::{Catalogue, Spec};
    /// let plan = Spec::parse("features = [\"book__spread_ticks__now\"]")?.resolve(&Catalogue::builtin())?;
    /// assert_eq!(plan.required_tables(), ["decisions", "quotes", "instruments"]);
    /// # Ok::<(), features::SpecError>(())
    /// ```
    #[must_use]
    pub fn required_tables(&self) -> Vec<&'static str> {
        let ticks = self.tables().map(crate::rows::MarketTable::name);
        std::iter::once(Decisions::SPEC.name).chain(ticks).chain(self.reference_tables()).collect()
    }

    /// Whether the set can work with these tables: each that is missing or that nothing reads is an error.
    ///
    /// ```
    /// use features::{Catalogue, Spec};
    /// let plan = Spec::parse("features = [\"book__spread_bps__now\"]")?.resolve(&Catalogue::builtin())?;
    /// assert!(plan.check_inputs(["decisions", "quotes", "statuses"]).is_ok());
    /// let errors = plan.check_inputs(["decisions", "trades"]).unwrap_err();
    /// assert_eq!(
    ///     errors[0].to_string(),
    ///     "expected an input of table `quotes`, which `book__spread_bps__now` reads, found none"
    /// );
    /// assert_eq!(errors.len(), 2); // and nothing reads trades
    /// # Ok::<(), features::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// Every [`InputError`], missing tables first.
    pub fn check_inputs<'a>(
        &self,
        given: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Vec<InputError>> {
        let given: Vec<&str> = given.into_iter().collect();
        let required = self.required_tables();
        let mut errors: Vec<InputError> = required
            .iter()
            .filter(|table| !given.contains(*table))
            .map(|table| InputError::Missing { table, needed_by: self.needed_by(table) })
            .collect();
        let mut known = required;
        known.extend(ALWAYS);
        let mut unread: Vec<&str> =
            given.into_iter().filter(|table| !known.contains(table)).collect();
        unread.dedup();
        errors.extend(unread.into_iter().map(|table| InputError::Unread {
            table: contract::excerpt(table.as_bytes()),
            expected: known.join(", "),
        }));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Who needs a table, as a clause.
    fn needed_by(&self, table: &str) -> String {
        if table == Decisions::SPEC.name {
            return "feature rows answer".to_owned();
        }
        let reads = |needs: &crate::needs::Needs| {
            needs.tables().iter().any(|t| t.name() == table)
                || needs.reference_tables().contains(table)
        };
        let names: Vec<&str> = self
            .features()
            .filter(|feature| reads(feature.needs()))
            .map(|feature| feature.declaration().name.as_str())
            .collect();
        let (named, rest) = names.split_at_checked(NAMED).unwrap_or((&names, &[]));
        let list = named.join("`, `");
        match (named.len(), rest.len()) {
            (1, 0) => format!("`{list}` reads"),
            (_, 0) => format!("`{list}` read"),
            (_, more) => format!("`{list}` and {more} more read"),
        }
    }
}
