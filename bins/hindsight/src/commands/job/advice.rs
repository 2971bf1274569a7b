//! What to do about an error of a step, where the command that the step stands for would advise what its caller has not.

use crate::context::Context;
use crate::error::{CliError, Failure};

/// The same failure with the advice of a run.
pub(super) fn of(failure: Failure, context: &Context) -> Failure {
    let state = "steps that were done are kept; the same command goes on";
    let failure = stopped(failure, state, context);
    let Failure::Errors(mut reports) = failure else { return failure };
    for report in &mut reports {
        let advice = match report.code {
            "cli/disk-full" | "capture/disk-full" => {
                "free some space and run the same command again; steps that were done are kept"
            }
            "cli/permission-denied" => {
                "name a place that you may use (`--dir`, key run.dir), or ask for the right"
            }
            "cli/empty-input" => "the file has no byte: make it again",
            "cli/too-many-rejects" => "mend the rows, or allow more with the key `rejects.max`",
            _ => continue,
        };
        report.help = Some(advice.to_owned());
    }
    Failure::Errors(reports)
}

/// The same failure; of one by a signal, what became of the work.
pub(super) fn stopped(failure: Failure, state: &str, context: &Context) -> Failure {
    let Failure::Errors(reports) = &failure else { return failure };
    if !reports.iter().any(|report| report.code == "cli/stopped") {
        return failure;
    }
    let signal = context.stop.signal().unwrap_or("SIGTERM");
    CliError::Stopped { signal, state: state.to_owned() }.into()
}
