//! What to do about an error of a step, where the command that the step stands for would advise flags that `run` has not.

use crate::context::Context;
use crate::error::{CliError, Failure};

/// The same failure with the advice of a run.
pub(super) fn of(failure: Failure, context: &Context) -> Failure {
    let Failure::Errors(mut reports) = failure else { return failure };
    if reports.iter().any(|report| report.code == "cli/stopped") {
        let signal = context.stop.signal().unwrap_or("SIGTERM");
        let state = "steps that were done are kept; the same command goes on".to_owned();
        return CliError::Stopped { signal, state }.into();
    }
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
