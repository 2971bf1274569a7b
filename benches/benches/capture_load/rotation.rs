//! Acknowledgements while segments change, and while they do not.

use crate::args::Args;
use crate::closed::measured;
use crate::{Failure, bar, tell};
use capture::Options;

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (producers, rows) = (args.producers.unwrap_or(8), args.batch.unwrap_or(100));
    let small = Options { segment_bytes: 4 << 20, ..Options::default() };
    let large = Options { segment_bytes: 1 << 30, spares: 1, ballast: false, ..Options::default() };
    let (with, base) = measured(args, &small, producers, rows, 1)?;
    let rotations = with.bytes / small.segment_bytes;
    with.print(&format!(
        "{producers} producers, {rows} rows a batch, about {rotations} rotations of 4 MiB"
    ));
    base.print();
    let (without, second) = measured(args, &large, producers, rows, 1)?;
    without.print("the same in one segment of 1 GiB");
    second.print();
    let tail = with.ack.micros(0.999);
    let ratio = tail / base.times.micros(0.99);
    bar(
        "p99.9 over F99",
        ratio,
        rotations >= 20 && ratio <= 3.0,
        "<= 3 over at least 20 rotations",
    );
    let ratio = tail / without.ack.micros(0.999);
    bar("p99.9 over p99.9 without rotation", ratio, ratio <= 2.0, "<= 2");
    tell(args, "rotation/f99", tail, base.times.micros(0.99), "us");
    tell(args, "rotation/without", tail, without.ack.micros(0.999), "us");
    Ok(())
}
