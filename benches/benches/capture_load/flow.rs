//! Producers who keep many batches on the way: what one log carries.

use crate::args::Args;
use crate::baseline::between;
use crate::closed::load;
use crate::{Failure, bar, tell};
use capture::Options;

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let producers = args.producers.unwrap_or(4);
    let options = Options { segment_bytes: args.segment_bytes, ..Options::default() };
    for rows in args.batch.map_or_else(|| vec![100, 10_000], |rows| vec![rows]) {
        let window = if rows > 1_000 { args.window.min(8) } else { args.window };
        let (run, base) = between(&args.dir, 1 << 20, || {
            load(args, options.clone(), producers, rows, window, args.seconds)
        })?;
        run.print(&format!("{producers} producers, {rows} rows a batch, {window} tickets each"));
        base.print();
        let rate = run.rows_a_second();
        if rows == 100 {
            let disk = base.bandwidth() / 1e6;
            bar(
                "rows/s",
                rate,
                rate >= 1e5,
                &format!(">= 100,000 where the disk gives 80 MB/s; it gives {disk:.0}"),
            );
            tell(args, "flow/rows", rate, 1e5, "/s");
        } else {
            let ratio = run.bytes as f64 / run.seconds / base.bandwidth();
            bar("bytes/s over 1 MiB writes", ratio, ratio >= 0.6, ">= 0.6");
            let (ours, disk) = (run.bytes as f64 / run.seconds / 1e6, base.bandwidth() / 1e6);
            tell(args, "flow/bytes", ours, disk, "MB/s");
        }
    }
    Ok(())
}
