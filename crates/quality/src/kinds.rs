//! The kinds of checks: what each is called, what it takes, and how it is built.

pub(crate) mod decimal;
mod params;
mod rows;
mod sequence;
mod sets;

pub(crate) use params::Params;
pub use params::{Param, ParamSpec, ParamType};

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// What a violation does to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A bit of the row's flag word.
    Flag,
    /// The row is also marked `QUARANTINED`; `features` skips it.
    Quarantine,
    /// The row leaves with a reject.
    Reject,
}

impl Action {
    /// Its word in rule sets.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// A kind of check.
#[derive(Debug)]
#[non_exhaustive]
pub struct KindSpec {
    /// Its name in rule sets.
    pub name: &'static str,
    /// What a violation is, in one sentence.
    pub doc: &'static str,
    /// What it speaks about.
    pub dimension: Dimension,
    /// Severity unless the rule says otherwise.
    pub severity: Severity,
    /// What a violation does to its row unless the rule says otherwise.
    pub action: Action,
    /// Whether it looks at later rows: such a kind runs only in `final` mode.
    pub causality: Causality,
    /// How it is evaluated and merged.
    pub form: Form,
    /// What it takes.
    pub params: &'static [ParamSpec],
    /// Tables of context that it needs.
    pub needs: &'static [&'static str],
    pub(crate) build: fn(&Params, &mut Slots) -> AnyJudge,
}

/// Kinds by module: the enum of judges, and the table of kinds.
macro_rules! judges {
    ($($module:ident :: $judge:ident),+ $(,)?) => {
        /// A judge of any kind.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) enum AnyJudge {
            $($judge($module::$judge)),+
        }

        impl AnyJudge {
            pub(crate) fn judge(
                &mut self,
                rows: &Rows<'_>,
                context: &Context,
                marks: &mut Marks,
            ) -> Result<(), NotEvaluated> {
                match self { $(Self::$judge(j) => j.judge(rows, context, marks)),+ }
            }

            pub(crate) fn merge(&mut self, right: &Self) {
                match (self, right) {
                    $((Self::$judge(left), Self::$judge(right)) => left.merge(right),)+
                    // INVARIANT: both come from one rule set, whose checks are compared before.
                    _ => {}
                }
            }

            pub(crate) fn close(&mut self, context: &Context, end: &mut End) {
                match self { $(Self::$judge(j) => j.close(context, end)),+ }
            }
        }

        /// Every kind, in order of name.
        pub fn kinds() -> Vec<&'static KindSpec> {
            let mut all: Vec<&'static KindSpec> = vec![$(&$module::$judge::SPEC),+];
            all.sort_by_key(|k| k.name);
            all
        }
    };
}

judges! {
    rows::NullRate,
    rows::Crossed,
    rows::NonFinite,
    rows::NullReason,
    rows::Schema,
    rows::Range,
    rows::Set,
    rows::Tick,
    rows::Lot,
    rows::Sign,
    rows::Locked,
    rows::OneSided,
    rows::VendorSuspect,
    rows::Inferred,
    rows::HaltPrint,
    rows::OffSession,
    rows::TsChain,
    rows::Fk,
    rows::Currency,
    rows::MissingFee,
    sequence::Chain,
    sequence::ClockStep,
    sequence::ClockSuspect,
    sequence::ContentDup,
    sequence::Gap,
    sequence::KeyUnique,
    sequence::Late,
    sequence::Latency,
    sequence::OutOfOrder,
    sequence::QtyConserved,
    sequence::RoundTrip,
    sequence::Scale,
    sequence::SeqUnique,
    sequence::Spike,
    sequence::SpikeCentred,
    sequence::SplitSuspect,
    sequence::Stale,
    sequence::WideSpread,
    sets::AllNull,
    sets::BarVsTrades,
    sets::ClassFloor,
    sets::Conflict,
    sets::Constant,
    sets::CrossSource,
    sets::LabelAudit,
    sets::LabelDelay,
    sets::Parity,
    sets::PnlRecon,
    sets::RowCount,
    sets::SessionCoverage,
}

/// The kind with this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static KindSpec> {
    kinds().into_iter().find(|k| k.name == name)
}
