//! `hindsight feeds`: what others write, as tables of the contract.

mod convert;
mod inspect;

pub(super) use convert::convert;
pub(super) use inspect::inspect;

use super::count;
use crate::cli::FromForm;
use crate::config::FEEDS_SPEC;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::{InputArg, Kind, Opened, Place, RawSource, ReadOptions, Tap, file_text, table};
use contract::{Admitted, AnyBatch, Origin, Reject, TableSpec, UtcNanos, admit_any, meta};
use feeds::{Importer, LeanPath, Report, Spec, TextFormat, read_text};
use std::cell::Cell;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

/// Rows a batch: fixed, because rules that look across rows look inside a batch.
const BATCH: usize = 8_192;

/// How the inputs of one command are to be understood.
struct Reading {
    /// The table that the user says they hold.
    table: Option<&'static TableSpec>,
    /// The form that the user says they have.
    from: Option<FromForm>,
    /// The import spec that the user names.
    spec: Option<Spec>,
    /// Stamp of receipt and availability where a text has none.
    now: Option<UtcNanos>,
    /// Accept an end without its marker.
    trust_eof: bool,
}

/// What an input turned out to be.
enum Shape {
    /// Arrow or Parquet of a table.
    Batches(Box<RawSource>, &'static TableSpec),
    /// Our own text.
    Text(TextFormat, &'static TableSpec),
    /// A venue's or vendor's file.
    Venue(Box<Spec>),
}

impl Reading {
    /// The spec that flags or configuration name.
    fn spec_of(path: Option<&Path>, context: &Context) -> Result<Option<Spec>, Failure> {
        let Some(path) = path.or(context.config.path(&FEEDS_SPEC)) else { return Ok(None) };
        let (name, text) = file_text(path)?;
        match Spec::parse(&text) {
            Ok(spec) => Ok(Some(spec)),
            Err(error) => Err(Failure::from(ErrorReport::new(&error)).in_input(&name)),
        }
    }

    /// What an input is, by the user's word, its name and its first bytes.
    fn shape(&self, opened: Opened, input: &InputArg) -> Result<(Shape, Option<Opened>), Failure> {
        let named = self.table.or(input.table);
        let Kind::Other(found) = opened.kind else {
            let options = ReadOptions { trust_eof: self.trust_eof, batch_rows: BATCH };
            let source = RawSource::from_opened(opened, input, &options)?;
            let spec = match (named, source.schema().metadata().get(meta::TABLE)) {
                (Some(spec), _) => spec,
                (None, Some(found)) => table(found)?,
                (None, None) => {
                    return Err(CliError::UnnamedTable { input: source.name().to_owned() }.into());
                }
            };
            return Ok((Shape::Batches(Box::new(source), spec), None));
        };
        let shape = match self.from.or_else(|| guess(input, &opened, self.spec.is_some())) {
            Some(FromForm::Lean) => self.venue(Spec::LEAN)?,
            Some(FromForm::Binance) => self.venue(Spec::BINANCE)?,
            Some(FromForm::Dbn) => self.venue(Spec::DBN)?,
            Some(FromForm::Spec) => self.venue("")?,
            Some(form @ (FromForm::Csv | FromForm::Jsonl)) => {
                let format =
                    if form == FromForm::Csv { TextFormat::Csv } else { TextFormat::Jsonl };
                let expected = "the table of the rows (`TABLE=FILE`, or `--as TABLE` where the command has it)";
                let input = opened.name.clone();
                let spec = named.ok_or(CliError::UnknownFormat { input, expected })?;
                Shape::Text(format, spec)
            }
            None if matches!(found, "text" | "JSON") => {
                let expected = "a name that ends in .csv or .jsonl, or `--from FORM`";
                return Err(CliError::UnknownFormat { input: opened.name, expected }.into());
            }
            None => {
                let expected = "`--from lean|binance|dbn` or `--spec FILE` for a venue's file";
                return Err(CliError::UnknownFormat { input: opened.name, expected }.into());
            }
        };
        Ok((shape, Some(opened)))
    }

    fn venue(&self, default: &str) -> Result<Shape, Failure> {
        let spec = match &self.spec {
            Some(spec) => spec.clone(),
            None => {
                Spec::parse(default).map_err(|error| Failure::from(ErrorReport::new(&error)))?
            }
        };
        Ok(Shape::Venue(Box::new(spec.with_batch_rows(BATCH))))
    }
}

/// The form that name and first bytes speak for.
fn guess(input: &InputArg, opened: &Opened, has_spec: bool) -> Option<FromForm> {
    let Place::File(path) = &input.place else {
        return (opened.head.first() == Some(&b'{')).then_some(FromForm::Jsonl);
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => return Some(FromForm::Csv),
        Some("jsonl" | "ndjson") => return Some(FromForm::Jsonl),
        Some("dbn") if !has_spec => return Some(FromForm::Dbn),
        _ => {}
    }
    if has_spec {
        Some(FromForm::Spec)
    } else if LeanPath::parse(&path.to_string_lossy()).is_some() {
        Some(FromForm::Lean)
    } else {
        (opened.head.first() == Some(&b'{')).then_some(FromForm::Jsonl)
    }
}

/// What goes on with the rows of an input.
trait Receiver {
    /// Takes rows and rejects; an error ends the input.
    fn take(&mut self, rows: Vec<AnyBatch>, rejects: &[Reject]) -> Result<(), Failure>;
}

/// Reads an input to its end, every row through the rules of its table; the report of a venue's file.
fn read_input(
    reading: &Reading,
    opened: Opened,
    input: &InputArg,
    receiver: &mut dyn Receiver,
) -> Result<Option<Report>, Failure> {
    let name = opened.name.clone();
    let (shape, opened) = reading.shape(opened, input)?;
    let closed = Rc::new(Cell::new(false));
    let mut failure = None;
    // Importers hand rows to a function that cannot stop them: the tap does.
    let mut each = |output: feeds::Output| {
        if failure.is_none() {
            failure = receiver.take(output.rows, &output.rejects).err();
            closed.set(failure.is_some());
        }
    };
    let mut tap = opened.map(|opened| {
        let bytes = Cursor::new(opened.head).chain(opened.file);
        Tap::new(BufReader::with_capacity(256 << 10, bytes), closed.clone())
    });
    let (result, report) = match (shape, &mut tap) {
        (Shape::Text(format, spec), Some(tap)) => {
            let read = read_text(spec, format, &name, tap, reading.now, BATCH, &mut each);
            let is_cut = format == TextFormat::Csv && tap.last() != Some(b'\n');
            if read.is_ok() && is_cut && !reading.trust_eof && failure.is_none() {
                return Err(CliError::UnfinishedLine { input: name }.into());
            }
            (read.map(|_| ()), None)
        }
        (Shape::Venue(spec), Some(tap)) => {
            let mut importer = Importer::new(*spec).map_err(Failure::from)?;
            let result = importer.push(&name, tap, &mut each);
            (result, Some(importer.finish()))
        }
        (Shape::Batches(source, spec), _) => {
            batches(*source, spec, receiver)?;
            return Ok(None);
        }
        (_, None) => return Ok(None),
    };
    match (failure, result) {
        // The tap was closed because of this failure.
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => Ok(report),
    }
}

fn batches(
    mut source: RawSource,
    spec: &'static TableSpec,
    receiver: &mut dyn Receiver,
) -> Result<(), Failure> {
    let mut row = 0;
    while let Some(batch) = source.next_batch()? {
        let origin = Origin::new("feeds", source.name()).at(row);
        row += count(batch.num_rows());
        let Admitted { good, rejects, .. } = admit_any(spec, &batch, &origin)
            .map_err(|error| Failure::from(error).in_input(source.name()))?;
        receiver.take(vec![good], &rejects)?;
    }
    Ok(())
}
