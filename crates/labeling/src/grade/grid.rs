//! The grid that the limits of a grade span: for each measure the limits themselves and the intervals between them.

use super::error::GradeError;
use super::rules::GradeRules;
use crate::measure::{Better, Measure, Scalar};
use crate::number::Decimal;

/// Most cells of a grid.
const MOST: u128 = 1 << 20;

/// One measure of the grid.
///
/// Its cells are counted from the worst: `2k + 1` of them for `k` limits, the odd ones being the limits themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    measure: Measure,
    /// From the worst.
    cuts: Vec<Decimal>,
}

impl Axis {
    /// The measure.
    #[must_use]
    pub const fn measure(&self) -> Measure {
        self.measure
    }

    /// Number of cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        2 * self.cuts.len() + 1
    }

    /// The limits, from the worst.
    #[must_use]
    pub fn cuts(&self) -> &[Decimal] {
        &self.cuts
    }

    /// The cell of a limit.
    pub(super) fn cell_of(&self, cut: Decimal) -> usize {
        self.cuts.iter().position(|c| *c == cut).map_or(0, |at| 2 * at + 1)
    }

    /// The cell of a value; a value that is no number is in the worst.
    #[must_use]
    #[inline]
    pub fn locate(&self, value: Scalar) -> usize {
        match value {
            Scalar::Money(nanos) => self.steps(&nanos, |cut| cut.amount().nanos()),
            Scalar::Number(number) => self.steps(&number, Decimal::nearest),
            Scalar::Whole(whole) => {
                self.steps(&(i128::from(whole) * 1_000_000_000), |cut| cut.amount().nanos())
            }
        }
    }

    /// Half steps from the worst: one for reaching a limit, one for passing it.
    #[inline]
    fn steps<T: PartialOrd>(&self, value: &T, limit: impl Fn(Decimal) -> T) -> usize {
        let falls = self.falls();
        self.cuts.iter().map(|cut| half_steps(falls, value, &limit(*cut))).sum()
    }

    /// Adds the cells of a column to `at`, a row each.
    pub(super) fn add_cells<T: PartialOrd>(
        &self,
        at: &mut [usize],
        values: &[T],
        limit: impl Fn(Decimal) -> T,
    ) {
        let falls = self.falls();
        for cut in &self.cuts {
            let limit = limit(*cut);
            for (at, value) in at.iter_mut().zip(values) {
                *at += half_steps(falls, value, &limit);
            }
        }
    }

    fn falls(&self) -> bool {
        self.measure.better() == Better::Lower
    }

    /// The numeric ends of a cell as `f64`, the lower first; a limit has both ends at itself.
    pub(super) fn span(&self, cell: usize) -> (f64, f64) {
        let falls = self.falls();
        let cut = |at: usize| self.cuts.get(at).map(|c| c.nearest());
        let at = cell / 2;
        if cell % 2 == 1 {
            let point = cut(at).unwrap_or(f64::NAN);
            return (point, point);
        }
        let worse = at.checked_sub(1).and_then(cut);
        let better = cut(at);
        if falls {
            (better.unwrap_or(f64::NEG_INFINITY), worse.unwrap_or(f64::INFINITY))
        } else {
            (worse.unwrap_or(f64::NEG_INFINITY), better.unwrap_or(f64::INFINITY))
        }
    }

    /// A cell in words: `net_pnl < 0`, `net_pnl = 0`, `0 < mae_sigma < 1`.
    pub(crate) fn text(&self, cell: usize) -> String {
        let falls = self.falls();
        let name = self.measure.name();
        let at = cell / 2;
        if cell % 2 == 1 {
            return self.cuts.get(at).map_or_else(String::new, |cut| format!("{name} = {cut}"));
        }
        let worse = at.checked_sub(1).and_then(|at| self.cuts.get(at));
        let (lower, upper) = match (worse, self.cuts.get(at)) {
            (worse, better) if falls => (better, worse),
            (worse, better) => (worse, better),
        };
        match (lower, upper) {
            (Some(lower), Some(upper)) => format!("{lower} < {name} < {upper}"),
            (Some(lower), None) => format!("{name} > {lower}"),
            (None, Some(upper)) => format!("{name} < {upper}"),
            (None, None) => format!("any {name}"),
        }
    }
}

/// How far a value is beyond a limit on the better side: 0 before it, 1 at it, 2 behind it. What compares with nothing
/// is before every limit.
#[inline]
fn half_steps<T: PartialOrd>(falls: bool, value: &T, limit: &T) -> usize {
    if falls {
        usize::from(value <= limit) + usize::from(value < limit)
    } else {
        usize::from(value >= limit) + usize::from(value > limit)
    }
}

/// The axes of some rules, in the order of [`Measure::ALL`].
pub(super) fn axes(rules: &GradeRules) -> Result<Vec<Axis>, GradeError> {
    let bounds = rules.floor.iter().chain(&rules.cap);
    let limits = rules.demote.iter().flat_map(|d| &d.when).chain(bounds.flat_map(|b| &b.when));
    let mut cuts: Vec<(Measure, Decimal)> = limits.map(|l| (l.measure, l.cut)).collect();
    cuts.extend(rules.base.cuts.map(|cut| (rules.base.by, cut)));
    cuts.sort_by_key(|(measure, cut)| {
        let nanos = cut.amount().nanos();
        (*measure, if measure.better() == Better::Lower { -nanos } else { nanos })
    });
    cuts.dedup();
    let mut axes: Vec<Axis> = Vec::new();
    for (measure, cut) in cuts {
        match axes.last_mut() {
            Some(axis) if axis.measure == measure => axis.cuts.push(cut),
            _ => axes.push(Axis { measure, cuts: vec![cut] }),
        }
    }
    let cells = axes.iter().try_fold(1_u128, |n, axis| n.checked_mul(axis.cells() as u128));
    match cells {
        Some(cells) if cells <= MOST => Ok(axes),
        cells => Err(GradeError::TooLarge { cells: cells.unwrap_or(u128::MAX) }),
    }
}

/// Calls a function for every cell between two corners, both included, the last axis first.
pub(crate) fn each_cell(from: &[usize], to: &[usize], mut look: impl FnMut(&[usize])) {
    let mut at = from.to_vec();
    loop {
        look(&at);
        let ends = from.iter().zip(to);
        let mut carried = true;
        for (cell, (first, last)) in at.iter_mut().zip(ends).rev() {
            if *cell < *last {
                *cell += 1;
                carried = false;
                break;
            }
            *cell = *first;
        }
        if carried {
            return;
        }
    }
}
