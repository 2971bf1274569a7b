//! The five-class grade: a monotone function of measures.

use crate::measure::Readings;
use crate::null::Null;

/// A grade as a rule set defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {}

/// What a grade says of an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// -2 bad, -1 poor, 0 neutral, 1 good, 2 excellent; `None` where the bounds allow more than one.
    pub class: Option<i8>,
    /// Class at the worst bounds.
    pub class_lo: i8,
    /// Class at the best bounds.
    pub class_hi: i8,
    /// Probability that the class stays under the declared errors; 1 without any.
    pub confidence: Option<f64>,
    /// Rules that moved the class, in the order of evaluation, the base first: `base`, `demote.<name>`, `floor.<name>`, ..
    pub fired: Vec<String>,
    /// Measures without a value that the rules asked for, each `<measure>: <reason>`.
    pub missing: Vec<(crate::measure::Measure, Null)>,
}

impl Grade {
    /// The grade of an outcome.
    #[must_use]
    pub fn grade(&self, readings: &Readings) -> Graded {
        let _ = readings;
        Graded {
            class: None,
            class_lo: -2,
            class_hi: 2,
            confidence: None,
            fired: Vec::new(),
            missing: Vec::new(),
        }
    }
}
