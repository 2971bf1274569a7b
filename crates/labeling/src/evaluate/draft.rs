//! An outcome in the making, and the rows that it has read.

use crate::flags::OutcomeFlags;
use crate::ledger::Fill;
use crate::measure::{Measure, Reading, Readings, Scalar};
use crate::null::Null;
use crate::path::PathRow;
use contract::{Hash, OutcomeBasis};

/// The rows that a result was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reads {
    seqs: Vec<u64>,
    /// The latest availability.
    pub(crate) avail: i64,
    /// First and last row of the path with their number.
    span: Option<(u64, u64, u64)>,
}

impl Reads {
    pub(crate) fn new(seq: u64, avail: i64) -> Self {
        let mut seqs = Vec::with_capacity(8);
        seqs.push(seq);
        Self { seqs, avail, span: None }
    }

    pub(crate) fn seq(&mut self, seq: u64, avail: i64) {
        self.seqs.push(seq);
        self.avail = self.avail.max(avail);
    }

    pub(crate) fn row(&mut self, row: &PathRow) {
        self.seq(row.key.seq, row.avail);
    }

    pub(crate) fn fill(&mut self, fill: &Fill) {
        self.seq(fill.seq, fill.avail);
        self.seqs.extend(&fill.amended);
    }

    pub(crate) fn span(&mut self, first: u64, last: u64, rows: u64) {
        self.span = Some((first, last, rows));
    }

    fn sorted(&self) -> Vec<u64> {
        let mut seqs = self.seqs.clone();
        seqs.sort_unstable();
        seqs.dedup();
        seqs
    }

    /// Smallest and largest `seq`, the span of the path included.
    pub(crate) fn bounds(&self) -> Option<(u64, u64)> {
        let ends = self.span.iter().flat_map(|(first, last, _)| [*first, *last]);
        let all = || self.seqs.iter().copied().chain(ends.clone());
        Some((all().min()?, all().max()?))
    }

    /// SHA-256 of the `seq`s read, and of first row, last row and number of rows of the path between entry and end: rows of
    /// a log never change, so their numbers say what they hold.
    pub(crate) fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(8 * (self.seqs.len() + 3));
        for seq in self.sorted() {
            bytes.extend(seq.to_le_bytes());
        }
        if let Some((first, last, rows)) = self.span {
            bytes.push(1);
            bytes.extend([first, last, rows].into_iter().flat_map(u64::to_le_bytes));
        }
        Hash::of(&bytes)
    }

    /// First and last `seq` of the path between entry and end, and its number of rows.
    pub(crate) fn path(&self) -> Option<(u64, u64, u64)> {
        self.span
    }

    /// The rows themselves, in order.
    pub(crate) fn seqs(&self) -> Vec<u64> {
        self.sorted()
    }
}

/// An outcome.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) basis: OutcomeBasis,
    /// +1 for a long position.
    pub(crate) sign: i128,
    pub(crate) flags: OutcomeFlags,
    pub(crate) ts_end: i64,
    pub(crate) is_void: bool,
    pub(crate) is_provisional: bool,
    /// Share of path, fees and fills that was observed.
    pub(crate) completeness: f64,
    pub(crate) readings: Readings,
    pub(crate) reads: Reads,
}

impl Draft {
    pub(crate) fn new(basis: OutcomeBasis, sign: i128, reads: Reads) -> Self {
        Self {
            basis,
            sign,
            flags: OutcomeFlags::NONE,
            ts_end: i64::MIN,
            is_void: false,
            is_provisional: false,
            completeness: 1.0,
            readings: Readings::new(),
            reads,
        }
    }

    pub(crate) fn flag(&mut self, flags: OutcomeFlags) {
        self.flags = self.flags.with(flags);
    }

    pub(crate) fn set(&mut self, measure: Measure, reading: Reading) {
        self.readings.set(measure, reading);
    }

    pub(crate) fn money(&mut self, measure: Measure, value: i128) {
        self.set(measure, Reading::exact(Scalar::Money(value)));
    }

    pub(crate) fn whole(&mut self, measure: Measure, value: i64) {
        self.set(measure, Reading::exact(Scalar::Whole(value)));
    }

    /// A number, or why there is none; a result that is not finite has none.
    pub(crate) fn number(&mut self, measure: Measure, value: Result<f64, Null>) {
        self.set(measure, number(value));
    }

    pub(crate) fn null(&mut self, measure: Measure, why: Null) {
        self.set(measure, Reading::unknown(why));
    }

    /// Everything that needs the path is unknown for one reason.
    pub(crate) fn all_null(&mut self, why: Null) {
        for measure in Measure::ALL {
            self.null(*measure, why);
        }
    }

    pub(crate) fn fee_flags(&mut self, fee: &crate::facts::Fee) {
        if fee.is_estimate {
            self.flag(OutcomeFlags::FEE_ESTIMATED);
            self.is_provisional = true;
        }
        if fee.is_unknown {
            self.flag(OutcomeFlags::FEE_UNKNOWN);
        }
    }
}

/// A number without doubt, or why there is none.
pub(crate) fn number(value: Result<f64, Null>) -> Reading {
    match value {
        Ok(x) if x.is_finite() => Reading::exact(Scalar::Number(x)),
        Ok(_) => Reading::unknown(Null::Div0),
        Err(why) => Reading::unknown(why),
    }
}

/// A quotient, `DIV0` over zero.
pub(crate) fn over(num: f64, den: f64) -> Result<f64, Null> {
    if den == 0.0 { Err(Null::Div0) } else { Ok(num / den) }
}
