//! The tables that go into a build, read whole.

use super::{count, stopped};
use crate::context::Context;
use crate::error::Failure;
use crate::input::{RawSource, Source, parse_inputs};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use contract::{Admitted, Batch, LabelAudits, Origin, admit_any};
use datasets::{AuditVerdict, Inputs};
use std::ffi::OsString;

/// What was read.
pub(super) struct Tables {
    pub(super) inputs: Inputs,
    pub(super) audits: Vec<AuditVerdict>,
}

/// Reads every input; rows that break a rule of their table, and repeated ones, are rejects.
pub(super) fn read(
    files: &[OsString],
    trust_eof: bool,
    rejects: &mut RejectSink,
    progress: &mut Progress,
    context: &Context,
) -> Result<Tables, Failure> {
    let options = context.read_options(trust_eof);
    let (mut inputs, mut audits) = (Inputs::new(), Vec::new());
    for arg in parse_inputs(files)? {
        let source = Source::open(&arg, &options)?;
        let spec = source.spec();
        let mut raw: RawSource = source.into_raw();
        let mut first_row = 0;
        while let Some(batch) = raw.next_batch()? {
            context.stop.check()?;
            let origin = Origin::new("datasets", raw.name()).at(first_row);
            let rows = count(batch.num_rows());
            first_row += rows;
            progress.stats.rows_in += rows;
            let Admitted { good, rejects: refused, .. } = admit_any(spec, &batch, &origin)
                .map_err(|error| Failure::from(error).in_input(raw.name()))?;
            let mut refused = refused;
            let taken = count(good.len());
            if spec.name == "label_audits" {
                let rows = Batch::<LabelAudits>::parse(&good.into_record_batch());
                let rows = rows.map_err(|error| Failure::from(error).in_input(raw.name()))?;
                audits.extend(AuditVerdict::from_batch(&rows));
            } else {
                let repeated = inputs.push(&good.into_record_batch(), &origin);
                let repeated = repeated.map_err(|e| stopped(&e).in_input(raw.name()))?;
                progress.stats.rows_out += taken - count(repeated.len());
                refused.extend(repeated);
            }
            progress.stats.rejects += count(refused.len());
            rejects.push(&refused)?;
            progress.tick();
        }
    }
    Ok(Tables { inputs, audits })
}
