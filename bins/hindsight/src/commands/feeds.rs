//! `hindsight feeds`: what others write, as tables of the contract.

use super::is_json;
use crate::cli::{ConvertArgs, FromForm, InspectArgs};
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{
    InputArg, Kind, Opened, RawSource, ReadOptions, TextForm, TextSource, open, parse_inputs, table,
};
use crate::output::{Document, Grid, OutputPlan, TableOutput, Target, print};
use crate::rejects::RejectSink;
use arrow_schema::SchemaRef;
use contract::{Admitted, AnyBatch, Observe, Origin, TableSpec, UtcNanos, admit_any, meta};
use std::sync::Arc;

/// Rows a batch of Parquet: fixed, because rules that look across rows look inside a batch.
const BATCH: usize = 8_192;

/// An input on its way through the rules of its table.
enum Feed {
    Text(Box<TextSource>),
    Batches { source: Box<RawSource>, spec: &'static TableSpec, row: u64 },
}

impl Feed {
    fn open(
        opened: Opened,
        input: &InputArg,
        args: &ConvertArgs,
        now: Option<UtcNanos>,
    ) -> Result<(Self, &'static TableSpec), Failure> {
        let named = args.table.as_deref().map(table).transpose()?.or(input.table);
        if let Kind::Other(found) = opened.kind {
            let form = match args.from {
                Some(FromForm::Csv) => Some(TextForm::Csv),
                Some(FromForm::Jsonl) => Some(TextForm::Jsonl),
                None => TextForm::guess(&input.place, &opened.head),
            };
            let input = opened.name.clone();
            if !matches!(found, "JSON" | "text") && args.from.is_none() {
                let convert = format!("hindsight feeds inspect {input}");
                return Err(CliError::UnrecognisedInput { input, found, convert }.into());
            }
            let spec = named.ok_or(CliError::UnknownText {
                input: input.clone(),
                expected: "the table of the rows (`--as TABLE`)",
            })?;
            let form = form.ok_or(CliError::UnknownText {
                input,
                expected: "a name that ends in .csv or .jsonl, or `--from csv|jsonl`",
            })?;
            let source = TextSource::new(opened, form, spec, now, args.trust_eof);
            return Ok((Self::Text(Box::new(source)), spec));
        }
        let options = ReadOptions { trust_eof: args.trust_eof, batch_rows: BATCH };
        let source = RawSource::from_opened(opened, input, &options)?;
        let spec = match (named, source.schema().metadata().get(meta::TABLE)) {
            (Some(spec), _) => spec,
            (None, Some(found)) => table(found)?,
            (None, None) => {
                return Err(CliError::UnnamedTable { input: source.name().to_owned() }.into());
            }
        };
        Ok((Self::Batches { source: Box::new(source), spec, row: 0 }, spec))
    }

    fn next_batch(&mut self) -> Result<Option<Admitted<AnyBatch>>, Failure> {
        match self {
            Self::Text(source) => source.next_batch(),
            Self::Batches { source, spec, row } => {
                let Some(batch) = source.next_batch()? else { return Ok(None) };
                let origin = Origin::new("feeds", source.name()).at(*row);
                *row += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
                let admitted = admit_any(spec, &batch, &origin)
                    .map_err(|error| Failure::from(error).in_input(source.name()))?;
                Ok(Some(admitted))
            }
        }
    }
}

/// Rows in the contract's shape, every row rule checked; what breaks one becomes a reject.
pub(super) fn convert(args: &ConvertArgs, context: &mut Context) -> Result<(), Failure> {
    let now = args.now.as_deref().map(instant).transpose()?;
    let inputs = parse_inputs(&args.inputs)?;
    let mut identities = Vec::new();
    let mut feeds = Vec::new();
    let mut spec: Option<&'static TableSpec> = None;
    for input in &inputs {
        let opened = open(input)?;
        identities.extend(opened.identity);
        let (feed, found) = Feed::open(opened, input, args, now)?;
        let expected = *spec.get_or_insert(found);
        if expected.name != found.name {
            return Err(CliError::MixedTables {
                input: input.name(),
                expected: expected.name.to_owned(),
                found: found.name.to_owned(),
            }
            .into());
        }
        feeds.push(feed);
    }
    let Some(spec) = spec else { return Ok(()) };
    let to = &args.output;
    let mut plan =
        OutputPlan::data("feeds convert", to.format, to.output.as_deref(), to.force, &identities)?;
    plan.all = to.all;
    let mut rejects = RejectSink::new(
        args.rejects.rejects.as_deref(),
        to.output.as_deref(),
        context.allowance()?,
        to.force,
        &identities,
    )?;
    if to.dry_run {
        context.console.note(&format!(
            "feeds convert: would write table {} from {} inputs as {} to {}",
            spec.name,
            feeds.len(),
            plan.format.word(),
            plan.target.name()
        ));
        return Ok(());
    }
    let mut progress = context.progress("feeds");
    let mut output: Option<TableOutput> = None;
    for feed in &mut feeds {
        while let Some(Admitted { good, rejects: bad, .. }) =
            progress.time(|| feed.next_batch())?
        {
            context.stop.check()?;
            let (rows, refused) = (count(good.len()), count(bad.len()));
            tracing::debug!(stage = "feeds", table = spec.name, rows, refused, "batch");
            progress.stats.rows_in += rows + refused;
            progress.stats.rejects += refused;
            rejects.push(&bad)?;
            if output.is_none() {
                let schema = good.slice(0, 0).into_record_batch().schema();
                output = Some(TableOutput::open(&plan, &schema)?);
            }
            if let Some(output) = &mut output {
                output.write(&good)?;
            }
            progress.stats.rows_out += rows;
            progress.tick();
        }
    }
    context.stop.check()?;
    let rejects_path = rejects.finish(progress.stats.rows_in)?;
    if to.fail_if_empty && progress.stats.rows_out == 0 {
        return Err(CliError::NothingToDo.into());
    }
    let output = match output {
        Some(output) => output,
        None => {
            let schema: SchemaRef = Arc::new(spec.schema(false));
            TableOutput::open(&plan, &schema)?
        }
    };
    output.finish()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    let next = match &plan.target {
        Target::File(path) => Some(format!("hindsight cat {} -f table", path.display())),
        Target::Stdout => None,
    };
    context.console.closing(&Closing {
        stage: "feeds convert",
        rows_in: progress.stats.rows_in,
        rows_out: progress.stats.rows_out,
        rejects: rejects.count(),
        output: plan.target.name(),
        rejects_path: rejects_path.map(|path| path.display().to_string()),
        next,
        ..Closing::default()
    });
    Ok(())
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn instant(text: &str) -> Result<UtcNanos, CliError> {
    UtcNanos::parse(text).map_err(|_| CliError::BadValue {
        flag: "--now",
        expected: "an RFC 3339 time with an offset",
        found: contract::excerpt(text.as_bytes()),
    })
}

/// What was found out about one file.
#[derive(Debug, Default)]
struct Finding {
    input: String,
    format: String,
    table: Option<String>,
    rows: Option<u64>,
    rejects: Option<u64>,
    first: Option<UtcNanos>,
    last: Option<UtcNanos>,
    problem: Option<String>,
}

/// Says what each file is; a file that cannot be read whole is a finding, and decides the exit code.
pub(super) fn inspect(args: &InspectArgs, context: &Context) -> Result<(), Failure> {
    let json = is_json("feeds inspect", &args.report)?;
    let mut findings = Vec::new();
    let mut failures = Vec::new();
    for input in parse_inputs(&args.inputs)? {
        let mut finding = Finding { input: input.name(), ..Finding::default() };
        if let Err(failure) = look(&input, &mut finding, context) {
            finding.problem = Some(failure.to_string());
            if let Failure::Errors(reports) = failure {
                failures.extend(reports);
            }
        }
        findings.push(finding);
    }
    if json {
        let files: Vec<Document> = findings.iter().map(Finding::document).collect();
        let document = Document::new("hindsight.inspection.v1").with("files", files);
        print(&format!("{document}\n"))?;
    } else {
        let mut grid = Grid::new(["input", "format", "table", "rows", "bad rows", "first available", "last available"]);
        for finding in &findings {
            grid.row(finding.cells());
        }
        print(&grid.to_text())?;
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Errors(failures)) }
}

fn look(input: &InputArg, finding: &mut Finding, context: &Context) -> Result<(), Failure> {
    let opened = open(input)?;
    if let Kind::Other(found) = opened.kind {
        found.clone_into(&mut finding.format);
        let form = TextForm::guess(&input.place, &opened.head);
        finding.table = input.table.map(|table| table.name.to_owned());
        let (Some(form), Some(spec)) = (form, input.table) else { return Ok(()) };
        finding.format = if form == TextForm::Csv { "CSV" } else { "JSONL" }.to_owned();
        let mut text = TextSource::new(opened, form, spec, None, false);
        while let Some(Admitted { good, rejects, .. }) = text.next_batch()? {
            context.stop.check()?;
            finding.add(&good, rejects.len());
        }
        return Ok(());
    }
    let options = ReadOptions { trust_eof: false, batch_rows: BATCH };
    let mut source = RawSource::from_opened(opened, input, &options)?;
    finding.format = source.format().trim_start_matches("an ").trim_start_matches("a ").to_owned();
    let named = source.schema().metadata().get(meta::TABLE).cloned();
    finding.table = input.table.map(|table| table.name.to_owned()).or(named);
    let spec = finding.table.as_deref().and_then(contract::table);
    let mut row = 0;
    while let Some(batch) = source.next_batch()? {
        context.stop.check()?;
        let rows = count(batch.num_rows());
        match spec {
            Some(spec) => {
                let origin = Origin::new("feeds", source.name()).at(row);
                let Admitted { good, rejects, .. } = admit_any(spec, &batch, &origin)
                    .map_err(|error| Failure::from(error).in_input(source.name()))?;
                finding.add(&good, rejects.len());
            }
            None => *finding.rows.get_or_insert(0) += rows,
        }
        row += rows;
    }
    if spec.is_some() {
        finding.rows.get_or_insert(0);
    }
    Ok(())
}

impl Finding {
    fn add(&mut self, good: &AnyBatch, rejects: usize) {
        *self.rows.get_or_insert(0) += count(good.len()) + count(rejects);
        *self.rejects.get_or_insert(0) += count(rejects);
        if let Some((first, last)) = good.ts_avail_range() {
            let (first, last) = (UtcNanos::from_nanos(first), UtcNanos::from_nanos(last));
            self.first = Some(self.first.map_or(first, |before| before.min(first)));
            self.last = Some(self.last.map_or(last, |before| before.max(last)));
        }
    }

    fn cells(&self) -> [String; 7] {
        let number = |value: Option<u64>| value.map(|n| n.to_string()).unwrap_or_default();
        let stamp = |value: Option<UtcNanos>| value.map(|ts| ts.to_string()).unwrap_or_default();
        [
            self.input.clone(),
            self.format.clone(),
            self.table.clone().unwrap_or_default(),
            number(self.rows),
            number(self.rejects),
            stamp(self.first),
            stamp(self.last),
        ]
    }

    fn document(&self) -> Document {
        Document::object()
            .with("input", self.input.as_str())
            .with("format", self.format.as_str())
            .with("table", self.table.clone())
            .with("rows", self.rows)
            .with("bad_rows", self.rejects)
            .with("first_available", self.first.map(|ts| ts.to_string()))
            .with("last_available", self.last.map(|ts| ts.to_string()))
            .with("problem", self.problem.clone())
    }
}
