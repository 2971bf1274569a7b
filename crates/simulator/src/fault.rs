//! Kinds of planted faults.

use serde::Deserialize;

/// A fault that the injector can plant.
///
/// The rate of a row fault is the share of the rows that can have it; the rate of an episode is episodes an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// A market row never arrives.
    Lost,
    /// A market row arrives twice; magnitude: seconds until it comes again.
    Duplicated,
    /// A market row arrives late; magnitude: seconds.
    Late,
    /// Two neighbouring trades of one instrument and source arrive in the wrong order.
    OutOfOrder,
    /// A quote whose bid exceeds its ask; magnitude: by how many spreads.
    Crossed,
    /// A quote whose bid equals its ask.
    Locked,
    /// A quote without its ask.
    OneSided,
    /// Episode: one instrument's quotes of one source do not change for `magnitude` seconds: its rows are lost.
    Stale,
    /// A trade far from all others, after which prices are as before; magnitude: share of the price.
    Spike,
    /// A trade of size 0.
    ZeroSize,
    /// A trade of negative size.
    NegativeSize,
    /// A print during a halt; magnitude: seconds after its start.
    HaltPrint,
    /// A print after the close; magnitude: seconds after it.
    OffSession,
    /// Episode without end: the clock of a source jumps; magnitude: seconds.
    ClockStep,
    /// Episode without end: the recorder's clock is behind for one source; magnitude: seconds.
    SlowRecorder,
    /// Episode: consecutive messages of one book are lost; magnitude: rows.
    SequenceGap,
    /// A fill without its fee.
    MissingFee,
    /// A fill that names a decision that does not exist.
    OrphanFill,
    /// A fill with the id of the fill before it.
    RepeatedFillId,
    /// A fill in another currency.
    WrongCurrency,
    /// A bar whose prices are too large by a factor; magnitude: the factor.
    WrongScale,
    /// Episode without end: quotes of one source drift away from the other; magnitude: share of the price an hour.
    SourceDrift,
    /// A score that was wrong and is corrected later; magnitude: seconds until then.
    CorrectedLater,
    /// Episode: a producer restarts and sends its decisions of the last `magnitude` seconds again.
    ProducerRestart,
    /// Episode: an old producer goes on sending beside the new one for `magnitude` seconds: reports arrive twice.
    ZombieProducer,
    /// A score that needs the future claims to have been available at its event time.
    Leak,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 26] = [
        Self::Lost,
        Self::Duplicated,
        Self::Late,
        Self::OutOfOrder,
        Self::Crossed,
        Self::Locked,
        Self::OneSided,
        Self::Stale,
        Self::Spike,
        Self::ZeroSize,
        Self::NegativeSize,
        Self::HaltPrint,
        Self::OffSession,
        Self::ClockStep,
        Self::SlowRecorder,
        Self::SequenceGap,
        Self::MissingFee,
        Self::OrphanFill,
        Self::RepeatedFillId,
        Self::WrongCurrency,
        Self::WrongScale,
        Self::SourceDrift,
        Self::CorrectedLater,
        Self::ProducerRestart,
        Self::ZombieProducer,
        Self::Leak,
    ];

    /// The word in scenarios and in `truth_faults`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Late => "late",
            Self::OutOfOrder => "out_of_order",
            Self::Crossed => "crossed",
            Self::Locked => "locked",
            Self::OneSided => "one_sided",
            Self::Stale => "stale",
            Self::Spike => "spike",
            Self::ZeroSize => "zero_size",
            Self::NegativeSize => "negative_size",
            Self::HaltPrint => "halt_print",
            Self::OffSession => "off_session",
            Self::ClockStep => "clock_step",
            Self::SlowRecorder => "slow_recorder",
            Self::SequenceGap => "sequence_gap",
            Self::MissingFee => "missing_fee",
            Self::OrphanFill => "orphan_fill",
            Self::RepeatedFillId => "repeated_fill_id",
            Self::WrongCurrency => "wrong_currency",
            Self::WrongScale => "wrong_scale",
            Self::SourceDrift => "source_drift",
            Self::CorrectedLater => "corrected_later",
            Self::ProducerRestart => "producer_restart",
            Self::ZombieProducer => "zombie_producer",
            Self::Leak => "leak",
        }
    }

    /// Magnitude when the scenario gives none.
    #[must_use]
    pub const fn default_magnitude(self) -> f64 {
        match self {
            Self::Duplicated | Self::Spike => 0.05,
            Self::Late | Self::ZombieProducer => 5.0,
            Self::Crossed | Self::HaltPrint => 1.0,
            Self::Stale | Self::OffSession => 20.0,
            Self::ClockStep => 0.25,
            Self::SlowRecorder => 1.27,
            Self::SequenceGap => 12.0,
            Self::WrongScale => 100.0,
            Self::SourceDrift => 0.01,
            Self::CorrectedLater | Self::ProducerRestart => 30.0,
            _ => 0.0,
        }
    }
}
