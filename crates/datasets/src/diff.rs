//! What changed from one version to another: manifests first, and data only where files differ.

mod cells;
mod error;
mod keys;
mod labels;
mod rows;
mod schema;
mod text;

pub use cells::{CellExample, ColumnChanges};
pub use error::DiffError;
pub use keys::KeyChange;
pub use labels::LabelChanges;
pub use rows::{FileChanges, RowChanges, RowGroup};
pub use schema::SchemaChange;

use crate::canonical::{Sha256, to_canonical};
use crate::export::ColumnRole;
use crate::layout::file;
use crate::view::VersionView;
use keys::Keys;
use serde::Serialize;
use std::fmt;

/// What heads a diff: the gravest of what is different, for whoever reads rows or has trained on them.
///
/// A class is given when none before it, in the order of [`DiffClass::PRECEDENCE`], fits. The facts of the others are in
/// the diff all the same: a version whose schema was extended may have revised labels too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffClass {
    /// Equal manifests: the same version.
    Identical,
    /// A column went, or has another type, unit or role, or can be null now: a reader of the first may fail.
    SchemaBroken,
    /// Columns came, or their definitions changed in ways that a reader of the first can live with.
    SchemaExtended,
    /// A feature or mask of a row that is in both has another value.
    FeaturesChanged,
    /// A label of a row that is in both has another value, and no feature has.
    LabelsRevised,
    /// Rows went or moved between splits, or their keys, weights or marks of quality changed; no feature and no label.
    RowsChanged,
    /// Rows came, wherever in time, and those of the first are there unchanged.
    RowsAppended,
    /// The same rows in the same splits, in other files or under other paths.
    Repartitioned,
    /// The same data files: only what describes them changed.
    DocumentsOnly,
}

impl DiffClass {
    /// All classes, the gravest first after the equal.
    pub const PRECEDENCE: [Self; 9] = [
        Self::Identical,
        Self::SchemaBroken,
        Self::SchemaExtended,
        Self::FeaturesChanged,
        Self::LabelsRevised,
        Self::RowsChanged,
        Self::RowsAppended,
        Self::Repartitioned,
        Self::DocumentsOnly,
    ];

    /// The class in JSON.
    ///
    /// ```
    /// assert_eq!(datasets::DiffClass::LabelsRevised.word(), "labels_revised");
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::SchemaBroken => "schema_broken",
            Self::SchemaExtended => "schema_extended",
            Self::FeaturesChanged => "features_changed",
            Self::LabelsRevised => "labels_revised",
            Self::RowsChanged => "rows_changed",
            Self::RowsAppended => "rows_appended",
            Self::Repartitioned => "repartitioned",
            Self::DocumentsOnly => "documents_only",
        }
    }
}

impl fmt::Display for DiffClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is different between two versions; [`lines`](Self::lines) and [`to_json`](Self::to_json) say the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionDiff {
    /// The gravest difference.
    pub class: DiffClass,
    /// Hash of the first manifest.
    pub before: Sha256,
    /// Hash of the second manifest.
    pub after: Sha256,
    /// Keys of `spec.json`.
    pub spec: Vec<KeyChange>,
    /// What wrote them.
    pub code: Vec<KeyChange>,
    /// Tables that they were made from, by `<table>.<fact>`.
    pub inputs: Vec<KeyChange>,
    /// Columns.
    pub schema: Vec<SchemaChange>,
    /// Data files.
    pub files: FileChanges,
    /// Rows.
    pub rows: RowChanges,
    /// Columns with cells that changed, in the order of the columns; of rows that are in both.
    pub columns: Vec<ColumnChanges>,
    /// Classes of each target that both have.
    pub labels: Vec<LabelChanges>,
    /// Facts of splits: rows, spans, sums of weights, N_eff.
    pub splits: Vec<KeyChange>,
    /// Scores of the inputs.
    pub quality: Vec<KeyChange>,
    /// Checks of the certificate, by `<check>.<fact>`.
    pub certificate: Vec<KeyChange>,
    /// All else in the manifests, but the lists of data files.
    pub manifest: Vec<KeyChange>,
}

impl VersionDiff {
    /// The diff as canonical JSON.
    ///
    /// # Errors
    /// None in practice: there is no float in it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_canonical(self)
    }
}

/// Compares two versions, of one dataset or of two.
///
/// - **Files** with equal hashes in equal splits are not read. Where the sums of the row digests are equal in each
///   split, no file is: such rows are the same in other files.
/// - **Rows** are joined by `row_id`; cells are compared in rows that are in both, floats by their bits.
/// - **Cost:** ids and places of the rows in files that differ (48 bytes a row, sorted), and of files that share rows
///   some columns at a time, about 8 million cells.
///
/// # Errors
/// [`DiffError`]: a file that cannot be read, an id that stands twice in the files of a version that were read, a file
/// with other rows than its manifest says.
///
/// ```no_run
/// use datasets::{DiffClass, VersionView, diff};
/// # fn of(monday: VersionView<'_>, tuesday: VersionView<'_>) -> Result<(), Box<dyn std::error::Error>> {
/// let changes = diff(monday, tuesday)?;
/// if changes.class == DiffClass::RowsAppended {
///     assert!(changes.columns.is_empty()); // nothing that was there has moved
/// }
/// # Ok(())
/// # }
/// ```
pub fn diff(before: VersionView<'_>, after: VersionView<'_>) -> Result<VersionDiff, DiffError> {
    let (hash_before, hash_after) = (before.hash()?, after.hash()?);
    let mut manifest = Keys::of_manifests(before.manifest, after.manifest)?;
    let documents = |path: &str, same: bool| {
        if same { Ok(Vec::new()) } else { keys::of_documents(before, after, path) }
    };
    let (old, new) = (before.manifest, after.manifest);
    let spec = documents(file::SPEC, old.spec_hash == new.spec_hash)?;
    let certificate = documents(file::CERTIFICATE, old.certificate_hash == new.certificate_hash)?;
    let schema = schema::changes(before, after)?;
    let join = rows::join(before, after, schema.is_empty())?;
    let cells = cells::compare(before, after, &join)?;
    let labels = labels::changes(before.manifest, after.manifest, &cells, join.shared);
    let mut diff = VersionDiff {
        class: DiffClass::Identical,
        before: hash_before,
        after: hash_after,
        spec,
        code: manifest.take("code"),
        inputs: manifest.take("inputs"),
        schema,
        rows: join.changes,
        files: join.files,
        columns: cells.columns,
        labels,
        splits: manifest.take("splits"),
        quality: manifest.take("quality"),
        certificate,
        manifest: manifest.rest(),
    };
    diff.class = diff.classify();
    Ok(diff)
}

impl VersionDiff {
    fn classify(&self) -> DiffClass {
        let cells = |role: fn(ColumnRole) -> bool| {
            self.columns.iter().any(|column| column.role.is_some_and(role))
        };
        let broken = self.schema.iter().any(|change| change.breaks);
        if self.before == self.after {
            DiffClass::Identical
        } else if broken {
            DiffClass::SchemaBroken
        } else if !self.schema.is_empty() {
            DiffClass::SchemaExtended
        } else if cells(|role| matches!(role, ColumnRole::Feature | ColumnRole::Mask)) {
            DiffClass::FeaturesChanged
        } else if cells(|role| role == ColumnRole::Label) {
            DiffClass::LabelsRevised
        } else if !(self.rows.removed.is_empty()
            && self.rows.moved.is_empty()
            && self.columns.is_empty())
        {
            DiffClass::RowsChanged
        } else if !self.rows.added.is_empty() {
            DiffClass::RowsAppended
        } else if self.files.only_before + self.files.only_after + self.files.renamed > 0 {
            DiffClass::Repartitioned
        } else {
            DiffClass::DocumentsOnly
        }
    }
}
