//! What is measured and labelled, resolved: the types that the engine and the audit share.

use contract::{Amount, DecisionAction, Hash, OutcomeBasis};
use std::sync::Arc;

use crate::grade::Grade;

/// What an outcome counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The decision's own fills, or what would have been without them.
    Fills,
    /// A trade at the decision's own quote, whatever became of it.
    Decision,
}

/// Which prices make the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A long position exits at the bid, a short one at the ask.
    Executable,
    /// The mid of every quote that has both sides.
    Mid,
    /// Public trades.
    Trade,
}

/// What a window does at the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overnight {
    /// Goes on: the next open is a jump.
    Hold,
    /// Ends this many nanoseconds before the close.
    Flat {
        /// Before the close.
        margin_ns: i64,
    },
}

/// Where the volatility comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sigma {
    /// The table `references`.
    References,
    /// Mids before the cut-off.
    Path {
        /// How far back.
        window_ns: i64,
        /// Grid, counted from 1970.
        step_ns: i64,
        /// Fewest pairs of grid points.
        min_steps: usize,
        /// Smallest volatility.
        floor_bps: f64,
    },
}

/// What a net return is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benchmark {
    /// Nothing.
    None,
    /// Doing nothing: a return of 0.
    DoNothing,
    /// Beta times the benchmark of the table `references`.
    References,
}

/// How outcomes are measured. Durations are nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// What an outcome counts from.
    pub anchor: Anchor,
    /// Which prices make the path; the same for all strategies.
    pub path: PathKind,
    /// Fixed horizon; `None` takes the decision's own.
    pub horizon_ns: Option<i64>,
    /// Where a decision has none of its own.
    pub horizon_default_ns: i64,
    /// Longest window.
    pub max_life_ns: i64,
    /// How long fills may take; `None`: the horizon.
    pub entry_wait_ns: Option<i64>,
    /// From the cut-off to a hypothetical entry.
    pub entry_delay_ns: i64,
    /// How long after the window's end an executable price may come.
    pub max_exit_delay_ns: i64,
    /// What happens at the end of a session.
    pub overnight: Overnight,
    /// Offsets of markouts, rising; negative ones allowed.
    pub offsets_ns: Vec<i64>,
    /// Where the volatility comes from.
    pub sigma: Sigma,
    /// What the net return is compared with.
    pub benchmark: Benchmark,
    /// Uncertainty of the source's clock around the window's end.
    pub clock_bound_ns: i64,
    /// How far a fill may lie before its decision; the same for all strategies.
    pub clock_tolerance_ns: i64,
    /// How far rows may lie behind the log clock; the same for all strategies.
    pub allowed_lateness_ns: i64,
    /// How long after it was complete an outcome can still be revised; the same for all strategies.
    pub keep_ns: i64,
    /// Rows with one of these flags are not eligible; the same for all strategies.
    pub exclude_flags: u16,
    /// Sources whose quotes and trades make the path, rising; empty: all. The same for all strategies.
    pub sources: Vec<u16>,
}

/// The decisions and bases that a target speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covers {
    /// Actions.
    pub decisions: Vec<DecisionAction>,
    /// Bases.
    pub basis: Vec<OutcomeBasis>,
}

/// Where a barrier stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Barrier {
    /// At the decision's own take-profit or stop-loss price.
    Decision,
    /// So many basis points from the entry, above 0.
    Bps(Amount),
    /// So many standard deviations of the horizon from the entry, above 0.
    Sigma(f64),
}

/// What a window without a touch is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vertical {
    /// Class 0.
    Zero,
    /// The sign of the return.
    Sign,
}

/// Beyond which return a fixed-horizon label is not 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cuts {
    /// Any return.
    None,
    /// Basis points.
    Bps(f64),
    /// Standard deviations of the horizon.
    Sigma(f64),
}

/// What kind of label a target is.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetKind {
    /// Return from entry to the window's end.
    FixedHorizon {
        /// Beyond which return the class is not 0.
        cuts: Cuts,
    },
    /// First of two barriers and a time limit.
    TripleBarrier {
        /// On the side of profit.
        profit: Option<Barrier>,
        /// On the side of loss.
        loss: Option<Barrier>,
        /// Without a touch.
        vertical: Vertical,
        /// Whether the profit side fills at the barrier itself.
        profit_as_limit: bool,
    },
    /// Whether the decision's own side earned more than this, net, in basis points.
    Meta {
        /// The edge.
        min_edge_bps: f64,
    },
    /// Whether at least this share was filled.
    Fill {
        /// The share; 0: any fill.
        min_fill_ratio: f64,
    },
    /// Five-class grade.
    Grade(Grade),
}

/// A named label.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: Arc<str>,
    /// What it speaks of.
    pub covers: Covers,
    /// What it is.
    pub kind: TargetKind,
    /// Hash of the rules of this target, resolved.
    pub rules_hash: Hash,
}

/// A rule set as it holds for one strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Name of the set.
    pub id: Arc<str>,
    /// Its version.
    pub version: u32,
    /// How outcomes are measured.
    pub measures: Measures,
    /// Hash of `measures`.
    pub measures_hash: Hash,
    /// Targets, by name.
    pub targets: Vec<Target>,
    /// Hash of the whole set as resolved.
    pub rules_hash: Hash,
}

impl TargetKind {
    /// The word of the column `kind`.
    #[must_use]
    pub const fn label_kind(&self) -> contract::LabelKind {
        use contract::LabelKind;
        match self {
            Self::FixedHorizon { .. } => LabelKind::FixedHorizon,
            Self::TripleBarrier { .. } => LabelKind::TripleBarrier,
            Self::Meta { .. } => LabelKind::Meta,
            Self::Fill { .. } => LabelKind::Fill,
            Self::Grade(_) => LabelKind::Grade,
        }
    }
}
