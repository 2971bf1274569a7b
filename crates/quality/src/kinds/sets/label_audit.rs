//! Labels that an audit could not confirm.

use super::agreement::agreement_low;
use super::grades::Family;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, Json, LabelAudits, Severity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Families of labels whose audit does not show enough agreement.
///
/// - **Evidence:** of each target, measures and rules that occur in the table, the latest audit of exactly these in the
///   context's `label_audits`; one without an audit leaves the check not evaluated, unless another one fails.
/// - **Violation:** the lower end of the two-sided Clopper-Pearson interval of the agreement is below `bar`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LabelAudit {
    target: Slot,
    measures: Slot,
    rules: Slot,
    /// Bits of both.
    bar: u64,
    confidence: u64,
    families: BTreeSet<Family>,
}

impl LabelAudit {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "label_audit",
        doc: "labels whose audited agreement may be below the bar, by its lower Clopper-Pearson bound",
        dimension: Dimension::Validity,
        severity: Severity::Critical,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Set,
        params: &[
            ParamSpec::new("bar", ParamType::Number, Some("0.98"), "least agreement, 0 to 1"),
            ParamSpec::new(
                "confidence",
                ParamType::Number,
                Some("0.95"),
                "of the two-sided interval, between 0 and 1",
            ),
        ],
        needs: &["label_audits"],
        build: |params, slots| AnyJudge::LabelAudit(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            target: slots.of("target"),
            measures: slots.of("measures_hash"),
            rules: slots.of("rules_hash"),
            bar: params.number("bar").to_bits(),
            confidence: params.number("confidence").to_bits(),
            families: BTreeSet::new(),
        }
    }
}

/// The latest audit of each family: when it was known, agreements and trials.
fn audits(context: &Context) -> BTreeMap<Family, (i64, u64, u64)> {
    let mut all = BTreeMap::new();
    for rows in context.typed::<LabelAudits>() {
        for row in 0..rows.len() {
            let Ok(target) = rows.cell(&LabelAudits::TARGET, row) else { continue };
            let measures = rows.col(&LabelAudits::MEASURES_HASH).value(row).to_vec();
            let rules = rows.col(&LabelAudits::RULES_HASH).value(row).to_vec();
            let known = rows.col(&LabelAudits::TS_AVAIL).value(row);
            let agreed = rows.col(&LabelAudits::N_AGREE).value(row);
            let trials = rows.col(&LabelAudits::N).value(row);
            let family = Family { target: target.to_owned(), measures, rules };
            let latest = all.entry(family).or_insert((known, agreed, trials));
            if known >= latest.0 {
                *latest = (known, agreed, trials);
            }
        }
    }
    all
}

impl Judge for LabelAudit {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        let target = rows.column(self.target)?;
        let hashes = [rows.column(self.measures)?, rows.column(self.rules)?];
        for row in 0..rows.len() {
            let Some(word) = target.text(row) else { continue };
            let [measures, rules] = hashes.map(|c| match c.lane {
                Lane::Bytes(v) if c.is_valid(row) => v.value(row),
                _ => &[],
            });
            let is_known =
                |f: &Family| f.target == word && f.measures == measures && f.rules == rules;
            if !self.families.iter().any(is_known) {
                let (measures, rules) = (measures.to_vec(), rules.to_vec());
                self.families.insert(Family { target: word.to_owned(), measures, rules });
            }
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.families.extend(right.families.iter().cloned());
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        let audits = audits(context);
        let (bar, confidence) = (f64::from_bits(self.bar), f64::from_bits(self.confidence));
        let (mut judged, mut failed, mut lowest) = (0, 0, None);
        let mut alone = None;
        let mut failures = Vec::new();
        for family in &self.families {
            let Some((_, agreed, trials)) = audits.get(family) else {
                alone.get_or_insert(family.target.as_str());
                continue;
            };
            let low = agreement_low(*agreed, *trials, confidence);
            judged += 1;
            lowest = Some(lowest.map_or(low, |l: f64| l.min(low)));
            if low < bar {
                failed += 1;
                failures.push(Json::object([
                    ("target", Json::from(family.target.as_str())),
                    ("n", Json::from(*trials)),
                    ("n_agree", Json::from(*agreed)),
                ]));
            }
        }
        if let Some(target) = alone
            && failed == 0
        {
            let what = format!("an audit of `{target}` by its rules and measures in label_audits");
            end.verdict = Some(Verdict::NotEvaluated(NotEvaluated::MissingContext(what)));
            return;
        }
        end.totals = Some((judged, failed));
        end.effect = lowest.map(|low| ("agreement_low", low));
        if failed > 0 {
            end.detail = Some(Json::object([("audits", Json::Array(failures))]));
        }
    }
}
