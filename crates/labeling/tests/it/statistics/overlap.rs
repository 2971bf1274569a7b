//! Labels that overlap, of a market without any effect or with a planted one.

use super::sample::Noise;
use contract::{EventId, Hash, InstrumentId, Side, UtcNanos};
use labeling::{Cell, CellLabel, Period};

/// Effective labels of each simulated cell, about.
const EFFECTIVE: usize = 60;

/// A cell of `60 * overlap` labels, one an instant, each the sum of the `overlap` moves after it. Moves have mean 0 and
/// variance 1; the planted mean is `errors` standard errors of the cell's mean.
pub(crate) fn cell(seed: u64, overlap: usize, errors: f64) -> Cell {
    let n = EFFECTIVE * overlap;
    let mut noise = Noise(seed.wrapping_mul(0x0005_deec_e66d) ^ overlap as u64);
    let moves: Vec<f64> = (0..n + overlap).map(|_| noise.normal()).collect();
    // The mean of sums of `h` moves is h times the mean of n moves, whose standard error is 1 / sqrt(n).
    let shift = errors * overlap as f64 / (n as f64).sqrt();
    let labels = moves.windows(overlap).take(n).zip(0_u64..);
    let labels = labels.map(|(window, row)| CellLabel {
        decision_id: EventId::v7(row, [0; 10]),
        start: row.cast_signed(),
        end: row.cast_signed() + overlap.cast_signed() as i64,
        instrument: InstrumentId::new(1),
        side: Some(Side::Buy),
        value: Some(window.iter().sum::<f64>() + shift),
        class: None,
    });
    Cell {
        name: format!("simulated {seed} {overlap}"),
        target: "forward".to_owned(),
        strategy: None,
        period: Period {
            from: UtcNanos::from_nanos(0),
            to: UtcNanos::from_nanos(n.cast_signed() as i64),
        },
        rules_hash: Hash::of(b"rules"),
        ts_avail: UtcNanos::from_nanos(2 * n.cast_signed() as i64),
        labels: labels.collect(),
        base: None,
    }
}
