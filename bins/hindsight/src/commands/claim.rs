//! `hindsight datasets claim`.

use crate::claim::{ClaimError, ClaimSpec, claim_document, claim_text, load_experiment};
use crate::cli::ClaimArgs;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::file_text;
use crate::output::{Format, Pending, print};
use datasets::Folder;
use durable::RealFs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// In the results folder: the hash that was registered, as `sha256sum` writes it.
const REGISTERED: &str = "claim.sha256";
/// In the results folder: the claim that was registered.
const COPY: &str = "claim.toml";

/// Registers a claim, or tries it on a version of a dataset and prints every cell.
///
/// - **Cost:** train and validation stand in memory; a fit an arm, fold and model.
pub(super) fn claim(args: &ClaimArgs, context: &mut Context) -> Result<(), Failure> {
    let (name, text) = file_text(&args.file)?;
    let claim = ClaimSpec::parse(&text).map_err(|error| failed(&error).in_input(&name))?;
    let hash = ClaimSpec::hash(&text).to_string();
    if args.register {
        if let Some(folder) = &args.output {
            register(folder, &text, &hash)?;
        }
        return print(&format!("{hash}\n"));
    }
    let is_json = match args.report.format {
        None | Some(Format::Table) => false,
        Some(Format::Json) => true,
        Some(other) => {
            return Err(CliError::FormatNotForCommand {
                command: "datasets claim",
                expected: "table, json",
                found: other.word(),
            }
            .into());
        }
    };
    let is_registered = match &args.output {
        Some(folder) => registered(folder, &hash)?,
        None => false,
    };
    let place = version(args)?;
    let folder = Folder::new(Arc::new(RealFs), place.as_path());
    let experiment = load_experiment(&folder, &claim.target, args.final_split)
        .map_err(|error| failed(&error))?;
    context.stop.check()?;
    let report = experiment.run(&claim, args.final_split).map_err(|error| failed(&error))?;
    let document = claim_document(&claim, &report, &hash, is_registered);
    if let Some(folder) = args.output.as_ref().filter(|_| is_registered) {
        let version = place.file_name().unwrap_or_default().to_string_lossy();
        let kind = if args.final_split { "final" } else { "folds" };
        write(&folder.join(format!("{version}.{kind}.json")), &format!("{document}\n"), true)?;
    }
    if is_json {
        print(&format!("{document}\n"))?;
    } else {
        print(&claim_text(&claim, &report, &hash, is_registered))?;
    }
    match (report.is_met, is_registered) {
        (true, true) => Ok(()),
        (true, false) => {
            let found = "a claim that was not registered before its result".to_owned();
            Err(failed(&ClaimError::NotMet { found }))
        }
        (false, _) => Err(failed(&ClaimError::NotMet { found: report.why })),
    }
}

fn failed(error: &ClaimError) -> Failure {
    ErrorReport::new(error).into()
}

/// Writes the hash of a claim; an equal one may be registered again, another one not.
fn register(folder: &Path, text: &str, hash: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| CliError::writing(folder, error))?;
    if registered(folder, hash)? {
        return Ok(());
    }
    write(&folder.join(COPY), text, true)?;
    write(&folder.join(REGISTERED), &format!("{hash}  {COPY}\n"), false)
}

/// Whether the claim of this hash was registered.
fn registered(folder: &Path, hash: &str) -> Result<bool, Failure> {
    let path = folder.join(REGISTERED);
    if !path.exists() {
        return Ok(false);
    }
    let (_, text) = file_text(&path)?;
    let expected = text.split_whitespace().next().unwrap_or_default();
    if expected == hash {
        return Ok(true);
    }
    let (expected, found) = (expected.to_owned(), hash.to_owned());
    Err(failed(&ClaimError::Changed { expected, found }))
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut pending = Pending::create(path, force)?;
    pending.write_all(text.as_bytes()).map_err(|error| CliError::writing(path, error))?;
    pending.publish()
}

/// The directory of a version of the store: the one whose name starts with the hash, or that `refs/latest` names.
fn version(args: &ClaimArgs) -> Result<PathBuf, Failure> {
    let text = args.version.as_deref().unwrap_or_default();
    let store = args.store.as_deref().unwrap_or(Path::new("."));
    let bad = |expected| {
        let found = contract::excerpt(text.as_bytes());
        Failure::from(CliError::BadValue { flag: "--version", expected, found })
    };
    let Some((name, which)) = text.split_once('@').filter(|(name, _)| !name.is_empty()) else {
        return Err(bad("NAME@HASH or NAME@latest"));
    };
    let dataset = store.join(name);
    let hash = if which == "latest" {
        let (_, line) = file_text(&dataset.join("refs").join("latest"))?;
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    } else {
        which.to_owned()
    };
    let hash = hash.get(..16).unwrap_or(&hash);
    let is_hash = hash.len() >= 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hash {
        return Err(bad("at least 8 digits of the version's hash"));
    }
    let versions = dataset.join("versions");
    let entries = std::fs::read_dir(&versions).map_err(|e| CliError::reading(&versions, e))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| CliError::reading(&versions, e))?;
        if entry.file_name().to_string_lossy().starts_with(hash) {
            found.push(entry.path());
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(bad("a version that is in the store")),
        _ => Err(bad("digits that one version alone starts with")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ReportArgs;

    fn code(failure: Failure) -> &'static str {
        match failure {
            Failure::Errors(reports) => reports.first().map_or("", |report| report.code),
            Failure::ReaderGone => "",
        }
    }

    #[test]
    fn a_claim_is_registered_once_and_another_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("results");
        let (one, two) = ("title = 1\n", "title = 2\n");
        let hash = |text: &str| ClaimSpec::hash(text).to_string();
        assert_eq!(registered(&folder, &hash(one)), Ok(false));
        register(&folder, one, &hash(one)).unwrap();
        register(&folder, one, &hash(one)).unwrap();
        assert_eq!(registered(&folder, &hash(one)), Ok(true));
        assert_eq!(std::fs::read_to_string(folder.join(COPY)).unwrap(), one);
        // As `sha256sum --check` reads it.
        let line = std::fs::read_to_string(folder.join(REGISTERED)).unwrap();
        assert_eq!(line, format!("{}  claim.toml\n", hash(one)));
        assert_eq!(registered(&folder, &hash(two)).map_err(code), Err("cli/claim-changed"));
        assert_eq!(register(&folder, two, &hash(two)).map_err(code), Err("cli/claim-changed"));
        assert_eq!(std::fs::read_to_string(folder.join(COPY)).unwrap(), one);
    }

    #[test]
    fn a_version_is_found_by_the_digits_that_it_alone_starts_with() {
        let dir = tempfile::tempdir().unwrap();
        let versions = dir.path().join("fx/versions");
        for hash in ["2d711642b7263f90", "2d711642ffffffff", "aaaaaaaabbbbbbbb"] {
            std::fs::create_dir_all(versions.join(hash)).unwrap();
        }
        std::fs::create_dir_all(dir.path().join("fx/refs")).unwrap();
        let latest = format!("7 aaaaaaaabbbbbbbb{}\n", "0".repeat(48));
        std::fs::write(dir.path().join("fx/refs/latest"), latest).unwrap();
        let find = |text: &str| {
            let args = ClaimArgs {
                file: PathBuf::new(),
                register: false,
                version: Some(text.to_owned()),
                store: Some(dir.path().to_owned()),
                final_split: false,
                output: None,
                report: ReportArgs { format: None },
            };
            let found = version(&args).map_err(code)?;
            Ok::<_, &str>(found.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(find("fx@2d711642b"), Ok("2d711642b7263f90".to_owned()));
        assert_eq!(find("fx@latest"), Ok("aaaaaaaabbbbbbbb".to_owned()));
        for bad in ["fx@2d711642", "fx@aaaa", "fx@7", "fx", "fx@cccccccc", "@2d711642b"] {
            assert_eq!(find(bad), Err("cli/bad-value"), "{bad}");
        }
        assert_eq!(find("other@2d711642b"), Err("cli/not-found"));
    }
}
