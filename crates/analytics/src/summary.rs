//! Summary statistics and correlations of a table, as tables.

mod column;
mod correlation;
mod describe;
mod error;

pub use error::SummaryError;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt64Builder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use column::{Collected, text_at};
use contract::nearest;
use correlation::Ranked;
use describe::Described;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the column that parts the rows of a table, if it has one.
const SPLIT: &str = "split";

/// The values of a table, gathered batch by batch, and what can be said of them.
///
/// Any source of record batches will do: a version of a dataset, a table of a log, the answer of a query.
///
/// - **Cost:** 8 bytes a number, 16 more a whole number, 4 bytes and each distinct value once for text and bytes.
/// - **Order:** sums run over the values in ascending order and are compensated (Neumaier 1974), so neither the cut into
///   batches nor the order of rows moves a bit of [`summary`](Self::summary).
///
/// ```
/// use analytics::Statistics;
/// use arrow_array::cast::AsArray;
/// use arrow_array::types::Float64Type;
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use std::sync::Arc;
///
/// let spread: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.0), Some(6.0)]));
/// let depth: ArrayRef = Arc::new(Float64Array::from(vec![Some(9.0), Some(8.0), Some(7.0), Some(5.0)]));
/// let rows = RecordBatch::try_from_iter([("book__spread_bps__now", spread), ("book__depth__now", depth)])?;
/// let mut statistics = Statistics::new(&rows.schema())?;
/// statistics.push(&rows)?;
/// let summary = statistics.summary()?;
/// let column = |name: &str| summary.column_by_name(name).map(|c| c.as_primitive::<Float64Type>().value(0));
/// assert_eq!((column("mean"), column("median")), (Some(3.0), Some(2.0)));
/// let pairs = statistics.correlation(&[])?;
/// assert_eq!(pairs.column_by_name("spearman").map(|c| c.as_primitive::<Float64Type>().value(0)), Some(-1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Statistics {
    schema: SchemaRef,
    columns: Vec<Collected>,
    split: Option<usize>,
    /// Rows of each split; a row without one is in no list.
    splits: BTreeMap<String, Vec<usize>>,
    rows: usize,
}

impl Statistics {
    /// Of a table with these columns, without rows yet.
    ///
    /// # Errors
    /// A column `split` that is no text.
    pub fn new(schema: &SchemaRef) -> Result<Self, SummaryError> {
        let split = schema.fields().iter().position(|field| field.name() == SPLIT);
        if let Some(field) = split.and_then(|at| schema.fields().get(at))
            && !column::is_text(field.data_type())
        {
            return Err(SummaryError::Split { found: field.data_type().to_string() });
        }
        let columns =
            schema.fields().iter().map(|field| Collected::new(field.data_type())).collect();
        Ok(Self { schema: Arc::clone(schema), columns, split, splits: BTreeMap::new(), rows: 0 })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Rows with other columns; nothing of them is added.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), SummaryError> {
        let shown = |schema: &Schema| {
            let field = |field: &Arc<Field>| format!("{} {}", field.name(), field.data_type());
            schema.fields().iter().map(field).collect::<Vec<_>>()
        };
        if batch.num_columns() != self.columns.len()
            || shown(&self.schema) != shown(&batch.schema())
        {
            let (expected, found) = (shown(&self.schema), shown(&batch.schema()));
            let odd =
                (0..expected.len().max(found.len())).find(|at| expected.get(*at) != found.get(*at));
            let at = odd.unwrap_or(0);
            let name = |list: &[String]| list.get(at).cloned().unwrap_or_else(|| "none".to_owned());
            return Err(SummaryError::Rows {
                column: at,
                expected: name(&expected),
                found: name(&found),
            });
        }
        if let Some(words) = self.split.and_then(|at| batch.columns().get(at)) {
            for row in 0..batch.num_rows() {
                if let Some(word) = text_at(words, row) {
                    self.splits.entry(word.to_owned()).or_default().push(self.rows + row);
                }
            }
        }
        for (collected, array) in self.columns.iter_mut().zip(batch.columns()) {
            collected.push(array);
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// One row a column; where the table has a column `split` of text, first over all rows and then for each split.
    ///
    /// | column | type | |
    /// |---|---|---|
    /// | `split` | Utf8, nullable | null: all rows. Splits in the order of their names |
    /// | `column`, `dtype` | Utf8 | name and Arrow type, in the order of the table |
    /// | `count`, `nulls`, `not_finite` | UInt64 | values that count, nulls, and NaN or infinite values, which count as missing |
    /// | `mean`, `std` | Float64, nullable | of numbers; `std` with `ddof` 1 |
    /// | `min`, `p01`, `p25`, `median`, `p75`, `p99`, `max` | Float64, nullable | of numbers; quantiles by linear interpolation between neighbours |
    /// | `n_unique` | UInt64, nullable | distinct values, exact; null for lists and structs |
    ///
    /// Numbers are floats, integers and decimals, as `Float64` (rounded above 2^53). An undefined statistic is null: of no
    /// value, `std` of one value, a result beyond `Float64`.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn summary(&self) -> Result<RecordBatch, SummaryError> {
        let mut texts = [(); 3].map(|()| StringBuilder::new());
        let mut counts = [(); 4].map(|()| UInt64Builder::new());
        let mut numbers = [(); 9].map(|()| Float64Builder::new());
        let all = std::iter::once((None, None));
        let each =
            self.splits.iter().map(|(name, rows)| (Some(name.as_str()), Some(rows.as_slice())));
        for (split, rows) in all.chain(each) {
            for (field, collected) in self.schema.fields().iter().zip(&self.columns) {
                let about = Described::of(collected, rows);
                let dtype = field.data_type().to_string();
                for (builder, text) in
                    texts.iter_mut().zip([split, Some(field.name()), Some(&dtype)])
                {
                    builder.append_option(text);
                }
                let found =
                    [Some(about.count), Some(about.nulls), Some(about.not_finite), about.n_unique];
                for (builder, count) in counts.iter_mut().zip(found) {
                    builder.append_option(count.map(|n| n as u64));
                }
                for (builder, number) in numbers.iter_mut().zip(about.numbers()) {
                    builder.append_option(number);
                }
            }
        }
        let [split, column, dtype] =
            texts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        let [count, nulls, not_finite, n_unique] =
            counts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        let mut columns = vec![
            ("split", split, true),
            ("column", column, false),
            ("dtype", dtype, false),
            ("count", count, false),
            ("nulls", nulls, false),
            ("not_finite", not_finite, false),
        ];
        for (name, mut builder) in Described::NUMBERS.into_iter().zip(numbers) {
            columns.push((name, Arc::new(builder.finish()), true));
        }
        columns.push(("n_unique", n_unique, true));
        table(columns)
    }

    /// One row a pair of number columns, over the rows where both have a value.
    ///
    /// `columns` names them; empty: all of them. Pairs come in the order of the table, the earlier column first; where the
    /// table has a column `split`, first over all rows and then for each split.
    ///
    /// | column | type | |
    /// |---|---|---|
    /// | `split` | Utf8, nullable | null: all rows |
    /// | `column_a`, `column_b` | Utf8 | |
    /// | `n` | UInt64 | rows where both have a finite value |
    /// | `pearson` | Float64, nullable | in [-1, 1]; null below two rows and where one side does not vary |
    /// | `spearman` | Float64, nullable | Pearson's of the ranks among these rows, ties at their mean; null as before |
    ///
    /// - **Cost:** a sort a column, and two passes over the rows a pair.
    ///
    /// # Errors
    /// A name that no column has, with the nearest ones, or a column that is no number.
    pub fn correlation(&self, columns: &[&str]) -> Result<RecordBatch, SummaryError> {
        let chosen = self.numbers(columns)?;
        let mut texts = [(); 3].map(|()| StringBuilder::new());
        let mut n = UInt64Builder::new();
        let mut found = [(); 2].map(|()| Float64Builder::new());
        let all = std::iter::once((None, None));
        let each =
            self.splits.iter().map(|(name, rows)| (Some(name.as_str()), Some(rows.as_slice())));
        for (split, rows) in all.chain(each) {
            let ranked: Vec<_> =
                chosen.iter().map(|(name, values)| (*name, Ranked::of(values, rows))).collect();
            for (at, (a, left)) in ranked.iter().enumerate() {
                for (b, right) in ranked.iter().skip(at + 1) {
                    let pair = left.with(right);
                    for (builder, text) in texts.iter_mut().zip([split, Some(*a), Some(*b)]) {
                        builder.append_option(text);
                    }
                    n.append_value(pair.n as u64);
                    for (builder, value) in found.iter_mut().zip([pair.pearson, pair.spearman]) {
                        builder.append_option(value);
                    }
                }
            }
        }
        let [split, a, b] = texts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        let [pearson, spearman] = found.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        table(vec![
            ("split", split, true),
            ("column_a", a, false),
            ("column_b", b, false),
            ("n", Arc::new(n.finish()), false),
            ("pearson", pearson, true),
            ("spearman", spearman, true),
        ])
    }

    /// The number columns of these names, or all of them.
    fn numbers(&self, names: &[&str]) -> Result<Vec<(&str, &[f64])>, SummaryError> {
        let fields = || self.schema.fields().iter().zip(&self.columns);
        for name in names {
            match fields().find(|(field, _)| field.name() == name) {
                None => {
                    let near =
                        nearest(name, self.schema.fields().iter().map(|f| f.name().as_str()));
                    let near = near.into_iter().map(str::to_owned).collect();
                    return Err(SummaryError::UnknownColumn { column: (*name).to_owned(), near });
                }
                Some((field, collected)) if collected.numbers().is_none() => {
                    return Err(SummaryError::NotNumber {
                        column: (*name).to_owned(),
                        found: field.data_type().to_string(),
                    });
                }
                Some(_) => {}
            }
        }
        let wanted = |field: &Field| names.is_empty() || names.contains(&field.name().as_str());
        Ok(fields()
            .filter(|(field, _)| wanted(field))
            .filter_map(|(field, c)| c.numbers().map(|values| (field.name().as_str(), values)))
            .collect())
    }
}

fn table(columns: Vec<(&str, ArrayRef, bool)>) -> Result<RecordBatch, SummaryError> {
    let field = |(name, array, nullable): &(&str, ArrayRef, bool)| {
        let data_type: DataType = array.data_type().clone();
        Field::new(*name, data_type, *nullable)
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, array, _)| array).collect();
    RecordBatch::try_new(schema, columns)
        .map_err(|error| SummaryError::Defect { message: error.to_string() })
}
