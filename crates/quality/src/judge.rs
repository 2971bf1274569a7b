//! What every kind of check does with a batch.

use crate::context::Context;
use crate::marks::{LateMark, Marks};
use crate::rows::Rows;
use crate::tally::Counts;
use crate::verdict::{NotEvaluated, Verdict};
use contract::Json;
use std::collections::BTreeMap;

/// What a kind knows while it judges, and so how its states merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One row and the context: any order, any split.
    Row,
    /// A bounded memory a key, and rows in order of `seq`: neighbours only.
    Sequence,
    /// Counts of the whole, judged at the end: any order, any split.
    Set,
}

/// One check at work on one stream.
pub(crate) trait Judge {
    /// Says what it has to say about a batch; a sequence kind gets its rows in order.
    ///
    /// Columns are named by slots that were taken when the judge was built. A row is named by its place in the batch in
    /// `marks`, and by [`Rows::id`] in late marks.
    ///
    /// # Errors
    /// Why nothing can be said about this batch; the check is then not evaluated, and nothing of `marks` counts.
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated>;

    /// Takes in what a set kind counted in another part.
    fn merge(&mut self, _right: &Self)
    where
        Self: Sized,
    {
    }

    /// What can be said only at the end of the stream.
    fn close(&mut self, _context: &Context, _end: &mut End) {}
}

/// What a check says at the end of a stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    /// Rows that waited for later ones.
    pub(crate) late: Vec<LateMark>,
    /// Applicable things and violations of a set kind, where they are no rows.
    pub(crate) totals: Option<(u64, u64)>,
    /// The same by source, for set kinds that tell sources apart.
    pub(crate) by_source: BTreeMap<u16, Counts>,
    /// A verdict that counts do not give.
    pub(crate) verdict: Option<Verdict>,
    /// Name, which carries the unit, and size of what was found.
    pub(crate) effect: Option<(&'static str, f64)>,
    /// What a person wants to know beside the counts.
    pub(crate) detail: Option<Json>,
    /// The severity is raised to `Critical`.
    pub(crate) is_critical: bool,
}
