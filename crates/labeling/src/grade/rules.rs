//! The rules of a grade as data.

use crate::measure::{Better, Measure};
use crate::number::Decimal;

/// The classes of a grade from worst to best, with their names.
pub const GRADES: [(i8, &str); 5] =
    [(-2, "bad"), (-1, "poor"), (0, "neutral"), (1, "good"), (2, "excellent")];

/// How a value is compared with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Less than the limit.
    Below,
    /// At most the limit.
    AtMost,
    /// More than the limit.
    Above,
    /// At least the limit.
    AtLeast,
}

impl Op {
    /// Every comparison with its word.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("below", Self::Below),
        ("at_most", Self::AtMost),
        ("above", Self::Above),
        ("at_least", Self::AtLeast),
    ];

    /// Its word in a rule set.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::AtMost => "at_most",
            Self::Above => "above",
            Self::AtLeast => "at_least",
        }
    }

    /// Whether it names the worse side of a measure; `None` for a measure without sides.
    #[must_use]
    pub const fn is_worse_side(self, measure: Measure) -> Option<bool> {
        let is_low = matches!(self, Self::Below | Self::AtMost);
        match measure.better() {
            Better::Higher => Some(is_low),
            Better::Lower => Some(!is_low),
            Better::Neither => None,
        }
    }
}

/// A limit on one measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The measure.
    pub measure: Measure,
    /// The side.
    pub op: Op,
    /// The limit itself.
    pub cut: Decimal,
}

/// Four cuts on one measure; reaching a cut gives the class above it.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// The measure.
    pub by: Measure,
    /// From the worst to the best: rising where higher is better, else falling.
    pub cuts: [Decimal; 4],
    /// Whether an unknown value counts as the worst that it can be.
    pub null_as_worst: bool,
}

/// Takes levels from the class when every limit, each on the worse side, is passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Demote {
    /// Its name.
    pub name: String,
    /// What must hold.
    pub when: Vec<Limit>,
    /// How many levels, 1 to 4.
    pub levels: i8,
    /// The class below which it takes nothing.
    pub not_below: i8,
    /// Whether an unknown value counts as the worst that it can be.
    pub null_as_worst: bool,
}

/// A least class (a floor) or greatest class (a cap) when every limit is passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Its name.
    pub name: String,
    /// What must hold: of a floor on the better side, of a cap on the worse.
    pub when: Vec<Limit>,
    /// The class.
    pub to: i8,
    /// Whether an unknown value counts as the worst that it can be.
    pub null_as_worst: bool,
}

/// How errors inside the bounds of a measure are spread, those of different measures being independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Evenly between the bounds.
    Uniform,
    /// Normally around their middle, the bounds being two standard deviations away and nothing lying outside them.
    Normal,
}

/// The rules of a grade: base, then demotions, the limit of their sum, floors, and caps, which win.
#[derive(Debug, Clone, PartialEq)]
pub struct GradeRules {
    /// Where the class starts.
    pub base: Base,
    /// From the highest `not_below` to the lowest, then by name.
    pub demote: Vec<Demote>,
    /// Most levels that all demotions together take.
    pub max_demotion: Option<i8>,
    /// Least classes, by name.
    pub floor: Vec<Bound>,
    /// Greatest classes, by name.
    pub cap: Vec<Bound>,
    /// How errors are spread.
    pub errors: Errors,
}
