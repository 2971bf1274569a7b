//! Keys that come twice.

use super::cells::{Cells, Made, hex};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::Rows;
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashSet;

/// Every row of a key but the first.
///
/// Exact: keys are kept as they are, up to `limit` of them (their bytes and about 40 more each); beyond it the check is not
/// evaluated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyUnique {
    columns: Cells,
    takes_nulls: bool,
    limit: usize,
    seen: Seen,
    #[serde(skip)]
    key: Vec<u8>,
}

/// Keys seen; saved in order.
#[derive(Debug, Clone, Default)]
struct Seen(HashSet<Box<[u8]>>);

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut keys: Vec<&[u8]> = self.0.iter().map(AsRef::as_ref).collect();
        keys.sort_unstable();
        to.collect_seq(keys.into_iter().map(hex::text))
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(hex::keys(from)?.into_iter().collect()))
    }
}

impl KeyUnique {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "key_unique",
        doc: "a row whose key came before",
        dimension: Dimension::Uniqueness,
        severity: Severity::Critical,
        action: Action::Reject,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                Some("!"),
                "columns of the key, at most 16",
            ),
            ParamSpec::new(
                "nulls",
                ParamType::Word(&["skip", "equal"]),
                Some("skip"),
                "a null in the key: the rule does not speak about the row, or nulls are equal",
            ),
            ParamSpec::new(
                "limit",
                ParamType::Count,
                Some("4194304"),
                "keys kept; beyond them the check is not evaluated",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::KeyUnique(Self {
                columns: Cells::new(params, "columns", slots),
                takes_nulls: params.text("nulls") == "equal",
                limit: params.count("limit"),
                seen: Seen::default(),
                key: Vec::new(),
            })
        },
    };
}

impl Judge for KeyUnique {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let columns = self.columns.columns(rows)?;
        let seen = &mut self.seen.0;
        for row in 0..rows.len() {
            self.key.clear();
            match columns.write(row, &mut self.key) {
                Made::Whole => {}
                Made::WithNull if self.takes_nulls => {}
                Made::WithNull | Made::WithNonfinite => continue,
            }
            let is_again = seen.contains(self.key.as_slice());
            if !is_again {
                if seen.len() >= self.limit {
                    *seen = HashSet::new();
                    return Err(NotEvaluated::Limit(format!("{} keys", self.limit)));
                }
                seen.insert(self.key.as_slice().into());
            }
            marks.judge(row, is_again);
        }
        Ok(())
    }
}
