//! Rows that say again what a row just said.

use super::cells::{Cells, Made, hex};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// A row whose content another row of its source and instrument had within a window.
///
/// The row before need not be the neighbour, and may itself be a repetition. Each source has its own window, since one whose
/// times lag behind another's would lose its rows to it. Memory is that of the rows of these windows, up to `limit` in all;
/// beyond it the check is not evaluated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ContentDup {
    columns: Cells,
    time: Slot,
    window: i64,
    limit: usize,
    #[serde(with = "crate::pairs")]
    sources: BTreeMap<u16, Recent>,
    /// Rows in all windows.
    kept: usize,
    #[serde(skip)]
    key: Vec<u8>,
}

/// Contents of the window of a source, in order of arrival, and the greatest time of each.
#[derive(Debug, Clone, Default)]
struct Recent {
    queue: VecDeque<(i64, Arc<[u8]>)>,
    last: HashMap<Arc<[u8]>, i64>,
}

impl Serialize for Recent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.queue.iter().map(|(ts, key)| (*ts, hex::text(key))))
    }
}

impl<'de> Deserialize<'de> for Recent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut recent = Self::default();
        for (ts, text) in Vec::<(i64, String)>::deserialize(from)? {
            let key =
                hex::key(&text).ok_or_else(|| D::Error::custom("expected hexadecimal digits"))?;
            recent.push(ts, key.into());
        }
        Ok(recent)
    }
}

impl Recent {
    fn push(&mut self, ts: i64, key: Arc<[u8]>) {
        self.queue.push_back((ts, Arc::clone(&key)));
        // A late row does not make its content older.
        self.last.entry(key).and_modify(|last| *last = (*last).max(ts)).or_insert(ts);
    }

    /// Forgets what is older than `from`.
    fn forget(&mut self, from: i64) {
        while let Some((_, key)) = self.queue.pop_front_if(|(ts, _)| *ts < from) {
            if self.last.get(&key).is_some_and(|last| *last < from) {
                self.last.remove(&key);
            }
        }
    }
}

impl ContentDup {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "content_dup",
        doc: "a row with the content of another one of its source and instrument within a window",
        dimension: Dimension::Uniqueness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                Some("!"),
                "columns of the content, at most 16",
            ),
            ParamSpec::new(
                "window",
                ParamType::Duration,
                Some("1s"),
                "how far back a row may be to count",
            ),
            ParamSpec::new(
                "time",
                ParamType::Column,
                Some("ts_avail"),
                "times that the window is of",
            ),
            ParamSpec::new(
                "limit",
                ParamType::Count,
                Some("1048576"),
                "rows of the windows of all sources; beyond them the check is not evaluated",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::ContentDup(Self {
                columns: Cells::new(params, "columns", slots),
                time: slots.of(params.text("time")),
                window: params.int("window"),
                limit: params.count("limit"),
                sources: BTreeMap::new(),
                kept: 0,
                key: Vec::new(),
            })
        },
    };
}

impl Judge for ContentDup {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let columns = self.columns.columns(rows)?;
        let times = rows.column(self.time)?;
        for row in 0..rows.len() {
            let Some(ts) = times.i64(row) else { continue };
            let (source, instrument) = rows.stream(row);
            self.key.clear();
            self.key.extend_from_slice(&source.to_le_bytes());
            self.key.extend_from_slice(&instrument.to_le_bytes());
            if columns.write(row, &mut self.key) == Made::WithNonfinite {
                continue;
            }
            let from = ts.saturating_sub(self.window);
            let recent = self.sources.entry(source).or_default();
            let before = recent.queue.len();
            recent.forget(from);
            self.kept -= before - recent.queue.len();
            let last = recent.last.get_key_value(self.key.as_slice());
            let known = last.map(|(key, last)| (Arc::clone(key), *last));
            marks.judge(row, known.as_ref().is_some_and(|(_, last)| *last >= from));
            if self.kept >= self.limit {
                self.sources.clear();
                return Err(NotEvaluated::Limit(format!("{} rows of a window", self.limit)));
            }
            self.kept += 1;
            recent.push(ts, known.map_or_else(|| self.key.as_slice().into(), |(key, _)| key));
        }
        Ok(())
    }
}
