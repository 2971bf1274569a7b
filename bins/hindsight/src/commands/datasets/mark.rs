//! `hindsight datasets pin` and `withdraw`.

use super::store::{facts, reference, store};
use super::{bad_value, stopped};
use crate::cli::{DatasetsPinArgs, DatasetsWithdrawArgs};
use crate::context::Context;
use crate::error::Failure;
use contract::Name;

/// Keeps a version, and lets a name stand for it if one is given.
pub(in crate::commands) fn pin(
    args: &DatasetsPinArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let facts = facts(&args.store, &args.record)?;
    let version = reference(&args.version)?;
    let store = store(context)?;
    let record = match &args.r#ref {
        None => store.pin(&version, &facts),
        Some(text) => {
            let parsed = Name::parse(text);
            let name = parsed.map_err(|_| {
                bad_value("--ref", "a word of letters, digits, `.`, `_` and `-`", text)
            })?;
            store.move_ref(&name, &version, &facts)
        }
    };
    let record = record.map_err(|error| stopped(&error))?;
    context.console.note(&format!("datasets pin: record {} of {}", record.ordinal, version.name));
    Ok(())
}

/// Recalls a version.
pub(in crate::commands) fn withdraw(
    args: &DatasetsWithdrawArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let facts = facts(&args.store, &args.record)?;
    let version = reference(&args.version)?;
    let record = store(context)?
        .withdraw(&version, &args.reason, &facts)
        .map_err(|error| stopped(&error))?;
    let (number, name) = (record.ordinal, &version.name);
    context.console.note(&format!("datasets withdraw: record {number} of {name}"));
    Ok(())
}
