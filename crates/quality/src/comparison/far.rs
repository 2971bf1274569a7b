//! Which of three sources is the odd one.

use super::LagSearch;
use super::lag::{Cell, cells};
use super::rows::Series;
use super::tally::median_twice;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The source that is far from the others, which agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FarSource {
    /// The instrument.
    pub instrument_id: u32,
    /// The source.
    pub source: String,
    /// Cells of the grid that it shares with two others or more.
    pub common: u64,
    /// Median distance from the median of the others, in 1e-9.
    pub distance_nanos: f64,
    /// Median of how far the others are apart, in 1e-9.
    pub others_apart_nanos: f64,
}

/// Names the source whose median distance from the median of the others is more than three times as large as the others
/// are apart, and more than three ticks. Where that holds of two, the further one is named.
pub(super) fn far(
    instrument_id: u32,
    sources: &[(&str, &Series)],
    settings: &LagSearch,
    tick_nanos: Option<i64>,
) -> Option<FarSource> {
    if sources.len() < 3 {
        return None;
    }
    let mut by_cell: BTreeMap<i64, Vec<(usize, i64)>> = BTreeMap::new();
    for (source, (_, series)) in sources.iter().enumerate() {
        for (number, mid) in cells(series, settings.grid_ns) as Vec<Cell> {
            by_cell.entry(number).or_default().push((source, mid));
        }
    }
    let mut found: Option<(u128, FarSource)> = None;
    for (source, (name, _)) in sources.iter().enumerate() {
        let (mut distances, mut widths) = (Vec::new(), Vec::new());
        for mids in by_cell.values().filter(|mids| mids.len() >= 3) {
            let Some((_, mid)) = mids.iter().find(|(of, _)| *of == source) else { continue };
            let mut others: Vec<i64> =
                mids.iter().filter(|(of, _)| *of != source).map(|(_, mid)| *mid).collect();
            others.sort_unstable();
            let Some((twice, width)) = middle(&others) else { continue };
            let distance = (i128::from(*mid) * 2 - twice).unsigned_abs();
            distances.push(u64::try_from(distance).unwrap_or(u64::MAX));
            widths.push(width);
        }
        let common = distances.len() as u64;
        // Four times the distance and twice the width, in halves of 1e-9.
        let medians = median_twice(&mut distances).zip(median_twice(&mut widths));
        let Some((distance, width)) = medians else { continue };
        let tick = u128::from(tick_nanos.unwrap_or(0).unsigned_abs()) * 2;
        let is_far = distance > (width * 2).max(tick * 4).saturating_mul(3);
        let is_further = found.as_ref().is_none_or(|(least, _)| distance > *least);
        if common >= settings.min_common && is_far && is_further {
            let far = FarSource {
                instrument_id,
                source: (*name).to_owned(),
                common,
                distance_nanos: distance as f64 / 8.0,
                others_apart_nanos: width as f64 / 4.0,
            };
            found = Some((distance, far));
        }
    }
    found.map(|(_, far)| far)
}

/// Twice the median of ascending values, and how far they are apart.
fn middle(sorted: &[i64]) -> Option<(i128, u64)> {
    let low = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    let high = *sorted.get(sorted.len() / 2)?;
    let width = sorted.last()?.abs_diff(*sorted.first()?);
    Some((i128::from(low) + i128::from(high), width))
}
