//! The five-class grade: a monotone function of measures.

mod columns;
mod confidence;
mod error;
pub(crate) mod grid;
mod rules;
mod steps;

pub use error::GradeError;
pub use grid::Axis;
pub use rules::{Base, Bound, Demote, Errors, GRADES, GradeRules, Limit, Op};

use crate::measure::{Better, Measure, Reading, Readings, Scalar};
use crate::null::Null;
use crate::number::Decimal;
use steps::{Step, Steps};

/// A grade as a rule set defines it.
///
/// - **Cost:** grading looks up the class in a table of all cells of the grid (at most 2^20) that the limits span;
///   only what is uncertain is looked at further.
///
/// ```
/// use labeling::{LabelSpec, Measure, Reading, Readings, Scalar, TargetKind};
/// let spec = LabelSpec::parse(
///     r#"
///     id = "example"
///     version = 1
///     measures = { max_life = "1d" }
///     [grade]
///     base = { by = "ret_net_bps", cuts = [-10, -2, 2, 10] }
///     cap.no_profit = { when = { net_pnl = { at_most = 0 } }, to = "neutral" }
///     "#,
/// )?;
/// let resolved = spec.resolve("momentum");
/// let TargetKind::Grade(grade) = &resolved.targets[0].kind else { unreachable!() };
///
/// let mut outcome = Readings::new();
/// outcome.set(Measure::RetNetBps, Reading::exact(Scalar::Number(2.0))); // reaching a cut counts
/// outcome.set(Measure::NetPnl, Reading::exact(Scalar::Money(1)));
/// assert_eq!(grade.grade(&outcome).class, Some(1));
///
/// outcome.set(Measure::NetPnl, Reading::unknown(labeling::Null::Gap)); // the cap may hold or not
/// let graded = grade.grade(&outcome);
/// assert_eq!((graded.class, graded.class_lo, graded.class_hi), (None, 0, 1));
/// # Ok::<(), labeling::LabelSpecErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {
    rules: Box<GradeRules>,
    axes: Vec<Axis>,
    steps: Box<Steps>,
    /// Class of every cell, the last axis running fastest.
    table: Vec<i8>,
}

/// What a grade says of an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// -2 bad, -1 poor, 0 neutral, 1 good, 2 excellent; `None` where a missing value allows more than one.
    pub class: Option<i8>,
    /// Class at the worst bounds.
    pub class_lo: i8,
    /// Class at the best bounds.
    pub class_hi: i8,
    /// Probability that the class stays under the declared errors; 1 without any. `None` without a class, and where a
    /// bound is open, so that nothing is declared.
    pub confidence: Option<f64>,
    /// Rules that moved the class, in the order of evaluation, the base first: `base`, `demote.<name>`, `max_demotion`,
    /// `floor.<name>`, .. Empty without a class.
    pub fired: Vec<String>,
    /// Measures without a value that the rules asked for, each `<measure>: <reason>`.
    pub missing: Vec<(Measure, Null)>,
}

/// Cells of one measure: that of its value, and those of its bounds.
#[derive(Debug, Clone, Copy)]
struct Cells {
    value: Option<usize>,
    worst: usize,
    best: usize,
}

impl Grade {
    /// The grade of some rules. Demotions, floors and caps are put in their order.
    ///
    /// # Errors
    /// [`GradeError`] for a rule on the wrong side, a number out of range, or a grid of more than 2^20 cells.
    pub fn new(mut rules: GradeRules) -> Result<Self, GradeError> {
        check_base(&rules.base)?;
        rules.demote.sort_by(|a, b| b.not_below.cmp(&a.not_below).then(a.name.cmp(&b.name)));
        rules.floor.sort_by(|a, b| a.name.cmp(&b.name));
        rules.cap.sort_by(|a, b| a.name.cmp(&b.name));
        let axes = grid::axes(&rules)?;
        let steps = Box::new(Steps::new(&rules, &axes)?);
        let mut table = Vec::new();
        let last: Vec<usize> = axes.iter().map(|axis| axis.cells() - 1).collect();
        grid::each_cell(&vec![0; axes.len()], &last, |cells| {
            let cell = |axis: usize, _| cells.get(axis).copied().unwrap_or(0);
            table.push(steps.class(cell, |_| {}));
        });
        Ok(Self { rules: Box::new(rules), axes, steps, table })
    }

    /// The rules as data.
    #[must_use]
    pub fn rules(&self) -> &GradeRules {
        &self.rules
    }

    /// The measures that the rules ask for, with their limits.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The class of a cell of the grid, given by its number on each axis, counted from the worst.
    #[must_use]
    #[inline]
    pub fn class_at(&self, cells: &[usize]) -> i8 {
        self.class_of(cells.iter().copied())
    }

    #[inline]
    fn class_of(&self, cells: impl Iterator<Item = usize>) -> i8 {
        let at = self.axes.iter().zip(cells).fold(0, |at, (axis, cell)| at * axis.cells() + cell);
        self.table.get(at).copied().unwrap_or(-2)
    }

    /// The grade of an outcome.
    #[must_use]
    pub fn grade(&self, readings: &Readings) -> Graded {
        self.grade_by(|measure| readings.get(measure))
    }

    /// The grade of an outcome whose readings come from a function, which is asked once a measure.
    #[must_use]
    pub fn grade_by(&self, reading: impl Fn(Measure) -> Reading) -> Graded {
        let readings: Vec<Reading> = self.axes.iter().map(|axis| reading(axis.measure())).collect();
        let cells: Vec<Cells> =
            self.axes.iter().zip(&readings).map(|(axis, r)| Cells::of(axis, r)).collect();
        let class_lo = self.class_of(cells.iter().map(|c| c.worst));
        let class_hi = self.class_of(cells.iter().map(|c| c.best));
        let missing = self.axes.iter().zip(&readings);
        let missing: Vec<_> = missing
            .filter_map(|(axis, r)| r.value.err().map(|why| (axis.measure(), why)))
            .collect();
        let class = self.known_class(&cells);
        let mut fired = Vec::new();
        if class.is_some() {
            fired.push("base".to_owned());
            self.steps.class(
                |axis, _| cells.get(axis).map_or(0, |c| c.value.unwrap_or(c.worst)),
                |step| fired.push(self.name(step)),
            );
        }
        let confidence = class.and_then(|class| {
            if class_lo == class_hi {
                return Some(1.0);
            }
            self.confidence(class, &readings, &cells)
        });
        Graded { class, class_lo, class_hi, confidence, fired, missing }
    }

    /// The class alone, as [`grade_by`](Self::grade_by) gives it.
    ///
    /// - **Cost:** one comparison a limit and one look-up where every value is known.
    #[must_use]
    #[inline]
    pub fn class_by(&self, reading: impl Fn(Measure) -> Reading) -> Option<i8> {
        let mut at = 0;
        for axis in &self.axes {
            let Ok(value) = reading(axis.measure()).value else {
                let cells = |axis: &Axis| Cells::of(axis, &reading(axis.measure()));
                return self.known_class(&self.axes.iter().map(cells).collect::<Vec<_>>());
            };
            at = at * axis.cells() + axis.locate(value);
        }
        self.table.get(at).copied()
    }

    /// The class if the missing values leave only one.
    fn known_class(&self, cells: &[Cells]) -> Option<i8> {
        if cells.iter().all(|c| c.value.is_some()) {
            return Some(self.class_of(cells.iter().filter_map(|c| c.value)));
        }
        let (worst, best) = self.ends(|axis| cells.get(axis).copied().unwrap_or(Cells::NONE));
        (worst == best).then_some(worst)
    }

    /// The classes with every missing value at its worst, and at its best but for rules that take it as the worst.
    fn ends(&self, cells: impl Fn(usize) -> Cells) -> (i8, i8) {
        let worst = |axis, _| cells(axis).value.unwrap_or(cells(axis).worst);
        let best = |axis, null_as_worst| {
            let cells = cells(axis);
            cells.value.unwrap_or(if null_as_worst { cells.worst } else { cells.best })
        };
        (self.steps.class(worst, |_| {}), self.steps.class(best, |_| {}))
    }

    fn name(&self, step: Step) -> String {
        let name = |kind: &str, name: Option<&String>| {
            format!("{kind}.{}", name.map_or("", String::as_str))
        };
        match step {
            Step::Demote(nth) => name("demote", self.rules.demote.get(nth).map(|d| &d.name)),
            Step::MaxDemotion => "max_demotion".to_owned(),
            Step::Floor(nth) => name("floor", self.rules.floor.get(nth).map(|b| &b.name)),
            Step::Cap(nth) => name("cap", self.rules.cap.get(nth).map(|b| &b.name)),
        }
    }

    /// The rules that change the class in a cell, by name, without the base.
    pub(crate) fn fired_at(&self, cells: &[usize]) -> Vec<String> {
        let mut fired = Vec::new();
        let cell = |axis: usize, _| cells.get(axis).copied().unwrap_or(0);
        self.steps.class(cell, |step| fired.push(self.name(step)));
        fired
    }
}

impl Cells {
    const NONE: Self = Self { value: None, worst: 0, best: 0 };

    fn of(axis: &Axis, reading: &Reading) -> Self {
        let (worst, best) = match axis.measure().better() {
            Better::Lower => (reading.hi, reading.lo),
            _ => (reading.lo, reading.hi),
        };
        let locate = |bound: Option<Scalar>| bound.map(|bound| axis.locate(bound));
        let value = locate(reading.value.ok());
        let worst = locate(worst).unwrap_or(0);
        let best = locate(best).unwrap_or(axis.cells() - 1);
        // A value outside its own bounds widens them, so that `class_lo <= class <= class_hi` always holds.
        Self {
            value,
            worst: worst.min(value.unwrap_or(worst)),
            best: best.max(value.unwrap_or(best)),
        }
    }
}

fn check_base(base: &Base) -> Result<(), GradeError> {
    let range = |expected| GradeError::Range { rule: "base".to_owned(), expected };
    let [a, b, c, d] = base.cuts.map(Decimal::amount);
    match base.by.better() {
        Better::Higher if a < b && b < c && c < d => Ok(()),
        Better::Lower if a > b && b > c && c > d => Ok(()),
        Better::Higher => {
            Err(range("four rising cuts, as higher values of the measure are better"))
        }
        Better::Lower => Err(range("four falling cuts, as lower values of the measure are better")),
        Better::Neither => Err(range("a measure that has a better side")),
    }
}
