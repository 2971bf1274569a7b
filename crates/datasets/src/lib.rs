//! From features and labels to immutable, leak-proof, versioned training sets.
#![forbid(unsafe_code)]

#[cfg(feature = "ndarray")]
mod arrays;
mod assembly;
mod build;
mod canonical;
mod certificate;
mod diff;
pub mod documents;
mod exact_sum;
mod export;
mod folder;
mod inputs;
mod interval;
mod kind;
pub mod layout;
mod manifest;
mod openlineage;
mod parquet_file;
mod pattern;
mod plan;
mod role;
mod spec;
mod split;
mod splits;
mod store;
mod trace;
mod transform;
mod verifier;
mod view;
mod weigh;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

#[cfg(feature = "ndarray")]
pub use arrays::{ArrayOptions, LabelArray, Nulls, SplitArrays, split_arrays};
pub use build::{BuildError, BuildOptions, Built, build};
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
pub use inputs::{InputError, Inputs, TableScore};
pub use interval::{Interval, IntervalUnion};
pub use kind::ModelKind;
pub use manifest::{
    AsOf, Code, DataFile, FORMAT, FeatureColumn, FittedTransform, InputTable, Manifest,
    QualityFacts, SplitFacts, TargetColumn,
};
pub use openlineage::{ParentRun, RunEvents, RunOutput};
pub use plan::{BuildPlan, PlanError};
pub use role::{Reason, Role, Split};
pub use spec::{
    CardSpec, ExportSpec, FeaturesSpec, FilePeriod, FoldsSpec, GateSpec, GroupColumn,
    OutcomeMeasure, Purge, RowsSpec, Spec, SpecError, SpecErrors, SplitSpec, SplitStrategy,
    TargetSpec, Task, TransformKind, TransformSpec, WeightFactor, WeightsSpec,
};
pub use split::{FoldRole, Folds, PrimarySplit, RuleLosses, SplitError, SplitKey, folds, split};
pub use splits::{FoldsDocument, SplitsDocument};
pub use store::{
    CommitFacts, CommitRecord, FileDamage, FileFinding, GcDone, GcItem, GcPlan, GcPolicy, GcReason,
    PublishError, PublishedVersion, SealedFile, StagedFile, Staging, Store, StoreError, Tail,
    TailError, Version, VersionAt, VersionRef, dataset_events,
};
pub use trace::{ColumnTrace, Impact, LineageError, RowPlace, RowSource, RowTrace, impact, trace};
pub use transform::{FeatureTransforms, TransformError, TransformFit, fit_transforms};
pub use verifier::{AuditVerdict, Evidence, VerifyError, certify};
pub use view::VersionView;
pub use weigh::{LabelLives, Weigh, effective_sizes, uniqueness_by_split};
