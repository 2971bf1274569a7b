//! Classes of labels: of several revisions of a label the last one counts.

use crate::kinds::{ParamSpec, ParamType, Params};
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Labels that one check remembers; beyond them it is not evaluated.
const MAX_LABELS: u64 = 4_194_304;

pub(super) const TARGETS: ParamSpec = ParamSpec::new(
    "targets",
    ParamType::Texts,
    Some(""),
    "targets of labels; all where it is empty",
);

/// Labels of one target, made by the same measures and rules: only those can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Family {
    pub(super) target: String,
    pub(super) measures: Vec<u8>,
    pub(super) rules: Vec<u8>,
}

/// Class of each decision's last revision.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Classes(
    #[serde(with = "crate::pairs")] pub(super) BTreeMap<[u8; 16], (u16, Option<i64>)>,
);

/// Classes of all labels of a table, by family and decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Grades {
    targets: BTreeSet<String>,
    decision: Slot,
    target: Slot,
    measures: Slot,
    rules: Slot,
    revision: Slot,
    class: Slot,
    #[serde(with = "crate::pairs")]
    families: BTreeMap<Family, Classes>,
    len: u64,
}

impl Grades {
    pub(super) fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            targets: params.texts("targets").iter().cloned().collect(),
            decision: slots.of("decision_id"),
            target: slots.of("target"),
            measures: slots.of("measures_hash"),
            rules: slots.of("rules_hash"),
            revision: slots.of("revision"),
            class: slots.of("class"),
            families: BTreeMap::new(),
            len: 0,
        }
    }

    pub(super) fn families(&self) -> impl Iterator<Item = (&Family, &Classes)> {
        self.families.iter()
    }

    pub(super) fn observe(&mut self, rows: &Rows<'_>) -> Result<(), NotEvaluated> {
        if self.is_over() {
            return Ok(());
        }
        let (decision, target) = (rows.column(self.decision)?, rows.column(self.target)?);
        let class = rows.column(self.class)?;
        let optional = [self.measures, self.rules].map(|slot| rows.optional(slot));
        let revision = rows.optional(self.revision);
        for row in 0..rows.len() {
            let (Some(id), Some(word)) = (decision.id(row), target.text(row)) else { continue };
            if !self.targets.is_empty() && !self.targets.contains(word) {
                continue;
            }
            let [measures, rules] = optional.map(|c| c.map(|c| hash(&c, row)).unwrap_or_default());
            let family = Family { target: word.to_owned(), measures, rules };
            let number = revision.and_then(|r| r.i64(row)).and_then(|r| u16::try_from(r).ok());
            self.add(family, id, (number.unwrap_or(0), class.i64(row)));
        }
        self.settle();
        Ok(())
    }

    pub(super) fn merge(&mut self, right: &Self) {
        if self.is_over() || right.is_over() {
            self.len = MAX_LABELS + 1;
        } else {
            for (family, classes) in &right.families {
                for (id, class) in &classes.0 {
                    self.add(family.clone(), *id, *class);
                }
            }
        }
        self.settle();
    }

    /// Why the labels cannot be judged, if they are too many.
    pub(super) fn limit(&self) -> Option<NotEvaluated> {
        self.is_over().then(|| NotEvaluated::Limit(format!("{MAX_LABELS} labels")))
    }

    fn add(&mut self, family: Family, id: [u8; 16], class: (u16, Option<i64>)) {
        let mut is_new = false;
        let place = self.families.entry(family).or_default().0.entry(id).or_insert_with(|| {
            is_new = true;
            class
        });
        *place = class.max(*place);
        self.len += u64::from(is_new);
    }

    const fn is_over(&self) -> bool {
        self.len > MAX_LABELS
    }

    fn settle(&mut self) {
        if self.is_over() {
            self.len = MAX_LABELS + 1;
            self.families.clear();
        }
    }
}

fn hash(column: &Column<'_>, row: usize) -> Vec<u8> {
    match column.lane {
        crate::rows::Lane::Bytes(v) if column.is_valid(row) => v.value(row).to_vec(),
        _ => Vec::new(),
    }
}
