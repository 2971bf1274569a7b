//! The rows of a version that the run published, as a reader finds them.

use super::Done;
use super::columns::{Columns, batches};
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use datasets::layout::{column, file};
use datasets::{Folder, Manifest, Split};

/// A row.
pub(super) struct Row {
    pub(super) id: [u8; 16],
    pub(super) ts: i64,
    pub(super) instrument: i64,
    pub(super) split: Split,
    /// In the order of [`Version::names`]; NaN where there is none.
    pub(super) cells: Vec<f64>,
}

/// A version.
pub(super) struct Version {
    /// In the order of time.
    pub(super) rows: Vec<Row>,
    /// Of its features.
    pub(super) names: Vec<String>,
    /// The longest lookback of a feature.
    pub(super) lookback_ns: i64,
}

impl Version {
    pub(super) fn read(run: &Done, dataset: &str, context: &Context) -> Result<Self, Failure> {
        let dir = run.dir().join(run.fact("datasets", &format!("{dataset}.path")));
        let folder = Folder::new(crate::commands::capture::fs(), &dir);
        let manifest: Manifest = folder
            .document(file::MANIFEST)
            .map_err(|error| Failure::from(ErrorReport::new(&error)))?;
        let names: Vec<String> = manifest.features.iter().map(|f| f.name.clone()).collect();
        let lookback = manifest.features.iter().map(|f| f.lookback_ns.0).max().unwrap_or(0);
        let mut rows = Vec::new();
        for data in &manifest.files {
            let Some(split) = Split::parse(&data.split) else { continue };
            for batch in batches(&dir.join(&data.path), context)? {
                let columns = Columns(&batch);
                let cells: Vec<Vec<Option<f64>>> =
                    names.iter().map(|name| columns.numbers(name)).collect::<Result<_, _>>()?;
                let keys = columns
                    .times(column::TS_CUTOFF)?
                    .into_iter()
                    .zip(columns.whole(column::INSTRUMENT_ID)?);
                let ids = columns.ids(column::ROW_ID)?.into_iter().zip(keys);
                for (at, (id, (ts, instrument))) in ids.enumerate() {
                    let (Some(id), Some(ts), Some(instrument)) = (id, ts, instrument) else {
                        continue;
                    };
                    let cells = cells.iter().map(|c| c[at].unwrap_or(f64::NAN)).collect();
                    rows.push(Row { id, ts, instrument, split, cells });
                }
            }
        }
        rows.sort_by_key(|row| row.ts);
        Ok(Self { rows, names, lookback_ns: i64::try_from(lookback).unwrap_or(i64::MAX) })
    }
}
