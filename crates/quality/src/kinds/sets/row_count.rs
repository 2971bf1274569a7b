//! Rows against what the capture ledger says.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::tally::Counts;
use crate::verdict::{NotEvaluated, Verdict};
use arrow_array::Array;
use contract::{
    Causality, EventId, GapKind, Hop, Json, LedgerBuckets, LedgerGaps, LedgerProducers, Severity,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are not there, or that nobody sent.
///
/// - **Expected:** the number that the rule states, or `rows_durable` of the producers that it names, or the table's rows at
///   hop `log` in `ledger_buckets`: the first of these that there is. The ledger must be of the range of the table.
/// - **Lost:** the rows of `ledger_gaps` in the range that are missing, damaged or torn and not repaired; without that table
///   `rows_missing + rows_lost` of `ledger_producers`. Rows that a producer skipped on purpose count where the rule says so.
/// - **Violations:** the difference plus the lost rows, of as many as there should be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RowCount {
    expected: Option<u64>,
    source: Option<u16>,
    producers: BTreeSet<String>,
    counts_skipped: bool,
    bounds: (Option<u64>, Option<u64>),
    rows: u64,
    seqs: Option<(u64, u64)>,
    table: Option<String>,
}

impl RowCount {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "row_count",
        doc: "rows differ from the count of the capture ledger, or were lost by its account",
        dimension: Dimension::Completeness,
        severity: Severity::Critical,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Set,
        params: &[
            ParamSpec::new("expected", ParamType::Count, None, "rows that there should be"),
            ParamSpec::new("source", ParamType::Count, None, "rows of this source alone"),
            ParamSpec::new(
                "producers",
                ParamType::Texts,
                Some(""),
                "names of producers whose rows are this table's; their `rows_durable` are expected",
            ),
            ParamSpec::new(
                "skipped",
                ParamType::Switch,
                Some("false"),
                "rows that a producer declared never to come count as lost",
            ),
            ParamSpec::new("seq_from", ParamType::Count, None, "first `seq` of the range"),
            ParamSpec::new("seq_to", ParamType::Count, None, "last `seq` of the range"),
        ],
        needs: &["ledger_producers", "ledger_gaps", "ledger_buckets"],
        build: |params, _: &mut Slots| AnyJudge::RowCount(Self::new(params)),
    };

    fn new(params: &Params) -> Self {
        let given = |name: &str| params.has(name).then(|| params.count(name) as u64);
        Self {
            expected: given("expected"),
            source: given("source").map(|s| u16::try_from(s).unwrap_or(u16::MAX)),
            producers: params.texts("producers").iter().cloned().collect(),
            counts_skipped: params.switch("skipped"),
            bounds: (given("seq_from"), given("seq_to")),
            rows: 0,
            seqs: None,
            table: None,
        }
    }

    fn is_inside(&self, seq: u64) -> bool {
        self.bounds.0.is_none_or(|from| seq >= from) && self.bounds.1.is_none_or(|to| seq <= to)
    }

    /// First and last `seq` that the question is about.
    fn range(&self) -> (u64, u64) {
        let seen = self.seqs.unwrap_or((0, u64::MAX));
        (self.bounds.0.unwrap_or(seen.0), self.bounds.1.unwrap_or(seen.1))
    }

    fn expected(&self, context: &Context, books: &Books) -> Option<u64> {
        if self.expected.is_some() {
            return self.expected;
        }
        if !self.producers.is_empty() {
            return context.has("ledger_producers").then_some(books.durable);
        }
        let table = self.table.as_deref()?;
        let mut rows = None;
        for buckets in context.typed::<LedgerBuckets>() {
            for row in 0..buckets.len() {
                let is_ours = buckets.cell(&LedgerBuckets::TABLE_NAME, row) == Ok(table)
                    && buckets.cell(&LedgerBuckets::HOP, row) == Ok(Hop::Log);
                if is_ours {
                    let more = buckets.col(&LedgerBuckets::ROWS).value(row);
                    rows = Some(rows.unwrap_or(0_u64).saturating_add(more));
                }
            }
        }
        rows
    }

    /// Lost and skipped rows.
    fn losses(&self, context: &Context, books: &Books) -> (u64, u64) {
        if !context.has("ledger_gaps") {
            return (books.lost, books.skipped);
        }
        let (mut lost, mut skipped) = (0_u64, 0_u64);
        for gaps in context.typed::<LedgerGaps>() {
            for row in 0..gaps.len() {
                let table = gaps.cell(&LedgerGaps::TABLE_NAME, row).ok().flatten();
                let is_other = table.zip(self.table.as_deref()).is_some_and(|(a, b)| a != b);
                if gaps.col(&LedgerGaps::REPAIRED).value(row)
                    || is_other
                    || !books.means(&gaps, row)
                {
                    continue;
                }
                let rows = self.rows_of(&gaps, row);
                match gaps.cell(&LedgerGaps::KIND, row) {
                    Ok(GapKind::Skipped) => skipped = skipped.saturating_add(rows),
                    Ok(_) => lost = lost.saturating_add(rows),
                    Err(_) => {}
                }
            }
        }
        (lost, skipped)
    }

    /// Rows of a gap that fall into the range; a gap that says no number is one of at least one row.
    fn rows_of(&self, gaps: &contract::Draft<LedgerGaps>, row: usize) -> u64 {
        let (from, to) = self.range();
        let get =
            |column: &contract::Column<LedgerGaps, contract::kind::Opt<contract::kind::U64>>| {
                let array = gaps.col(column);
                array.is_valid(row).then(|| array.value(row))
            };
        let seqs = get(&LedgerGaps::FIRST_SEQ).zip(get(&LedgerGaps::END_SEQ));
        if let Some((first, end)) = seqs {
            return end.min(to.saturating_add(1)).saturating_sub(first.max(from));
        }
        if get(&LedgerGaps::SEQ).is_some_and(|at| at < from || at > to) {
            return 0;
        }
        let numbers = get(&LedgerGaps::FIRST_PSEQ).zip(get(&LedgerGaps::END_PSEQ));
        numbers.map_or(1, |(first, end)| end.saturating_sub(first))
    }
}

/// What `ledger_producers` says of the producers that a rule means.
#[derive(Debug, Default)]
struct Books {
    /// Their ids; nothing where the rule means all.
    ids: Option<BTreeSet<EventId>>,
    durable: u64,
    lost: u64,
    skipped: u64,
}

impl Books {
    fn read(context: &Context, names: &BTreeSet<String>) -> Self {
        // The last account of a producer counts.
        let mut last: BTreeMap<EventId, (u64, u64, u64, u64)> = BTreeMap::new();
        for rows in context.typed::<LedgerProducers>() {
            for row in 0..rows.len() {
                let Ok(id) = rows.cell(&LedgerProducers::PRODUCER_ID, row) else { continue };
                let is_meant = rows
                    .cell(&LedgerProducers::PRODUCER_NAME, row)
                    .is_ok_and(|name| names.is_empty() || names.contains(name));
                let number = |c: &contract::Column<LedgerProducers, contract::kind::U64>| {
                    rows.col(c).value(row)
                };
                let as_of = number(&LedgerProducers::AS_OF_SEQ);
                if !is_meant || last.get(&id).is_some_and(|l| l.0 > as_of) {
                    continue;
                }
                let lost = number(&LedgerProducers::ROWS_MISSING)
                    .saturating_add(number(&LedgerProducers::ROWS_LOST));
                let durable = number(&LedgerProducers::ROWS_DURABLE);
                last.insert(id, (as_of, durable, lost, number(&LedgerProducers::ROWS_SKIPPED)));
            }
        }
        let mut books = Self::default();
        for (_, durable, lost, skipped) in last.values() {
            books.durable = books.durable.saturating_add(*durable);
            books.lost = books.lost.saturating_add(*lost);
            books.skipped = books.skipped.saturating_add(*skipped);
        }
        books.ids = (!names.is_empty()).then(|| last.into_keys().collect());
        books
    }

    /// Whether a gap is of such a producer, or of nobody known.
    fn means(&self, gaps: &contract::Draft<LedgerGaps>, row: usize) -> bool {
        let producer = gaps.cell(&LedgerGaps::PRODUCER_ID, row).ok().flatten();
        self.ids.as_ref().zip(producer).is_none_or(|(ids, id)| ids.contains(&id))
    }
}

impl Judge for RowCount {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        if self.table.is_none() {
            self.table = rows.table().map(str::to_owned);
        }
        let (sources, seqs) = (rows.sources(), rows.seqs());
        if self.source.is_some() && sources.is_none() {
            return Err(NotEvaluated::MissingColumn("source_id".to_owned()));
        }
        for row in 0..rows.len() {
            let source = sources.and_then(|s| s.get(row).copied());
            let is_other = self.source.is_some_and(|s| source != Some(s));
            if let Some(seq) = seqs.and_then(|s| s.get(row).copied()) {
                if !self.is_inside(seq) {
                    continue;
                }
                let (first, last) = self.seqs.unwrap_or((seq, seq));
                self.seqs = Some((first.min(seq), last.max(seq)));
            }
            self.rows += u64::from(!is_other);
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.rows += right.rows;
        self.seqs = match (self.seqs, right.seqs) {
            (Some(left), Some(right)) => Some((left.0.min(right.0), left.1.max(right.1))),
            (left, right) => left.or(right),
        };
        if self.table.is_none() {
            self.table.clone_from(&right.table);
        }
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        let books = Books::read(context, &self.producers);
        let expected = self.expected(context, &books);
        let has_losses = context.has("ledger_gaps") || context.has("ledger_producers");
        if expected.is_none() && !has_losses {
            let needed = "ledger_producers, ledger_gaps or ledger_buckets, or `expected`";
            let reason = NotEvaluated::MissingContext(needed.to_owned());
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let (lost, skipped) = self.losses(context, &books);
        let lost = lost.saturating_add(if self.counts_skipped { skipped } else { 0 });
        let due = expected.unwrap_or(self.rows);
        let violations = due.abs_diff(self.rows).saturating_add(lost);
        let counts = Counts { applicable: due.max(self.rows).saturating_add(lost), violations };
        end.by_source.insert(self.source.unwrap_or(0), counts);
        end.effect = Some(("rows_missing", due as f64 + lost as f64 - self.rows as f64));
        end.detail = Some(Json::object([
            ("expected", expected.map_or(Json::Null, Json::from)),
            ("lost", Json::from(lost)),
            ("rows", Json::from(self.rows)),
            ("skipped", Json::from(skipped)),
        ]));
    }
}
