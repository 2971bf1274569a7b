//! From features and labels to immutable, leak-proof, versioned training sets.
#![forbid(unsafe_code)]

#[cfg(feature = "ndarray")]
mod arrays;
mod canonical;
mod certificate;
mod diff;
mod exact_sum;
mod export;
mod folder;
mod interval;
mod kind;
pub mod layout;
mod manifest;
mod role;
mod spec;
mod splits;
mod trace;
mod transform;
mod view;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

#[cfg(feature = "ndarray")]
pub use arrays::{ArrayOptions, LabelArray, Nulls, SplitArrays, split_arrays};
pub use canonical::{Instant, Int, Number, Sha256, to_canonical};
pub use certificate::{Certificate, CheckResult, Outcome};
pub use diff::{
    CellExample, ColumnChanges, DiffClass, DiffError, FileChanges, KeyChange, LabelChanges,
    RowChanges, RowGroup, SchemaChange, VersionDiff, diff,
};
pub use export::{
    ColumnChoice, ColumnRole, ExportError, ExportOptions, SplitExport, TestLook, export,
};
pub use folder::{Batches, Folder, FolderError};
pub use interval::Interval;
pub use kind::ModelKind;
pub use manifest::{
    AsOf, Code, DataFile, FORMAT, FeatureColumn, FittedTransform, InputTable, Manifest,
    QualityFacts, SplitFacts, TargetColumn,
};
pub use role::{Reason, Role, Split};
pub use spec::{
    CardSpec, ExportSpec, FeaturesSpec, FilePeriod, FoldsSpec, GateSpec, GroupColumn, Purge,
    RowsSpec, Spec, SpecError, SpecErrors, SplitSpec, SplitStrategy, TargetSpec, Task,
    TransformKind, TransformSpec, WeightFactor, WeightsSpec,
};
pub use splits::{FoldsDocument, SplitsDocument};
pub use trace::{ColumnTrace, Impact, LineageError, RowPlace, RowSource, RowTrace, impact, trace};
pub use transform::{FeatureTransforms, TransformError, TransformFit, fit_transforms};
pub use view::VersionView;
