//! What to simulate: a checked scenario, read from TOML.

use contract::{Diagnostic, Fault as Blame, Hash};
use serde::{Deserialize, Deserializer};

/// Version of what a scenario means: raised when equal scenarios give other bytes than before.
pub const SCENARIO_VERSION: u32 = 1;

/// A market, a desk and faults to simulate; with a seed it is a run.
///
/// ```
/// use simulator::Scenario;
/// let scenario = Scenario::preset("small")?;
/// assert_eq!(scenario.name(), "small");
/// assert_eq!(scenario.instruments(), 8);
/// assert!(Scenario::parse("version = 1\nname = 'x'\nspeed = 2").is_err()); // unknown keys are refused
/// # Ok::<(), simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(crate) spec: Spec,
    hash: Hash,
}

/// Why a text is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// No preset has this name.
    #[error("expected one of {known}, found `{found}`", known = PRESETS.map(|(name, _)| name).join(", "), found = .0)]
    UnknownPreset(String),
    /// Not TOML, an unknown key, or a value of another type.
    #[error("scenario: {0}")]
    Syntax(String),
    /// Written for another version of the simulator.
    #[error("scenario.version: expected {SCENARIO_VERSION}, found {0}")]
    Version(u32),
    /// A value outside what the simulator can do.
    #[error("scenario.{key}: expected {expected}, found {found}")]
    Value {
        /// The key.
        key: String,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        found: String,
    },
}

impl Diagnostic for ScenarioError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownPreset(_) => "simulator/unknown-preset",
            Self::Syntax(_) => "simulator/scenario-syntax",
            Self::Version(_) => "simulator/scenario-version",
            Self::Value { .. } => "simulator/scenario-value",
        }
    }

    fn fault(&self) -> Blame {
        Blame::Input
    }
}

/// Named scenarios that are part of the crate.
pub const PRESETS: [(&str, &str); 6] = [
    ("small", include_str!("../presets/small.toml")),
    ("day", include_str!("../presets/day.toml")),
    ("faultless", include_str!("../presets/faultless.toml")),
    ("faults", include_str!("../presets/faults.toml")),
    ("two_venues", include_str!("../presets/two_venues.toml")),
    ("leak_trap", include_str!("../presets/leak_trap.toml")),
];

impl Scenario {
    /// One of the [`PRESETS`].
    ///
    /// # Errors
    /// [`ScenarioError::UnknownPreset`] with the names that exist.
    pub fn preset(name: &str) -> Result<Self, ScenarioError> {
        let found = PRESETS.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| ScenarioError::UnknownPreset(name.to_owned()))?;
        Self::parse(text)
    }

    /// Reads and checks a scenario; unknown keys are refused, absent ones have the defaults of the reference.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first mistake.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut spec: Spec = toml::from_str(text)
            .map_err(|e| ScenarioError::Syntax(e.to_string().trim().to_owned()))?;
        if spec.version != SCENARIO_VERSION {
            return Err(ScenarioError::Version(spec.version));
        }
        if spec.instruments.is_empty() {
            spec.instruments = crate::universe::default_instruments();
        }
        crate::check::check(&spec)?;
        // The Debug form of the resolved values, defaults included: two texts that mean the same hash the same.
        let hash = Hash::of(format!("{spec:?}").as_bytes());
        Ok(Self { spec, hash })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Number of instruments.
    pub fn instruments(&self) -> usize {
        self.spec.instruments.len()
    }

    /// Whether any fault is planted.
    pub fn has_faults(&self) -> bool {
        !self.spec.faults.is_empty()
    }

    /// SHA-256 of the resolved values: two texts that mean the same have the same hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Length of a slice, the unit in which rows come out.
    pub fn slice_ns(&self) -> i64 {
        self.spec.slice.0
    }
}

/// A span of time, written as a token such as `30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dur(pub(crate) i64);

impl<'de> Deserialize<'de> for Dur {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        contract::parse_duration_ns(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Dur {
    pub(crate) const fn s(seconds: i64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    pub(crate) const fn ms(ms: i64) -> Self {
        Self(ms * 1_000_000)
    }

    pub(crate) fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) version: u32,
    pub(crate) name: String,
    #[serde(default = "thirty_seconds")]
    pub(crate) slice: Dur,
    #[serde(default = "ten_seconds")]
    pub(crate) horizon: Dur,
    pub(crate) days: Vec<Day>,
    #[serde(default)]
    pub(crate) venues: Vec<Venue>,
    #[serde(default)]
    pub(crate) instruments: Vec<Instrument>,
    #[serde(default)]
    pub(crate) halts: Vec<Halt>,
    #[serde(default)]
    pub(crate) splits: Vec<Split>,
    #[serde(default)]
    pub(crate) leads: Vec<Lead>,
    #[serde(default)]
    pub(crate) common: Common,
    #[serde(default)]
    pub(crate) signal: Signal,
    #[serde(default)]
    pub(crate) flow: Flow,
    #[serde(default)]
    pub(crate) desk: Desk,
    /// Whether scores exist that are the future, stamped as of its beginning: honest in `ts_avail` alone.
    #[serde(default)]
    pub(crate) leak_trap: bool,
    #[serde(default)]
    pub(crate) faults: Vec<PlantedFault>,
}

const fn thirty_seconds() -> Dur {
    Dur::s(30)
}

const fn ten_seconds() -> Dur {
    Dur::s(10)
}

/// A trading day; times are local, counted from midnight.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    pub(crate) date: String,
    #[serde(default)]
    pub(crate) utc_offset: Option<Dur>,
    /// From this local time on, another offset holds (the clock change).
    #[serde(default)]
    pub(crate) offset_change: Option<OffsetChange>,
    /// Start of the opening auction; continuous trading starts at `open`.
    pub(crate) auction: Dur,
    pub(crate) open: Dur,
    /// Continuous trading ends at `close_auction`, the day at `close`.
    pub(crate) close_auction: Dur,
    pub(crate) close: Dur,
    /// The second venue pauses between these.
    #[serde(default)]
    pub(crate) lunch: Option<[Dur; 2]>,
    /// Funding of perpetual contracts is paid at these times.
    #[serde(default)]
    pub(crate) funding: Vec<Dur>,
    #[serde(default)]
    pub(crate) half: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OffsetChange {
    pub(crate) at: Dur,
    pub(crate) utc_offset: Dur,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Venue {
    pub(crate) name: String,
    /// Clock of the venue less true time, at the start of the run.
    pub(crate) clock_offset: Dur,
    /// Growth of that offset, in parts per million.
    pub(crate) clock_drift_ppm: f64,
    /// Delay from the venue to us: a floor and the mean of an exponential part.
    pub(crate) delay: Dur,
    pub(crate) jitter: Dur,
    /// Our orders to the venue.
    pub(crate) order_delay: Dur,
    /// Resting orders of others per second, relative to the first venue.
    pub(crate) activity: f64,
    /// Ticks that this venue's mid may stand away from the first venue's.
    pub(crate) bound_ticks: i64,
    /// Own moves of the second venue a second, which arbitrage takes back.
    pub(crate) noise_rate: f64,
}

impl Default for Venue {
    fn default() -> Self {
        Self {
            name: "XSIM".to_owned(),
            clock_offset: Dur(0),
            clock_drift_ppm: 0.0,
            delay: Dur(800_000),
            jitter: Dur(300_000),
            order_delay: Dur::ms(2),
            activity: 1.0,
            bound_ticks: 3,
            noise_rate: 0.02,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Instrument {
    pub(crate) symbol: String,
    #[serde(default = "future")]
    pub(crate) class: String,
    /// Price at the start, tick and lot, as decimal text.
    pub(crate) px: String,
    pub(crate) tick: String,
    pub(crate) lot: String,
    #[serde(default = "one")]
    pub(crate) multiplier: i64,
    #[serde(default = "one")]
    pub(crate) spread_ticks: i64,
    /// Own moves of one tick a second, at low volatility.
    #[serde(default = "half")]
    pub(crate) move_rate: f64,
    /// Probability of taking part in a move of the common factor.
    #[serde(default = "half")]
    pub(crate) beta: f64,
    /// Mean lots at a price level.
    #[serde(default = "forty")]
    pub(crate) depth_lots: i64,
    /// Multiplies the arrival rates of the flow.
    #[serde(default = "unit")]
    pub(crate) activity: f64,
    /// Rate paid at each funding time, in parts per million of the position's value.
    #[serde(default)]
    pub(crate) funding_ppm: i64,
}

fn future() -> String {
    "future".to_owned()
}
const fn one() -> i64 {
    1
}
const fn forty() -> i64 {
    40
}
const fn half() -> f64 {
    0.5
}
const fn unit() -> f64 {
    1.0
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Halt {
    pub(crate) symbol: String,
    pub(crate) date: String,
    pub(crate) at: Dur,
    pub(crate) lasts: Dur,
    /// Ticks by which the price has moved when trading resumes.
    #[serde(default)]
    pub(crate) gap_ticks: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Split {
    pub(crate) symbol: String,
    /// Effective at the start of this day.
    pub(crate) date: String,
    pub(crate) num: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lead {
    pub(crate) leader: String,
    pub(crate) follower: String,
    pub(crate) delay: Dur,
    /// Share of the leader's own moves that the follower repeats.
    pub(crate) share: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Common {
    /// Moves of the common factor a second, at low volatility.
    pub(crate) rate: f64,
    /// Rates are multiplied by this in the high state of volatility.
    pub(crate) vol_high: f64,
    /// Mean stay in a state of volatility.
    pub(crate) vol_dwell: Dur,
}

impl Default for Common {
    fn default() -> Self {
        Self { rate: 0.15, vol_high: 2.0, vol_dwell: Dur::s(300) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Signal {
    /// Tilt of the direction of own moves in the states +1 and -1: up with probability (1 + strength) / 2 in +1.
    pub(crate) strength: f64,
    /// Tilt of the side of market orders.
    pub(crate) flow_tilt: f64,
    /// Tilt of the side of new limit orders.
    pub(crate) book_tilt: f64,
    /// Mean stay in a hidden state.
    pub(crate) dwell: Dur,
    /// Mean time between scores of one instrument.
    pub(crate) news_every: Dur,
    /// A score is gain × state + noise × normal, cut to [-1, 1].
    pub(crate) news_gain: f64,
    pub(crate) news_noise: f64,
    /// From publication to the score.
    pub(crate) news_delay: Dur,
}

impl Default for Signal {
    fn default() -> Self {
        Self {
            strength: 0.6,
            flow_tilt: 0.6,
            book_tilt: 0.1,
            dwell: Dur::s(30),
            news_every: Dur::s(15),
            news_gain: 0.4,
            news_noise: 0.4,
            news_delay: Dur::s(2),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Flow {
    /// Messages a second and book that nothing excited, at low volatility.
    pub(crate) rate: f64,
    /// Messages that one message excites in the mean.
    pub(crate) branching: f64,
    /// The excitement decays as exp(-t / decay).
    pub(crate) decay: Dur,
    /// Share of market orders among messages.
    pub(crate) market_share: f64,
    /// Tilt of the side of market orders by the imbalance of the best queues.
    pub(crate) imbalance_tilt: f64,
    /// Every this many messages of a book one row of depths.
    pub(crate) depth_every: u64,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            rate: 6.6,
            branching: 0.5,
            decay: Dur::ms(200),
            market_share: 0.15,
            imbalance_tilt: 0.3,
            depth_every: 4,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Desk {
    /// Decisions a second and instrument of each strategy.
    pub(crate) taker_rate: f64,
    pub(crate) maker_rate: f64,
    pub(crate) explorer_rate: f64,
    /// Decisions a second of the hedger, on the first instrument alone.
    pub(crate) hedger_rate: f64,
    pub(crate) order_lots: i64,
    pub(crate) max_lots: i64,
    pub(crate) maker_bps: f64,
    pub(crate) taker_bps: f64,
    pub(crate) reject_prob: f64,
    pub(crate) bust_prob: f64,
    pub(crate) correct_prob: f64,
    /// From the data that was seen to the decision, and from it to the order's leaving.
    pub(crate) think: Dur,
    /// Start of each account, in units of the currency.
    pub(crate) deposit: i64,
    /// One position is closed by the venue this long after the first open.
    pub(crate) liquidation_after: Option<Dur>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            taker_rate: 0.15,
            maker_rate: 0.17,
            explorer_rate: 0.1,
            hedger_rate: 0.1,
            order_lots: 4,
            max_lots: 12,
            maker_bps: -0.1,
            taker_bps: 0.3,
            reject_prob: 0.01,
            bust_prob: 0.001,
            correct_prob: 0.001,
            think: Dur(200_000),
            deposit: 10_000_000,
            liquidation_after: None,
        }
    }
}

/// One kind of fault with its rate and magnitude.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlantedFault {
    pub(crate) kind: crate::fault::FaultKind,
    /// Share of the rows that can have it; for episodes, episodes an hour of data.
    pub(crate) rate: f64,
    /// What it means depends on the kind: see `FaultKind`.
    #[serde(default)]
    pub(crate) magnitude: Option<f64>,
}
