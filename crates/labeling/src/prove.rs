//! Proof that no better outcome gets a worse grade, by looking at every cell of the grid.

use crate::grade::{Axis, Grade, GradeError, grid};
use std::collections::BTreeSet;
use std::fmt;

/// What the proof of a grade found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Cells that were looked at.
    pub cells: usize,
    /// What is odd, but no error.
    pub warnings: Vec<Warning>,
}

/// Something odd about a grade.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// No outcome gets this class.
    Unreachable {
        /// The target.
        target: String,
        /// The class.
        class: i8,
    },
    /// A rule that changes the class of no outcome.
    Idle {
        /// The target.
        target: String,
        /// The rule.
        rule: String,
    },
    /// A floor and a cap that hold together, the cap being lower: the cap wins.
    Contradiction {
        /// The target.
        target: String,
        /// The floor.
        floor: String,
        /// The cap.
        cap: String,
        /// A cell in which both hold.
        cell: String,
    },
    /// Two rules of one kind with the same limits.
    Overlap {
        /// The target.
        target: String,
        /// The first by name.
        rule: String,
        /// The other.
        other: String,
    },
}

impl Warning {
    /// The same about a target of this name.
    pub(crate) fn of(mut self, name: &str) -> Self {
        match &mut self {
            Self::Unreachable { target, .. }
            | Self::Idle { target, .. }
            | Self::Contradiction { target, .. }
            | Self::Overlap { target, .. } => name.clone_into(target),
        }
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { target, class } => {
                write!(f, "{target}: no outcome gets class {class}")
            }
            Self::Idle { target, rule } => {
                write!(f, "{target}.{rule}: changes the class of no outcome")
            }
            Self::Contradiction { target, floor, cap, cell } => {
                write!(f, "{target}.{floor}: `{cap}` is lower and wins where both hold ({cell})")
            }
            Self::Overlap { target, rule, other } => {
                write!(f, "{target}.{rule}: has the same limits as `{other}`")
            }
        }
    }
}

/// Proves that a grade is monotone: from every cell of its grid, no step of one measure to the better lowers the class.
///
/// - **Cost:** one look-up a cell and measure; at most 2^20 cells.
///
/// # Errors
/// [`GradeError::NotMonotone`] naming both cells.
pub fn prove(grade: &Grade) -> Result<Proof, GradeError> {
    prove_with(grade, |cells| grade.class_at(cells))
}

/// As [`prove`], of any evaluator of cells of this grade's grid, so that a broken one can be seen to be caught.
///
/// # Errors
/// As [`prove`].
pub fn prove_with(grade: &Grade, class_at: impl Fn(&[usize]) -> i8) -> Result<Proof, GradeError> {
    let axes = grade.axes();
    let last: Vec<usize> = axes.iter().map(|axis| axis.cells() - 1).collect();
    let mut classes: BTreeSet<i8> = BTreeSet::new();
    let mut fault = None;
    let mut cells = 0;
    let mut better = Vec::with_capacity(axes.len());
    grid::each_cell(&vec![0; axes.len()], &last, |cell| {
        cells += 1;
        let class = class_at(cell);
        classes.insert(class);
        for (at, last) in last.iter().enumerate() {
            better.clear();
            better.extend_from_slice(cell);
            let Some(step) = better.get_mut(at).filter(|step| **step < *last) else { continue };
            *step += 1;
            let better_class = class_at(&better);
            if better_class < class && fault.is_none() {
                fault = Some(GradeError::NotMonotone {
                    measure: axes.get(at).map_or("", |axis| axis.measure().name()),
                    worse: text(axes, cell),
                    worse_class: class,
                    better: text(axes, &better),
                    better_class,
                });
            }
        }
    });
    if let Some(fault) = fault {
        return Err(fault);
    }
    Ok(Proof { cells, warnings: warnings(grade, &classes) })
}

/// A cell in words.
fn text(axes: &[Axis], cells: &[usize]) -> String {
    let words: Vec<String> = axes.iter().zip(cells).map(|(axis, cell)| axis.text(*cell)).collect();
    words.join(", ")
}

fn warnings(grade: &Grade, classes: &BTreeSet<i8>) -> Vec<Warning> {
    let axes = grade.axes();
    let last: Vec<usize> = axes.iter().map(|axis| axis.cells() - 1).collect();
    let mut fired: BTreeSet<String> = BTreeSet::new();
    let mut contradictions: Vec<Warning> = Vec::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    grid::each_cell(&vec![0; axes.len()], &last, |cell| {
        let names = grade.fired_at(cell);
        for floor in names.iter().filter(|name| name.starts_with("floor.")) {
            for cap in names.iter().filter(|name| name.starts_with("cap.")) {
                if seen.insert((floor.clone(), cap.clone())) {
                    contradictions.push(Warning::Contradiction {
                        target: String::new(),
                        floor: floor.clone(),
                        cap: cap.clone(),
                        cell: text(axes, cell),
                    });
                }
            }
        }
        fired.extend(names);
    });
    let target = String::new;
    let mut warnings: Vec<Warning> = (-2..=2)
        .filter(|class| !classes.contains(class))
        .map(|class| Warning::Unreachable { target: target(), class })
        .collect();
    let rules = grade.rules();
    let demote = rules.demote.iter().map(|d| (format!("demote.{}", d.name), &d.when));
    let floor = rules.floor.iter().map(|b| (format!("floor.{}", b.name), &b.when));
    let cap = rules.cap.iter().map(|b| (format!("cap.{}", b.name), &b.when));
    let named: Vec<_> = demote.chain(floor).chain(cap).collect();
    for (at, (rule, when)) in named.iter().enumerate() {
        if !fired.contains(rule) {
            warnings.push(Warning::Idle { target: target(), rule: rule.clone() });
        }
        let kind = |rule: &str| rule.split('.').next().map(str::to_owned);
        let others = named.iter().skip(at + 1);
        for (other, _) in others.filter(|(o, w)| w == when && kind(o) == kind(rule)) {
            let (rule, other) = (rule.clone(), other.clone());
            warnings.push(Warning::Overlap { target: target(), rule, other });
        }
    }
    warnings.extend(contradictions);
    warnings
}
