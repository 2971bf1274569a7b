//! The profile of a table while it is read.

use super::column::{ColumnState, Stop};
use super::error::ProfileError;
use super::kind::Kind;
use super::report::TableProfile;
use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The key of a schema's metadata that names its table.
const TABLE: &str = "hindsight.table";

/// How a table is profiled.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ProfileOptions {
    /// What to call the table; by default what its schema says, or `table`.
    pub table: Option<String>,
    /// The value near which a column's quantiles are to be fine, by name: buckets are 2^-7 of the distance from it wide.
    /// Default 0. In the unit of the column; for instants in nanoseconds since 1970.
    pub origins: BTreeMap<String, f64>,
}

impl ProfileOptions {
    /// With an origin for a column: a price near 64,000 wants 64,000.
    #[must_use]
    pub fn with_origin(mut self, column: &str, origin: f64) -> Self {
        self.origins.insert(column.to_owned(), origin);
        self
    }
}

/// The profile of a table, batch by batch.
///
/// - **Shape:** the answer depends on the rows alone: not on their order, nor on how they were cut, merged or saved.
/// - **Cost:** a column of numbers takes 10 KB, 1 KB for each power of two that its values reach, and up to 128 KB for the
///   set of its distinct values while they are at most 10,000; see [`state_bytes`](Self::state_bytes).
///
/// ```
/// use contract::testing::trades;
/// use quality::{ProfileOptions, ProfileState, Value};
///
/// let rows = trades("90 3.0 B, 91 1.0 A, 95 2.0 A").into_record_batch();
/// let mut state = ProfileState::try_new(&rows.schema(), &ProfileOptions::default())?;
/// state.observe(&rows)?;
/// let profile = state.finish();
/// let size = profile.columns.iter().find(|column| column.name == "size").ok_or("no size")?;
/// assert_eq!((profile.rows, size.nulls), (3, 0));
/// assert_eq!((&size.mean, size.sd), (&Some(Value::Number(2.0)), Some(1.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileState {
    table: String,
    rows: u64,
    columns: Vec<ColumnState>,
    /// The last schema that was found to fit.
    #[serde(skip)]
    fits: Option<SchemaRef>,
}

impl ProfileState {
    /// The profile of no row of a table with this schema.
    ///
    /// # Errors
    /// [`ProfileError::Origin`] for an origin of a column that the table does not have, that has no numbers, or that is
    /// not finite.
    pub fn try_new(schema: &Schema, options: &ProfileOptions) -> Result<Self, ProfileError> {
        let named = options.table.as_ref().or_else(|| schema.metadata().get(TABLE));
        let table = named.cloned().unwrap_or_else(|| "table".into());
        for (column, origin) in &options.origins {
            let field = schema.fields().iter().find(|field| field.name() == column);
            let numbers = field.is_some_and(|field| Kind::of(field.data_type()).has_numbers());
            if !numbers || !origin.is_finite() {
                let (column, found) = (column.clone(), *origin);
                return Err(ProfileError::Origin { table, column, found });
            }
        }
        let column = |field: &Arc<arrow_schema::Field>| {
            let kind = Kind::of(field.data_type());
            let origin = options.origins.get(field.name()).copied();
            let origin = origin.map(|origin| match kind {
                Kind::Instant { nanos } => origin / nanos as f64,
                _ => origin,
            });
            ColumnState::new(field.name(), field.data_type().to_string(), kind, origin)
        };
        let columns = schema.fields().iter().map(column).collect();
        Ok(Self { table, rows: 0, columns, fits: None })
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// [`ProfileError::Column`] when the batch has other columns than the profile, in name, type or order: nothing was
    /// added. [`ProfileError::Overflow`] when an exact sum left its range: the profile is of no use any more.
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<(), ProfileError> {
        self.check(&batch.schema())?;
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            let stopped = column.observe(array);
            stopped.map_err(|stop| stopped_at(&self.table, &column.name, stop))?;
        }
        let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        self.rows = self.rows.saturating_add(rows);
        Ok(())
    }

    /// Adds the rows of another profile of the same table.
    ///
    /// # Errors
    /// [`ProfileError::Column`] for other columns and [`ProfileError::Options`] for another table or origin: nothing was
    /// added. [`ProfileError::Overflow`] as above.
    pub fn merge(&mut self, other: &Self) -> Result<(), ProfileError> {
        let differ = |what| ProfileError::Options { table: self.table.clone(), what };
        if self.table != other.table {
            return Err(differ("table"));
        }
        self.compare(other.columns.iter().map(|column| (&*column.name, column.data_type.clone())))?;
        if !self.columns.iter().zip(&other.columns).all(|(mine, theirs)| mine.same_options(theirs))
        {
            return Err(differ("origins"));
        }
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge(theirs).map_err(|stop| stopped_at(&self.table, &mine.name, stop))?;
        }
        self.rows = self.rows.saturating_add(other.rows);
        Ok(())
    }

    /// What the rows so far say.
    #[must_use]
    pub fn finish(&self) -> TableProfile {
        TableProfile {
            table: self.table.clone(),
            rows: self.rows,
            columns: self.columns.iter().map(ColumnState::finish).collect(),
        }
    }

    /// Bytes that each column's state holds, in the order of the columns.
    #[must_use]
    pub fn state_bytes(&self) -> Vec<usize> {
        self.columns.iter().map(ColumnState::bytes).collect()
    }

    fn check(&mut self, schema: &SchemaRef) -> Result<(), ProfileError> {
        if self.fits.as_ref().is_some_and(|fits| Arc::ptr_eq(fits, schema)) {
            return Ok(());
        }
        let fields = schema.fields().iter();
        self.compare(fields.map(|field| (field.name().as_str(), field.data_type().to_string())))?;
        self.fits = Some(Arc::clone(schema));
        Ok(())
    }

    fn compare<'a>(
        &self,
        found: impl Iterator<Item = (&'a str, String)>,
    ) -> Result<(), ProfileError> {
        let mut expected = self.columns.iter();
        let mut found = found;
        let text = |column: Option<(&str, &str)>| {
            let named = |(name, data_type)| format!("`{name}` of type `{data_type}`");
            column.map_or_else(|| "no further column".to_owned(), named)
        };
        loop {
            let mine = expected.next().map(|column| (&*column.name, &*column.data_type));
            let theirs = found.next();
            let theirs = theirs.as_ref().map(|(name, data_type)| (*name, &**data_type));
            if mine != theirs {
                return Err(ProfileError::Column {
                    table: self.table.clone(),
                    column: mine.or(theirs).map_or("", |column| column.0).to_owned(),
                    expected: text(mine),
                    found: text(theirs),
                });
            }
            if mine.is_none() {
                return Ok(());
            }
        }
    }
}

fn stopped_at(table: &str, column: &str, stop: Stop) -> ProfileError {
    match stop {
        Stop::Overflow => ProfileError::Overflow { table: table.into(), column: column.into() },
        Stop::Other(error) => error,
    }
}
