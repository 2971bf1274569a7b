//! The door for data from outside: good rows in, every other row back with its reason.

use crate::any::{AnyBatch, Nulls};
use crate::batch::{Batch, Draft, Unlogged};
use crate::reject::{Origin, Reject};
use crate::rule::{self, Breaches};
use crate::shape::ShapeError;
use crate::spec::{Table, TableSpec};
use crate::unit::{InstrumentId, SourceId};
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt16Type, UInt32Type};
use arrow_array::{Array, BooleanArray, RecordBatch};
use std::collections::BTreeSet;

/// What came in, divided.
///
/// `good.len() + rejects.len()` is the number of rows that came in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted<G> {
    /// Rows that keep every rule, in their order.
    pub good: G,
    /// One reject for each other row, in their order.
    pub rejects: Vec<Reject>,
    /// The refused rows as they came, one a reject, so that nothing is lost.
    pub refused: Option<RecordBatch>,
}

/// Checks the shape of a batch from outside, and every row.
///
/// - **Shape:** good rows keep their order; a row yields one reject, its first broken rule in column order.
/// - **Cost:** one pass a column, and one more over the rows of a column that has a bad one.
///
/// ```
/// use contract::{Origin, Table, Trades, admit};
/// use contract::testing::trades;
/// let mut batch = trades("90 3.0 B, 95 1.0 A").into_record_batch();
/// # batch = {
/// #     let at = batch.schema().index_of("size")?;
/// #     let mut columns = batch.columns().to_vec();
/// #     columns[at] = std::sync::Arc::new(contract::arrow_array::Float64Array::from(vec![3.0, -1.0]));
/// #     contract::arrow_array::RecordBatch::try_new(batch.schema(), columns)?
/// # };
/// // The second size is -1.
/// let admitted = admit::<Trades>(&batch, &Origin::new("feeds", "tape.parquet"))?;
/// assert_eq!((admitted.good.len(), admitted.rejects.len()), (1, 1));
/// assert_eq!(
///     admitted.rejects[0].to_string(),
///     "tape.parquet, row 1: trades.size: expected a size of at least 0, found `-1` (contract/negative-size)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ShapeError`] when the batch as a whole is not of the table.
pub fn admit<T: Table>(
    batch: &RecordBatch,
    origin: &Origin,
) -> Result<Admitted<Draft<T>>, ShapeError> {
    let Admitted { good, rejects, refused } = admit_any(T::SPEC, batch, origin)?;
    let good = Batch::<T, Unlogged>::try_from_any(good)?;
    Ok(Admitted { good, rejects, refused })
}

/// As [`admit`], for a table known by name only; `seq` may be there or not.
///
/// # Errors
/// As [`admit`].
pub fn admit_any(
    spec: &'static TableSpec,
    batch: &RecordBatch,
    origin: &Origin,
) -> Result<Admitted<AnyBatch>, ShapeError> {
    admit_known(spec, batch, origin, &Known::default())
}

/// Sources and instruments that rows may name; where a set is given, a row that names another is a reject.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Sources, from the table `sources`.
    pub sources: Option<BTreeSet<SourceId>>,
    /// Instruments, from the table `instruments`.
    pub instruments: Option<BTreeSet<InstrumentId>>,
}

impl Known {
    fn check(&self, columns: &AnyBatch, breaches: &mut Breaches) {
        for (rank, (column, array)) in columns.columns().enumerate() {
            match (column.name, &self.sources, &self.instruments) {
                ("source_id", Some(known), _) => {
                    let Some(ids) = array.as_primitive_opt::<UInt16Type>() else { continue };
                    for (row, id) in ids.iter().enumerate() {
                        if let Some(id) = id.filter(|id| !known.contains(&SourceId::new(*id))) {
                            breaches.unknown(rank, row, "unknown-source", column.name, id.into());
                        }
                    }
                }
                ("instrument_id", _, Some(known)) => {
                    let Some(ids) = array.as_primitive_opt::<UInt32Type>() else { continue };
                    for (row, id) in ids.iter().enumerate() {
                        if let Some(id) = id.filter(|id| !known.contains(&InstrumentId::new(*id))) {
                            breaches.unknown(rank, row, "unknown-instrument", column.name, id);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// As [`admit_any`], with rows refused that name a source or instrument which is not known.
///
/// ```
/// use contract::{InstrumentId, Known, Origin, Table, Trades, admit_known};
/// use contract::testing::trades;
/// let tape = trades("90 3.0 B, 95 1.0 A").into_record_batch(); // both of instrument 1
/// let known = Known { instruments: Some([InstrumentId::new(7)].into()), ..Known::default() };
/// let admitted = admit_known(Trades::SPEC, &tape, &Origin::new("feeds", "tape"), &known)?;
/// assert_eq!(admitted.rejects[0].code, "contract/unknown-instrument");
/// assert_eq!(admitted.good.len(), 0);
/// # Ok::<(), contract::ShapeError>(())
/// ```
///
/// # Errors
/// As [`admit`].
pub fn admit_known(
    spec: &'static TableSpec,
    batch: &RecordBatch,
    origin: &Origin,
    known: &Known,
) -> Result<Admitted<AnyBatch>, ShapeError> {
    let columns = AnyBatch::shape(spec, batch, Nulls::Kept)?;
    let mut breaches = rule::check(&columns);
    known.check(&columns, &mut breaches);
    if breaches.is_empty() {
        return Ok(Admitted { good: columns, rejects: Vec::new(), refused: None });
    }
    let keep: BooleanArray = (0..columns.len()).map(|row| Some(!breaches.holds(row))).collect();
    let drop: BooleanArray = keep.iter().map(|k| k.map(|k| !k)).collect();
    let too_large = |_| ShapeError::TooLarge { table: spec.name, column: "*" };
    let good = columns.filter(&keep).map_err(too_large)?;
    let refused = arrow_select::filter::filter_record_batch(batch, &drop).map_err(too_large)?;
    let source = spec.columns.iter().position(|c| c.name == "source_id");
    let avail = spec.columns.iter().position(|c| c.name == "ts_avail");
    let rejects = breaches
        .into_vec()
        .into_iter()
        .map(|breach| {
            let row = breach.row;
            let mut reject = Reject::from_breach(origin, spec.name, breach);
            reject.seq = columns.seq().map(|seq| seq.value(row));
            reject.source_id = source.and_then(|at| {
                let array = columns.at(at).as_primitive_opt::<UInt16Type>()?;
                (!array.is_null(row)).then(|| array.value(row))
            });
            reject.ts_avail_ns = avail.and_then(|at| {
                let array = columns.at(at).as_primitive_opt::<TimestampNanosecondType>()?;
                (!array.is_null(row)).then(|| array.value(row))
            });
            reject
        })
        .collect();
    Ok(Admitted { good, rejects, refused: Some(refused) })
}
