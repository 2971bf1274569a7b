//! A plan at work on a stream.

use super::fill::{Cell, Memory, Moment};
use super::fitted::{FittedPlan, Reasons};
use super::table::{Companions, Filled, Frame, Planned, rebuild};
use super::{ImputeMethod, PlanError, PlannedColumn};
use arrow_array::RecordBatch;
use contract::Hash;
use std::collections::BTreeMap;

type Key = Vec<Option<i64>>;

#[derive(Debug, Clone)]
enum Memories {
    Unknown,
    Float(BTreeMap<Key, Memory<f64>>),
    Whole(BTreeMap<Key, Memory<i64>>),
}

/// Fills rows batch by batch, as they come: the same bits as [`FittedPlan::apply`] to all of them. Causal methods only.
///
/// - **Memory:** a value a key and column, and the windows of its method.
#[derive(Debug, Clone)]
pub struct Imputer {
    fitted: FittedPlan,
    memories: Vec<Memories>,
}

impl Imputer {
    /// An imputer at the start of a stream of rows of the dataset whose manifest holds the plan `manifest`.
    ///
    /// # Errors
    /// [`PlanError::NotInManifest`] when that is another plan, [`PlanError::UsesFuture`] for a method of hindsight.
    pub fn new(fitted: FittedPlan, manifest: &Hash) -> Result<Self, PlanError> {
        fitted.admit(manifest)?;
        let ahead = fitted.plan.columns.iter().find(|column| column.method.uses_future());
        if let Some(column) = ahead {
            let method = column.method.word();
            return Err(PlanError::UsesFuture { column: column.name.clone(), method });
        }
        Ok(Self::start(fitted))
    }

    pub(crate) fn start(fitted: FittedPlan) -> Self {
        let memories = fitted.plan.columns.iter().map(|_| Memories::Unknown).collect();
        Self { fitted, memories }
    }

    /// The next rows with each planned column filled where its method has something to say, and its companions behind it.
    ///
    /// `x` keeps its type and every value; `x__imputed`, `x__impute_method` and `x__impute_age_ns` tell which cells are
    /// proposals, by which method, and how old the value behind them is (null where that has no meaning). Rows that
    /// were filled before are filled anew, with the same result.
    ///
    /// # Errors
    /// [`PlanError::MissingColumn`] or [`PlanError::Type`] for rows that the plan does not fit. No row was taken in then.
    pub fn push(
        &mut self,
        rows: &RecordBatch,
        reasons: Option<Reasons<'_>>,
    ) -> Result<RecordBatch, PlanError> {
        let frame = Frame::of(rows, &self.fitted.plan)?;
        let cells: Result<Vec<Planned>, _> =
            self.fitted.plan.columns.iter().map(|c| Planned::of(rows, &c.name)).collect();
        let source = self.fitted.plan.source_at();
        let mut filled: Vec<Filled> = Vec::new();
        let cells = cells?;
        for (at, column) in self.fitted.plan.columns.iter().enumerate() {
            let types = (cells.get(at), self.memories.get(at));
            let (expected, found) = match types {
                (Some(Planned::Float(_)), Some(Memories::Whole(_))) => ("Int64", "Float64"),
                (Some(Planned::Whole(_)), Some(Memories::Float(_))) => ("Float64", "Int64"),
                _ => continue,
            };
            let column = column.name.clone();
            return Err(PlanError::Type { column, expected, found: found.to_owned() });
        }
        let parts = self.fitted.plan.columns.iter().zip(cells).zip(&mut self.memories);
        for (at, ((column, cells), memories)) in parts.enumerate() {
            let fixed = self.fitted.fixed.get(at).copied().flatten();
            let work = Work { column, frame: &frame, source, reasons };
            let (values, companions) = match cells {
                Planned::Float(mut values) => {
                    if !matches!(memories, Memories::Float(_)) {
                        *memories = Memories::Float(BTreeMap::new());
                    }
                    let Memories::Float(memories) = memories else { continue };
                    let companions = work.fill(&mut values, memories, fixed.map(f64::from_bits));
                    (Planned::Float(values), companions)
                }
                Planned::Whole(mut values) => {
                    if !matches!(memories, Memories::Whole(_)) {
                        *memories = Memories::Whole(BTreeMap::new());
                    }
                    let Memories::Whole(memories) = memories else { continue };
                    let companions = work.fill(&mut values, memories, fixed.map(u64::cast_signed));
                    (Planned::Whole(values), companions)
                }
            };
            filled.push((column.name.clone(), column.method.word(), values.array(), companions));
        }
        rebuild(rows, &filled)
    }
}

/// One column of one batch.
struct Work<'a> {
    column: &'a PlannedColumn,
    frame: &'a Frame,
    source: Option<usize>,
    reasons: Option<Reasons<'a>>,
}

impl Work<'_> {
    fn fill<T: Cell>(
        &self,
        values: &mut [Option<T>],
        memories: &mut BTreeMap<Key, Memory<T>>,
        fixed: Option<T>,
    ) -> Companions {
        let method = &self.column.method;
        let mut companions = Companions::default();
        let frame = self.frame;
        let moments = frame.times.iter().zip(&frame.sessions).zip(&frame.gaps);
        let rows = values.iter_mut().zip(&frame.keys).zip(moments).enumerate();
        let mut open: Vec<(usize, Option<i64>)> = Vec::new();
        for (row, ((value, key), ((time, session), gap))) in rows {
            let at = Moment { time: *time, session: *session, gap: *gap };
            let memory = match memories.get_mut(key) {
                Some(memory) => memory,
                None => memories.entry(key.clone()).or_insert_with(|| Memory::new(method)),
            };
            memory.see(*value, at);
            let mut proposal = None;
            if value.is_none() && self.may_fill(row) {
                proposal = match method {
                    ImputeMethod::OtherSource { source, max_age_ns, band } => {
                        let terms = (*source, *max_age_ns, *band);
                        self.other_source(memories, key, at, terms).map(|(v, age)| (v, Some(age)))
                    }
                    ImputeMethod::Constant { .. } | ImputeMethod::Mean | ImputeMethod::Median => {
                        fixed.map(|value| (value, None))
                    }
                    _ => memory.propose(method, at),
                };
                if proposal.is_none() && method.uses_future() {
                    open.push((row, *time));
                }
            }
            companions.imputed.push(proposal.is_some());
            companions.ages.push(proposal.and_then(|(_, age)| age));
            if let Some((proposed, _)) = proposal {
                *value = Some(proposed);
            }
        }
        if !open.is_empty() {
            super::hindsight::fill(method, frame, values, &open, &mut companions);
        }
        companions
    }

    /// Not applicable never; warm-up and gap by explicit choice.
    fn may_fill(&self, row: usize) -> bool {
        let reason = self.reasons.and_then(|reasons| reasons(row, &self.column.name));
        match reason {
            Some(1) => false,
            Some(code @ (5 | 6)) => self.column.also.contains(&code),
            _ => true,
        }
    }

    fn other_source<T: Cell>(
        &self,
        memories: &BTreeMap<Key, Memory<T>>,
        key: &Key,
        at: Moment,
        (source, max_age_ns, band): (i64, i64, f64),
    ) -> Option<(T, i64)> {
        let mut other = key.clone();
        *other.get_mut(self.source?)? = Some(source);
        if other == *key {
            return None;
        }
        let (own, _) = memories.get(key)?.last(at)?;
        let (value, age) = memories.get(&other)?.last(at)?;
        let off = T::number(T::distance(value.quarters(), own.quarters()));
        (age <= max_age_ns && off <= band).then_some((value, age))
    }
}
