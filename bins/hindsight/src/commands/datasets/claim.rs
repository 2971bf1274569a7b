//! `hindsight datasets claim`.

use super::stopped;
use super::store::{open, store};
use crate::claim::{ClaimError, ClaimSpec, claim_document, claim_text, load_experiment};
use crate::cli::DatasetsClaimArgs;
use crate::commands::{is_json, now};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::file_text;
use crate::output::{Pending, print};
use datasets::{Instant, Split, TestLook};
use std::path::Path;

/// In the results folder: the hash that was registered, as `sha256sum` writes it.
const REGISTERED: &str = "claim.sha256";
/// In the results folder: the claim that was registered.
const COPY: &str = "claim.toml";

/// Registers a claim, or tries it on a version of a dataset and prints every cell.
///
/// - **Cost:** train and validation stand in memory; a fit an arm, fold and model.
pub(in crate::commands) fn claim(
    args: &DatasetsClaimArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let (name, text) = file_text(&args.file)?;
    let claim = ClaimSpec::parse(&text).map_err(|error| failed(&error).in_input(&name))?;
    let hash = ClaimSpec::hash(&text).to_string();
    if args.register {
        if let Some(folder) = &args.output {
            register(folder, &text, &hash)?;
        }
        return print(&format!("{hash}\n"));
    }
    let is_json = is_json("datasets claim", &args.report)?;
    let is_registered = match &args.output {
        Some(folder) => registered(folder, &hash)?,
        None => false,
    };
    if args.final_split && !is_registered {
        let found = if args.output.is_some() { "no claim registered there" } else { "no -o" };
        return Err(refused_final("a results folder, -o DIR, with the registered claim", found));
    }
    let store = store(context)?;
    let version = open(&store, &args.store, args.version.as_deref().unwrap_or_default())?;
    let result = args.output.as_ref().filter(|_| is_registered).map(|folder| {
        let hash: String = version.record.manifest.to_string().chars().take(16).collect();
        let kind = if args.final_split { "final" } else { "folds" };
        folder.join(format!("{hash}.{kind}.json"))
    });
    if args.final_split
        && let Some(path) = &result
    {
        first_final(path)?;
    }
    let look = args.final_split.then(|| TestLook {
        split: Split::Test,
        rows: version.manifest.splits.get(Split::Test.word()).map_or(0, |split| split.rows),
    });
    if let Some(look) = look {
        let recorded = store.record_look(&version, look, Instant(now(None)?.nanos()));
        recorded.map_err(|error| stopped(&error))?;
    }
    let experiment = load_experiment(&version.folder, &claim.target, args.final_split)
        .map_err(|error| failed(&error))?;
    context.stop.check()?;
    let report = experiment.run(&claim, args.final_split).map_err(|error| failed(&error))?;
    let document = claim_document(&claim, &report, &hash, is_registered);
    if let Some(path) = &result {
        // A final result is never replaced.
        write(path, &format!("{document}\n"), !args.final_split)?;
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

fn refused_final(expected: &'static str, found: &str) -> Failure {
    failed(&ClaimError::Value { key: "--final", expected, found: found.to_owned() })
}

/// Refuses to open test for a claim and version whose final result is there.
fn first_final(result: &Path) -> Result<(), Failure> {
    if !result.exists() {
        return Ok(());
    }
    let name = result.file_name().unwrap_or_default().to_string_lossy();
    Err(refused_final("a claim and version without a final result", &name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command, DatasetsCommand};
    use crate::config::{Config, Layers};
    use clap::Parser as _;

    const CLAIM: &str = "title = \"t\"\nuniverse = \"u\"\nhorizon = \"5m\"\ntarget = \"g\"\n\
                         metrics = [\"log_loss\"]\n[[model]]\nname = \"logistic\"\n";

    /// What the command says of a version in a store that does not exist.
    fn said(folder: &Path, flags: &[&str]) -> (&'static str, String) {
        let file = folder.join("claim.toml");
        std::fs::write(&file, CLAIM).unwrap();
        let file = file.to_string_lossy().into_owned();
        let store = folder.join("no_store").to_string_lossy().into_owned();
        let mut args = vec!["hindsight", "datasets", "claim", &file, "--store", &store];
        args.extend(["--version", "sets@1"]);
        args.extend(flags);
        let cli = Cli::try_parse_from(args).unwrap();
        let layers = Layers {
            flags: vec![("--store".to_owned(), "datasets.store".to_owned(), store.clone())],
            ..Layers::default()
        };
        let (config, _) = Config::resolve(&layers);
        let mut context = Context::new(&cli.global, config, layers);
        let Command::Datasets(DatasetsCommand::Claim(args)) = &cli.command else {
            panic!("{:?}", cli.command)
        };
        match claim(args, &mut context).unwrap_err() {
            Failure::Errors(reports) => (reports[0].code, reports[0].message.clone()),
            Failure::ReaderGone => panic!("a reader"),
        }
    }

    #[test]
    fn final_without_a_registered_claim_is_refused_before_the_store_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("results");
        let out = folder.to_string_lossy().into_owned();
        let expected =
            "--final: expected a results folder, -o DIR, with the registered claim, found";
        let refused = |found: &str| ("cli/claim-value", format!("{expected} {found}"));
        assert_eq!(said(dir.path(), &["--final"]), refused("no -o"));
        let found = said(dir.path(), &["--final", "-o", &out]);
        assert_eq!(found, refused("no claim registered there"));
        // Registered, it comes as far as the store; so do folds without any.
        register(&folder, CLAIM, &ClaimSpec::hash(CLAIM).to_string()).unwrap();
        let store = said(dir.path(), &["--final", "-o", &out]).0;
        assert_eq!(store, said(dir.path(), &[]).0);
        assert_ne!(store, "cli/claim-value");
    }

    #[test]
    fn second_final_is_refused_by_the_result_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let result = dir.path().join("0123456789abcdef.final.json");
        first_final(&result).unwrap();
        write(&result, "{}\n", false).unwrap();
        assert_eq!(first_final(&result).map_err(code), Err("cli/claim-value"));
        assert_eq!(write(&result, "[]\n", false).map_err(code), Err("cli/output-exists"));
        assert_eq!(std::fs::read_to_string(&result).unwrap(), "{}\n");
    }

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
}
