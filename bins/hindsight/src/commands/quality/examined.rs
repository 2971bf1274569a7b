//! A table read whole, and what its checks found.

use super::stopped;
use super::streams::{Go, Pass, Stream};
use crate::context::Context;
use crate::error::Failure;
use crate::progress::Progress;
use contract::{Observe as _, QualityMode};
use quality::{Context as Facts, Report, Review, RuleSet};

/// Reads a table once; its report is counted among the metrics too.
pub(super) fn examined(
    stream: &mut Stream,
    rules: &RuleSet,
    mode: QualityMode,
    facts: &Facts,
    progress: &mut Progress,
    context: &mut Context,
) -> Result<Report, Failure> {
    let review = reviewed(stream, rules, mode, facts, Pass::Last, progress, context)?;
    let report = review.report();
    report.observe(&mut context.metrics);
    Ok(report)
}

/// A pass over a table.
pub(super) fn reviewed(
    stream: &mut Stream,
    rules: &RuleSet,
    mode: QualityMode,
    facts: &Facts,
    pass: Pass,
    progress: &mut Progress,
    context: &Context,
) -> Result<Review, Failure> {
    let mut review = Review::new(rules, mode, facts.clone());
    stream.pass(pass, context, &mut |piece| {
        tracing::debug!(stage = "quality", rows = piece.rows.num_rows(), "batch");
        let judged = progress.time(|| review.observe(&piece.rows));
        judged.map_err(|error| stopped(&error).in_input(piece.input))?;
        if pass == Pass::Last {
            progress.stats.rows_in += super::count(piece.rows.num_rows());
        }
        progress.tick();
        Ok(Go::On)
    })?;
    Ok(review)
}
