//! The rules on cells: comparisons of small integers, and the class.

use super::error::GradeError;
use super::grid::Axis;
use super::rules::{Bound, GradeRules, Limit};

/// A rule that changed the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Demote(usize),
    MaxDemotion,
    Floor(usize),
    Cap(usize),
}

/// A limit on an axis: it is passed by cells below `end` when it names the worse side, else by the others.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Side {
    axis: usize,
    end: usize,
    is_worse: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    when: Vec<Side>,
    null_as_worst: bool,
    levels: i8,
    class: i8,
}

/// Rules in terms of cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    base: usize,
    /// Cells of the cuts, from the worst.
    cuts: [usize; 4],
    base_null_as_worst: bool,
    demote: Vec<Rule>,
    max_demotion: i8,
    floor: Vec<Rule>,
    cap: Vec<Rule>,
}

impl Steps {
    pub(super) fn new(rules: &GradeRules, axes: &[Axis]) -> Result<Self, GradeError> {
        let base = axes.iter().position(|axis| axis.measure() == rules.base.by).unwrap_or(0);
        let cuts = rules.base.cuts.map(|cut| axes.get(base).map_or(0, |axis| axis.cell_of(cut)));
        let classes = -2..=2;
        let range = |rule: String, expected| GradeError::Range { rule, expected };
        let demote: Result<Vec<Rule>, GradeError> = rules
            .demote
            .iter()
            .map(|d| {
                let name = format!("demote.{}", d.name);
                if !(1..=4).contains(&d.levels) || !classes.contains(&d.not_below) {
                    return Err(range(name, "1 to 4 levels, and a class from -2 to 2"));
                }
                let when = sides(&name, &d.when, axes, true)?;
                let (levels, class) = (d.levels, d.not_below);
                Ok(Rule { when, null_as_worst: d.null_as_worst, levels, class })
            })
            .collect();
        let bounds = |kind: &str, bounds: &[Bound], is_worse| -> Result<Vec<Rule>, GradeError> {
            let rule = |b: &Bound| {
                let name = format!("{kind}.{}", b.name);
                if !classes.contains(&b.to) {
                    return Err(range(name, "a class from -2 to 2"));
                }
                let when = sides(&name, &b.when, axes, is_worse)?;
                Ok(Rule { when, null_as_worst: b.null_as_worst, levels: 0, class: b.to })
            };
            bounds.iter().map(rule).collect()
        };
        if rules.max_demotion.is_some_and(|most| !(0..=4).contains(&most)) {
            return Err(range("max_demotion".to_owned(), "0 to 4 levels"));
        }
        Ok(Self {
            base,
            cuts,
            base_null_as_worst: rules.base.null_as_worst,
            demote: demote?,
            max_demotion: rules.max_demotion.unwrap_or(4),
            floor: bounds("floor", &rules.floor, false)?,
            cap: bounds("cap", &rules.cap, true)?,
        })
    }

    /// The class of a cell: `cell(axis, null_as_worst)`; rules that change it are handed to `fired` in order.
    pub(super) fn class(
        &self,
        cell: impl Fn(usize, bool) -> usize,
        mut fired: impl FnMut(Step),
    ) -> i8 {
        let holds = |rule: &Rule| {
            rule.when
                .iter()
                .all(|side| (cell(side.axis, rule.null_as_worst) < side.end) == side.is_worse)
        };
        let at = cell(self.base, self.base_null_as_worst);
        let base = self.cuts.iter().fold(-2_i8, |class, cut| class + i8::from(at >= *cut));
        let mut class = base;
        for (nth, rule) in self.demote.iter().enumerate() {
            if holds(rule) {
                let lower = (class - rule.levels).max(class.min(rule.class));
                if lower != class {
                    fired(Step::Demote(nth));
                }
                class = lower;
            }
        }
        let least = base - self.max_demotion;
        if class < least {
            fired(Step::MaxDemotion);
            class = least;
        }
        for (nth, rule) in self.floor.iter().enumerate() {
            if class < rule.class && holds(rule) {
                fired(Step::Floor(nth));
                class = rule.class;
            }
        }
        for (nth, rule) in self.cap.iter().enumerate() {
            if class > rule.class && holds(rule) {
                fired(Step::Cap(nth));
                class = rule.class;
            }
        }
        class
    }
}

fn sides(
    rule: &str,
    when: &[Limit],
    axes: &[Axis],
    is_worse: bool,
) -> Result<Vec<Side>, GradeError> {
    if when.is_empty() {
        let expected = "at least one limit in `when`";
        return Err(GradeError::Range { rule: rule.to_owned(), expected });
    }
    let side = |limit: &Limit| {
        if limit.op.is_worse_side(limit.measure) != Some(is_worse) {
            return Err(GradeError::WrongSide {
                rule: rule.to_owned(),
                expected: if is_worse { "worse" } else { "better" },
                measure: limit.measure.name(),
                found: limit.op.word(),
            });
        }
        let axis = axes.iter().position(|axis| axis.measure() == limit.measure).unwrap_or(0);
        let at = axes.get(axis).map_or(0, |axis| axis.cell_of(limit.cut));
        // A strict limit on the worse side ends at its own cell, one that includes it after it; on the better side
        // it is the other way round.
        let is_strict = matches!(limit.op, super::Op::Below | super::Op::Above);
        let end = if is_strict == is_worse { at } else { at + 1 };
        Ok(Side { axis, end, is_worse })
    };
    when.iter().map(side).collect()
}
