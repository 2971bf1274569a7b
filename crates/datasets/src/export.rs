//! Rows of a split for other programs: some columns, raw or transformed. An export is no version; it names one.

use crate::canonical::Sha256;
use crate::folder::{Batches, FolderError};
use crate::layout::{column, meta};
use crate::role::Split;
use crate::transform::{FeatureTransforms, TransformError};
use crate::view::VersionView;
use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use contract::{Diagnostic, Fault, nearest};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

/// What a column of the data files is for, in field metadata `hindsight.role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// Which row it is.
    Key,
    /// What a model may learn from.
    Feature,
    /// Whether a feature was null before it was imputed.
    Mask,
    /// What a model is to say.
    Label,
    /// How much a row counts.
    Weight,
    /// What is known about the row.
    Meta,
}

impl ColumnRole {
    /// All roles, in the order of their columns.
    pub const ALL: [Self; 6] =
        [Self::Key, Self::Feature, Self::Mask, Self::Label, Self::Weight, Self::Meta];

    /// The role in the metadata.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Feature => "feature",
            Self::Mask => "mask",
            Self::Label => "label",
            Self::Weight => "weight",
            Self::Meta => "meta",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// The role of a column; `None` where its metadata has none that is known.
    #[must_use]
    pub fn of(field: &Field) -> Option<Self> {
        field.metadata().get(meta::ROLE).and_then(|word| Self::parse(word))
    }
}

impl fmt::Display for ColumnRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which columns are exported; always in the order of the data files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ColumnChoice {
    /// All of them.
    #[default]
    All,
    /// Those of these names.
    Names(BTreeSet<String>),
    /// Those of these roles.
    Roles(BTreeSet<ColumnRole>),
}

/// How a split is exported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportOptions {
    /// Whether the transforms of the manifest are applied; by default the rows are raw. Costs a copy of the features.
    pub imputed: bool,
    /// Which columns; by default all.
    pub columns: ColumnChoice,
}

/// That somebody looked at held-out rows: what must be recorded, since every look at test spends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestLook {
    /// The split: [`Split::Test`].
    pub split: Split,
    /// Its rows.
    pub rows: u64,
}

impl TestLook {
    /// The look that reading a split is, if it is one.
    pub(crate) fn at(view: VersionView<'_>, split: Split) -> Option<Self> {
        let rows = || view.files(split).map(|file| file.rows).sum();
        (split == Split::Test).then(|| Self { split, rows: rows() })
    }
}

/// Keys of the metadata of an export's schema.
mod key {
    /// SHA-256 of the manifest of the version.
    pub(super) const VERSION: &str = "hindsight.version";
    /// The split.
    pub(super) const SPLIT: &str = "hindsight.split";
    /// `true` where the transforms were applied, else `false`.
    pub(super) const IMPUTED: &str = "hindsight.imputed";
}

/// Rows of a split, batch by batch: an iterator.
///
/// - **Shape:** rows and columns in the order of the data files, batches of at most 65,536 rows that never span two
///   files. Nulls stay unless `imputed` fills them.
/// - **Metadata:** `hindsight.version` (hash of the manifest), `hindsight.split`, `hindsight.imputed`, besides that of
///   the data files.
/// - **Cost:** one data file in memory at a time.
#[derive(Debug)]
pub struct SplitExport<'a> {
    view: VersionView<'a>,
    files: VecDeque<&'a str>,
    current: Option<Batches>,
    /// What is read of each file.
    read: Vec<String>,
    transforms: FeatureTransforms,
    schema: SchemaRef,
    look: Option<TestLook>,
}

/// Starts an export of a split.
///
/// # Errors
/// [`ExportError::Column`] for a name that no column has, [`ExportError::NoColumns`] for a choice that leaves none,
/// [`ExportError::EmptySplit`], [`ExportError::Transform`], [`ExportError::Folder`].
///
/// ```no_run
/// use datasets::{ColumnChoice, ColumnRole, ExportOptions, Split, VersionView, export};
/// # fn of(version: VersionView<'_>) -> Result<(), Box<dyn std::error::Error>> {
/// let columns = ColumnChoice::Roles([ColumnRole::Feature, ColumnRole::Label].into());
/// let rows = export(version, Split::Train, &ExportOptions { imputed: true, columns })?;
/// assert_eq!(rows.look(), None); // train may be looked at as often as one likes
/// for batch in rows {
///     assert!(batch?.num_columns() > 1);
/// }
/// # Ok(())
/// # }
/// ```
pub fn export<'a>(
    view: VersionView<'a>,
    split: Split,
    options: &ExportOptions,
) -> Result<SplitExport<'a>, ExportError> {
    let files: VecDeque<&str> = view.files(split).map(|file| file.path.as_str()).collect();
    let Some(first) = files.front() else { return Err(ExportError::EmptySplit(split)) };
    let raw = view.folder.batches(first, None)?.schema();
    let transforms = if options.imputed {
        FeatureTransforms::new(&view.manifest.transforms)?
    } else {
        FeatureTransforms::default()
    };
    let whole = transforms.apply(&RecordBatch::new_empty(Arc::clone(&raw)))?.schema();
    let chosen = chosen(&whole, &options.columns)?;
    // A mask is made of the feature that it is about.
    let sources: BTreeSet<&str> =
        chosen.iter().map(|name| transforms.masked_by(name).unwrap_or(name)).collect();
    let names = raw.fields().iter().map(|field| field.name());
    let read = names.filter(|name| sources.contains(name.as_str())).cloned().collect();
    let version = view.hash()?;
    let schema = marked(&whole, &chosen, version, split, options.imputed);
    let look = TestLook::at(view, split);
    Ok(SplitExport { view, files, current: None, read, transforms, schema, look })
}

/// Names of the chosen columns, in order.
fn chosen(schema: &Schema, choice: &ColumnChoice) -> Result<Vec<String>, ExportError> {
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    if let ColumnChoice::Names(wanted) = choice {
        for name in wanted {
            if schema.column_with_name(name).is_none() {
                let near = nearest(name, names()).join("`, `");
                let near = if near.is_empty() { near } else { format!(" (is it `{near}`?)") };
                return Err(ExportError::Column { column: name.clone(), near });
            }
        }
    }
    let is_chosen = |field: &Field| match choice {
        ColumnChoice::All => true,
        ColumnChoice::Names(wanted) => wanted.contains(field.name()),
        ColumnChoice::Roles(roles) => {
            ColumnRole::of(field).is_some_and(|role| roles.contains(&role))
        }
    };
    let chosen: Vec<String> = schema
        .fields()
        .iter()
        .filter(|field| is_chosen(field))
        .map(|field| field.name().clone())
        .collect();
    if chosen.is_empty() { Err(ExportError::NoColumns) } else { Ok(chosen) }
}

/// The chosen columns, under the name of the version.
fn marked(
    schema: &Schema,
    chosen: &[String],
    version: Sha256,
    split: Split,
    imputed: bool,
) -> SchemaRef {
    let fields = schema.fields().iter().filter(|field| chosen.contains(field.name()));
    let fields: Vec<_> = fields.map(Arc::clone).collect();
    let mut metadata = schema.metadata().clone();
    metadata.insert(key::VERSION.to_owned(), version.to_string());
    metadata.insert(key::SPLIT.to_owned(), split.word().to_owned());
    metadata.insert(key::IMPUTED.to_owned(), imputed.to_string());
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

impl SplitExport<'_> {
    /// Columns of all batches, with their metadata.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What must be recorded before the rows are handed on: `Some` for test.
    #[must_use]
    pub const fn look(&self) -> Option<TestLook> {
        self.look
    }

    fn raw(&mut self) -> Option<Result<RecordBatch, FolderError>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                return Some(batch);
            }
            let path = self.files.pop_front()?;
            let read: Vec<&str> = self.read.iter().map(String::as_str).collect();
            match self.view.folder.batches(path, Some(&read)) {
                Ok(batches) => self.current = Some(batches),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn finished(&self, raw: &RecordBatch) -> Result<RecordBatch, ExportError> {
        let rows = self.transforms.apply(raw)?;
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let name = field.name();
            let Some(array) = rows.column_by_name(name) else {
                return Err(ExportError::Column { column: name.clone(), near: String::new() });
            };
            columns.push(Arc::clone(array));
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

impl Iterator for SplitExport<'_> {
    type Item = Result<RecordBatch, ExportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.raw()?.map_err(ExportError::from);
        let batch = batch.and_then(|raw| self.finished(&raw));
        if batch.is_err() {
            // Rows after a hole are not handed out.
            self.files.clear();
            self.current = None;
        }
        Some(batch)
    }
}

/// Why a split could not be exported, or not be read as arrays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A column that the version does not have.
    #[error("expected a column `{column}`, found none{near}")]
    Column {
        /// The column.
        column: String,
        /// Names that may have been meant.
        near: String,
    },
    /// A choice that leaves no column.
    #[error("expected at least one column, found none of the chosen names or roles")]
    NoColumns,
    /// A split without rows.
    #[error("split `{0}`: expected rows, found none")]
    EmptySplit(Split),
    /// A target that the version does not have, or none named where there are several.
    #[error("expected one of the targets `{targets}`, found {found}")]
    Target {
        /// Those of the version.
        targets: String,
        /// What was asked for.
        found: String,
    },
    /// Nulls for which nothing was declared.
    #[error("{column}, split `{split}`: expected no null, found {count} of {rows}")]
    Nulls {
        /// The feature, label or weight.
        column: String,
        /// The split.
        split: Split,
        /// How many.
        count: u64,
        /// Of how many rows.
        rows: u64,
    },
    /// A column of a type that is no number.
    #[error("{column}: expected {expected}, found {found}")]
    Type {
        /// The column.
        column: String,
        /// What works.
        expected: &'static str,
        /// Its type.
        found: String,
    },
    /// The transforms of the manifest.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A file of the version.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Arrow could not put the output together: the files of the version have different columns.
    #[error("exported rows: expected the same columns in all data files")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// The arrays would be larger than memory can be.
    #[error("split `{split}`: expected {expected} values, found {found}")]
    Shape {
        /// The split.
        split: Split,
        /// Rows of the manifest, times columns.
        expected: u64,
        /// What the files hold.
        found: u64,
    },
}

impl Diagnostic for ExportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Column { .. } => "datasets/export-column",
            Self::NoColumns => "datasets/export-no-columns",
            Self::EmptySplit(_) => "datasets/export-empty-split",
            Self::Target { .. } => "datasets/export-target",
            Self::Nulls { .. } => "datasets/export-nulls",
            Self::Type { .. } => "datasets/export-type",
            Self::Transform(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::Arrow(_) => "datasets/export-arrow",
            Self::Shape { .. } => "datasets/export-shape",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Transform(error) => error.fault(),
            Self::Folder(error) => error.fault(),
            Self::Arrow(_) | Self::Shape { .. } => Fault::Integrity,
            _ => Fault::Input,
        }
    }
}

/// The column of a target's label.
#[cfg_attr(not(feature = "ndarray"), expect(dead_code, reason = "of arrays only"))]
pub(crate) fn label_column(target: &str) -> String {
    format!("{}{target}", column::LABEL)
}
