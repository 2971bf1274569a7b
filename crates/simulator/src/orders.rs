//! The life of our orders at a venue, and the reports and books that follow.

use crate::account::Fill;
use crate::book::Side;
use crate::market::{Event, Frame, Market};
use crate::rng::Rng;
use crate::rows::{BookRow, ExecutionRow, Report, Style, Tape, TapeAction};
use crate::universe::Listing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    Sent,
    Resting,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) strategy: usize,
    pub(crate) decision: [u8; 16],
    pub(crate) side: Side,
    pub(crate) style: Style,
    pub(crate) px: Option<i64>,
    pub(crate) lots: i64,
    pub(crate) cum: i64,
    pub(crate) venue: usize,
    pub(crate) sent: i64,
    pub(crate) ack: Option<i64>,
    pub(crate) arrival: Option<(i64, i64)>,
    pub(crate) original: Option<u64>,
    pub(crate) state: Pending,
}

/// Lots of an order of ours that met others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match {
    pub(crate) order: u64,
    pub(crate) tick: i64,
    pub(crate) lots: u32,
    pub(crate) trade_id: u64,
    pub(crate) is_maker: bool,
}

/// A fill that will be taken back or get another price.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revision {
    order: Order,
    exec_id: u64,
    trade_id: u64,
    lots: i64,
    px: i64,
    fee: i128,
    is_maker: bool,
    is_bust: bool,
}

/// Fee of a fill in 1e-9 of the currency, from a rate in basis points; truncated towards zero.
pub(crate) fn fee(listing: &Listing, px: i64, lots: i64, bps: f64) -> i128 {
    // Thousandths of a basis point, as an integer: the rate is a configured number.
    let rate = i128::from(crate::rng::whole(libm::round(bps * 1000.0)));
    listing.notional(px, lots.abs()) * rate / 10_000_000
}

impl Market {
    fn quote(&self, n: usize) -> Option<(i64, i64)> {
        let book = &self.sites[n].book;
        self.sites[n]
            .is_trading()
            .then(|| (book.bid * self.listing.tick, book.ask() * self.listing.tick))
    }

    /// A report on an order; returns its id and when it is received.
    fn report(
        &mut self,
        rng: &mut Rng,
        ts: i64,
        order: &Order,
        kind: Report,
        fill: Option<(i64, i64)>,
        tape: &mut Tape,
    ) -> (u64, i64) {
        self.execs += 1;
        let exec_quote = self.quote(order.venue);
        let at = self.sites[order.venue].report_stamp(rng, ts);
        let is_over = matches!(kind, Report::Canceled | Report::Rejected | Report::Expired);
        tape.executions.push(ExecutionRow {
            at,
            exec_id: self.execs,
            report: kind,
            side: order.side,
            last: fill,
            ref_id: None,
            decision: Some(order.decision),
            order: Some(order.number),
            orig_order: order.original,
            trade_id: None,
            strategy: u8::try_from(order.strategy).unwrap_or(0),
            order_lots: order.lots,
            leaves: if is_over { 0 } else { order.lots - order.cum },
            cum: order.cum,
            style: order.style,
            limit: order.px,
            is_maker: false,
            is_liquidation: false,
            fee: None,
            reject: None,
            ts_sent: Some(order.sent),
            ts_ack: order.ack,
            arrival: order.arrival,
            exec_quote,
        });
        (self.execs, at.recv)
    }

    fn reject(
        &mut self,
        rng: &mut Rng,
        ts: i64,
        order: &Order,
        reason: &'static str,
        tape: &mut Tape,
    ) {
        let (_, recv) = self.report(rng, ts, order, Report::Rejected, None, tape);
        if let Some(row) = tape.executions.last_mut() {
            row.reject = Some(reason);
        }
        self.orders.remove(&order.number);
        self.tell(recv, order.strategy, 0, Some(order.number), true);
    }

    pub(crate) fn arrive(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        ts: i64,
        number: u64,
        tape: &mut Tape,
    ) {
        let Some(mut order) = self.orders.get(&number).copied() else { return };
        order.ack = Some(ts);
        order.arrival = self.quote(order.venue);
        let n = order.venue;
        if !self.sites[n].is_trading() {
            return self.reject(rng, ts, &order, "market_closed", tape);
        }
        if rng.chance(frame.spec.desk.reject_prob) {
            return self.reject(rng, ts, &order, "throttled", tape);
        }
        match order.style {
            Style::Market => {
                self.report(rng, ts, &order, Report::New, None, tape);
                self.orders.insert(number, order);
                let lots = u32::try_from(order.lots).unwrap_or(u32::MAX);
                let (tick, _) = self.sites[n].book.best(order.side.other());
                let filled = self.sites[n].book.take(order.side, lots, true, &mut self.effect);
                if filled > 0 {
                    let trade = self.publish(frame, rng, n, ts, Some(order.side), tape);
                    let fill = Match {
                        order: number,
                        tick,
                        lots: filled,
                        trade_id: trade,
                        is_maker: false,
                    };
                    self.filled(frame, rng, ts, fill, tape);
                }
                self.close_order(rng, ts, number, "expired", tape);
            }
            Style::Limit => {
                let px = order.px.unwrap_or(0);
                let tick = px / self.listing.tick;
                let book = &self.sites[n].book;
                let crosses = match order.side {
                    Side::Buy => tick >= book.ask(),
                    Side::Sell => tick <= book.bid,
                };
                if crosses {
                    return self.reject(rng, ts, &order, "post_only_would_cross", tape);
                }
                let lots = u32::try_from(order.lots).unwrap_or(u32::MAX);
                if !self.sites[n].book.join(number, order.side, tick, lots, &mut self.effect) {
                    return self.reject(rng, ts, &order, "price_outside_band", tape);
                }
                self.report(rng, ts, &order, Report::New, None, tape);
                order.state = Pending::Resting;
                self.orders.insert(number, order);
                self.publish(frame, rng, n, ts, None, tape);
            }
        }
    }

    /// Books a fill and reports it.
    pub(crate) fn filled(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        ts: i64,
        fill: Match,
        tape: &mut Tape,
    ) {
        let Match { order: number, tick, lots, trade_id, is_maker } = fill;
        let Some(order) = self.orders.get_mut(&number) else { return };
        let lots = i64::from(lots);
        order.cum += lots;
        let order = *order;
        let px = tick * self.listing.tick;
        let rules = &frame.spec.desk;
        let fee =
            fee(&self.listing, px, lots, if is_maker { rules.maker_bps } else { rules.taker_bps });
        let (exec_id, recv) = self.report(rng, ts, &order, Report::Trade, Some((lots, px)), tape);
        if let Some(row) = tape.executions.last_mut() {
            (row.trade_id, row.is_maker, row.fee) = (Some(trade_id), is_maker, Some(fee));
        }
        let signed = order.side.sign() * lots;
        self.accounts[order.strategy]
            .fill(&self.listing, Fill { exec_id, ts, lots: signed, px, fee });
        self.book_row(ts, order.strategy, "fill", Some(exec_id), tape);
        self.tell(recv, order.strategy, signed, Some(number), order.cum >= order.lots);
        if is_maker && order.cum >= order.lots {
            self.orders.remove(&number);
        }
        let is_bust = rng.chance(rules.bust_prob);
        if is_bust || rng.chance(rules.correct_prob) {
            let revision = Revision { order, exec_id, trade_id, lots, px, fee, is_maker, is_bust };
            self.later(
                ts + 20_000_000_000 + rng.between(0, 1_000_000_000),
                Event::Revise(revision),
            );
        }
    }

    /// What is left of an order ends.
    pub(crate) fn close_order(
        &mut self,
        rng: &mut Rng,
        ts: i64,
        number: u64,
        why: &'static str,
        tape: &mut Tape,
    ) {
        let Some(order) = self.orders.remove(&number) else { return };
        if order.cum >= order.lots {
            return;
        }
        let kind = if why == "expired" { Report::Expired } else { Report::Canceled };
        let (_, recv) = self.report(rng, ts, &order, kind, None, tape);
        self.tell(recv, order.strategy, 0, Some(number), true);
    }

    /// Continuous trading ends: resting orders of ours lapse. The venue shows an empty book next, so no level changes.
    pub(crate) fn expire_resting(&mut self, rng: &mut Rng, ts: i64, n: usize, tape: &mut Tape) {
        self.sites[n].book.own.clear();
        let resting = |o: &&Order| o.venue == n && o.state == Pending::Resting;
        let numbers: Vec<u64> = self.orders.values().filter(resting).map(|o| o.number).collect();
        for number in numbers {
            self.close_order(rng, ts, number, "expired", tape);
        }
    }

    pub(crate) fn cancel(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        ts: i64,
        number: u64,
        tape: &mut Tape,
    ) {
        // Filled or lapsed before the cancel came: the strategy learns that from the other report.
        let Some(order) = self.orders.get(&number).copied() else { return };
        if self.sites[order.venue].book.leave(number, &mut self.effect).is_some() {
            self.publish(frame, rng, order.venue, ts, None, tape);
        }
        self.close_order(rng, ts, number, "canceled", tape);
    }

    pub(crate) fn replace(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        ts: i64,
        (old, new, px): (u64, u64, i64),
        (decision, sent): ([u8; 16], i64),
        tape: &mut Tape,
    ) {
        let Some(order) = self.orders.remove(&old) else {
            // Too late: the strategy believes in the new order, so it has to learn that there is none.
            let strategy = crate::desk::REVERSION;
            return self.tell(ts + 2_000_000, strategy, 0, Some(new), true);
        };
        let n = order.venue;
        self.sites[n].book.leave(old, &mut self.effect);
        let lots = order.lots - order.cum;
        let mut next = Order {
            number: new,
            decision,
            px: Some(px),
            lots,
            cum: 0,
            sent,
            ack: Some(ts),
            arrival: self.quote(n),
            original: Some(old),
            state: Pending::Resting,
            ..order
        };
        let tick = px / self.listing.tick;
        let book = &self.sites[n].book;
        let crosses = if next.side == Side::Buy { tick >= book.ask() } else { tick <= book.bid };
        let left = u32::try_from(lots).unwrap_or(u32::MAX);
        let is_in =
            !crosses && self.sites[n].book.join(new, next.side, tick, left, &mut self.effect);
        if !self.effect.changes.is_empty() {
            self.publish(frame, rng, n, ts, None, tape);
        }
        if is_in {
            self.report(rng, ts, &next, Report::Replaced, None, tape);
            self.orders.insert(new, next);
        } else {
            next.original = None;
            let gone = Order { number: old, ..order };
            self.report(rng, ts, &gone, Report::Canceled, None, tape);
            self.reject(rng, ts, &next, "post_only_would_cross", tape);
        }
    }

    /// A bust takes the fill away, a correction moves its price by one tick; the tape says the same.
    pub(crate) fn revise(&mut self, rng: &mut Rng, ts: i64, revision: Revision, tape: &mut Tape) {
        let order = revision.order;
        let s = order.strategy;
        let px = revision.px + if revision.is_bust { 0 } else { self.listing.tick };
        let new_px = (!revision.is_bust).then_some(px);
        if self.accounts[s].revise(&self.listing, revision.exec_id, new_px).is_none() {
            return;
        }
        let kind = if revision.is_bust { Report::Bust } else { Report::Correct };
        let (exec_id, recv) = self.report(rng, ts, &order, kind, Some((revision.lots, px)), tape);
        if let Some(row) = tape.executions.last_mut() {
            row.ref_id = Some(revision.exec_id);
            row.trade_id = Some(revision.trade_id);
            row.is_maker = revision.is_maker;
            row.fee = Some(revision.fee);
            if revision.is_bust {
                row.cum -= revision.lots;
                row.leaves = 0;
            }
        }
        let cause = if revision.is_bust { "bust" } else { "correct" };
        self.book_row(ts, s, cause, Some(exec_id), tape);
        if revision.is_bust {
            self.tell(recv, s, -order.side.sign() * revision.lots, None, false);
        }
        let lots = u32::try_from(revision.lots).unwrap_or(u32::MAX);
        let action = if revision.is_bust { TapeAction::Cancel } else { TapeAction::Correct };
        self.amend_tape(rng, order.venue, ts, (revision.trade_id, px, lots), action, tape);
    }

    /// The venue closes a position by itself: a fill that no decision asked for.
    pub(crate) fn liquidate(
        &mut self,
        frame: &Frame<'_>,
        rng: &mut Rng,
        ts: i64,
        s: usize,
        tape: &mut Tape,
    ) {
        let held = self.accounts[s].now.lots;
        let side = Side::of(-held);
        let lots = u32::try_from(held.abs()).unwrap_or(u32::MAX);
        let (tick, _) = self.sites[0].book.best(side.other());
        let filled = self.sites[0].book.take(side, lots, true, &mut self.effect);
        if filled == 0 {
            return self.later(ts + 1_000_000_000, Event::Liquidate);
        }
        let trade_id = self.publish(frame, rng, 0, ts, Some(side), tape);
        let (lots, px) = (i64::from(filled), tick * self.listing.tick);
        let order = Order {
            number: 0,
            strategy: s,
            decision: [0; 16],
            side,
            style: Style::Market,
            px: None,
            lots,
            cum: lots,
            venue: 0,
            sent: ts,
            ack: None,
            arrival: None,
            original: None,
            state: Pending::Sent,
        };
        let fee = fee(&self.listing, px, lots, frame.spec.desk.taker_bps * 5.0);
        let (exec_id, recv) = self.report(rng, ts, &order, Report::Trade, Some((lots, px)), tape);
        if let Some(row) = tape.executions.last_mut() {
            (row.decision, row.order, row.ts_sent) = (None, None, None);
            (row.trade_id, row.fee, row.is_liquidation) = (Some(trade_id), Some(fee), true);
        }
        let signed = side.sign() * lots;
        self.accounts[s].fill(&self.listing, Fill { exec_id, ts, lots: signed, px, fee });
        self.book_row(ts, s, "liquidation", Some(exec_id), tape);
        self.tell(recv, s, signed, None, false);
    }

    pub(crate) fn book_row(
        &mut self,
        ts: i64,
        s: usize,
        cause: &'static str,
        exec_id: Option<u64>,
        tape: &mut Tape,
    ) {
        let now = &self.accounts[s].now;
        tape.books.push(BookRow {
            ts,
            instrument: u16::try_from(self.index).unwrap_or(u16::MAX),
            strategy: u8::try_from(s).unwrap_or(0),
            cause,
            exec_id,
            lots: now.lots,
            cash: now.cash,
            fees: now.fees,
            funding: now.funding,
            realized: now.realized,
        });
    }
}
