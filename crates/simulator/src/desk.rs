//! Four strategies that see the market late and say what they do.
//!
//! - `momentum` follows order flow with market orders;
//! - `reversion` rests at the best price against the recent drift;
//! - `explorer` draws its action from known probabilities;
//! - `hedger` holds the first instrument against the desk's exposure to the common factor.

use crate::book::Side;
use crate::rng::Rng;
use crate::rows::{Act, DecisionRow, Standing, Style, View};
use crate::scenario::Desk as Rules;
use crate::universe::Listing;
use std::collections::VecDeque;

pub(crate) const STRATEGIES: [&str; 4] = ["momentum", "reversion", "explorer", "hedger"];
pub(crate) const MOMENTUM: usize = 0;
pub(crate) const REVERSION: usize = 1;
pub(crate) const EXPLORER: usize = 2;
pub(crate) const HEDGER: usize = 3;

/// Something that the desk will see once it is usable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Feed {
    Quote { bid: i64, ask: i64, bid_lots: u32, ask_lots: u32 },
    Dark,
    Trade { signed_lots: f64, px: i64 },
    News { sentiment: f64, noise: f64 },
}

/// A report on an order, on its way to the strategy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    pub(crate) avail: i64,
    pub(crate) strategy: usize,
    pub(crate) lots: i64,
    pub(crate) order: Option<u64>,
    pub(crate) is_end: bool,
}

/// What the strategies know of the market.
#[derive(Debug, Clone, Default)]
struct Seen {
    view: View,
    is_dark: bool,
    flow: f64,
    volume: f64,
    flow_at: i64,
    slow_mid: f64,
    news: f64,
    noise: f64,
    news_avail: i64,
}

/// An order that a strategy believes to be working.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Working {
    pub(crate) order: u64,
    pub(crate) style: Style,
    pub(crate) side: Side,
    pub(crate) px: i64,
    pub(crate) lots: i64,
    pub(crate) since: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Strategy {
    /// Next moment of deciding.
    pub(crate) next: i64,
    pub(crate) lots: i64,
    pub(crate) working: Option<Working>,
    entered: i64,
    parent: Option<[u8; 16]>,
}

/// What a strategy wants done at the venue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    Submit,
    Cancel(u64),
    Replace { old: u64, px: i64 },
}

#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) strategies: [Strategy; 4],
    feed: VecDeque<(i64, Feed)>,
    late: Vec<(i64, Feed)>,
    notes: Vec<Note>,
    seen: Seen,
    orders: u64,
}

/// What does not depend on the strategy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) ts: i64,
    /// Scheduled end of continuous trading.
    pub(crate) close: i64,
    pub(crate) horizon: i64,
    pub(crate) hedge_target: i64,
    /// Moves of the mid a second, in the mean of the states of volatility.
    pub(crate) moves_per_s: f64,
    pub(crate) id: [u8; 16],
}

/// Time constant of the order flow that the desk watches.
const FLOW_S: f64 = 5.0;

impl Desk {
    pub(crate) fn new(instrument: u16) -> Self {
        let idle = Strategy { next: i64::MAX, lots: 0, working: None, entered: 0, parent: None };
        Self {
            strategies: [idle.clone(), idle.clone(), idle.clone(), idle],
            feed: VecDeque::new(),
            late: Vec::new(),
            notes: Vec::new(),
            seen: Seen { is_dark: true, ..Seen::default() },
            orders: u64::from(instrument) * 1_000_000_000,
        }
    }

    /// Mean decisions a second of a strategy in an instrument.
    pub(crate) fn rate(rules: &Rules, strategy: usize, instrument: usize) -> f64 {
        match strategy {
            MOMENTUM => rules.taker_rate,
            REVERSION => rules.maker_rate,
            EXPLORER => rules.explorer_rate,
            _ if instrument == 0 => rules.hedger_rate,
            _ => 0.0,
        }
    }

    pub(crate) fn tell(&mut self, avail: i64, feed: Feed) {
        if matches!(feed, Feed::News { .. }) {
            self.late.push((avail, feed));
        } else {
            self.feed.push_back((avail, feed));
        }
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    pub(crate) fn split(&mut self, num: i64) {
        self.strategies.iter_mut().for_each(|s| s.lots *= num);
        self.seen.slow_mid = 0.0;
    }

    pub(crate) fn order_number(&mut self) -> u64 {
        self.orders += 1;
        self.orders
    }

    /// Reads everything that was usable before `ts`.
    pub(crate) fn catch_up(&mut self, ts: i64) {
        while let Some((avail, feed)) = self.feed.front().copied().filter(|(avail, _)| *avail < ts)
        {
            self.feed.pop_front();
            self.see(avail, feed);
        }
        let late = std::mem::take(&mut self.late);
        for (avail, feed) in late {
            if avail < ts {
                self.see(avail, feed);
            } else {
                self.late.push((avail, feed));
            }
        }
        self.notes.sort_by_key(|n| n.avail);
        let due = self.notes.partition_point(|n| n.avail < ts);
        for note in self.notes.drain(..due) {
            let Some(strategy) = self.strategies.get_mut(note.strategy) else { continue };
            if strategy.lots == 0 && note.lots != 0 {
                strategy.entered = note.avail;
            }
            strategy.lots += note.lots;
            if note.is_end
                && note.order.is_some()
                && strategy.working.map(|w| w.order) == note.order
            {
                strategy.working = None;
            }
        }
    }

    fn see(&mut self, avail: i64, feed: Feed) {
        let seen = &mut self.seen;
        match feed {
            Feed::Quote { bid, ask, bid_lots, ask_lots } => {
                let last = seen.view.last;
                seen.view = View { bid, ask, bid_lots, ask_lots, last, avail };
                seen.is_dark = false;
                let mid = (bid + ask) as f64 / 2.0;
                seen.slow_mid = if seen.slow_mid == 0.0 {
                    mid
                } else {
                    seen.slow_mid + 0.02 * (mid - seen.slow_mid)
                };
            }
            Feed::Dark => seen.is_dark = true,
            Feed::Trade { signed_lots, px } => {
                let fade = libm::exp(-((avail - seen.flow_at) as f64) / 1e9 / FLOW_S);
                seen.flow = seen.flow * fade + signed_lots;
                seen.volume = seen.volume * fade + signed_lots.abs();
                seen.flow_at = avail;
                seen.view.last = Some(px);
                seen.view.avail = avail;
            }
            Feed::News { sentiment, noise } => {
                seen.news = sentiment;
                seen.noise = noise;
                seen.news_avail = avail;
            }
        }
    }

    /// One decision of a strategy; none while it sees no market.
    pub(crate) fn decide(
        &mut self,
        rng: &mut Rng,
        rules: &Rules,
        listing: &Listing,
        n: usize,
        now: Moment,
    ) -> Option<(DecisionRow, Option<Request>)> {
        if self.seen.is_dark || self.seen.view.bid == 0 {
            return None;
        }
        let scores = self.scores(listing, now.ts);
        let strategy = &self.strategies[n];
        let mut plan = match n {
            MOMENTUM => momentum(strategy, rules, &scores, now, rng),
            REVERSION => reversion(strategy, rules, &scores, now, rng, &self.seen.view),
            EXPLORER => explore(strategy, rules, &scores, now, rng),
            _ => hedge(strategy, rules, now),
        };
        self.limit_risk(&mut plan, rules, listing, n, now);
        Some(self.write(plan, listing, n, now, &scores))
    }

    fn scores(&self, listing: &Listing, ts: i64) -> Scores {
        let seen = &self.seen;
        let fade = libm::exp(-((ts - seen.flow_at).max(0) as f64) / 1e9 / FLOW_S);
        let flow = seen.flow * fade / (seen.volume * fade + 10.0);
        let (b, a) = (f64::from(seen.view.bid_lots), f64::from(seen.view.ask_lots));
        let imbalance = if b + a > 0.0 { (b - a) / (b + a) } else { 0.0 };
        let mid = (seen.view.bid + seen.view.ask) as f64 / 2.0;
        let drift = (mid - seen.slow_mid) / listing.tick as f64;
        let alpha = flow + 0.2 * imbalance + 0.5 * seen.news;
        let spread_bps = (seen.view.ask - seen.view.bid) as f64 / mid * 1e4;
        let tick_bps = listing.tick as f64 / mid * 1e4;
        Scores {
            flow,
            imbalance,
            drift,
            alpha,
            spread_bps,
            tick_bps,
            news: seen.news,
            noise: seen.noise,
        }
    }

    /// Risk limits turn a plan into a denial; near the close it is suppressed.
    fn limit_risk(&self, plan: &mut Plan, rules: &Rules, listing: &Listing, n: usize, now: Moment) {
        if plan.side.is_none() || matches!(plan.act, Act::Skip | Act::Cancel | Act::Modify) {
            return;
        }
        let before = self.strategies[n].lots;
        let after = before + plan.side.map_or(0, Side::sign) * plan.lots;
        let grows = after.abs() > before.abs();
        let limit = rules.max_lots;
        let is_small = !grows || after.abs() <= limit;
        plan.checks.push(("position_limit", is_small, after.abs() as f64, limit as f64));
        let width = self.seen.view.ask - self.seen.view.bid;
        let is_tight = !grows || width <= listing.tick * (listing.spread + 2);
        plan.checks.push((
            "spread_limit",
            is_tight,
            (width / listing.tick) as f64,
            (listing.spread + 2) as f64,
        ));
        if !is_small || !is_tight {
            plan.standing = Standing::Denied;
            plan.denied = Some(if is_small { "spread_limit" } else { "position_limit" });
        } else if grows && now.close - now.ts < now.horizon * 3 && n != HEDGER {
            plan.standing = Standing::Suppressed;
            plan.denied = Some("near_close");
        }
    }

    fn write(
        &mut self,
        plan: Plan,
        listing: &Listing,
        n: usize,
        now: Moment,
        scores: &Scores,
    ) -> (DecisionRow, Option<Request>) {
        let view = self.seen.view;
        let is_sent = plan.standing == Standing::Submitted;
        let before = self.strategies[n].lots;
        let sign = plan.side.map_or(0, Side::sign);
        let mut request = None;
        let mut order = None;
        let mut limit = None;
        let touch = |side: Side| if side == Side::Buy { view.bid } else { view.ask };
        if is_sent {
            match (plan.act, self.strategies[n].working) {
                (Act::Cancel, Some(w)) => {
                    order = Some(w.order);
                    request = Some(Request::Cancel(w.order));
                }
                (Act::Modify, Some(w)) => {
                    let number = self.order_number();
                    let px = touch(w.side);
                    order = Some(number);
                    limit = Some(px);
                    request = Some(Request::Replace { old: w.order, px });
                    self.strategies[n].working = Some(Working { order: number, px, ..w });
                }
                (Act::Skip | Act::Hold | Act::Cancel | Act::Modify, _) => {}
                _ => {
                    if let (Some(side), Some(style)) = (plan.side, plan.style) {
                        let number = self.order_number();
                        let px = touch(side);
                        order = Some(number);
                        limit = (style == Style::Limit).then_some(px);
                        request = Some(Request::Submit);
                        let lots = plan.lots;
                        self.strategies[n].working =
                            Some(Working { order: number, style, side, px, lots, since: now.ts });
                    }
                }
            }
        }
        let opens = matches!(plan.act, Act::Enter);
        let parent = if opens { None } else { self.strategies[n].parent };
        if opens && is_sent {
            self.strategies[n].parent = Some(now.id);
        }
        let moves_position = order.is_some() && !matches!(plan.act, Act::Cancel | Act::Modify);
        let target = if moves_position { before + sign * plan.lots } else { before };
        let barriers = plan
            .side
            .filter(|_| matches!(plan.act, Act::Enter | Act::Increase | Act::Reverse))
            .map(|side| {
                let entry = if side == Side::Buy { view.ask } else { view.bid };
                (entry + side.sign() * 4 * listing.tick, entry - side.sign() * 4 * listing.tick)
            });
        let row = DecisionRow {
            id: now.id,
            ts: now.ts,
            instrument: 0,
            strategy: u8::try_from(n).unwrap_or(0),
            act: plan.act,
            standing: plan.standing,
            denied_reason: plan.denied,
            side: plan.side,
            lots: plan.lots,
            order,
            parent,
            group: None,
            style: if request.is_some() { plan.style } else { None },
            limit,
            ts_signal: view.avail,
            ts_sent: request.map(|_| now.ts + 20_000),
            horizon: now.horizon,
            before,
            target,
            expected_bps: scores.alpha
                * 2.0
                * scores.tick_bps
                * if sign == 0 { 1.0 } else { sign as f64 },
            cost_bps: scores.spread_bps / 2.0,
            confidence: scores.alpha.abs().min(1.0),
            prob: plan.prob,
            is_exploration: plan.is_exploration,
            view,
            signals: vec![
                ("order_flow", scores.flow, 1.0, view.avail),
                ("imbalance", scores.imbalance, 0.2, view.avail),
                ("news", scores.news, 0.5, self.seen.news_avail),
                ("noise", scores.noise, 0.0, self.seen.news_avail),
            ],
            alternatives: plan.alternatives,
            checks: plan.checks,
            reason: plan.reason,
            sigma_bps: scores.tick_bps * libm::sqrt(now.moves_per_s),
            barriers,
        };
        (row, request)
    }
}

#[derive(Debug, Clone, Copy)]
struct Scores {
    flow: f64,
    imbalance: f64,
    drift: f64,
    alpha: f64,
    spread_bps: f64,
    tick_bps: f64,
    news: f64,
    noise: f64,
}

/// A decision before the risk limits.
#[derive(Debug, Clone)]
struct Plan {
    act: Act,
    standing: Standing,
    denied: Option<&'static str>,
    side: Option<Side>,
    lots: i64,
    style: Option<Style>,
    prob: Option<f64>,
    is_exploration: bool,
    alternatives: Vec<(&'static str, f64, Option<f64>)>,
    checks: Vec<(&'static str, bool, f64, f64)>,
    reason: &'static str,
}

fn plan(
    act: Act,
    side: Option<Side>,
    lots: i64,
    style: Option<Style>,
    reason: &'static str,
) -> Plan {
    Plan {
        act,
        standing: Standing::Submitted,
        denied: None,
        side,
        lots,
        style,
        prob: None,
        is_exploration: false,
        alternatives: Vec::new(),
        checks: Vec::new(),
        reason,
    }
}

fn hold(reason: &'static str) -> Plan {
    plan(Act::Hold, None, 0, None, reason)
}

fn is_closing(now: Moment) -> bool {
    now.close - now.ts < now.horizon * 2
}

fn close_out(s: &Strategy, reason: &'static str) -> Plan {
    plan(Act::Exit, Some(Side::of(-s.lots)), s.lots.abs(), Some(Style::Market), reason)
}

fn momentum(s: &Strategy, rules: &Rules, scores: &Scores, now: Moment, rng: &mut Rng) -> Plan {
    if s.working.is_some() {
        return hold("order_working");
    }
    let (lots, market) = (rules.order_lots, Some(Style::Market));
    let side = Side::of(if scores.alpha >= 0.0 { 1 } else { -1 });
    let mut out = if s.lots == 0 {
        if scores.alpha.abs() > 0.35 {
            plan(Act::Enter, Some(side), lots, market, "flow_strong")
        } else if rng.chance(0.7) {
            plan(Act::Skip, Some(side), lots, market, "flow_weak")
        } else {
            hold("flat")
        }
    } else {
        let with = scores.alpha * s.lots.signum() as f64;
        if is_closing(now) {
            close_out(s, "session_end")
        } else if with < -0.35 {
            plan(Act::Reverse, Some(side), s.lots.abs() + lots, market, "flow_turned")
        } else if with < 0.1 && s.lots.abs() > lots {
            plan(Act::Reduce, Some(Side::of(-s.lots)), lots, market, "flow_fading")
        } else if now.ts - s.entered > now.horizon {
            close_out(s, "horizon_reached")
        } else if with > 0.6 {
            plan(Act::Increase, Some(side), lots, market, "flow_confirmed")
        } else {
            hold("within_plan")
        }
    };
    out.alternatives = vec![("hold", 0.0, None), ("enter", scores.alpha.abs(), None)];
    out
}

fn reversion(
    s: &Strategy,
    rules: &Rules,
    scores: &Scores,
    now: Moment,
    rng: &mut Rng,
    view: &View,
) -> Plan {
    if let Some(w) = s.working {
        if w.style == Style::Market {
            return hold("order_working");
        }
        let touch = if w.side == Side::Buy { view.bid } else { view.ask };
        let age = now.ts - w.since;
        return if age > now.horizon || is_closing(now) {
            plan(Act::Cancel, Some(w.side), w.lots, Some(Style::Limit), "order_too_old")
        } else if touch != w.px && age > 1_000_000_000 {
            plan(Act::Modify, Some(w.side), w.lots, Some(Style::Limit), "price_moved")
        } else {
            hold("order_resting")
        };
    }
    if s.lots != 0 {
        if is_closing(now) || now.ts - s.entered > now.horizon * 3 {
            return close_out(s, "horizon_reached");
        }
        let (act, lots) = if s.lots.abs() > rules.order_lots {
            (Act::Reduce, rules.order_lots)
        } else {
            (Act::Exit, s.lots.abs())
        };
        return plan(act, Some(Side::of(-s.lots)), lots, Some(Style::Limit), "take_the_spread");
    }
    let against = if scores.drift.abs() < 0.2 {
        rng.sign(0.5)
    } else if scores.drift > 0.0 {
        -1
    } else {
        1
    };
    let side = Some(Side::of(against));
    if scores.alpha * against as f64 > -0.3 {
        plan(Act::Enter, side, rules.order_lots, Some(Style::Limit), "drift_overdone")
    } else {
        plan(Act::Skip, side, rules.order_lots, Some(Style::Limit), "flow_against")
    }
}

fn explore(s: &Strategy, rules: &Rules, scores: &Scores, now: Moment, rng: &mut Rng) -> Plan {
    if s.working.is_some() {
        return hold("order_working");
    }
    if s.lots != 0 {
        let mut out = if is_closing(now) || now.ts - s.entered > now.horizon {
            close_out(s, "horizon_reached")
        } else {
            hold("within_plan")
        };
        out.prob = Some(1.0);
        return out;
    }
    // Softmax over buy, sell and skip, mixed with one tenth of chance.
    let raw = [libm::exp(2.0 * scores.alpha), libm::exp(-2.0 * scores.alpha), libm::exp(0.5)];
    let total: f64 = raw.iter().sum();
    let probs = raw.map(|w| 0.9 * w / total + 0.1 / 3.0);
    let u = rng.unit();
    let chosen = if u < probs[0] {
        0
    } else if u < probs[0] + probs[1] {
        1
    } else {
        2
    };
    let best = probs.iter().fold(0.0, |a: f64, b| a.max(*b));
    let (lots, market) = (rules.order_lots, Some(Style::Market));
    let mut out = match chosen {
        0 => plan(Act::Enter, Some(Side::Buy), lots, market, "drawn"),
        1 => plan(Act::Enter, Some(Side::Sell), lots, market, "drawn"),
        _ => plan(
            Act::Skip,
            Some(Side::of(if scores.alpha >= 0.0 { 1 } else { -1 })),
            lots,
            market,
            "drawn",
        ),
    };
    out.prob = Some(probs[chosen]);
    out.is_exploration = probs[chosen] < best;
    let names = ["enter", "enter", "skip"];
    let scored = [scores.alpha, -scores.alpha, 0.25];
    out.alternatives = (0..3)
        .filter(|at| *at != chosen)
        .map(|at| (names[at], scored[at], Some(probs[at])))
        .collect();
    out
}

fn hedge(s: &Strategy, rules: &Rules, now: Moment) -> Plan {
    if s.working.is_some() {
        return hold("order_working");
    }
    let limit = rules.max_lots;
    let target = if is_closing(now) { 0 } else { now.hedge_target.clamp(-limit, limit) };
    let missing = target - s.lots;
    if missing == 0 {
        return hold("hedged");
    }
    plan(Act::Hedge, Some(Side::of(missing)), missing.abs(), Some(Style::Market), "exposure")
}
