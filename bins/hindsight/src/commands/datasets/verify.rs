//! `hindsight datasets verify`.

use super::error::DatasetsError;
use super::evidence::causality;
use super::store::{open, store};
use super::{certificate, count, stopped};
use crate::cli::DatasetsVerifyArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Document, print};
use datasets::{Certificate, Evidence, Outcome, Spec, certify, layout};
use std::fmt::Write as _;

/// Checks that rest on reports which are not in the version.
const FROM_OUTSIDE: [&str; 2] = ["causality", "labels"];

/// Hashes every file and certifies what is there, as if it had never been certified.
pub(in crate::commands) fn verify(
    args: &DatasetsVerifyArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("datasets verify", &args.report)?;
    let found = verified(args, context)?;
    let Verified { files, taken, certificate: certified, .. } = &found;
    if json {
        let whole = Document::new("hindsight.datasets_verify.v1")
            .with("version", args.version.as_str())
            .with("files", count(*files))
            .with("as_stored", taken.iter().map(|c| Document::from(c.as_str())).collect::<Vec<_>>())
            .with("certificate", certificate::document(certified));
        print(&format!("{whole}\n"))?;
    } else {
        let mut text = format!("{files} files, every hash as recorded\n\n");
        text.push_str(&certificate::text(certified));
        if !taken.is_empty() {
            let _ = writeln!(text, "as it was stored: {}", taken.join(", "));
        }
        print(&text)?;
    }
    found.gate(&args.version)
}

/// A version whose every byte is as recorded.
pub(in crate::commands) struct Verified {
    pub(in crate::commands) files: usize,
    /// Checks taken from the stored certificate.
    taken: Vec<String>,
    /// Made anew.
    pub(in crate::commands) certificate: Certificate,
    spec: Spec,
}

impl Verified {
    /// Says no where a check stands in the way of its use.
    pub(in crate::commands) fn gate(&self, version: &str) -> Result<(), Failure> {
        let allowed = &self.spec.gate.allow_not_evaluated;
        let refusals: Vec<_> = self.certificate.refusals(allowed).cloned().collect();
        if refusals.is_empty() {
            return Ok(());
        }
        let (dataset, checks) = (version.to_owned(), certificate::refusals(&refusals));
        Err(DatasetsError::Refused { dataset, checks }.into())
    }
}

/// As [`verify`], without a report.
pub(in crate::commands) fn verified(
    args: &DatasetsVerifyArgs,
    context: &Context,
) -> Result<Verified, Failure> {
    let causality = args.causality.as_deref().map(causality).transpose()?;
    let store = store(context)?;
    let version = open(&store, &args.store, &args.version)?;
    let damage = store.verify_files(&version).map_err(|error| stopped(&error))?;
    if !damage.is_empty() {
        let told: Vec<String> = damage.iter().map(ToString::to_string).collect();
        return Err(DatasetsError::Damaged {
            version: args.version.clone(),
            expected: "every file as its manifest says",
            found: told.join("; "),
        }
        .into());
    }
    let read = |path: &str| version.folder.document(path).map_err(|error| stopped(&error));
    let spec: Spec =
        version.folder.document(layout::file::SPEC).map_err(|error| stopped(&error))?;
    let stored: Certificate = read(layout::file::CERTIFICATE)?;
    let evidence = Evidence {
        causality: causality.as_ref(),
        feature_spec_hash: version.manifest.code.feature_spec_hash.map(|hash| hash.0),
        label_audits: &[],
    };
    let certified = certify(&version.folder, &version.manifest, &spec, &evidence);
    let mut certified = certified.map_err(|error| stopped(&error))?;
    let mut taken = Vec::new();
    for check in &mut certified.checks {
        let is_missing = matches!(check.outcome, Outcome::NotEvaluated(_));
        if let (true, Some(held)) = (is_missing, stored.check(&check.check))
            && FROM_OUTSIDE.contains(&check.check.as_str())
        {
            taken.push(check.check.clone());
            *check = held.clone();
        }
    }
    let files = version.manifest.files.len() + version.manifest.documents.len() + 1;
    Ok(Verified { files, taken, certificate: certified, spec })
}
