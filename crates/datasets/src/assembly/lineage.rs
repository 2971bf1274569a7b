//! Where rows come from, which decisions are none, and the groups of the folds.

use super::{Assembly, instants};
use crate::layout::{column, dropped, lineage};
use crate::plan::{PlanRow, feature_place};
use crate::role::{Role, Split};
use crate::split::FoldRole;
use contract::arrow_array::builder::{FixedSizeBinaryBuilder, ListBuilder, UInt64Builder};
use contract::arrow_array::{
    Array as _, ArrayRef, RecordBatch, StringArray, UInt8Array, UInt16Array, UInt64Array,
};
use contract::arrow_schema::{ArrowError, DataType, Field, Schema};
use contract::{Column, Decisions, Features, Hash, kind};
use std::sync::Arc;

/// Folds whose roles are written out, for readers without this code.
const WRITTEN_FOLDS: usize = 64;

impl Assembly<'_> {
    /// `_lineage/rows.parquet`.
    pub(crate) fn lineage(&self) -> Result<RecordBatch, ArrowError> {
        let roles = self.plan.primary.roles.iter().enumerate();
        let kept: Vec<(usize, Split)> = roles
            .filter_map(|(at, role)| match role {
                Role::In(split) => Some((at, *split)),
                Role::Dropped(_) => None,
            })
            .collect();
        let rows: Vec<&PlanRow> = kept.iter().map(|(at, _)| &self.plan.rows[*at]).collect();
        let mut table = Columns::default();
        table.add(column::ROW_ID, self.ids(&rows)?, false);
        table.add(column::TS_CUTOFF, instants(rows.iter().map(|row| Some(row.cutoff))), false);
        table.add(column::SEQ, numbers(rows.iter().map(|row| Some(row.seq))), false);
        let splits: StringArray = kept.iter().map(|(_, split)| Some(split.word())).collect();
        table.add(lineage::SPLIT, Arc::new(splits), false);
        self.sources(&rows, &mut table);
        self.label_sources(&rows, &mut table)?;
        self.own(&rows, &mut table);
        for (at, group) in self.plan.spec.split.group_by.iter().enumerate() {
            let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
            for (row, _) in &kept {
                match self.plan.keys[*row].groups.get(at).copied().flatten() {
                    Some(id) => ids.append_value(id)?,
                    None => ids.append_null(),
                }
            }
            let name = format!("{}{}", lineage::GROUP, group.word());
            table.add(&name, Arc::new(ids.finish()), true);
        }
        table.finish()
    }

    /// What the features read.
    fn sources(&self, rows: &[&PlanRow], table: &mut Columns) {
        let place = |row: &PlanRow| {
            let place = feature_place(self.inputs, row);
            (&self.inputs.feature_batches[place.batch()], place.row())
        };
        let stamp = |of: &'static Column<Features, kind::Opt<kind::Ts>>| {
            instants(rows.iter().map(move |row| {
                let (rows, at) = place(row);
                let stamps = rows.col(of);
                stamps.is_valid(at).then(|| stamps.value(at))
            }))
        };
        table.add(lineage::SRC_TS_AVAIL_MIN, stamp(&Features::SRC_TS_AVAIL_MIN), true);
        table.add(lineage::SRC_TS_AVAIL_MAX, stamp(&Features::SRC_TS_AVAIL_MAX), true);
        let number = |of: &'static Column<Features, kind::Opt<kind::U64>>| {
            numbers(rows.iter().map(move |row| {
                let (rows, at) = place(row);
                let seqs = rows.col(of);
                seqs.is_valid(at).then(|| seqs.value(at))
            }))
        };
        table.add(lineage::SRC_SEQ_MIN, number(&Features::SRC_SEQ_MIN), true);
        table.add(lineage::SRC_SEQ_MAX, number(&Features::SRC_SEQ_MAX), true);
        let counts = rows.iter().map(|row| {
            let (rows, at) = place(row);
            Some(rows.col(&Features::SRC_ROWS).value(at))
        });
        table.add(lineage::SRC_ROWS, numbers(counts), false);
        let seen = rows.iter().map(|row| {
            let decision = &self.inputs.decisions[row.decision];
            decision.seq?; // without a log its numbers mean nothing
            let rows = &self.inputs.decision_batches[decision.at.batch()];
            let seqs = rows.col(&Decisions::MD_SEQ_HIGH);
            seqs.is_valid(decision.at.row()).then(|| seqs.value(decision.at.row()))
        });
        table.add(lineage::MD_SEQ_HIGH, numbers(seen), true);
    }

    /// What the labels read.
    fn label_sources(&self, rows: &[&PlanRow], table: &mut Columns) -> Result<(), ArrowError> {
        let stamp = |of: fn(&PlanRow) -> i64| instants(rows.iter().map(move |row| Some(of(row))));
        table.add(lineage::LABEL_LATEST_END, stamp(|row| row.latest_end), false);
        table.add(lineage::LABEL_UNTIL, stamp(|row| row.until), false);
        table.add(lineage::LABEL_AVAIL, stamp(|row| row.label_avail), false);
        table.add(lineage::LABEL_FIRST_AVAIL, stamp(|row| row.first_avail), false);
        let revisions = UInt16Array::from_iter_values(rows.iter().map(|row| row.revision));
        table.add(lineage::LABEL_REVISION, Arc::new(revisions), false);
        let seqs = |row: &PlanRow| {
            let labels = row.labels.iter().map(|at| &self.inputs.labels[*at]);
            crate::inputs::span(labels.flat_map(|label| label.seqs))
        };
        let low = rows.iter().map(|row| seqs(row).map(|[low, _]| low));
        table.add(lineage::LABEL_SEQ_LO, numbers(low), true);
        let high = rows.iter().map(|row| seqs(row).map(|[_, high]| high));
        table.add(lineage::LABEL_SEQ_HI, numbers(high), true);
        let mut hashes = FixedSizeBinaryBuilder::with_capacity(rows.len(), 32);
        for row in rows {
            let bytes: Vec<u8> = row
                .labels
                .iter()
                .flat_map(|at| *self.inputs.labels[*at].inputs_hash.as_bytes())
                .collect();
            hashes.append_value(Hash::of(&bytes).as_bytes())?;
        }
        table.add(lineage::LABEL_INPUTS, Arc::new(hashes.finish()), false);
        Ok(())
    }

    /// The decision itself and its executions up to the as-of point, in order.
    fn own(&self, rows: &[&PlanRow], table: &mut Columns) {
        let item = Field::new_list_field(DataType::UInt64, false);
        let mut own = ListBuilder::new(UInt64Builder::new()).with_field(item);
        for row in rows {
            let decision = &self.inputs.decisions[row.decision];
            let mut seqs: Vec<u64> = decision.seq.into_iter().collect();
            let executions = self.inputs.own_seqs.get(&decision.id).into_iter().flatten();
            // What came behind the as-of point makes no difference to what was known.
            seqs.extend(executions.filter(|seq| **seq <= self.plan.as_of.seq.0));
            seqs.sort_unstable();
            seqs.dedup();
            own.values().append_slice(&seqs);
            own.append(true);
        }
        table.add(lineage::OWN_SEQS, Arc::new(own.finish()), false);
    }

    /// `_lineage/dropped.parquet`.
    pub(crate) fn dropped(&self) -> Result<RecordBatch, ArrowError> {
        let rows = &self.plan.dropped;
        let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
        for row in rows {
            ids.append_value(row.id)?;
        }
        let mut table = Columns::default();
        table.add(column::ROW_ID, Arc::new(ids.finish()), false);
        table.add(column::TS_CUTOFF, instants(rows.iter().map(|row| Some(row.cutoff))), false);
        table.add(column::SEQ, numbers(rows.iter().map(|row| row.seq)), true);
        let reasons: StringArray = rows.iter().map(|row| Some(row.reason.word())).collect();
        table.add(dropped::REASON, Arc::new(reasons), false);
        let splits: StringArray = rows.iter().map(|row| row.from.map(Split::word)).collect();
        table.add(dropped::SPLIT, Arc::new(splits), true);
        table.add(dropped::LABEL_END, instants(rows.iter().map(|row| row.end)), true);
        table.finish()
    }

    /// `_folds/groups.parquet`, where there are folds: the group of each train row, and its role in each fold.
    pub(crate) fn folds(&self) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(folds) = &self.plan.folds else { return Ok(None) };
        let train = self.plan.members(Split::Train);
        let rows: Vec<&PlanRow> = train.iter().map(|at| &self.plan.rows[*at]).collect();
        let mut table = Columns::default();
        table.add(column::ROW_ID, self.ids(&rows)?, false);
        let groups = UInt16Array::from_iter_values(folds.groups().iter().copied());
        table.add(column::FOLD_GROUP, Arc::new(groups), false);
        for fold in 0..folds.len().min(WRITTEN_FOLDS) {
            let roles = folds.members(fold).unwrap_or_default();
            let codes = roles.iter().map(|role| match role {
                FoldRole::Fit => 0,
                FoldRole::Held => 1,
                FoldRole::Purged => 2,
                FoldRole::Embargoed => 3,
                FoldRole::Outside => 4,
            });
            let name = format!("{}{fold}", column::FOLD);
            table.add(&name, Arc::new(UInt8Array::from_iter_values(codes)), false);
        }
        table.finish().map(Some)
    }
}

fn numbers(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    Arc::new(values.collect::<UInt64Array>())
}

/// A table that grows by columns.
#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn add(&mut self, name: &str, array: ArrayRef, nullable: bool) {
        self.fields.push(Field::new(name, array.data_type().clone(), nullable));
        self.arrays.push(array);
    }

    fn finish(self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)
    }
}
