//! `hindsight datasets diff`.

use super::error::DatasetsError;
use super::stopped;
use super::store::{open, store};
use crate::cli::DatasetsDiffArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::output::print;
use datasets::{VersionView, diff as compare};

/// Prints what changed from one version to another; the class stands first.
///
/// - **Cost:** data is read only where the hashes of files differ.
pub(in crate::commands) fn diff(
    args: &DatasetsDiffArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("datasets diff", &args.report)?;
    let store = store(context)?;
    let before = open(&store, &args.store, &args.before)?;
    let after = open(&store, &args.store, &args.after)?;
    let view = |version| -> VersionView<'_> {
        let version: &datasets::Version = version;
        VersionView { manifest: &version.manifest, folder: &version.folder }
    };
    let found = compare(view(&before), view(&after)).map_err(|error| stopped(&error))?;
    if json {
        let text = found
            .to_json()
            .map_err(|error| DatasetsError::Document { message: error.to_string() })?;
        return print(&format!("{text}\n"));
    }
    let mut text: String = found.lines().into_iter().map(|line| line + "\n").collect();
    if text.is_empty() {
        text = format!("{}\n", found.class.word());
    }
    print(&text)
}
