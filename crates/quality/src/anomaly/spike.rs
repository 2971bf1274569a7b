//! Prices that jump out of the tape.

use super::robust::positive;
use super::{AnomalyError, Judgement, Sample, Window};
use serde::{Deserialize, Serialize};

/// Parameters of [`SpikeGate`].
///
/// The MAD of ticks is often zero or one tick, since most rows repeat the last price, so a multiple of it alone would
/// reject every ordinary move: on real ticks some 4,500 rows in a million. Two floors say what is never a spike.
/// `floor_ticks` speaks for markets with a coarse tick, `floor_bps` for those with a fine one. With the defaults nothing
/// within 5 ticks or 10 bps of both the median and the last accepted price is one. A tenth of a percent is beyond what
/// a liquid market does between two rows on all but its worst moments, and far inside a misplaced digit. A market that
/// jumps more (small coins, options) declares larger floors, a quiet one (short-term rates) smaller ones.
///
/// Whoever measures the gate in multiples of MAD must use the MAD with its floors ([`SpikeGate::scale`]): a jump of ten
/// raw MADs of one tick is what markets do all day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpikeRule {
    /// Accepted prices that a price is compared with; default 50.
    pub window: usize,
    /// A price further than this many MAD is rejected; default 5, so that a spike of 10 stands out whatever the last
    /// rows did, and most of those from 5 to 10.
    pub k: f64,
    /// Fewer accepted prices leave the next one unjudged; default 20.
    pub min_n: usize,
    /// After this many rejections in a row on one side the market has moved; default 5. The jump is accepted that much
    /// late, and each real jump costs that many false alarms.
    pub reseed: usize,
    /// The MAD counts as at least this many ticks; default 1.
    pub floor_ticks: f64,
    /// The MAD counts as at least this share of the median, in basis points; default 2.
    pub floor_bps: f64,
}

impl Default for SpikeRule {
    fn default() -> Self {
        Self { window: 50, k: 5.0, min_n: 20, reseed: 5, floor_ticks: 1.0, floor_bps: 2.0 }
    }
}

/// Rejects prices that are far from the median of the last accepted prices and from the last one of them. Causal.
///
/// - **Distance:** to the nearer of the median and the last accepted price. Behind a trend the median is far away: on a
///   random walk one step in a thousand is more than ten MAD from it, and none of them is a spike.
/// - **Unit:** the MAD of the accepted prices, or a floor when that is more ([`SpikeRule`], and the MAD with which the
///   last session ended). Without any floor and with a MAD of zero, a price more than one tick away is rejected.
/// - **A genuine jump** is accepted after `reseed` rejections in a row on one side. The window starts again from those
///   prices and judges at once; until it holds `min_n` of them, the MAD before the jump is a floor too.
/// - **Sessions:** [`SpikeGate::open_session`] empties the window.
/// - **Point in time:** a verdict depends on earlier prices alone and never changes.
/// - **Cost:** two binary searches a price at `window` = 50; no allocation once the window is full.
///
/// ```
/// use quality::{Judgement, SpikeGate, SpikeRule};
/// let mut gate = SpikeGate::<i64>::new(SpikeRule::default())?;
/// let tick = 100_000_000; // 0.1, in 1e-9
/// for n in 0..20 {
///     assert_eq!(gate.push(61_700_000_000_000 + n % 2 * tick, tick), Judgement::NotJudged);
/// }
/// // 61700.05 in the middle, so 2 bps are 12.34001, and 617 is one digit short.
/// let wrong = gate.push(6_170_000_000_000, tick);
/// assert!(matches!(wrong, Judgement::Rejected { z } if z > 4_000.0));
/// assert_eq!(gate.push(61_701_000_000_000, tick), Judgement::Accepted);
/// # Ok::<(), quality::AnomalyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = ""), into = "GateState", try_from = "GateState")]
pub struct SpikeGate<T: Sample> {
    rule: SpikeRule,
    accepted: Window<T>,
    last: Option<T>,
    /// Rejections in a row on one side.
    run: Vec<T>,
    run_is_above: bool,
    session_floor: T::Quarter,
    /// The MAD before the last jump.
    jump_floor: Option<T::Quarter>,
}

/// The rule in a saved gate.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SpikeRule", deny_unknown_fields)]
struct SavedRule {
    window: usize,
    #[serde(with = "crate::float_bits")]
    k: f64,
    min_n: usize,
    reseed: usize,
    #[serde(with = "crate::float_bits")]
    floor_ticks: f64,
    #[serde(with = "crate::float_bits")]
    floor_bps: f64,
}

/// A gate's saved form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GateState {
    #[serde(with = "SavedRule")]
    rule: SpikeRule,
    accepted: Vec<u64>,
    last: Option<u64>,
    run: Vec<u64>,
    run_is_above: bool,
    session_floor: [u64; 2],
    jump_floor: Option<[u64; 2]>,
}

impl<T: Sample> From<SpikeGate<T>> for GateState {
    fn from(gate: SpikeGate<T>) -> Self {
        Self {
            rule: gate.rule,
            accepted: gate.accepted.values().map(Sample::to_bits).collect(),
            last: gate.last.map(Sample::to_bits),
            run: gate.run.iter().map(|v| v.to_bits()).collect(),
            run_is_above: gate.run_is_above,
            session_floor: T::quarter_bits(gate.session_floor),
            jump_floor: gate.jump_floor.map(T::quarter_bits),
        }
    }
}

impl<T: Sample> TryFrom<GateState> for SpikeGate<T> {
    type Error = AnomalyError;

    fn try_from(state: GateState) -> Result<Self, AnomalyError> {
        let mut gate = Self::new(state.rule)?;
        if state.accepted.len() > state.rule.window || state.run.len() >= state.rule.reseed {
            return Err(AnomalyError::State("more prices than the gate keeps"));
        }
        let usable = |bits: u64| {
            let value = T::from_bits(bits).usable();
            value.ok_or(AnomalyError::State("a price that no gate accepts"))
        };
        for bits in state.accepted {
            gate.accepted.push(usable(bits)?);
        }
        gate.last = state.last.map(usable).transpose()?;
        for bits in state.run {
            gate.run.push(usable(bits)?);
        }
        gate.run_is_above = state.run_is_above;
        gate.session_floor = T::quarter_from(state.session_floor);
        gate.jump_floor = state.jump_floor.map(T::quarter_from);
        let zero = T::default().quarters();
        let is_floor = |floor: T::Quarter| floor >= zero; // false for NaN
        if !is_floor(gate.session_floor) || !gate.jump_floor.is_none_or(is_floor) {
            return Err(AnomalyError::State("a MAD below zero"));
        }
        Ok(gate)
    }
}

impl<T: Sample> SpikeGate<T> {
    /// A gate that has seen nothing.
    ///
    /// # Errors
    /// [`AnomalyError::Parameter`] for an empty window, `min_n` of 0 or above the window, `reseed` of 0 or above the
    /// window, `k` that is not a positive number, or a floor that is negative or not finite.
    pub fn new(rule: SpikeRule) -> Result<Self, AnomalyError> {
        let accepted = Window::new(rule.window)?;
        for (name, n) in [("min_n", rule.min_n), ("reseed", rule.reseed)] {
            if n == 0 || n > rule.window {
                return Err(AnomalyError::parameter(name, "1 to the window", n));
            }
        }
        positive("k", rule.k)?;
        for (name, floor) in [("floor_ticks", rule.floor_ticks), ("floor_bps", rule.floor_bps)] {
            if !floor.is_finite() || floor < 0.0 {
                return Err(AnomalyError::parameter(name, "zero or a positive number", floor));
            }
        }
        Ok(Self {
            rule,
            accepted,
            last: None,
            run: Vec::with_capacity(rule.reseed),
            run_is_above: false,
            session_floor: T::Quarter::default(),
            jump_floor: None,
        })
    }

    /// Starts a session: the window empties, and the MAD with which it ended is a floor until the next one.
    ///
    /// A session that ended with fewer than `min_n` accepted prices leaves the floor as it was.
    pub fn open_session(&mut self) {
        if self.accepted.len() >= self.rule.min_n
            && let Some((_, mad)) = self.accepted.exact()
        {
            self.session_floor = mad;
        }
        self.accepted.clear();
        self.last = None;
        self.run.clear();
        self.jump_floor = None;
    }

    /// The unit of distance now, in that of the price: the MAD or its largest floor; `None` while nothing is judged.
    pub fn scale(&self, tick: T) -> Option<f64> {
        self.measure(tick).map(|(_, scale)| scale)
    }

    /// Judges a price of an instrument whose tick is `tick` now (zero when unknown), and keeps it if it is accepted.
    ///
    /// A price that is not finite is not judged and changes nothing.
    pub fn push(&mut self, px: T, tick: T) -> Judgement {
        let Some(px) = px.usable() else { return Judgement::NotJudged };
        let Some((median, scale)) = self.measure(tick) else {
            self.accept(px);
            return Judgement::NotJudged;
        };
        let far = T::distance(px.quarters(), median);
        let near = self.last.map_or(far, |last| T::distance(px.quarters(), last.quarters()));
        let distance = if near < far { near } else { far };
        let z = if scale > 0.0 {
            // Around 1e308 both can be infinite: nothing can be said, so the price passes.
            let ratio = T::number(distance) / scale;
            if ratio.is_nan() { 0.0 } else { ratio }
        } else if distance > tick.quarters() {
            f64::INFINITY
        } else {
            0.0
        };
        if z <= self.rule.k {
            self.accept(px);
            return Judgement::Accepted;
        }
        self.reject(px, px.quarters() > median);
        Judgement::Rejected { z }
    }

    /// Median and unit; nothing before there are enough prices.
    fn measure(&self, tick: T) -> Option<(T::Quarter, f64)> {
        let n = self.accepted.len();
        let settling = n < self.rule.min_n;
        if settling && (self.jump_floor.is_none() || n < self.rule.reseed) {
            return None;
        }
        let (median, mad) = self.accepted.exact()?;
        let mut scale = T::number(mad).max(T::number(self.session_floor));
        if let (true, Some(before)) = (settling, self.jump_floor) {
            scale = scale.max(T::number(before));
        }
        let ticks = self.rule.floor_ticks * T::number(tick.quarters());
        let share = T::number(median).abs() * (self.rule.floor_bps / 10_000.0);
        Some((median, scale.max(ticks).max(share)))
    }

    fn accept(&mut self, px: T) {
        self.accepted.push(px);
        self.last = Some(px);
        self.run.clear();
    }

    fn reject(&mut self, px: T, is_above: bool) {
        if is_above != self.run_is_above {
            self.run.clear();
            self.run_is_above = is_above;
        }
        self.run.push(px);
        if self.run.len() < self.rule.reseed {
            return;
        }
        if self.accepted.len() >= self.rule.min_n
            && let Some((_, mad)) = self.accepted.exact()
        {
            self.jump_floor = Some(mad);
        }
        self.accepted.clear();
        for px in self.run.drain(..) {
            self.accepted.push(px);
            self.last = Some(px);
        }
    }
}
