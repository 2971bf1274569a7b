//! What a feature sees at a cut-off: the answers to what it asked for.

use crate::answer::Answer;
use crate::needs::{
    BarsOf, DecayedOf, DepthOf, EventsOf, GridOf, InstrumentOf, NumberOf, QuoteOf, RangeOf,
    SessionOf, SumOf, TradeOf,
};
use crate::null::Null;
use crate::reference::{Events, InstrumentFacts, Session};
use crate::ring::Key;
use crate::rows::{Bar, Cell, Depth, Quote, Trade};
use std::cell::Cell as Flag;

/// What a feature sees at a cut-off. Nothing at or after the cut-off can be asked for.
#[derive(Debug)]
pub struct At<'a> {
    cutoff: i64,
    max_age_ns: i64,
    answers: &'a [(Option<Null>, Answer<'a>)],
    /// Places of the feature's own answers.
    own: &'a [usize],
    undeclared: Flag<bool>,
}

impl<'a> At<'a> {
    pub(crate) fn new(
        cutoff: i64,
        max_age_ns: i64,
        answers: &'a [(Option<Null>, Answer<'a>)],
        own: &'a [usize],
    ) -> Self {
        Self { cutoff, max_age_ns, answers, own, undeclared: Flag::new(false) }
    }

    /// Whether something was asked for that the feature did not declare.
    pub(crate) fn asked_undeclared(&self) -> bool {
        self.undeclared.get()
    }

    /// The reason that stands before any formula: the lowest among those of the answers.
    pub(crate) fn null(&self) -> Option<Null> {
        self.own.iter().filter_map(|at| self.answers.get(*at).and_then(|(null, _)| *null)).min()
    }

    fn get(&self, need: usize) -> Result<&Answer<'a>, Null> {
        match self.own.get(need).and_then(|at| self.answers.get(*at)) {
            Some((None, answer)) => Ok(answer),
            Some((Some(null), _)) => Err(*null),
            None => self.refuse(),
        }
    }

    fn refuse<T>(&self) -> Result<T, Null> {
        self.undeclared.set(true);
        Err(Null::NonFinite)
    }

    /// The cut-off in nanoseconds: everything seen was available before it.
    #[must_use]
    pub fn cutoff(&self) -> i64 {
        self.cutoff
    }

    /// An exact sum or count.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn sum(&self, of: SumOf) -> Result<i128, Null> {
        match self.get(of.0)? {
            Answer::Integer(sum) => Ok(*sum),
            _ => self.refuse(),
        }
    }

    /// Smallest and largest value of a window.
    ///
    /// # Errors
    /// [`Null::Empty`] when no row of the window has a value.
    pub fn range(&self, of: RangeOf) -> Result<(i128, i128), Null> {
        match self.get(of.0)? {
            Answer::Range(range) => range.ok_or(Null::Empty),
            _ => self.refuse(),
        }
    }

    /// A quote, valid or not.
    ///
    /// # Errors
    /// [`Null::Stale`] and the other reasons why there is none.
    pub fn quote(&self, of: QuoteOf) -> Result<Quote, Null> {
        match self.get(of.0)? {
            Answer::Quote(_, age) if *age > self.max_age_ns => Err(Null::Stale),
            Answer::Quote(quote, _) => Ok(*quote),
            _ => self.refuse(),
        }
    }

    /// The quote in force, if it is valid.
    ///
    /// # Errors
    /// [`Null::NullInput`] when a side is missing, [`Null::OutOfDomain`] when the book is crossed.
    pub fn valid_quote(&self, of: QuoteOf) -> Result<Quote, Null> {
        let quote = self.quote(of)?;
        if quote.is_valid() {
            Ok(quote)
        } else if quote.bid_px().is_some() && quote.ask_px().is_some() {
            Err(Null::OutOfDomain)
        } else {
            Err(Null::NullInput)
        }
    }

    /// Twice the mid of a valid quote, in units of 1e-9.
    ///
    /// # Errors
    /// As [`valid_quote`](Self::valid_quote).
    pub fn mid2(&self, of: QuoteOf) -> Result<i64, Null> {
        self.valid_quote(of)?.mid2().ok_or(Null::NullInput)
    }

    /// Twice the mid where it must be positive: below a return or a ratio.
    ///
    /// # Errors
    /// As [`valid_quote`](Self::valid_quote), and [`Null::OutOfDomain`] for a mid of 0 or below.
    pub fn positive_mid2(&self, of: QuoteOf) -> Result<i64, Null> {
        let mid2 = self.mid2(of)?;
        if mid2 > 0 { Ok(mid2) } else { Err(Null::OutOfDomain) }
    }

    /// The book in force, if it is valid.
    ///
    /// # Errors
    /// [`Null::NullInput`] when a side is missing, [`Null::OutOfDomain`] when the book is crossed.
    pub fn depth(&self, of: DepthOf) -> Result<&'a Depth, Null> {
        match self.get(of.0)? {
            Answer::Depth(_, age) if *age > self.max_age_ns => Err(Null::Stale),
            Answer::Depth(depth, _) if depth.is_valid() => Ok(depth),
            Answer::Depth(depth, _) if depth.is_crossed() => Err(Null::OutOfDomain),
            Answer::Depth(..) => Err(Null::NullInput),
            _ => self.refuse(),
        }
    }

    /// A trade.
    ///
    /// # Errors
    /// [`Null::Stale`] and the other reasons why there is none.
    pub fn trade(&self, of: TradeOf) -> Result<Trade, Null> {
        match self.get(of.0)? {
            Answer::Trade(_, age) if *age > self.max_age_ns => Err(Null::Stale),
            Answer::Trade(trade, _) => Ok(*trade),
            _ => self.refuse(),
        }
    }

    /// A number that a state gives.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn number(&self, of: NumberOf) -> Result<i64, Null> {
        match self.get(of.0)? {
            Answer::Number(number) => Ok(*number),
            _ => self.refuse(),
        }
    }

    /// Grid instants of the window, oldest first, and how many a full window has.
    ///
    /// # Errors
    /// The reason why there are none.
    pub fn grid(&self, of: GridOf) -> Result<(impl Iterator<Item = &'a Cell> + Clone, u32), Null> {
        let Answer::Rows { ring, first, last, n } = *self.get(of.0)? else { return self.refuse() };
        let known = Key { ts: self.cutoff, ..Key::default() };
        let cells = (first..=last).map(move |row| match ring.grid.version(row, known) {
            Some(cell) => cell,
            None => ring.grid.columns.get(row),
        });
        Ok((cells, n))
    }

    /// Closed bars of the window, oldest first, and how many a full window has.
    ///
    /// # Errors
    /// The reason why there are none.
    pub fn bars(&self, of: BarsOf) -> Result<(impl Iterator<Item = &'a Bar> + Clone, u32), Null> {
        let Answer::Rows { ring, first, last, n } = *self.get(of.0)? else { return self.refuse() };
        let known = Key { ts: self.cutoff, ..Key::default() };
        let bars = (first..=last).map(move |row| match ring.bars.version(row, known) {
            Some(bar) => bar,
            None => ring.bars.columns.get(row),
        });
        Ok((bars, n))
    }

    /// Exponentially weighted sum and its weights.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn decayed(&self, of: DecayedOf) -> Result<[f64; 2], Null> {
        match self.get(of.0)? {
            Answer::Sums(sums) => Ok(*sums),
            _ => self.refuse(),
        }
    }

    /// The session.
    ///
    /// # Errors
    /// [`Null::NotApplicable`] when the instrument has no calendar, or no phase of it was known.
    pub fn session(&self, of: SessionOf) -> Result<Session, Null> {
        match self.get(of.0)? {
            Answer::Session(session) => Ok(*session),
            _ => self.refuse(),
        }
    }

    /// The instrument's row.
    ///
    /// # Errors
    /// [`Null::NoHistory`] when none was known.
    pub fn instrument(&self, of: InstrumentOf) -> Result<&'a InstrumentFacts, Null> {
        match self.get(of.0)? {
            Answer::Instrument(facts) => facts.ok_or(Null::NoHistory),
            _ => self.refuse(),
        }
    }

    /// Scheduled events.
    ///
    /// # Errors
    /// [`Null::NotApplicable`] for a role that nobody plays.
    pub fn events(&self, of: EventsOf) -> Result<Events, Null> {
        match self.get(of.0)? {
            Answer::Events(events) => Ok(*events),
            _ => self.refuse(),
        }
    }
}
