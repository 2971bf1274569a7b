//! A source that stands still while others move.

use super::cells::{Cells, Made};
use crate::context::{Context, SessionAt};
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::{LateMark, Marks};
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The row that ends a silence in which another source of the instrument moved.
///
/// A row moves its source when the declared columns differ from those of the row before; nulls count as values here, because
/// an empty side is news. The silence of a source starts with the first move of another source of the instrument after its own last
/// move. The source was stale when that lasts longer than `after`, holds at least `moves` such moves, and the source's habit lets
/// expect at least `expected` moves of its own in it: so many times the moves of the others as it made so far for each of
/// theirs, where moves that come by chance (Poisson) stay out with probability e to the minus `expected`. So a market in
/// which nothing happened makes nobody stale, a slow source may be slow, and the source that moves first after a pause does not
/// accuse the others. With `expected = 0` habits do not count.
///
/// The violation is marked on the row that moves the source again, when it comes; a silence that lasts to the end of the
/// stream on the source's last row, late. Silences do not reach across a session break or a stop of trading (where the
/// context knows calendars and statuses): what was stale before one is still told after it. Applicable are rows that
/// move a source which others could be compared with, from its 20th move on where habits count. Memory: a row's cells and a few numbers a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stale {
    columns: Cells,
    time: Slot,
    limits: Limits,
    #[serde(with = "crate::pairs")]
    instruments: BTreeMap<u32, Vec<Source>>,
    #[serde(skip)]
    key: Vec<u8>,
}

/// What one source of an instrument said last.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Source {
    id: u16,
    content: Vec<u8>,
    /// When it moved last.
    moved: i64,
    /// First and last move of other sources since, and how many there were.
    others: Option<(i64, i64, u64)>,
    habit: Habit,
    /// It was stale before a break.
    owes: bool,
    /// Its last row, and whether that row was applicable and violated.
    row: (u64, bool, bool),
}

/// Moves of a source, and moves of others meanwhile, silences that were too long aside.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Habit {
    own: u64,
    others: u64,
}

/// Moves that a habit takes.
const MIN_MOVES: u64 = 20;

/// Most streams.
const MAX_STREAMS: usize = 262_144;

impl Stale {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "stale",
        doc: "a source stood still for too long while another source of the instrument moved",
        dimension: Dimension::Timeliness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                Some("bid_px,ask_px"),
                "columns whose change is a move, at most 16",
            ),
            ParamSpec::new(
                "after",
                ParamType::Duration,
                Some("5s"),
                "longest silence while others move",
            ),
            ParamSpec::new(
                "moves",
                ParamType::Count,
                Some("3"),
                "moves of other sources that a silence takes to be one",
            ),
            ParamSpec::new(
                "expected",
                ParamType::Number,
                Some("14"),
                "moves that its habit lets expect of a source in a silence",
            ),
            ParamSpec::new("time", ParamType::Column, Some("ts_avail"), "times of the rows"),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::Stale(Self {
                columns: Cells::new(params, "columns", slots),
                time: slots.of(params.text("time")),
                limits: Limits {
                    after: params.int("after"),
                    moves: u64::try_from(params.int("moves")).unwrap_or(1).max(1),
                    expected: params.number("expected"),
                },
                instruments: BTreeMap::new(),
                key: Vec::new(),
            })
        },
    };
}

/// The limits of a silence.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Limits {
    after: i64,
    moves: u64,
    expected: f64,
}

impl Limits {
    fn is_over(self, (first, last, moves): (i64, i64, u64), habit: Habit) -> bool {
        // Counts below 2^53: both products are exact enough to compare.
        let is_odd = moves as f64 * habit.own as f64 >= self.expected * habit.others as f64;
        moves >= self.moves
            && last.saturating_sub(first) > self.after
            && (self.expected == 0.0 || (is_odd && habit.own >= MIN_MOVES))
    }

    /// Whether the habit of a source is known.
    fn knows(self, habit: Habit) -> bool {
        self.expected == 0.0 || habit.own >= MIN_MOVES
    }
}

impl Source {
    /// Another source moved; `is_new` when trading paused since it moved before.
    fn other(&mut self, ts: i64, is_new: bool, limits: Limits) {
        match &mut self.others {
            Some(silence) if is_new => {
                self.owes |= limits.is_over(*silence, self.habit);
                *silence = (ts, ts, 1);
            }
            Some((_, last, moves)) => {
                *last = ts;
                *moves += 1;
            }
            none => *none = Some((ts, ts, 1)),
        }
    }
}

/// Whether trading paused between two instants, or is not open at the second.
fn pauses(context: &Context, stream: (u16, u32), from: i64, to: i64) -> bool {
    let sessions = (context.session(stream.1, from), context.session(stream.1, to));
    let breaks = match sessions {
        (SessionAt::Unknown, _) | (_, SessionAt::Unknown) => false,
        (before, after) => before != after || after == SessionAt::Outside,
    };
    breaks || context.was_halted(stream, from, to, to)
}

impl Judge for Stale {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (columns, times) = (self.columns.columns(rows)?, rows.column(self.time)?);
        let limits = self.limits;
        for row in 0..rows.len() {
            let Some(ts) = times.i64(row) else { continue };
            self.key.clear();
            if columns.write(row, &mut self.key) == Made::WithNonfinite {
                continue;
            }
            let (source, instrument) = rows.stream(row);
            let id = rows.id(row);
            let sources = self.instruments.entry(instrument).or_default();
            let Some(at) = sources.iter().position(|s| s.id == source) else {
                let content = self.key.clone();
                let row = (id, false, false);
                sources.push(Source {
                    id: source,
                    content,
                    moved: ts,
                    others: None,
                    habit: Habit::default(),
                    owes: false,
                    row,
                });
                if self.instruments.len() > MAX_STREAMS {
                    return Err(NotEvaluated::Limit(format!("{MAX_STREAMS} instruments")));
                }
                continue;
            };
            let Some(own) = sources.get_mut(at) else { continue };
            own.row = (id, false, false);
            if own.content == self.key {
                continue;
            }
            own.content.clone_from(&self.key);
            let before = std::mem::replace(&mut own.moved, ts);
            if let Some((first, last, moves)) = own.others.take() {
                // Up to now, or up to the last move of the others when trading paused since.
                let is_quiet = ts.saturating_sub(last) > limits.after
                    && pauses(context, (source, instrument), last, ts);
                let until = if is_quiet { last } else { ts };
                let was_stale = own.owes || limits.is_over((first, until, moves), own.habit);
                own.owes = false;
                if limits.knows(own.habit) {
                    own.row = (id, true, was_stale);
                    marks.judge(row, was_stale);
                }
                if !was_stale {
                    own.habit.others = own.habit.others.saturating_add(moves);
                }
            }
            own.habit.own = own.habit.own.saturating_add(1);
            let is_new = ts.saturating_sub(before) > limits.after
                && pauses(context, (source, instrument), before, ts);
            for other in sources.iter_mut().filter(|s| s.id != source) {
                // While a source does not trade by its own statuses, nobody expects it to move.
                if !context.is_halted((other.id, instrument), ts, ts) {
                    other.other(ts, is_new, limits);
                }
            }
        }
        Ok(())
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        let limits = self.limits;
        for source in self.instruments.values().flatten() {
            let (id, was_applicable, was_violated) = source.row;
            let is_over = |silence| limits.is_over(silence, source.habit);
            if !was_violated && (source.owes || source.others.is_some_and(is_over)) {
                end.late.push(LateMark {
                    id,
                    source: source.id,
                    is_applicable: !was_applicable,
                    is_violated: true,
                });
            }
        }
        end.late.sort_by_key(|m| m.id);
    }
}
