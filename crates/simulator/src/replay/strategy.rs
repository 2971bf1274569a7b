//! What a replayed strategy sees, and what it makes of it.

use super::{ReplaySettings, Tick};
use crate::rng::Rng;
use contract::DecisionAction;

/// The drift that makes momentum and reversion act, in units of its own scale.
const STRONG: f64 = 0.8;
/// Most lots of the explorer, on either side.
const MOST: i64 = 3;

/// One of the strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Policy {
    Momentum,
    Reversion,
    Explorer,
}

/// The market as it was when a decision was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sight {
    pub(super) bid: i64,
    pub(super) ask: i64,
    pub(super) bid_size: Option<f64>,
    pub(super) ask_size: Option<f64>,
    /// When the newest of it became available.
    pub(super) avail: i64,
    /// Distance of the mid from its slow average, over its scale.
    pub(super) drift: f64,
}

/// A running view of the quotes.
#[derive(Debug, Clone, Default)]
pub(super) struct Market {
    last: Option<Sight>,
    slow: f64,
    scale: f64,
}

/// A position and an order under way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) lots: i64,
    /// When the position was opened, as the strategy heard it.
    pub(super) since: i64,
    pub(super) is_working: bool,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Act {
    pub(super) action: DecisionAction,
    /// Direction and lots; none of a hold.
    pub(super) trade: Option<(bool, i64)>,
    pub(super) prob: f64,
    pub(super) is_exploration: bool,
    pub(super) reason: &'static str,
}

impl Market {
    /// Takes in the next quote; one without both sides takes the market away.
    pub(super) fn see(&mut self, tick: &Tick, drift_ns: i64) {
        let (Some(bid), Some(ask)) = (tick.bid, tick.ask) else {
            self.last = None;
            return;
        };
        let mid = middle(bid, ask);
        if let Some(last) = self.last {
            // The last mid held until now; a long silence is forgotten like any other time.
            let span = (tick.avail - last.avail) as f64 / drift_ns as f64;
            let fade = libm::exp(-span);
            let held = middle(last.bid, last.ask);
            self.slow = self.slow * fade + held * (1.0 - fade);
            let distance = (mid - self.slow).abs();
            self.scale = self.scale * fade + distance * (1.0 - fade);
        } else {
            self.slow = mid;
        }
        let half_spread = ((ask - bid).abs() as f64 / 2.0).max(1.0);
        let drift = (mid - self.slow) / (self.scale + half_spread);
        let (bid_size, ask_size) = (tick.bid_size, tick.ask_size);
        self.last = Some(Sight { bid, ask, bid_size, ask_size, avail: tick.avail, drift });
    }

    /// What is seen at `known`; none where the last quote is too old or has one side.
    pub(super) fn sight(&self, known: i64, stale_ns: i64) -> Option<Sight> {
        self.last.filter(|sight| known - sight.avail <= stale_ns)
    }
}

fn middle(bid: i64, ask: i64) -> f64 {
    bid as f64 / 2.0 + ask as f64 / 2.0
}

impl Policy {
    pub(super) const ALL: [Self; 3] = [Self::Momentum, Self::Reversion, Self::Explorer];

    pub(super) const fn index(self) -> u8 {
        match self {
            Self::Momentum => 0,
            Self::Reversion => 1,
            Self::Explorer => 2,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Momentum => "momentum",
            Self::Reversion => "reversion",
            Self::Explorer => "explorer",
        }
    }

    pub(super) fn choose(
        self,
        rng: &mut Rng,
        standing: Standing,
        sight: &Sight,
        ts: i64,
        settings: &ReplaySettings,
    ) -> Act {
        if standing.is_working {
            return hold(1.0, "order_working");
        }
        let is_due = ts - standing.since > settings.horizon_ns;
        match self {
            Self::Momentum => follow(rng, standing, sight.drift, is_due),
            Self::Reversion => follow(rng, standing, -sight.drift, is_due),
            Self::Explorer => explore(rng, standing.lots, sight.drift),
        }
    }
}

impl Act {
    /// Direction and lots of the order that goes out; a skip sends none.
    pub(super) fn order(&self) -> Option<(bool, i64)> {
        self.trade.filter(|_| self.action != DecisionAction::Skip)
    }

    /// Whether it starts an idea of its own.
    pub(super) fn opens(&self) -> bool {
        matches!(self.action, DecisionAction::Enter | DecisionAction::Reverse)
    }
}

fn hold(prob: f64, reason: &'static str) -> Act {
    Act { action: DecisionAction::Hold, trade: None, prob, is_exploration: false, reason }
}

fn trade(action: DecisionAction, is_buy: bool, lots: i64, prob: f64, reason: &'static str) -> Act {
    Act { action, trade: Some((is_buy, lots)), prob, is_exploration: false, reason }
}

/// In where the score is strong, out at the horizon, around where it turned.
fn follow(rng: &mut Rng, standing: Standing, score: f64, is_due: bool) -> Act {
    let is_buy = score >= 0.0;
    let lots = standing.lots.abs();
    if standing.lots == 0 {
        return if score.abs() > STRONG {
            trade(DecisionAction::Enter, is_buy, 1, 1.0, "drift_strong")
        } else if rng.chance(0.7) {
            trade(DecisionAction::Skip, is_buy, 1, 0.7, "drift_weak")
        } else {
            hold(0.3, "flat")
        };
    }
    if is_due {
        return trade(DecisionAction::Exit, standing.lots < 0, lots, 1.0, "horizon_reached");
    }
    if score * standing.lots.signum() as f64 <= -STRONG {
        return trade(DecisionAction::Reverse, is_buy, lots + 1, 1.0, "drift_turned");
    }
    hold(1.0, "within_plan")
}

/// Draws buy, sell or hold by softmax, mixed with one tenth of chance; what a limit forbids goes to hold.
fn explore(rng: &mut Rng, lots: i64, drift: f64) -> Act {
    let raw = [libm::exp(0.5 * drift), libm::exp(-0.5 * drift), libm::exp(0.5)];
    let total: f64 = raw.iter().sum();
    let [mut buy, mut sell, mut rest] = raw.map(|w| 0.9 * w / total + 0.1 / 3.0);
    if lots >= MOST {
        rest += buy;
        buy = 0.0;
    } else if lots <= -MOST {
        rest += sell;
        sell = 0.0;
    }
    let best = buy.max(sell).max(rest);
    let u = rng.unit();
    let mut act = if u < buy + sell {
        let is_buy = u < buy;
        let prob = if is_buy { buy } else { sell };
        let action = if lots == 0 {
            DecisionAction::Enter
        } else if (lots > 0) == is_buy {
            DecisionAction::Increase
        } else if lots.abs() == 1 {
            DecisionAction::Exit
        } else {
            DecisionAction::Reduce
        };
        trade(action, is_buy, 1, prob, "drawn")
    } else {
        hold(rest, "drawn")
    };
    act.is_exploration = act.prob < best;
    act
}
