//! From features and labels to immutable, leak-proof, versioned training sets.
#![forbid(unsafe_code)]

mod canonical;
mod certificate;
pub mod documents;
mod folder;
mod interval;
mod kind;
pub mod layout;
mod manifest;
mod openlineage;
mod role;
mod spec;
mod splits;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use canonical::{Instant, Int, Number, Sha256, to_canonical};
pub use certificate::{Certificate, CheckResult, Outcome};
pub use folder::{Batches, Folder, FolderError};
pub use interval::Interval;
pub use kind::ModelKind;
pub use manifest::{
    AsOf, Code, DataFile, FORMAT, FeatureColumn, FittedTransform, InputTable, Manifest,
    QualityFacts, SplitFacts, TargetColumn,
};
pub use openlineage::{ParentRun, RunEvents, RunOutput};
pub use role::{Reason, Role, Split};
pub use spec::{
    CardSpec, ExportSpec, FeaturesSpec, FilePeriod, FoldsSpec, GateSpec, GroupColumn, Purge,
    RowsSpec, Spec, SpecError, SpecErrors, SplitSpec, SplitStrategy, TargetSpec, Task,
    TransformKind, TransformSpec, WeightFactor, WeightsSpec,
};
pub use splits::{FoldsDocument, SplitsDocument};
