//! The store that flags and configuration name, and who reads it.

use super::{bad_value, stopped};
use crate::cli::{RecordArgs, StoreArgs};
use crate::commands::now;
use crate::config::DATASETS_STORE;
use crate::context::Context;
use crate::error::Failure;
use contract::{AllowLocal, EventId, Principal, Purpose, ReadContext};
use datasets::{CommitFacts, Store, Version, VersionRef};
use durable::RealFs;
use std::path::PathBuf;
use std::sync::Arc;

/// The store to publish to, which need not exist yet, opened for whoever runs the program.
pub(super) fn new_store(context: &Context) -> Result<Store, Failure> {
    Store::open(Arc::new(RealFs), root(context), gate()).map_err(|error| stopped(&error))
}

/// The store that there is, opened for whoever runs the program.
pub(super) fn store(context: &Context) -> Result<Store, Failure> {
    Store::existing(Arc::new(RealFs), root(context), gate()).map_err(|error| stopped(&error))
}

fn root(context: &Context) -> PathBuf {
    context.config.path(&DATASETS_STORE).unwrap_or("datasets".as_ref()).into()
}

fn gate() -> Arc<AllowLocal> {
    Arc::new(AllowLocal { reason: "local command line".to_owned() })
}

/// Who reads, and why.
pub(super) fn reader(args: &StoreArgs) -> Result<ReadContext, Failure> {
    let principal = Principal::parse("local").map_err(|error| stopped(&error))?;
    Ok(ReadContext { principal, purpose: purpose(args)? })
}

fn purpose(args: &StoreArgs) -> Result<Purpose, Failure> {
    let read = Purpose::parse(&args.purpose);
    read.map_err(|_| {
        bad_value("--purpose", "a word of letters, digits, `.`, `_` and `-`", &args.purpose).into()
    })
}

/// What a record says of this command.
pub(super) fn facts(args: &StoreArgs, record: &RecordArgs) -> Result<CommitFacts, Failure> {
    let actor = match &record.actor {
        None => EventId::from_bytes([0; 16]),
        Some(text) => EventId::parse(text)
            .map_err(|_| bad_value("--actor", "32 hexadecimal digits, or a UUID", text))?,
    };
    let mut facts = CommitFacts::new(now(record.now.as_deref())?, actor, purpose(args)?);
    facts.note.clone_from(&record.note);
    Ok(facts)
}

/// A version by the text of its reference.
pub(super) fn open(store: &Store, args: &StoreArgs, version: &str) -> Result<Version, Failure> {
    let version = reference(version)?;
    store.open_version(&reader(args)?, &version).map_err(|error| stopped(&error))
}

/// The reference of a version.
pub(super) fn reference(text: &str) -> Result<VersionRef, Failure> {
    VersionRef::parse(text).map_err(|error| stopped(&error))
}
