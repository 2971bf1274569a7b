//! The verifier: it reads the finished files of a version and proves, or does not, that nothing leaks.
//!
//! It shares no code with whatever planned, split and assembled the version, and believes none of their documents.

mod availability;
mod causality;
mod columns;
mod error;
mod evidence;
mod feature_cells;
mod fitted;
mod folds;
mod groups;
mod identity;
mod intervals;
mod labels;
mod maturity;
mod pattern;
mod reach;
mod read;
mod rows;
mod sequence;
mod sweep;
mod tally;
mod too_good;

pub use error::VerifyError;
pub use evidence::{AuditVerdict, Evidence};

use crate::canonical::{Int, Sha256, to_canonical};
use crate::certificate::Certificate;
use crate::folder::Folder;
use crate::layout::file;
use crate::manifest::Manifest;
use crate::role::Split;
use crate::spec::Spec;
use crate::splits::SplitsDocument;
use arrow_schema::{Schema, SchemaRef};
use columns::{Disguises, WrittenSchema};
use feature_cells::each_feature;
use fitted::Refits;
use folds::TrainGroups;
use groups::RowGroups;
use identity::Contents;
use rows::Rows;
use std::sync::Arc;
use too_good::SingleFeatures;

/// The format of a certificate that this code writes.
const FORMAT: u32 = 1;

/// What is verified.
struct Subject<'a> {
    folder: &'a Folder,
    manifest: &'a Manifest,
    spec: &'a Spec,
    splits: SplitsDocument,
    /// Columns of the first data file.
    schema: SchemaRef,
    /// Features by their role, whose cells can be read.
    features: Vec<String>,
    rows: Rows,
    groups: RowGroups,
    train: Option<TrainGroups>,
}

/// Holds the finished files of a version against the rules of leakage.
///
/// - **Shape:** one result a check, in the order `availability sequence intervals groups identity maturity fitted columns
///   causality labels too_good`; every row, every pair of splits and every fold is looked at.
/// - **Reads:** the data files that the manifest lists, `_lineage/`, `_folds/`, `splits.json`, `spec.json` and
///   `schema.json`. Of the manifest: files, counts, targets, features, transforms, hashes of code, the as-of point. Its
///   `certificate_hash` is not read.
/// - **Cost:** sorts of the rows, and a pass over them a fold; features are read some columns at a time.
///
/// A rule that is broken is no error, it is [`Outcome::Fail`](crate::Outcome::Fail) in the certificate.
///
/// # Errors
/// [`VerifyError`] when a file is missing or is not what the layout says, or when `spec.json` is another spec.
pub fn certify(
    folder: &Folder,
    manifest: &Manifest,
    spec: &Spec,
    evidence: &Evidence<'_>,
) -> Result<Certificate, VerifyError> {
    let spec_hash = spec_hash(folder, spec)?;
    let schemas = manifest
        .files
        .iter()
        .map(|file| Ok(folder.batches(&file.path, None)?.schema()))
        .collect::<Result<Vec<SchemaRef>, VerifyError>>()?;
    let schema = schemas.first().cloned().unwrap_or_else(|| Arc::new(Schema::empty()));
    let splits: SplitsDocument = folder.document(file::SPLITS)?;
    let written: WrittenSchema = folder.document(file::SCHEMA)?;
    let written_hash = Sha256::of(&folder.bytes(file::SCHEMA)?);
    let rows = Rows::read(folder, &manifest.files, &schema, splits.folds.is_some())?;
    let is_feature = |field: &&Arc<arrow_schema::Field>| reach::role(field) == Some("feature");
    // One that is no number is named by `columns`.
    let features = schema
        .fields()
        .iter()
        .filter(is_feature)
        .filter(|field| read::Cells::can_hold(field.data_type()))
        .map(|field| field.name().clone())
        .collect();
    let subject = Subject {
        folder,
        manifest,
        spec,
        groups: RowGroups::new(&rows, spec),
        train: splits.folds.is_some().then(|| TrainGroups::new(&rows)),
        features,
        splits,
        rows,
        schema,
    };
    let rows = &subject.rows;
    let train: Vec<usize> = rows.of(Split::Train).map(|(at, _)| at).collect();
    let mut contents = Contents::new(rows.data.len());
    let mut disguises = Disguises::new(&rows.labels);
    let mut refits = Refits::default();
    let mut singles = SingleFeatures::new(rows, spec);
    let (files, features) = (&manifest.files, &subject.features);
    each_feature(folder, files, features, rows.data.len(), |name, cells| {
        contents.push(cells);
        disguises.push(name, cells, &rows.labels);
        refits.push(name, cells, &train, spec);
        singles.push(name, cells);
    })?;
    let checks = vec![
        availability::check(&subject),
        sequence::check(&subject),
        intervals::check(&subject),
        groups::check(&subject),
        identity::check(&subject, &contents),
        maturity::check(&subject),
        fitted::check(&subject, &refits),
        columns::check(&subject, &schemas, &written, written_hash, disguises),
        causality::check(&subject, evidence),
        labels::check(&subject, evidence),
        singles.check(&subject, evidence),
    ];
    Ok(Certificate {
        format: FORMAT,
        spec_hash,
        causality_seed: evidence.causality.map(|report| Int(report.seed)),
        checks,
    })
}

/// The hash of `spec.json`, which must be the canonical text of the spec.
fn spec_hash(folder: &Folder, spec: &Spec) -> Result<Sha256, VerifyError> {
    let text = to_canonical(spec).map_err(VerifyError::Spec)?;
    let expected = Sha256::of(text.as_bytes());
    let found = Sha256::of(&folder.bytes(file::SPEC)?);
    if expected == found { Ok(found) } else { Err(VerifyError::OtherSpec { expected, found }) }
}
