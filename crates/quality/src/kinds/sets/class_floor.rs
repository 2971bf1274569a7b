//! Classes that are too rare to learn.

use super::grades::{Grades, TARGETS};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Classes of each family of labels; one below the floor violates.
///
/// Labels without a class do not count. Classes that the rule names are expected whether or not there are any; without names
/// it is those that occur.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClassFloor {
    /// Bits of the share.
    floor: u64,
    min_rows: u64,
    classes: Vec<i64>,
    grades: Grades,
}

impl ClassFloor {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "class_floor",
        doc: "a class whose share of the labels is below its floor",
        dimension: Dimension::Validity,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Set,
        params: &[
            ParamSpec::new(
                "floor",
                ParamType::Number,
                Some("0.02"),
                "least share of a class, 0 to 1",
            ),
            ParamSpec::new(
                "classes",
                ParamType::Texts,
                Some(""),
                "classes that there must be, such as \"-2\"; those that occur where it is empty",
            ),
            ParamSpec::new("min_rows", ParamType::Count, Some("100"), "labels that it takes"),
            TARGETS,
        ],
        needs: &[],
        build: |params, slots| AnyJudge::ClassFloor(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            floor: params.number("floor").to_bits(),
            min_rows: params.count("min_rows") as u64,
            classes: params.texts("classes").iter().filter_map(|c| c.parse().ok()).collect(),
            grades: Grades::new(params, slots),
        }
    }
}

impl Judge for ClassFloor {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        self.grades.observe(rows)
    }

    fn merge(&mut self, right: &Self) {
        self.grades.merge(&right.grades);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        if let Some(reason) = self.grades.limit() {
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let floor = f64::from_bits(self.floor);
        let (mut applicable, mut violations, mut most, mut lowest) = (0, 0, 0, None);
        let mut families = Vec::new();
        for (family, classes) in self.grades.families() {
            let mut counts: BTreeMap<i64, u64> = self.classes.iter().map(|c| (*c, 0)).collect();
            for class in classes.0.values().filter_map(|(_, class)| *class) {
                *counts.entry(class).or_default() += 1;
            }
            let labels: u64 = counts.values().sum();
            most = most.max(labels);
            if labels == 0 || labels < self.min_rows {
                continue;
            }
            for count in counts.values() {
                let share = *count as f64 / labels as f64;
                applicable += 1;
                violations += u64::from(share < floor);
                lowest = Some(lowest.map_or(share, |l: f64| l.min(share)));
            }
            let counts = counts.iter().map(|(class, n)| (class.to_string(), Json::from(*n)));
            families.push(Json::object([
                ("target", Json::from(family.target.as_str())),
                ("classes", Json::object(counts)),
            ]));
        }
        if applicable == 0 && most > 0 {
            end.verdict = Some(Verdict::Insufficient { found: most, needed: self.min_rows });
            return;
        }
        end.totals = Some((applicable, violations));
        end.effect = lowest.map(|share| ("lowest_share", share));
        if violations > 0 {
            end.detail = Some(Json::object([("families", Json::Array(families))]));
        }
    }
}
