//! `hindsight cat`: any table in, any format out.

use crate::cli::CatArgs;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{Source, parse_inputs};
use crate::output::{OutputPlan, TableOutput, Target};
use contract::Observe;

/// Copies the inputs, in the order given, into one output.
///
/// Rows are copied as they are: the shape of the table is checked, its row rules are not, so that a table with bad
/// rows can be looked at.
pub(super) fn cat(args: &CatArgs, context: &mut Context) -> Result<(), Failure> {
    let options = context.read_options(args.read.trust_eof);
    let mut sources = parse_inputs(&args.inputs)?
        .iter()
        .map(|input| Source::open(input, &options))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = sources.first() else { return Ok(()) };
    let (spec, schema) = (first.spec(), first.schema().clone());
    for source in &sources {
        if source.spec().name != spec.name {
            return Err(CliError::MixedTables {
                input: source.name().to_owned(),
                expected: spec.name.to_owned(),
                found: source.spec().name.to_owned(),
            }
            .into());
        }
        if source.schema().fields() != schema.fields() {
            return Err(CliError::mixed_columns(source.name(), &schema, source.schema()).into());
        }
    }
    let identities: Vec<(u64, u64)> = sources.iter().filter_map(Source::identity).collect();
    let to = &args.output;
    let mut plan = OutputPlan::data("cat", to.format, to.output.as_deref(), to.force, &identities)?;
    plan.all = to.all;
    if to.dry_run {
        let count = sources.len();
        context.console.note(&format!(
            "cat: would write table {} from {count} inputs as {} to {}",
            spec.name,
            plan.format.word(),
            plan.target.name()
        ));
        return Ok(());
    }
    let mut progress = context.progress("cat");
    progress.expect_rows(sources.iter().map(Source::rows_total).sum());
    let mut output = TableOutput::open(&plan, &schema)?;
    let mut notes = Vec::new();
    for source in &mut sources {
        let is_live = source.identity().is_none();
        tracing::info!(stage = "cat", table = spec.name, input = source.name(), "reading");
        while let Some(batch) = progress.time(|| source.next_batch())? {
            context.stop.check()?;
            let rows = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            tracing::debug!(stage = "cat", table = spec.name, rows, "batch");
            progress.stats.rows_in += rows;
            output.write(&batch)?;
            progress.stats.rows_out += rows;
            if is_live {
                output.flush()?;
            }
            progress.tick();
        }
        if source.is_trusted() {
            notes.push(format!(
                "{} had no end marker; taken for whole because of --trust-eof",
                source.name()
            ));
        }
    }
    context.stop.check()?;
    if to.fail_if_empty && progress.stats.rows_out == 0 {
        return Err(CliError::NothingToDo.into());
    }
    output.finish()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    let next = match &plan.target {
        Target::File(path) => Some(format!("hindsight cat {} -f table", path.display())),
        Target::Stdout => None,
    };
    context.console.closing(&Closing {
        stage: "cat",
        rows_in: progress.stats.rows_in,
        rows_out: progress.stats.rows_out,
        output: plan.target.name(),
        notes,
        next,
        ..Closing::default()
    });
    Ok(())
}
